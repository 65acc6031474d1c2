"""Incidents that open by themselves: each cause, once, over restarts and several workers."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.index.scene import decision
from tests.registers.parts import CLI, DAY_MS, DEVELOPER, HOUR_MS, START_MS, Room, room
from waglan.core.decision import Route
from waglan.core.entry import Entry
from waglan.core.events import (
    Incident,
    IncidentStep,
    ModelRegistration,
    ObservedTier,
    RuleInForce,
    TestRun,
    TierRuling,
    UseCaseRegistration,
)
from waglan.core.finding import Verdict
from waglan.core.problem import Problem
from waglan.registers import IncidentRecord, Registrar, Watcher, recurred, report, watch
from waglan.registers.freezing import digest

D = "d" * 64
MODEL = (("m", "1", D, "p", "HK", True),)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path / "w") as made:
        made.event(
            UseCaseRegistration(name="credit", policy_digest=D, version="1.0", customer_facing=True, tier="high")
        )
        made.event(ModelRegistration(id="m", version="1", digest=D, vendor="acme", validated_at=START_MS - 9))
        yield made


def put(house: Room, *, at: int = 0, **facts: Any) -> str:
    """A live decision that went well, but for what is told."""
    usual: dict[str, Any] = {
        "route": Route.AUTO, "disclosure_id": "d1", "models": MODEL, "controls": (), "why": (), "adverse": False,
    }  # fmt: skip
    house.clock.ms += 1_000
    at_ms = at or house.clock.ms
    entry_id = house.workspace.ids.new(at_ms)
    house.add(Entry(id=entry_id, kind="decision", at_ms=at_ms, facts=decision(**{**usual, **facts})))
    return entry_id


def only(house: Room) -> IncidentRecord:
    (record,) = house.book().incidents
    return record


def test_nothing_happens_while_all_is_well(house: Room) -> None:
    put(house)
    put(house, route=Route.HUMAN, disclosure_id="", controls=(("output.disclosure", Verdict.REVIEW),))
    assert watch(house.registrar) == ()


def test_a_control_that_failed(house: Room) -> None:
    bad = [put(house, controls=(("privacy.identifiers", Verdict.ERROR),), route=Route.HUMAN) for _ in range(3)]
    put(house)
    (mine,) = watch(house.registrar)
    record, facts = only(house), only(house).opened.facts
    assert (record.id, record.automatic, record.opened.actor) == (mine, True, "waglan")
    assert (facts.cause, facts.detail, facts.use_case) == ("control_failed", "privacy.identifiers", "credit")
    assert (facts.severity, facts.decisions, facts.query_sha256) == ("medium", 3, digest(bad))
    assert record.opened.refs == tuple(reversed(bad)) and (facts.model, facts.vendor) == ("m", "acme")
    assert facts.occurred_at == START_MS + 1_000 and facts.detected_at == house.clock.ms
    assert watch(house.registrar) == () and watch(Registrar(house.workspace, house.index)) == ()


def test_what_is_served_without_a_validation(house: Room) -> None:
    review = (("model.validated", Verdict.REVIEW),)
    put(house, controls=review, route=Route.HUMAN)
    watch(house.registrar)
    assert (only(house).facts.cause, only(house).facts.detail, only(house).facts.severity) == (
        "unvalidated_model", "m:1", "medium",
    )  # fmt: skip


def test_automatically_is_worse_and_needs_no_control(house: Room) -> None:
    house.event(ModelRegistration(id="n", version="2", digest=D))
    put(house, models=(("n", "2", D, "p", "HK", True),))
    watch(house.registrar)
    assert (only(house).facts.detail, only(house).facts.severity) == ("n:2", "high")


def test_a_validation_that_ended_counts_from_then_on(house: Room) -> None:
    ends = START_MS + HOUR_MS
    house.event(ModelRegistration(id="m", version="1", digest=D, validated_at=START_MS - 9, validation_expires_at=ends))
    put(house)
    house.clock.ms = ends + 1
    assert watch(house.registrar) == ()
    bad = put(house)
    watch(house.registrar)
    assert only(house).opened.refs == (bad,)


def test_a_customer_who_wasnt_told(house: Room) -> None:
    put(house, disclosure_id="", route=Route.HUMAN)
    put(house, disclosure_id="", drill=True)
    put(house, disclosure_id="", use_case="internal")
    assert watch(house.registrar) == ()
    put(house, disclosure_id="")
    watch(house.registrar)
    assert (only(house).facts.cause, only(house).facts.detail, only(house).facts.decisions) == (
        "disclosure_missing", "", 1,
    )  # fmt: skip


def test_a_rule_that_says_so(house: Room) -> None:
    found = (("rule.quiet", Verdict.REVIEW), ("rule.loud", Verdict.REVIEW), ("rule.past", Verdict.REVIEW))
    for name, incident, state in (
        ("quiet", False, "in_force"),
        ("loud", True, "in_force"),
        ("past", True, "withdrawn"),
    ):
        house.event(RuleInForce(id=name, digest=D, gate="human", holds="True", incident=incident, state=state))  # type: ignore[arg-type]
    put(house, controls=found, route=Route.HUMAN)
    watch(house.registrar)
    assert (only(house).facts.cause, only(house).facts.detail) == ("gate", "loud")


def test_an_observed_tier_above_what_is_acted_on(house: Room) -> None:
    house.event(ObservedTier(use_case="credit", tier="medium", n=5))
    house.event(ObservedTier(use_case="gone", tier="critical", n=5))
    assert watch(house.registrar) == ()
    seen = house.event(ObservedTier(use_case="credit", tier="critical", n=5))
    house.index.follow()
    watch(house.registrar)
    record = only(house)
    assert (record.facts.cause, record.facts.detail, record.facts.use_case) == ("observed_tier", "critical", "credit")
    assert record.opened.refs == (seen,) and record.facts.severity == "high" and record.facts.decisions == 0


def test_raised_already_is_no_incident(house: Room) -> None:
    house.event(TierRuling(use_case="credit", tier="critical", reason="x"))
    house.event(ObservedTier(use_case="credit", tier="critical", n=5))
    house.index.follow()
    assert watch(house.registrar) == ()


def test_an_alarm_that_nobody_acted_on(house: Room) -> None:
    def ran(passed: bool | None, metric: str = "psi") -> None:
        house.registrar.test_run(CLI, TestRun(of="drift", metric=metric, use_case="credit", passed=passed))

    ran(False)
    house.clock.ms += 4 * DAY_MS
    ran(False)
    ran(False, "ks")
    house.clock.ms += 2 * DAY_MS
    assert watch(house.registrar) == ()
    ran(True, "ks")
    house.clock.ms += DAY_MS
    watch(house.registrar)  # a week after the first of two failures in a row
    assert (only(house).facts.cause, only(house).facts.detail) == ("alarm", "drift:psi")
    house.registrar.step(DEVELOPER, only(house).id, IncidentStep(step="closed", done_at=house.clock.ms))
    house.clock.ms += 90 * DAY_MS
    assert watch(house.registrar) == ()  # the same run, dealt with
    ran(False)
    assert watch(house.registrar) == ()  # somebody may act yet
    house.clock.ms += 7 * DAY_MS
    (again,) = watch(house.registrar)
    assert again != house.book().incidents[0].id


def test_what_recurs_is_gathered_then_reopened_then_new(house: Room) -> None:
    fault = (("c", Verdict.ERROR),)
    put(house, controls=fault)
    (mine,) = watch(house.registrar)
    put(house, controls=fault)
    put(house, controls=fault)
    assert watch(house.registrar) == () and recurred(house.registrar, only(house)) == 2
    closed = house.registrar.step(DEVELOPER, mine, IncidentStep(step="closed", done_at=house.clock.ms))
    assert watch(house.registrar) == () and recurred(house.registrar, only(house)) == 0
    house.clock.ms += 2 * DAY_MS
    bad = put(house, controls=fault)
    assert watch(house.registrar) == (mine,)
    record = only(house)
    assert record.steps[-1].facts.step == "reopened" and record.steps[-1].refs == (mine, bad)
    assert record.state == "open" and record.steps[-1].index > closed.index and watch(house.registrar) == ()
    house.registrar.step(DEVELOPER, mine, IncidentStep(step="closed", done_at=house.clock.ms))
    house.clock.ms += 8 * DAY_MS
    put(house, controls=fault)
    (other,) = watch(house.registrar)
    assert other != mine and [i.closed for i in house.book().incidents] == [True, False]


def test_causes_details_and_use_cases_stay_apart(house: Room) -> None:
    for name, use_case in (("a", "credit"), ("a", "other"), ("b", "credit"), ("a", "credit")):
        put(house, controls=((name, Verdict.ERROR),), use_case=use_case, route=Route.HUMAN)
    assert len(watch(house.registrar)) == 3
    keys = {(i.facts.cause, i.facts.detail, i.facts.use_case, i.facts.decisions) for i in house.book().incidents}
    assert keys == {
        ("control_failed", "a", "credit", 2), ("control_failed", "a", "other", 1), ("control_failed", "b", "credit", 1),
    }  # fmt: skip


def test_exercises_open_nothing_and_hide_nothing(house: Room) -> None:
    house.event(Incident(cause="control_failed", detail="c", use_case="credit", detected_at=START_MS, drill=True))
    put(house, controls=(("c", Verdict.ERROR),), drill=True)
    assert watch(house.registrar) == ()
    put(house, controls=(("c", Verdict.ERROR),))
    assert len(watch(house.registrar)) == 1


def test_history_from_before_anybody_watched_is_no_news(house: Room) -> None:
    put(house, controls=(("c", Verdict.ERROR),))
    put(house)
    house.clock.ms += 31 * DAY_MS
    for _ in range(5):
        put(house)
    assert watch(house.registrar) == ()
    put(house, controls=(("c", Verdict.ERROR),))
    watch(house.registrar)
    assert only(house).facts.decisions == 1


def test_several_workers_open_one(house: Room) -> None:
    put(house, controls=(("c", Verdict.ERROR),))
    made: list[str] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(3):
                made.extend(watch(Registrar(house.workspace, house.index)))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not errors and len(made) == 1 and len(house.book().incidents) == 1


def test_what_others_find_by_themselves(house: Room) -> None:
    facts = Incident(cause="breach", detail="SFC.5b.1", detected_at=START_MS, severity="high")
    mine = report(house.registrar, facts, ("D1",), note="n = 3")
    assert mine == only(house).id and report(house.registrar, facts) is None
    house.registrar.step(DEVELOPER, mine, IncidentStep(step="closed", done_at=house.clock.ms))
    assert report(house.registrar, facts) == mine and only(house).state == "open"
    assert house.registrar.private(DEVELOPER, mine)["note"] == b'"n = 3"'


def test_a_log_that_could_not_be_written_is_told_of_afterwards(house: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = Watcher(house.registrar)
    assert watcher.round() == ()
    gone = Problem("The log can't be written.", "Its disk is full.", "Make room.", code="ledger.unavailable")
    began = house.clock.ms
    with monkeypatch.context() as patch:
        patch.setattr(type(house.workspace.ledger), "problem", property(lambda _: gone))
        assert watcher.round() == ()
        house.clock.ms += HOUR_MS
        assert watcher.round() == ()
    (mine,) = watcher.round()
    facts = only(house).facts
    assert (only(house).id, facts.cause, facts.detail) == (mine, "ledger", "ledger.unavailable")
    assert (facts.occurred_at, facts.detected_at) == (began, house.clock.ms)
    assert watcher.round() == () and len(house.book().incidents) == 1


def test_it_never_walks_over_decisions(house: Room) -> None:
    """Neither while an incident gathers nor once it is closed: SQLite is asked how it would go about it."""
    put(house, controls=(("c", Verdict.ERROR),))
    (mine,) = watch(house.registrar)
    put(house, controls=(("d", Verdict.ERROR),))
    watch(house.registrar)
    house.registrar.step(DEVELOPER, mine, IncidentStep(step="closed", done_at=house.clock.ms))
    for _ in range(50):
        put(house)
    asked: list[str] = []
    with house.index.reading() as connection:
        connection.set_trace_callback(asked.append)
        try:
            from waglan.registers.watch import _due

            assert _due(house.registrar.office, connection, house.registrar.office.read(connection)) == {}
        finally:
            connection.set_trace_callback(None)
        plans = [
            row[3]
            for each in asked
            if each.startswith("SELECT")
            and not each.endswith("ORDER BY idx LIMIT 1")
            and not each.endswith("ORDER BY idx DESC LIMIT 1")
            for row in _plan(connection, each)
        ]
    assert any("FROM decision" in each for each in asked)
    assert not [plan for plan in plans if plan.startswith(("SCAN decision", "SCAN event"))]


def _plan(connection: sqlite3.Connection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()
