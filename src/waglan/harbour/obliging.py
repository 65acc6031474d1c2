"""The sample bank's month with obligations: the catalogue, its gates, a rule of its own, drills, daily rounds."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from waglan.access import Identity
from waglan.evidence.catalogue import load
from waglan.evidence.catalogue.force import put_in_force
from waglan.harbour.applications import USE_CASE
from waglan.harbour.bank import Deed
from waglan.harbour.clock import PastClock
from waglan.harbour.governing import ANSWERER, CONTAINER, KEEPER
from waglan.harbour.period import DAY_MS, HOUR_MS, Period
from waglan.index import Index
from waglan.registers.drilling import Plan as DrillPlan
from waglan.registers.drilling import run_drill
from waglan.registers.observed import observe
from waglan.registers.registrar import Registrar
from waglan.registers.watch import watch
from waglan.rulebook import Draft, Rulebook
from waglan.runtime.exercise import Exercised
from waglan.runtime.workspace import Workspace

BEFORE_MS = 18 * HOUR_MS
"""So long before the month the catalogue comes into force."""
ROUNDS_MS = 23 * HOUR_MS
"""The hour of each day, from its midnight, at which what happens by itself is done."""
RULED, WAITING_MS = 0.6, 6 * HOUR_MS
"""When a rule of the bank's own is released, and how long before the end a change of it is proposed that waits."""
FIRST_HKD, THEN_HKD = 400_000, 250_000
DRILLS: tuple[tuple[float, Exercised], ...] = ((0.3, "failover"), (0.45, "kill_switch"))
SEED = 20


class Obliging:
    """Those who see to obligations and rules.

    Parameters
    ----------
    workspace, index
        Open, on a `PastClock`.
    registrar
        Of the workspace.
    person
        Signs an employee in, by key.
    """

    def __init__(
        self, workspace: Workspace, index: Index, registrar: Registrar, person: Callable[[str], Identity]
    ) -> None:
        self._workspace = workspace
        self._index = index
        self._registrar = registrar
        self._rulebook = Rulebook(workspace, index)
        self._person = person

    def deeds(self, span: Period) -> tuple[Deed, ...]:
        """What they do in the month."""
        nights = range(span.midnight(0.0) + DAY_MS + ROUNDS_MS, span.until_ms, DAY_MS)
        return (
            Deed(span.from_ms - BEFORE_MS, self._put_in_force),
            *(Deed(at_ms, self._rounds) for at_ms in nights),
            *(Deed(span.at(share), partial(self._drill, what)) for share, what in DRILLS),
            Deed(span.at(RULED), partial(self._rule, span, FIRST_HKD, released=True)),
            Deed(span.until_ms - WAITING_MS, partial(self._rule, span, THEN_HKD, released=False)),
        )

    def _put_in_force(self) -> None:
        catalogue = load()
        put_in_force(self._workspace, catalogue, index=self._index, actor=self._person(ANSWERER).id)
        drafts = [
            Draft(
                id=test.id.lower(), title=test.title["en"], scope=test.scope, holds=test.holds, gate=test.gate,
                clauses=(clause.id,), incident=test.incident,
            )
            for clause in catalogue.clauses
            for test in clause.tests
            if test.gate != "none"
        ]  # fmt: skip
        self._rulebook.put_in_force_from_catalogue(self._person(KEEPER), drafts, self._person(ANSWERER))

    def _rounds(self) -> None:
        observe(self._workspace, self._index)
        watch(self._registrar)

    def _drill(self, what: Exercised) -> None:
        clock = self._workspace.clock
        assert isinstance(clock, PastClock)

        def pause(seconds: float) -> None:
            clock.move_to(clock.now_ms() + round(seconds * 1_000))

        plan = DrillPlan(what=what, seed=SEED, pause=pause)
        run_drill(self._workspace, self._person(CONTAINER), USE_CASE, plan)

    def _rule(self, span: Period, most_hkd: int, *, released: bool) -> None:
        draft = Draft(
            id="credit.large-sums",
            title=f"Sums above HK${most_hkd:,} are looked at by a person",
            scope=f'use_case == "{USE_CASE}" and effect == "approve"',
            holds=f'coalesce(stakes_hkd, 0) <= {most_hkd} or route == "human"',
            gate="human",
            clauses=("FSTB.12.3",),
        )
        keeper = self._person(KEEPER)
        replay = self._rulebook.replay(keeper, draft, span.from_ms, self._workspace.clock.now_ms())
        proposal = self._rulebook.propose(keeper, draft, replay)
        if released:
            self._rulebook.release(self._person(ANSWERER), proposal.id)
