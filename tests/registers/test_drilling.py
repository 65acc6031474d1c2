"""Drills: everything answered by the fallback or queued, nothing uncontrolled, and live cases never feel them."""

from __future__ import annotations

import threading

import msgspec
import pytest

from tests.registers.drills import made
from tests.registers.parts import AUDITOR, DEVELOPER
from tests.runtime.parts import Steady
from waglan.access.identity import local
from waglan.core import Problem, Route
from waglan.core.events import Drill, Suspension
from waglan.core.model import models
from waglan.index import Decisions, Index
from waglan.registers import read_book
from waglan.registers.drilling import Plan, run_drill
from waglan.registers.due import AGAIN_MS, due, manifests, run_due, schedule
from waglan.runtime import Ask
from waglan.tiers import lattice

DAY_MS = 86_400_000
WHO = local("bank")


def leaves(workspace, kind):
    size = workspace.ledger.head().size
    return [leaf for at in range(size) if (leaf := workspace.ledger.leaf(at))["kind"] == kind]


def plan(clock, what="failover", **fields):
    def pause(seconds):
        clock.ms += int(seconds * 1000)

    return Plan(what, pause=pause, **fields)


@pytest.fixture
def bank(tmp_path):
    clock = Steady()
    workspace, names = made(tmp_path / "w", clock=clock)
    with workspace:
        yield workspace, names, clock


@pytest.mark.parametrize("seed", range(6))
def test_a_failover_drill_is_answered_by_the_next_in_line_and_recovers(bank, seed):
    workspace, names, clock = bank
    drill = run_drill(workspace, WHO, "triage", plan(clock, seed=seed, cases=6))
    assert drill.passed and (drill.asked, drill.fallback, drill.queued, drill.uncontrolled) == (6, 6, 0, 0)
    assert drill.target == names[0] and drill.seed == seed and 0 <= drill.recovery_ms <= 60_000
    (kept,) = leaves(workspace, "drill")
    assert kept["facts"]["id"] == drill.id and kept["actor"] == "cli"
    decisions = [leaf["facts"] for leaf in leaves(workspace, "decision")]
    assert len(decisions) >= 7 and all(d["drill"] and d["source"] == drill.id for d in decisions)
    assert [d.get("failover", False) for d in decisions[:6]] == [True] * 6 and "failover" not in decisions[-1]


def test_with_nobody_next_in_line_people_get_the_cases(tmp_path):
    clock = Steady()
    workspace, _ = made(tmp_path / "w", models=1, clock=clock)
    with workspace:
        drill = run_drill(workspace, WHO, "triage", plan(clock, cases=8))
    assert drill.passed and (drill.fallback, drill.queued, drill.uncontrolled) == (0, 8, 0)
    assert drill.recovery_ms >= 29_000, "the breaker opened and rested"


def test_models_apart_fail_over_as_well(tmp_path):
    workspace, _ = made(tmp_path / "w", inline=False)
    with workspace:
        drill = run_drill(workspace, WHO, "triage", Plan(seed=3, cases=3, pause=lambda _: None))
    assert drill.passed and drill.fallback == 3


def test_a_kill_switch_drill_queues_every_case(bank):
    workspace, names, clock = bank
    drill = run_drill(workspace, WHO, "triage", plan(clock, "kill_switch", cases=4))
    assert drill.passed and (drill.asked, drill.fallback, drill.queued, drill.uncontrolled) == (4, 0, 4, 0)
    assert drill.target == "triage" and models.get(names[0]).calls == 1, "only the case after it was answered"
    assert workspace.registers.suspensions() == ()


def test_a_model_that_stays_down_fails_the_drill(bank):
    workspace, names, clock = bank

    def down():
        raise ConnectionError

    models.get(names[0]).pause = down
    drill = run_drill(workspace, WHO, "triage", plan(clock, cases=2, target_ms=5_000))
    assert not drill.passed and drill.recovery_ms is None and drill.fallback == 2
    models.get(names[1]).pause = down
    drill = run_drill(workspace, WHO, "triage", plan(clock, cases=2, target_ms=5_000))
    assert drill.queued == 2 and drill.uncontrolled == 0


def test_a_case_that_slips_through_is_uncontrolled(bank, monkeypatch):
    """A fault that doesn't bite: the first model answers as ever, so the drill shows nothing and must not pass."""
    workspace, _, clock = bank
    monkeypatch.setattr("waglan.runtime.exercise.Fault.breaks", property(lambda self: False))
    drill = run_drill(workspace, WHO, "triage", plan(clock, cases=3))
    assert drill.uncontrolled == 3 and not drill.passed


def test_live_cases_at_the_same_time_feel_nothing(tmp_path):
    """Live decisions of this process and of another workspace handle go on by the first model throughout."""
    from waglan.runtime import Workspace

    workspace, names = made(tmp_path / "w")
    with workspace, Workspace.open(tmp_path / "w") as other:
        stop, live = threading.Event(), []

        def ask(which):
            while not stop.is_set():
                live.append(which.runtime.decide_sync("triage", {"days": 1}, Ask(source="live")).decision)

        threads = [threading.Thread(target=ask, args=(which,)) for which in (workspace, other)]
        for each in threads:
            each.start()
        try:
            for what in ("failover", "kill_switch"):
                drill = run_drill(workspace, WHO, "triage", Plan(what, seed=1, cases=12, pause=stop.wait, target_ms=1))
                assert drill.uncontrolled == 0
        finally:
            stop.set()
            for each in threads:
                each.join()
    assert len(live) > 20
    assert all(d.route is Route.AUTO and not d.failover and not d.findings and not d.drill for d in live)
    assert {use.id for d in live for use in d.models} == {names[0]}


def test_who_may_and_what_can_be_drilled(bank, tmp_path):
    workspace, _, clock = bank
    with pytest.raises(Problem) as found:
        run_drill(workspace, msgspec.structs.replace(AUDITOR, tenant="bank"), "triage", plan(clock))
    assert found.value.code == "access.denied"
    developer = msgspec.structs.replace(DEVELOPER, tenant="bank")
    assert run_drill(workspace, developer, "triage", plan(clock, "kill_switch", cases=1)).passed
    workspace.record(Suspension(target="use_case", id="triage", reason="fault"))
    with pytest.raises(Problem) as found:
        run_drill(workspace, WHO, "triage", plan(clock))
    assert found.value.code == "drill.suspended"
    with pytest.raises(Problem) as found:
        run_drill(workspace, WHO, "triag", plan(clock))
    assert found.value.code == "use_case.unknown"
    plain, _ = made(tmp_path / "plain", models=0)
    with plain, pytest.raises(Problem) as found:
        run_drill(plain, WHO, "triage", plan(clock))
    assert found.value.code == "drill.nothing"
    assert len(leaves(workspace, "drill")) == 1


def test_cases_are_made_up_where_no_sample_fits(tmp_path):
    clock = Steady()
    workspace, _ = made(tmp_path / "w", samples=({"other": 1},), clock=clock)
    with workspace:
        drill = run_drill(workspace, WHO, "triage", plan(clock, cases=3))
        assert drill.passed and drill.fallback == 3


def opened(workspace):
    return Index.open(workspace.folder / "index.db", workspace.ledger, (Decisions(),))


def waiting(workspace, index):
    index.follow()
    with index.reading() as connection:
        return read_book(connection, workspace.clock.now_ms())


def test_drills_are_due_by_tier_and_run_by_themselves_once(bank):
    workspace, _, clock = bank
    with opened(workspace) as index:
        assert schedule(waiting(workspace, index), manifests(workspace)) == (), "it never decided"
        workspace.runtime.decide_sync("triage", {"days": 1})
        began = clock.ms
        every = lattice().terms["medium"].drill_days * DAY_MS
        planned = schedule(waiting(workspace, index), manifests(workspace))
        assert [(d.what, d.tier, d.due_ms, d.last) for d in planned] == [
            ("failover", "medium", began + every, None),
            ("kill_switch", "medium", began + every, None),
        ]
        assert run_due(workspace, index, plan(clock, cases=2)) == ()
        clock.ms += every
        ran = run_due(workspace, index, plan(clock, cases=2))
        assert [(d.what, d.passed) for d in ran] == [("failover", True), ("kill_switch", True)]
        assert ran[0].seed != ran[1].seed and {leaf["actor"] for leaf in leaves(workspace, "drill")} == {"registers"}
        assert run_due(workspace, index, plan(clock, cases=2)) == ()
        failed = Drill(began_at=clock.ms, ended_at=clock.ms, id="d", passed=False, use_case="triage", what="failover")
        workspace.record(failed)
        book = waiting(workspace, index)
        assert schedule(book, manifests(workspace))[0].due_ms == clock.ms + AGAIN_MS
        assert due(book, manifests(workspace), clock.ms) == ()


def test_a_suspended_use_case_is_not_drilled_and_another_process_goes_first(bank):
    import fcntl
    import os

    from waglan.registers.due import LOCK

    workspace, _, clock = bank
    workspace.runtime.decide_sync("triage", {"days": 1})
    clock.ms += 400 * DAY_MS
    with opened(workspace) as index:
        held = os.open(workspace.folder / LOCK, os.O_RDWR | os.O_CREAT)
        fcntl.flock(held, fcntl.LOCK_EX)
        assert run_due(workspace, index, plan(clock, cases=1)) == ()
        os.close(held)
        workspace.record(Suspension(target="use_case", id="triage", reason="fault"))
        assert run_due(workspace, index, plan(clock, cases=1)) == ()
