"""What newly fails opens an incident, once until it is closed."""

from __future__ import annotations

from pathlib import Path

from tests.evidence.scene import Bank, a_bank, bank, check, clause, decision, decisions
from waglan.core.events import Drill, IncidentStep
from waglan.evidence import watch
from waglan.index.days import DAY_MS
from waglan.registers import Book, Registrar, read_book


def book(made: Bank) -> Book:
    made.index.follow()
    with made.index.reading() as connection:
        return read_book(connection, made.clock.at_ms)


def round_(made: Bank) -> tuple[str, ...]:
    made.evidence.update()
    return watch(made.evidence, Registrar(made.workspace, made.index))


def test_a_failure_opens_one_incident_until_it_is_closed(tmp_path: Path) -> None:
    with bank(tmp_path / "workspace") as made:
        made.judged_by(clause("A", check("A.1", incident=True, gate="block"), check("A.2", 'effect == "approve"')))
        made.put(*decisions(5))
        assert round_(made) == ()
        ids = made.put(decision(notice_id=""), decision(notice_id="", use_case="advice"), decision(notice_id=""))
        opened = round_(made)
        assert len(opened) == 2 and round_(made) == ()
        first, second = sorted(book(made).incidents, key=lambda i: i.facts.use_case)
        assert (first.facts.cause, first.facts.detail, first.facts.clauses) == ("breach", "A.1", ("A",))
        assert (first.facts.use_case, first.opened.refs) == ("advice", (ids[1],)) and first.automatic
        assert (second.facts.use_case, second.opened.refs, second.facts.severity) == (
            "credit",
            (ids[2], ids[0]),
            "high",
        )
        made.put(IncidentStep(step="closed", done_at=made.clock.at_ms), refs=(second.id,))
        assert round_(made) == ()
        made.put(decision(notice_id=""))
        assert round_(made) == (second.id,)  # closed a moment ago: the same one opens again
        made.put(IncidentStep(step="closed", done_at=made.clock.at_ms), refs=(second.id,))
        made.days(60)
        made.put(decision(notice_id=""))
        again = round_(made)
        assert len(again) == 1 and again[0] not in {first.id, second.id}


def test_what_doesnt_apply_opens_nothing(tmp_path: Path) -> None:
    with bank(tmp_path / "workspace") as made:
        made.judged_by(clause("A", check("A.1", incident=True), source="BANKS"))
        made.put(decision(notice_id=""))
        assert round_(made) == ()
        made.put(a_bank("credit"), a_bank("advice", id="bank-b"))
        assert len(round_(made)) == 1


def test_a_drill_that_failed_opens_one(tmp_path: Path) -> None:
    with bank(tmp_path / "workspace") as made:
        now = made.clock.at_ms
        drill = check("A.1", "passed", kind="drill", over="drills", incident=True)
        made.judged_by(clause("A", drill))
        made.put(
            Drill(id="d-1", what="failover", use_case="credit", passed=False, began_at=now - DAY_MS, ended_at=now - 9)
        )
        assert len(round_(made)) == 1 and round_(made) == ()
        assert [i.facts.use_case for i in book(made).incidents] == ["credit"]
