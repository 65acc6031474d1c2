"""The rules of the benchmark on a table of decisions as `waglan.facts` declares it."""

from __future__ import annotations

import duckdb

from tests.rules.live import DECISION, LIVE
from waglan.facts.schema import DECISIONS
from waglan.rules import parse, row, types

FIELDS = {field.name: field.type for field in DECISIONS}
NOW = 1_767_200_000_000


def test_the_same_text_gates_and_counts() -> None:
    connection = duckdb.connect()
    shape = ", ".join(f'"{field.name}" {field.type.value}' for field in DECISIONS)
    connection.execute(f"CREATE TABLE decisions ({shape})")
    connection.execute("INSERT INTO decisions (id) VALUES ('nothing known')")
    given = {
        **DECISION,
        "controls": {"key": list(DECISION["controls"]), "value": list(DECISION["controls"].values())},
    }
    marks = ", ".join({"decided_at": "epoch_ms(?)", "validation_expires_at": "epoch_ms(?)"}.get(n, "?") for n in given)
    names = ", ".join(f'"{name}"' for name in given)
    connection.execute(f"INSERT INTO decisions ({names}) VALUES ({marks})", list(given.values()))
    rows = [row(values, types(FIELDS)) for values in ({"id": "nothing known"}, DECISION)]
    answers = {True: 0, False: 0, None: 0}
    for text in LIVE:
        rule = parse(text, FIELDS)
        gate = rule.closure()
        mine = [gate(values, NOW) for values in rows]
        theirs = connection.execute(f"SELECT {rule.sql('duckdb', now=NOW)} FROM decisions ORDER BY route NULLS FIRST")
        assert [answer for (answer,) in theirs.fetchall()] == mine, text
        for answer in mine:
            answers[answer] += 1
    assert all(answers.values())
    connection.close()
