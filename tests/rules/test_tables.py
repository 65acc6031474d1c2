"""Values that hold for a time: what a file may say, and what holds on a day."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from waglan.core import Problem
from waglan.rules import Type, load_tables, parse, tables

HEAD = '[tables.t]\nkeys = ["k"]\nvalue = "{}"\n'
ROW = '[[tables.t.rows]]\nk = "a"\nfrom = 2024-01-01\nvalue = {}\ncites = "c"\n'


def day(text: str) -> int:
    return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days


def one(kind: str, value: str) -> str:
    return HEAD.format(kind) + ROW.format(value)


def test_what_holds_on_a_day(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    file.write_text(
        HEAD.format("money")
        + '[[tables.t.rows]]\nk = "a"\nfrom = 2025-01-01\nvalue = "2.50"\ncites = "later"\n'
        + '[[tables.t.rows]]\nk = "a"\nfrom = 2020-01-01\nuntil = 2024-01-01\nvalue = 1\ncites = "first"\n'
    )
    table = load_tables(file)["t"]
    assert table.type is Type.MONEY
    days = ("2019-12-31", "2020-01-01", "2023-12-31", "2024-01-01", "2099-01-01")
    assert [table.at(("a",), day(d)) for d in days] == [None, 100, 100, None, 250]
    period = table.period(("a",), day("2026-01-01"))
    assert period is not None and period.cites == "later" and table.at(("b",), 0) is None


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [("text", '"x"', "x"), ("boolean", "true", True), ("integer", "-5", -5), ("number", "2", 2.0),
     ("number", "0.5", 0.5), ("number", "-0.0", 0.0), ("money", '"0.10"', 10), ("money", "3", 300)],
)  # fmt: skip
def test_values(kind: str, written: str, value: object) -> None:
    assert tables(one(kind, written))["t"].at(("a",), day("2024-01-01")) == value


def test_a_table_of_two_hundred_rows_goes_into_a_rule() -> None:
    rows = "".join(ROW.format(n).replace('"a"', f'"k{n}"') for n in range(200))
    rule = parse(
        'table("t", k, on=date(at)) > 5',
        {"k": Type.TEXT, "at": Type.TIME},
        tables=tables(HEAD.format("integer") + rows),
    )
    assert rule.closure()({"k": "k6", "at": 1_767_196_800_000}, 0) is True
    assert len(rule.sql("duckdb")) < 40_000


def test_a_citation_changes_no_digest_and_a_value_does() -> None:
    made = [tables(text)["t"].digest() for text in (one("text", '"x"'), one("text", '"x"').replace('"c"', '"d"'))]
    assert made[0] == made[1] != tables(one("text", '"y"'))["t"].digest()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x =", "isn't TOML"),
        ("[table.t]", "Did you mean 'tables'?"),
        ("[tables]\nt = 1", "isn't a table"),
        ("[tables.T]", "can't be called"),
        ("[tables.t]\nkind = 1", "no key 'kind'"),
        ("[tables.t]\nkeys = 'k'", "list of words"),
        ("[tables.t]\nkeys = []", "list of words"),
        (HEAD.format("mony"), "Did you mean 'money'?"),
        (HEAD.format("money"), "1 to 200 rows"),
        (HEAD.format("money") + "rows = 1", "1 to 200 rows"),
        (HEAD.format("money") + "rows = [1]", "isn't a row"),
        (one("text", '"x"').replace("cites", "cite"), "Did you mean 'cites'?"),
        (one("text", '"x"').replace('"c"', '""'), "cites must be a text"),
        (one("text", '"x"').replace('k = "a"', "k = 1"), "k must be a text"),
        (one("text", '"x"').replace("2024-01-01", "2024-01-01T00:00:00"), "from must be a date"),
        (one("text", '"x"').replace("2024-01-01", "'x'"), "from must be a date"),
        (one("text", '"x"') + "until = 2024-01-01", "ends before"),
        (
            one("text", '"x"') + "until = 2025-01-02\n" + ROW.format('"y"').replace("2024", "2025"),
            "Two rows hold for a",
        ),
        (one("text", "1"), "of type text"),
        (one("text", '"\\u0000"'), "of type text"),
        (one("boolean", "1"), "value = true"),
        (one("integer", "true"), "of type integer"),
        (one("integer", "9223372036854775808"), "of type integer"),
        (one("number", "nan"), "of type number"),
        (one("number", "1e31"), "of type number"),
        (one("number", "true"), "of type number"),
        (one("money", '"0.001"'), "of type money"),
        (one("money", '"x"'), "of type money"),
        (one("money", '"inf"'), "of type money"),
        (one("money", "0.5"), "of type money"),
    ],
)
def test_refused(text: str, says: str) -> None:
    with pytest.raises(Problem) as caught:
        tables(text, "limits.toml")
    assert says in str(caught.value) and caught.value.code == "rule.table"
    assert caught.value.where.startswith("limits.toml")
