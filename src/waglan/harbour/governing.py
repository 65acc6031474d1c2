"""How the sample bank is governed in its month: registers, obligations, tests, incidents, and who stands for what.

All of it goes through `waglan.registers.Registrar` and the other rooms' own verbs, by people who signed in. What is
wrong on purpose comes by the scenario ``gaps``; papers that nobody wrote are missing in any case.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from waglan.access import Identity
from waglan.core.events import Competence, Count, Entity, Incident, IncidentStep
from waglan.harbour import papers
from waglan.harbour.applications import USE_CASE
from waglan.harbour.bank import Deed
from waglan.harbour.hiring import Employed
from waglan.harbour.hosted import HOST
from waglan.harbour.models import SCORING
from waglan.harbour.period import DAY_MS, HOUR_MS
from waglan.harbour.plan import Plan
from waglan.harbour.sample import NAME_EN
from waglan.harbour.sources import data_sources, vendors
from waglan.harbour.trials import runs
from waglan.index.decisions import Filter
from waglan.registers import Registrar
from waglan.usecases.credit.training import Trained

ENTITY = "harbour-bank"
KEEPER, ANSWERER, CONTAINER = "yip", "sharma", "kwok"
"""Who keeps registers, who stands for obligations, and who acts on incidents."""
BEFORE_MS = 20 * HOUR_MS
"""So long before the month the registers are filled."""
WEEK_MS = 7 * DAY_MS
LEFT_OPEN_MS = 5 * HOUR_MS
"""So long before the end the incident comes that is still open."""
ATTESTED = ("SBX.1", "BD19.G4", "FSTB.12f.2", "PEMP.4")
ATTESTED_DAYS = 180
TOPICS = {"reviewer": "reviewing answers of models", "approver": "releasing and four eyes", "developer": "model risk"}


class Governing:
    """Those who keep the house in order.

    Parameters
    ----------
    registrar
        Of the workspace.
    person
        Signs an employee in, by key.
    employed, plan, trained
        The bank and its month.
    """

    def __init__(
        self,
        registrar: Registrar,
        person: Callable[[str], Identity],
        *,
        employed: Employed,
        plan: Plan,
        trained: Trained,
    ) -> None:
        self._registrar = registrar
        self._person = person
        self._employed = employed
        self._plan = plan
        self._trained = trained
        self._incident = ""

    def deeds(self) -> tuple[Deed, ...]:
        """What they do in the month."""
        span = self._plan.span
        ends = range(span.from_ms + WEEK_MS, span.until_ms, WEEK_MS)
        weeks = [Deed(at_ms, partial(self._count, at_ms)) for at_ms in ends]
        outages = [deed for outage in self._plan.outages for deed in self._outage(outage.from_ms, outage.until_ms)]
        return (
            Deed(span.from_ms - BEFORE_MS, self._fill),
            *weeks,
            *outages,
            Deed(span.until_ms - LEFT_OPEN_MS, self._letter),
        )

    # ---- registers

    def _fill(self) -> None:
        keeper, answerer, registrar = self._person(KEEPER), self._person(ANSWERER), self._registrar
        first_ms, people, gaps = self._plan.span.from_ms, self._employed.people, bool(self._plan.gaps)
        registrar.entity(
            keeper,
            Entity(id=ENTITY, name=NAME_EN, licences=("bank", "licensed_corporation", "insurance_intermediary", "mpf")),
        )
        for paper in papers.PAPERS:
            registrar.document(answerer, papers.registered(paper, people[paper.approver].id, first_ms, gaps=gaps))
        for vendor in vendors(first_ms, gaps):
            registrar.vendor(keeper, vendor)
        for source in data_sources(first_ms, gaps):
            registrar.data_source(keeper, source)
        for competence in self._competences(first_ms):
            registrar.competence(keeper, competence)
        for run in runs(self._plan, self._trained):
            registrar.test_run(keeper, run)
        for clause in ATTESTED:
            registrar.attest(answerer, clause, entity=ENTITY, until_ms=first_ms + ATTESTED_DAYS * DAY_MS)

    def _competences(self, first_ms: int) -> list[Competence]:
        done_ms = first_ms - 40 * DAY_MS
        return [
            Competence(
                completed_at=done_ms,
                expires_at=done_ms + 365 * DAY_MS,
                person=self._employed.people[employee.key].id,
                role=role,
                topic=(TOPICS.get(role) or "ai awareness").replace(" ", "-"),
            )
            for employee in self._plan.bank.staff
            for role in employee.roles[:1]
            if employee.key not in self._plan.gaps
        ]

    def _count(self, until_ms: int) -> None:
        """The front office's own tally of what it asked in the week."""
        from_ms = until_ms - WEEK_MS
        times = self._plan.applications.at_ms
        asked = int(np.count_nonzero((times >= from_ms) & (times < until_ms)))
        facts = Count(counted=asked, from_ms=from_ms, source="front-office", until_ms=until_ms, use_case=USE_CASE)
        self._registrar.count(self._person(KEEPER), facts)

    # ---- incidents

    def _outage(self, from_ms: int, until_ms: int) -> tuple[Deed, ...]:
        steps = (
            (from_ms + HOUR_MS, "assessed", ""), (from_ms + 2 * HOUR_MS, "contained", ""),
            (from_ms + 3 * HOUR_MS, "notified", "hkma.significant"), (until_ms + HOUR_MS, "fixed", ""),
            (until_ms + 6 * DAY_MS, "root_cause", ""), (until_ms + 7 * DAY_MS, "closed", ""),
        )  # fmt: skip
        return (
            Deed(from_ms + HOUR_MS // 2, partial(self._host_down, from_ms)),
            *(Deed(at_ms, partial(self._step, step, clock)) for at_ms, step, clock in steps),
        )

    def _host_down(self, from_ms: int) -> None:
        facts = Incident(
            cause="outage", detail=HOST, detected_at=from_ms + HOUR_MS // 3, occurred_at=from_ms, severity="high",
            use_case=USE_CASE, vendor=SCORING,
        )  # fmt: skip
        note = "The host of the first model doesn't answer; the standby model does. The host says a switch has failed."
        self._incident = self._registrar.open_incident(self._person(CONTAINER), facts, note=note)

    def _step(self, step: str, clock: str) -> None:
        facts = IncidentStep(clock=clock, done_at=self._registrar.office.now_ms(), step=step)  # type: ignore[arg-type]
        self._registrar.step(self._person(CONTAINER), self._incident, facts)

    def _letter(self) -> None:
        """Still open when the month ends, so that its clocks run."""
        now_ms = self._registrar.office.now_ms()
        facts = Incident(
            affected=3, cause="data_breach", detail="letter-to-wrong-address", detected_at=now_ms - HOUR_MS,
            occurred_at=now_ms - 20 * HOUR_MS, personal_data=True, severity="high", use_case=USE_CASE,
        )  # fmt: skip
        note = "Three letters with reasons for a refusal went to former addresses; two came back unopened."
        wanted = Filter(use_case=USE_CASE, effect="decline", route="human")
        self._registrar.open_incident(self._person(CONTAINER), facts, note=note, decisions=wanted)
