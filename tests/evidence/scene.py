"""A workspace with a clock that is set by hand, a catalogue of a few tests, and real entries on a real log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from waglan.core import DecisionFacts, Entry
from waglan.core.decision import Route
from waglan.core.events import Entity, Event, ModelRegistration, UseCaseRegistration
from waglan.evidence import Evidence, Report, TestResult, Window
from waglan.evidence.catalogue import Catalogue, Clause, Requirement, Seen, Source, Test, force
from waglan.index import Decisions, Index
from waglan.index.days import DAY_MS
from waglan.runtime import Workspace

START_MS = 1_790_000_000_000 - 1_790_000_000_000 % DAY_MS + 4 * 3_600_000
"""Noon of a day in Hong Kong, in September 2026."""
HOUR_MS = 3_600_000
SOURCES = {
    "EVERYBODY": Source(
        issuer="FSTB", title="Everybody", date=dt.date(2024, 1, 1), kind="statement", force="policy",
        checked_on=dt.date(2026, 1, 1),
    ),
    "BANKS": Source(
        issuer="HKMA", title="Banks", date=dt.date(2024, 1, 1), kind="circular", force="expectation",
        applies_to=("bank",), checked_on=dt.date(2026, 1, 1),
    ),
    "CRITICAL": Source(
        issuer="SB", title="Critical infrastructure", date=dt.date(2024, 1, 1), kind="law", force="law",
        critical_only=True, checked_on=dt.date(2026, 1, 1),
    ),
    "OLD": Source(
        issuer="FSTB", title="Replaced", date=dt.date(2020, 1, 1), kind="statement", force="policy",
        superseded_by="EVERYBODY", checked_on=dt.date(2026, 1, 1),
    ),
}  # fmt: skip


def check(test_id: str, holds: str = "notice_id is not None", **changes: Any) -> Test:
    """A test of decisions unless told otherwise."""
    usual: dict[str, Any] = {"kind": "decision", "title": {"en": test_id, "zh-Hant": test_id}}
    rate, min_n = changes.pop("rate", 1.0), changes.pop("min_n", 1)
    return Test(id=test_id, holds=holds, require=Requirement(rate=rate, min_n=min_n), **(usual | changes))


def clause(clause_id: str, *tests: Test, **changes: Any) -> Clause:
    """An obligation with these tests."""
    usual: dict[str, Any] = {
        "source": "EVERYBODY",
        "text": {"en": "Do it.", "zh-Hant": "要做。"},
        "wording": "secondary",
        "seen": (Seen(by="ab", on=dt.date(2026, 1, 1), where="summary"),),
        "owner_role": "owner",
        "since": dt.date(2024, 1, 1),
    }
    return Clause(id=clause_id, tests=tests, **(usual | changes))


def catalogue(*clauses: Clause, version: str = "1") -> Catalogue:
    """A catalogue of these obligations."""
    return Catalogue(id="tests", version=version, as_of=dt.date(2026, 1, 1), sources=SOURCES, clauses=clauses)


class HandClock:
    """Stands where it is put."""

    def __init__(self, at_ms: int = START_MS) -> None:
        self.at_ms = at_ms

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_ns(self) -> int:
        return self.at_ms * 1_000_000


class Bank:
    """A workspace on whose log anything can be put at any time."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        exists = (folder / "waglan.toml").exists()
        self.workspace = (
            Workspace.open(folder, clock=self.clock)
            if exists
            else Workspace.create(folder, tenant="bank", clock=self.clock)
        )
        self.folder = folder
        self.index = Index.open(folder / "index.db", self.workspace.ledger, (Decisions(),))
        self.evidence = Evidence.open(self.workspace, self.index)

    def judged_by(self, *clauses: Clause, version: str = "1") -> Catalogue:
        """Put a catalogue in force."""
        made = catalogue(*clauses, version=version)
        force.put_in_force(self.workspace, made)
        return made

    def put(self, *facts: Event, at_ms: int | None = None, step_ms: int = 1_000, **entry: Any) -> list[str]:
        """Entries one after another in time, without their clock being asked."""
        at = self.clock.at_ms if at_ms is None else at_ms
        ids = self.workspace.ids
        entries = [
            Entry(id=ids.new(at + n * step_ms), kind=each.kind, at_ms=at + n * step_ms, facts=each, **entry)
            for n, each in enumerate(facts)
        ]
        self.workspace.ledger.submit(entries).result()
        return [each.id for each in entries]

    def days(self, count: int = 1) -> None:
        """Let time pass."""
        self.clock.at_ms += count * DAY_MS

    def report(self, entity: str = "", window: Window | None = None) -> Report:
        """The report after bringing everything up to date."""
        self.evidence.update()
        return self.evidence.report(entity, window)

    def again(self) -> None:
        """Forget the counts and open them anew."""
        self.evidence.close()
        (self.folder / "evidence.db").unlink()
        self.evidence = Evidence.open(self.workspace, self.index)

    def close(self) -> None:
        self.evidence.close()
        self.index.close()
        self.workspace.close()


@contextmanager
def bank(folder: Path) -> Iterator[Bank]:
    """A bank for the length of a block."""
    made = Bank(folder)
    try:
        yield made
    finally:
        made.close()


def decision(**changes: Any) -> DecisionFacts:
    """A usual decision: it passes what usual tests ask."""
    usual: dict[str, Any] = {
        "adverse": True,
        "channel": "http",
        "effect": "decline",
        "explanation_id": "reasons",
        "notice_id": "notice-1",
        "policy_digest": "cc" * 32,
        "purpose": "credit",
        "route": Route.AUTO,
        "use_case": "credit",
    }
    return DecisionFacts(**(usual | changes))


def decisions(count: int, **changes: Any) -> Sequence[DecisionFacts]:
    """So many of them."""
    return [decision(**changes)] * count


def use_case(**changes: Any) -> UseCaseRegistration:
    """The registration of the use case that usual decisions belong to."""
    usual: dict[str, Any] = {"name": "credit", "version": "1", "policy_digest": "cc" * 32, "owner": "head-of-credit"}
    return UseCaseRegistration(**(usual | changes))


def model(**changes: Any) -> ModelRegistration:
    """A registered model version."""
    usual: dict[str, Any] = {"id": "m.one", "version": "1", "digest": "aa" * 32}
    return ModelRegistration(**(usual | changes))


def a_bank(*use_cases: str, **changes: Any) -> Entity:
    """A licensed bank."""
    usual: dict[str, Any] = {"id": "bank-a", "licences": ("bank",), "name": "Bank A"}
    return Entity(use_cases=use_cases, **(usual | changes))


def result(report: Report, test_id: str) -> TestResult:
    """What a test says."""
    return next(each for clause in report.clauses for each in clause.tests if each.id == test_id)
