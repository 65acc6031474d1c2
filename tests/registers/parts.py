"""An institution with registers: one use case, people, a clock that moves when told, and an index with all pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.review.parts import START_MS, TENANT, create, person
from tests.runtime.parts import Steady
from waglan.access.identity import local
from waglan.core.entry import Entry
from waglan.core.events import Event, Incident, IncidentStep
from waglan.index import Decisions, Index
from waglan.registers import Book, IncidentRecord, RegistersSection, Registrar, Step
from waglan.review import Queue
from waglan.runtime import Ask, Workspace

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
DEVELOPER, APPROVER, CHIEF = person("dev", "developer"), person("ann", "approver"), person("chen", "approver")
USER, REVIEWER, AUDITOR, ADMIN = (
    person("uma", "user"),
    person("rita", "reviewer"),
    person("aud", "auditor"),
    person("adi", "admin"),
)
CLI = local(TENANT)
__all__ = ["ADMIN", "APPROVER", "AUDITOR", "CHIEF", "CLI", "DEVELOPER", "REVIEWER", "START_MS", "USER", "Room"]


class Room(NamedTuple):
    """Everything a test needs."""

    workspace: Workspace
    index: Index  # type: ignore[assignment]
    registrar: Registrar
    clock: Steady

    def decide(self, days: int = 10, **ask: Any) -> str:
        return self.workspace.runtime.decide_sync("triage", {"days": days}, Ask(**ask)).decision.id

    def event(self, facts: Event, *, actor: str = "cli", refs: tuple[str, ...] = (), subject: str = "") -> str:
        return self.workspace.record(facts, actor=actor, refs=refs, subject=subject).id

    def book(self, at_ms: int | None = None) -> Book:
        return self.registrar.book(at_ms)

    def leaf(self, entry_id: str) -> dict[str, Any]:
        at = self.workspace.ledger.find(entry_id)
        assert at is not None
        return dict(self.workspace.ledger.leaf(at))

    def add(self, *entries: Entry) -> None:
        self.workspace.ledger.submit(entries).result()
        self.index.follow()


@contextmanager
def room(folder: Path, *, settings: RegistersSection | None = None, tier: str = "high") -> Iterator[Room]:
    clock = Steady(START_MS)
    with (
        create(folder, tier, 0.0, clock) as workspace,
        Index.open(folder / "index.db", workspace.ledger, (Decisions(), Queue.of(workspace))) as index,
    ):
        yield Room(workspace, index, Registrar(workspace, index, settings=settings), clock)


def incident(detected_at: int, *steps: IncidentStep, opened_at: int | None = None, **facts: Any) -> IncidentRecord:
    """An incident as the log would tell it, without a log."""
    opened = Incident(detected_at=detected_at, **facts)
    at_ms = detected_at if opened_at is None else opened_at
    told = [Step(at, f"S{at}", step.done_at, "p-1", ("I",), step) for at, step in enumerate(steps, 1)]
    return IncidentRecord(Step(0, "I", at_ms, "p-1", (), opened), tuple(told))
