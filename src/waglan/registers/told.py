"""What the log tells of registers, read once: when it has grown, only what is new is read."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from waglan.core.events import (
    Answer,
    Attestation,
    Competence,
    Count,
    DataSource,
    Document,
    Drill,
    Entity,
    Event,
    Inapplicable,
    Incident,
    IncidentStep,
    ModelRegistration,
    ObservedTier,
    Person,
    Request,
    RuleInForce,
    RuleProposal,
    Suspension,
    TestRun,
    TierProposal,
    TierRuling,
    UseCaseRegistration,
    Vendor,
    WordingSeen,
)
from waglan.index import events
from waglan.index.events import Raw
from waglan.registers.history import Kept, Step, fold, steps
from waglan.registers.usage import use_cases_of

E = TypeVar("E", bound=Event)
SUBJECT_KINDS = ("opt_out", "hold", "erasure", "restriction", "retention", "correction")
_TYPES: tuple[type[Event], ...] = (
    Entity, Vendor, DataSource, Document, Competence, TestRun, Count, ModelRegistration, UseCaseRegistration, Person,
    Incident, IncidentStep, Suspension, Drill, Attestation, Inapplicable, WordingSeen, RuleInForce, RuleProposal,
    TierProposal, TierRuling, ObservedTier, Request, Answer,
)  # fmt: skip
KINDS: tuple[str, ...] = (*[each.kind for each in _TYPES], *SUBJECT_KINDS)
_SPEAKING = frozenset({"request", "correction"})
"""Kinds that speak of a decision, whose use case is asked for."""
_LAST = "SELECT idx, id FROM event ORDER BY idx DESC LIMIT 1"
_SAME = "SELECT id FROM event WHERE idx = ?"
_NEW = "SELECT idx, id, kind, at_ms, actor, subject, refs, facts FROM event WHERE idx > ? ORDER BY idx"
_NONE: tuple[int, str] = (-1, "")
_NO_REFS = "[]"
_refs = msgspec.json.Decoder(tuple[str, ...]).decode


class Told:
    """Events of the kinds that registers are made of, as of a place in the log; folded when asked for, and kept.

    Attributes
    ----------
    use_case_of
        The use case of each decision that a request or a correction speaks of, by the decision's id.
    """

    def __init__(
        self, rows: Mapping[str, Sequence[Raw]], last: tuple[int, str], use_case_of: Mapping[str, str]
    ) -> None:
        self._rows = rows
        self._last = last
        self.use_case_of = use_case_of
        self._steps: dict[str, list[Any]] = {}
        self._kept: dict[str, tuple[Any, ...]] = {}

    @classmethod
    def read(cls, connection: sqlite3.Connection, until_ms: int | None = None) -> Told:
        """All of them, or those up to a time (milliseconds since 1970 UTC)."""
        rows = {kind: events.raw(connection, (kind,), until_ms=until_ms) for kind in KINDS}
        last = connection.execute(_LAST).fetchone() or _NONE
        return cls(rows, (last[0], last[1]), _spoken(connection, [r for kind in _SPEAKING for r in rows[kind]]))

    def grown(self, connection: sqlite3.Connection) -> Told:
        """The same with what came onto the log since; read anew where the log isn't the one that was read."""
        place, entry_id = self._last
        there = connection.execute(_SAME, (place,)).fetchone()
        if place >= 0 and (there is None or there[0] != entry_id):
            return Told.read(connection)
        new: dict[str, list[Raw]] = defaultdict(list)
        last = self._last
        for row in connection.execute(_NEW, (place,)):
            last = (row[0], row[1])
            if row[2] in KINDS:
                new[row[2]].append(Raw._make(row))
        if last == self._last:
            return self
        rows = {kind: (*kept, *new[kind]) if kind in new else kept for kind, kept in self._rows.items()}
        spoken = _spoken(connection, [row for kind in _SPEAKING for row in new.get(kind, ())])
        made = Told(rows, last, {**self.use_case_of, **spoken} if spoken else self.use_case_of)
        made._steps = {kind: found for kind, found in self._steps.items() if kind not in new}
        made._kept = {kind: found for kind, found in self._kept.items() if kind not in new}
        return made

    def raw(self, kind: str) -> Sequence[Raw]:
        """Every event of a kind in log order, as it stands in the index."""
        return self._rows.get(kind, ())

    def steps(self, kind: type[E]) -> list[Step[E]]:
        """The same, typed."""
        found = self._steps.get(kind.kind)
        if found is None:
            found = self._steps[kind.kind] = steps(self.raw(kind.kind), kind)
        return found

    def kept(self, kind: type[E], name: Callable[[E], Hashable]) -> tuple[Kept[E], ...]:
        """Things by name with their history; a kind has one way of naming."""
        found = self._kept.get(kind.kind)
        if found is None:
            found = self._kept[kind.kind] = fold(self.steps(kind), name)
        return found


def _spoken(connection: sqlite3.Connection, rows: Sequence[Raw]) -> dict[str, str]:
    return use_cases_of(connection, [_refs(row.refs)[0] for row in rows if row.refs != _NO_REFS]) if rows else {}
