"""All registers as they stand, or as they stood on a day: a fold over the log's events, with every thing's history."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from waglan.core.events import (
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
    Read,
    RuleInForce,
    Suspension,
    TestRun,
    TierProposal,
    TierRuling,
    UseCaseRegistration,
    Vendor,
    WordingSeen,
)
from waglan.core.problem import Problem, nearest
from waglan.index.events import Raw
from waglan.registers import capture
from waglan.registers.clocks import Clocks, load_clocks
from waglan.registers.history import Kept, Step, steps
from waglan.registers.incident import IncidentRecord, gather
from waglan.registers.rows import rows_of
from waglan.registers.schema import SCHEMAS
from waglan.registers.told import Told
from waglan.registers.usage import Usage, usage

E = TypeVar("E", bound=Event)
NEWEST_READS = 500
"""Looks at private data may be many: so many of the newest are held, and how many there are."""
_READS = (
    "SELECT e.idx, e.id, e.kind, e.at_ms, e.actor, e.subject, e.refs, e.facts FROM event e INDEXED BY event_kind "
    "WHERE e.kind = 'read' AND e.at_ms <= ? ORDER BY e.idx DESC LIMIT ?"
)
_MANY_READS = "SELECT count(*) FROM event INDEXED BY event_kind WHERE kind = 'read' AND at_ms <= ?"
_EVER = 1 << 62


class Seen(NamedTuple):
    """What decisions and looks at them say; see the attributes of `Book`."""

    usage: Usage
    reads: tuple[Step[Read], ...]
    recorded: Mapping[str, int]
    read_count: int


class Book:
    """The registers as of a time. Nothing in it changes; what isn't asked for isn't folded.

    Attributes
    ----------
    now_ms
        As of when, milliseconds since 1970 UTC: what expires is judged by it.
    usage
        What live decisions say of use cases and models.
    reads
        The newest looks at private data, newest first.
    recorded
        Live decisions in each period that somebody else counted, by the id of the count.
    read_count
        How many looks at private data there were.
    """

    def __init__(self, told: Told, now_ms: int, seen: Seen, clocks: Clocks | None = None) -> None:
        self._told = told
        self.now_ms = now_ms
        self.usage, self.reads, self.recorded, self.read_count = seen
        self._clocks = clocks

    def rows(self, register: str) -> list[dict[str, Any]]:
        """The rows of a register with the fields of `SCHEMAS`, as `waglan.rules.row` takes them.

        Raises
        ------
        Problem
            ``register.unknown`` with the nearest name.
        """
        if register not in SCHEMAS:
            raise Problem(
                f"There is no register {register[:40]!r}.",
                nearest(register, SCHEMAS),
                "Name one of the registers.",
                code="register.unknown",
                where=register[:40],
                status=404,
            )
        return rows_of(self, register)

    @cached_property
    def clocks(self) -> Clocks:
        """The reporting clocks that incidents are held against."""
        return self._clocks or load_clocks()

    # ---- things with a history

    @cached_property
    def entities(self) -> tuple[Kept[Entity], ...]:
        return self._fold(Entity, lambda e: e.id)

    @cached_property
    def vendors(self) -> tuple[Kept[Vendor], ...]:
        return self._fold(Vendor, lambda e: e.id)

    @cached_property
    def data_sources(self) -> tuple[Kept[DataSource], ...]:
        return self._fold(DataSource, lambda e: e.id)

    @cached_property
    def documents(self) -> tuple[Kept[Document], ...]:
        return self._fold(Document, lambda e: e.id)

    @cached_property
    def competences(self) -> tuple[Kept[Competence], ...]:
        """By person, role and topic."""
        return self._fold(Competence, lambda e: (e.person, e.role, e.topic))

    @cached_property
    def people(self) -> tuple[Kept[Person], ...]:
        return self._fold(Person, lambda e: e.person)

    @cached_property
    def models(self) -> tuple[Kept[ModelRegistration], ...]:
        """Every version ever registered, with its whole life; named ``id version``."""
        return self._fold(ModelRegistration, lambda e: (e.id, e.version))

    @cached_property
    def use_cases(self) -> tuple[Kept[UseCaseRegistration], ...]:
        return self._fold(UseCaseRegistration, lambda e: e.name)

    @cached_property
    def test_runs(self) -> tuple[Kept[TestRun], ...]:
        """By use case, model, kind of test, metric and group: each with its earlier runs."""
        return self._fold(TestRun, lambda e: (e.use_case, e.model, e.of, e.metric, e.group))

    @cached_property
    def attestations(self) -> tuple[Kept[Attestation], ...]:
        """By clause and entity; the newest counts, and may have been withdrawn."""
        return self._fold(Attestation, lambda e: (e.clause, e.entity))

    @cached_property
    def inapplicable(self) -> tuple[Kept[Inapplicable], ...]:
        """By clause and entity; the newest counts, and may be over."""
        return self._fold(Inapplicable, lambda e: (e.clause, e.entity))

    @cached_property
    def wordings(self) -> tuple[Kept[WordingSeen], ...]:
        return self._fold(WordingSeen, lambda e: e.clause)

    @cached_property
    def suspensions(self) -> tuple[Kept[Suspension], ...]:
        """By target and id, begun or over."""
        return self._fold(Suspension, lambda e: (e.target, e.id))

    @cached_property
    def drills(self) -> tuple[Kept[Drill], ...]:
        return self._fold(Drill, lambda e: e.id)

    @cached_property
    def rules(self) -> tuple[Kept[RuleInForce], ...]:
        return self._fold(RuleInForce, lambda e: e.id)

    @cached_property
    def tier_rulings(self) -> tuple[Kept[TierRuling], ...]:
        return self._fold(TierRuling, lambda e: e.use_case)

    @cached_property
    def observed_tiers(self) -> tuple[Kept[ObservedTier], ...]:
        return self._fold(ObservedTier, lambda e: e.use_case)

    # ---- single events

    @cached_property
    def incidents(self) -> tuple[IncidentRecord, ...]:
        """In the order they were opened, drills among them."""
        return gather(self.events(Incident), self.events(IncidentStep))

    @cached_property
    def counts(self) -> tuple[Step[Count], ...]:
        """What somebody else counted; the newest for a source, use case and period counts."""
        return newest_counts(self.events(Count))

    @cached_property
    def tier_proposals(self) -> tuple[Step[TierProposal], ...]:
        """Proposals to lower a tier, or to take rulings back, that are neither granted nor dropped."""
        told = self.events(TierProposal)
        done = {ref for each in told for ref in each.refs} | {
            ref for ruling in self.events(TierRuling) for ref in ruling.refs
        }
        return tuple([each for each in told if each.facts.state != "dropped" and each.id not in done])

    def events(self, kind: type[E]) -> list[Step[E]]:
        """Every event of a kind that registers are made of, in log order."""
        return self._told.steps(kind)

    def raw(self, kind: str) -> Sequence[Raw]:
        """The same as it stands in the index."""
        return self._told.raw(kind)

    @property
    def use_case_of(self) -> Mapping[str, str]:
        """The use case of each decision that a request or a correction speaks of, by the decision's id."""
        return self._told.use_case_of

    # ---- looking up

    def incident(self, incident_id: str) -> IncidentRecord | None:
        return self._incident_by_id.get(incident_id)

    def entity(self, entity_id: str) -> Entity | None:
        """An institution in force, by its id."""
        return self._entity_by_id.get(entity_id)

    def answering(self, use_case: str) -> tuple[Entity, ...]:
        """The institutions in force that answer for a use case; for none in particular (empty), all of them."""
        return tuple(
            [e for e in self._entity_by_id.values() if not use_case or not e.use_cases or use_case in e.use_cases]
        )

    def suspended(self, target: str, name: str) -> bool:
        return (target, name) in self._suspended

    def models_of(self, vendor: str) -> tuple[ModelRegistration, ...]:
        """The newest registrations of a vendor's model versions, withdrawn ones too."""
        return tuple([each.facts for each in self.models if each.facts.vendor == vendor])

    @cached_property
    def _incident_by_id(self) -> dict[str, IncidentRecord]:
        return {each.id: each for each in self.incidents}

    @cached_property
    def _entity_by_id(self) -> dict[str, Entity]:
        return {each.name: each.facts for each in self.entities if each.facts.state == "in_force"}

    @cached_property
    def _suspended(self) -> frozenset[tuple[str, str]]:
        return frozenset((each.facts.target, each.facts.id) for each in self.suspensions if each.facts.active)

    def _fold(self, kind: type[E], name: Callable[[E], Hashable]) -> tuple[Kept[E], ...]:
        return self._told.kept(kind, name)


def read_book(
    connection: sqlite3.Connection,
    now_ms: int,
    at_ms: int | None = None,
    *,
    clocks: Clocks | None = None,
    told: Told | None = None,
) -> Book:
    """The registers now, or as we knew them at an earlier time.

    Parameters
    ----------
    connection
        Of an index that holds `waglan.index.Decisions`.
    now_ms, at_ms
        Milliseconds since 1970 UTC. With ``at_ms``, only what stood on the log by then is read, and it is the time by
        which things expire.
    clocks
        The reporting clocks, tightened by the firm; as shipped when left out.
    told
        The events as they stand, where somebody has read them already.
    """
    if told is None or at_ms is not None:
        told = Told.read(connection, at_ms)
    until = _EVER if at_ms is None else at_ms
    reads = [Raw._make(row) for row in connection.execute(_READS, (until, NEWEST_READS))]
    seen = Seen(
        usage(connection, now_ms, at_ms),
        tuple(steps(reads, Read)),
        capture.recorded(connection, newest_counts(told.steps(Count))),
        int(connection.execute(_MANY_READS, (until,)).fetchone()[0]),
    )
    return Book(told, now_ms if at_ms is None else at_ms, seen, clocks)


def newest_counts(counted: Sequence[Step[Count]]) -> tuple[Step[Count], ...]:
    """Of counts of one source, use case and beginning the newest, by when they begin."""
    newest = {(each.facts.source, each.facts.use_case, each.facts.from_ms): each for each in counted}
    return tuple(sorted(newest.values(), key=lambda each: (each.facts.from_ms, each.index)))
