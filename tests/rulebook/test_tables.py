"""Decision tables as people write them, and back."""

import pytest

from tests.rulebook.conftest import DEV
from tests.rulebook.test_book import LIMIT, released
from waglan.core import Problem
from waglan.rulebook import tables

TEXT = """[limit] money
sector,from,until,value,cites
banking,2020-01-01,2026-01-01,500.00,"Board minute 12, 2019"
banking,2026-01-01,,900.50,Board minute 3
insurance,2020-01-01,,100.00,警告 "x"
"""


def test_lines_with_commas_and_toml_say_the_same():
    toml = """
[tables.limit]
keys = ["sector"]
value = "money"
rows = [
  {sector = "insurance", from = 2020-01-01, value = 100, cites = '警告 "x"'},
  {sector = "banking", from = 2026-01-01, value = "900.50", cites = "Board minute 3"},
  {sector = "banking", from = 2020-01-01, until = 2026-01-01, value = "500.00", cites = "Board minute 12, 2019"},
]
"""
    assert tables.read(TEXT) == tables.read(toml)
    assert tables.read(tables.write(tables.read(TEXT))) == tables.read(TEXT)
    assert tables.read(" \n") == ()


@pytest.mark.parametrize("kind", ["text", "boolean", "integer", "number"])
def test_every_kind_of_value_comes_back(kind):
    value = {"text": '"a, b"', "boolean": "true", "integer": "-3", "number": "0.125"}[kind]
    text = f"[t] {kind}\n# a remark\nk, from, until, value, cites\nx, 2020-01-01, , {value}, c\n"
    assert tables.read(tables.write(tables.read(text))) == tables.read(text)


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        ("sector,from,value,cites\nx,2020-01-01,1,c", "line 1"),
        ("[limit] money\nfrom,until,value,cites\n", "limit, line 2"),
        ("[limit] money\nsector,from,until,value\n", "limit, line 2"),
        ("[limit] money\nsector,from,value,cites\nx,2020-01-01,1", "limit, row 1 (line 3)"),
        ("[limit] money\nsector,from,value,cites\nx,01/02/2020,1,c", "limit, row 1 (line 3)"),
        ("[limit] money\nsector,from,value,cites\nx,2020-02-31,1,c", "limit, row 1 (line 3)"),
        ("[limit] integer\nsector,from,value,cites\nx,2020-01-01,1.5,c", "limit, row 1 (line 3)"),
        ("[limit] money\nsector,from,value,cites\nx,2020-01-01,much,c", "limit, row 1"),
        ("[limit] money\nsector,from,value,cites\nx,2020-01-01,1,c\nx,2021-01-01,2,c", "limit"),
        ("[limit] money\nsector,from,value,cites\n", "limit"),
        ("[tables.limit]\nkeys = 3", "limit"),
    ],
)
def test_a_mistake_is_named_with_its_place(broken, place):
    with pytest.raises(Problem) as found:
        tables.read(broken)
    assert found.value.code == "rule.table" and place in found.value.where


def test_a_table_gates_with_the_value_of_the_day(firm):
    import msgspec

    draft = msgspec.structs.replace(
        LIMIT, holds='stakes_hkd <= table("limit", sector, on=date(decided_at))', tables=tables.read(TEXT)
    )
    firm.clock.ms = 1_767_000_000_000  # 29 December 2025
    released(firm, draft)
    assert firm.decide(stakes_hkd=600.0).route == "human"
    firm.clock.ms = 1_767_300_000_000  # 2 January 2026
    assert firm.decide(stakes_hkd=600.0).route == "auto"
    rule = firm.book.rule(DEV, "LIMIT")
    assert tables.write(rule.draft.tables) == TEXT.replace('警告 "x"', '"警告 ""x"""')
    assert tables.rows(next(iter(tables.read_tables(rule.draft.tables).values())))[1]["value"] == "900.50"
