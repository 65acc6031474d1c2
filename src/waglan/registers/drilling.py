"""Drills: a use case's sample cases through the real runtime while something fails on purpose, and for them alone.

A failover drill lets the first model of every slot fail; a kill-switch drill suspends the use case. Every case must be
answered by the model next in line or go to a person, none may leave unguarded, and once the fault is over the use case
must answer as before within the target.

References
----------
HKMA, *High-level Principles on Artificial Intelligence* (2019), on contingency and on being able to suspend AI; FSTB,
*Policy Statement on Responsible Application of AI in the Financial Market* (2024), paragraph 12d.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple

from waglan.access.action import Action
from waglan.access.identity import Identity
from waglan.access.policy import Resource, require
from waglan.core.decision import Decision, Route
from waglan.core.events import Drill
from waglan.core.problem import Problem
from waglan.core.usecase import UseCase
from waglan.registers.cases import drill_cases
from waglan.runtime.ask import Reply
from waglan.runtime.exercise import Exercise, Exercised
from waglan.runtime.route import SUSPENDED
from waglan.runtime.workspace import Workspace

ACTOR = "registers"
CASES = 10
TARGET_MS = 60_000
"""How long recovery may take: a breaker rests 30 s before it tries again, and the next case must find it well."""
PAUSE_S = 3.0


class Plan(NamedTuple):
    """How a drill is run.

    Attributes
    ----------
    what, seed
        Which fault, and the seed of its ways and of the cases' order.
    cases
        How many cases are put while it lasts.
    target_ms
        How long recovery may take.
    pause
        Waits so many seconds between two attempts after the fault.
    """

    what: Exercised = "failover"
    seed: int = 0
    cases: int = CASES
    target_ms: int = TARGET_MS
    pause: Callable[[float], None] = time.sleep


def run_drill(workspace: Workspace, who: Identity | None, use_case: str, plan: Plan = Plan()) -> Drill:  # noqa: B008
    """Run a drill and record it.

    Parameters
    ----------
    workspace
        Open.
    who
        Who runs it; None when it is due and runs by itself.
    use_case
        Its name.
    plan
        How.

    Raises
    ------
    Problem
        Those of `waglan.access.require`; ``drill.nothing`` for a failover of a use case without models,
        ``drill.suspended`` (409) while it is stopped in earnest; the catalogue's and the ledger's.
    """
    if who is not None:
        require(who, Action.DRILL_RUN, Resource("drill", workspace.settings.workspace.tenant))
    actor = ACTOR if who is None else who.id
    loaded = workspace.catalogue.get(use_case)
    if plan.what == "failover" and not loaded.manifest.models:
        raise _nothing(use_case)
    if workspace.registers.use_case_suspended(use_case):
        raise _suspended(use_case)
    rows = drill_cases(loaded, plan.cases, plan.seed)
    drill_id = f"drill-{workspace.ids.new(workspace.clock.now_ms())}"
    began_at = workspace.clock.now_ms()
    with closing(workspace.runtime.exercise(use_case, plan.what, plan.seed)) as exercise:
        exercise.fault.on = True
        counts = _counted(exercise.ask(rows, drill_id, actor), plan.what)
        exercise.fault.on = False
        recovery_ms = _recovered(workspace, exercise, rows, plan, (drill_id, actor))
    asked = len(rows)
    controlled = counts["fallback"] + counts["queued"] + counts["blocked"]
    facts = Drill(
        asked=asked,
        began_at=began_at,
        ended_at=workspace.clock.now_ms(),
        fallback=counts["fallback"],
        id=drill_id,
        passed=controlled == asked and recovery_ms is not None and recovery_ms <= plan.target_ms,
        queued=counts["queued"],
        recovery_ms=recovery_ms,
        seed=plan.seed,
        target=_target(loaded.manifest, plan.what),
        target_ms=plan.target_ms,
        uncontrolled=asked - controlled,
        use_case=use_case,
        what=plan.what,
    )
    workspace.record(facts, actor=actor)
    return facts


def _counted(answers: Sequence[Reply | Problem], what: Exercised) -> Counter[str]:
    """What became of the cases while the fault lasted; one that couldn't be decided is uncontrolled."""
    return Counter(_fate(each.decision, what) if isinstance(each, Reply) else "failed" for each in answers)


def _fate(decision: Decision, what: Exercised) -> str:
    if decision.route is Route.BLOCKED:
        return "blocked"
    if what == "kill_switch":
        return "queued" if decision.route is Route.HUMAN and decision.outcome is None else "uncontrolled"
    if decision.route is Route.HUMAN:
        return "fallback" if decision.failover and decision.outcome is not None else "queued"
    return "fallback" if decision.failover else "uncontrolled"


def _recovered(
    workspace: Workspace, exercise: Exercise, rows: Sequence[Mapping[str, Any]], plan: Plan, marks: tuple[str, str]
) -> int | None:
    """Milliseconds from the end of the fault until a case was answered as before; None when that took too long."""
    since = workspace.clock.monotonic_ns()
    while True:
        (answer,) = exercise.ask(rows[:1], *marks)
        took_ms = (workspace.clock.monotonic_ns() - since) // 1_000_000
        if isinstance(answer, Reply) and _as_before(answer.decision, plan.what):
            return took_ms
        if took_ms >= plan.target_ms:
            return None
        plan.pause(PAUSE_S)


def _as_before(decision: Decision, what: Exercised) -> bool:
    if what == "kill_switch":
        return SUSPENDED not in decision.why
    return not decision.failover and any(use.answered for use in decision.models)


def _target(manifest: UseCase, what: Exercised) -> str:
    """What is made to fail: the first model of the first slot, or the use case."""
    if what == "kill_switch":
        return manifest.name
    return next(iter(manifest.models.values())).use[0]


def _nothing(use_case: str) -> Problem:
    return Problem(
        f"{use_case!r} asks no model, so none can fail.",
        "Its manifest has no [models].",
        "Drill its kill switch: waglan drill run USE_CASE --what kill_switch.",
        code="drill.nothing",
        where=use_case,
    )


def _suspended(use_case: str) -> Problem:
    return Problem(
        f"{use_case!r} is suspended in earnest.",
        "It answers nobody, so a drill would show nothing.",
        "Run the drill when it answers again.",
        code="drill.suspended",
        where=use_case,
        status=409,
    )
