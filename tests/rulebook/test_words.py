"""Small things of the rulebook: periods, a rule taken apart, values in words, and long histories."""

import msgspec
import pytest

from tests.rulebook.conftest import DEV, START
from tests.rulebook.test_book import LIMIT
from waglan.core import Problem
from waglan.core.events import Override
from waglan.index import events
from waglan.rulebook import months
from waglan.rulebook.parts import outline, said_value
from waglan.rules import Type

HOUR = 3_600_000


def test_a_month_is_hong_kongs():
    found = months.period("2026-12", START)
    assert found.since_ms == 1_796_054_400_000 and found.until_ms - found.since_ms == 31 * 24 * HOUR
    assert months.period("2026-02", START).until_ms == months.period("2026-03", START).since_ms
    assert months.period("30d", START) == (START - 30 * 24 * HOUR, START + 1)
    assert months.latest(months.period("2026-01", START).since_ms, 3) == ("2026-01", "2025-12", "2025-11")
    assert months.latest(months.period("2026-01", START).since_ms - 1, 1) == ("2025-12",)


@pytest.mark.parametrize("text", ["", "2026-13", "2026-1", "last", "2026-11-01"])
def test_what_is_no_period_is_refused(text):
    with pytest.raises(Problem) as found:
        months.period(text, START)
    assert found.value.code == "rule.period"


def test_a_rule_is_taken_apart_as_it_is_read():
    text = "not adverse and (drill or replay) if phase == 'pilot' else route == 'human'"
    lines = [(line.depth, line.join, line.text) for line in outline(text)]
    assert [(depth, join) for depth, join, _ in lines] == [
        (0, "if"), (1, ""), (1, "all"), (2, "not"), (3, ""), (2, "any"), (3, ""), (3, ""), (1, ""),
    ]  # fmt: skip
    assert lines[0][2] == text and lines[-1][2] == "route == 'human'"


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (None, Type.TEXT, ""),
        (123456, Type.MONEY, "1,234.56"),
        (0, Type.TIME, "1970-01-01T00:00:00.000Z"),
        ((), Type.TEXTS, "[]"),
        (("a", "b"), Type.TEXTS, "a, b"),
        ({"x": "pass", "a": "note"}, Type.VERDICTS, "a: note, x: pass"),
        ({}, Type.VERDICTS, "{}"),
        (True, Type.BOOLEAN, "true"),
        (0.5, Type.NUMBER, "0.5"),
        (7, Type.INTEGER, "7"),
    ],
)
def test_values_are_said_in_words(value, kind, said):
    assert said_value(value, kind) == said


def test_a_long_history_is_read_whole(firm, monkeypatch):
    monkeypatch.setattr(events, "LARGEST", 2)
    made = [firm.book.propose(DEV, msgspec.structs.replace(LIMIT, id=f"R{at}")) for at in range(5)]
    assert [p.id for p in firm.book.proposals(DEV)] == [p.id for p in reversed(made)]


def test_the_bench_knows_that_a_person_put_another_answer(firm):
    made = firm.decide()
    draft = msgspec.structs.replace(LIMIT, holds="not override")
    assert firm.book.try_(DEV, draft)[0].answer == "holds"
    firm.workspace.record(Override(effect="decline", reason="WRONG"), refs=(made.id,), actor="p-1")
    assert firm.book.try_(DEV, draft)[0].answer == "fails"
