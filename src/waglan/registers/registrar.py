"""The registrar: everything that people do with registers, incidents, suspensions, tiers and attestations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

from waglan.access.action import Action
from waglan.access.identity import Identity
from waglan.core.events import (
    Attestation,
    Competence,
    Count,
    DataSource,
    Document,
    Entity,
    Event,
    Inapplicable,
    Incident,
    IncidentStep,
    Suspension,
    TestRun,
    TierProposal,
    TierRuling,
    Vendor,
    WordingSeen,
)
from waglan.core.events.incidents import Target
from waglan.core.usecase import Tier
from waglan.index.decisions import Filter
from waglan.index.index import Index
from waglan.ledger.log import Recorded
from waglan.registers import answering, containing, handling, keeping, ruling
from waglan.registers.book import Book
from waglan.registers.clocks import Clock, Clocks
from waglan.registers.incident import IncidentRecord
from waglan.registers.office import Office
from waglan.registers.settings import RegistersSection, read
from waglan.runtime.workspace import Workspace

E = TypeVar("E", bound=Event)
_WRITTEN: tuple[type[Event], ...] = (
    *keeping.REGISTERED, Incident, IncidentStep, Suspension, Attestation, Inapplicable, WordingSeen, TierProposal,
    TierRuling,
)  # fmt: skip
_OURS = frozenset(each.kind for each in _WRITTEN)
"""Kinds of events that this room writes, whose words it opens."""


class Registrar:
    """Everything that people do with registers, each verb checked against the policy and recorded.

    Each verb takes the identity of who does it, checks it against `waglan.access`, and is one write transaction of the
    index: what is registered is read, the event goes to the log, and counts from then on. ``note`` is free text: it is
    sealed beside the event, never in the leaf. Things are ended, never deleted.

    Every verb raises a Problem: those of `waglan.access.require`, ``register.value`` (a value that can't be recorded),
    ``register.reference`` (it points at what isn't there, with the nearest name), ``register.missing`` (404),
    ``register.state`` and ``register.same`` (409), and the ledger's.

    Parameters
    ----------
    workspace, index
        Open; the index holds `waglan.index.Decisions`.
    clauses
        Ids of the obligations in force; when they are given, verbs refuse others.
    settings
        ``[registers]``; read from the workspace when left out.
    """

    def __init__(
        self, workspace: Workspace, index: Index, *, clauses: Collection[str] = (),
        settings: RegistersSection | None = None,
    ) -> None:  # fmt: skip
        self.office = Office(workspace, index, settings or read(workspace.settings.registers), clauses)

    # ---- looking

    def book(self, at_ms: int | None = None) -> Book:
        """The registers now, or as they stood at a time (milliseconds since 1970 UTC); who may, the caller asks."""
        return self.office.book(at_ms)

    @property
    def clock_book(self) -> Clocks:
        """The reporting clocks with the firm's own, stricter times."""
        return self.office.clocks

    @property
    def settings(self) -> RegistersSection:
        return self.office.settings

    def clocks(self, record: IncidentRecord, book: Book | None = None) -> tuple[Clock, ...]:
        """An incident's clocks now, for each institution that answers for its use case, the most urgent first."""
        book = book or self.book()
        return self.office.clocks.of(record, book.answering(record.facts.use_case), self.office.now_ms())

    def private(self, who: Identity | None, entry_id: str) -> Mapping[str, bytes]:
        """The private parts of an event that this room writes, as JSON by name: ``note``, ``query``.

        Nothing about a customer is among them: requests, reviews and their texts are the review room's.
        """
        ledger = self.office.workspace.ledger
        at = ledger.find(entry_id)
        kind = "" if at is None else str(ledger.leaf(at)["kind"])
        self.office.may(who, Action.INCIDENT_READ if kind.startswith("incident") else Action.REGISTER_READ)
        if at is None or kind not in _OURS:
            raise keeping.missing("entry", entry_id, [])
        return ledger.opened(at)

    # ---- registers

    def entity(self, who: Identity | None, facts: Entity, note: str = "") -> Recorded:
        """An institution that answers to regulators: new, or changed."""
        return keeping.keep(self.office, who, facts, note)

    def vendor(self, who: Identity | None, facts: Vendor, note: str = "") -> Recorded:
        """A third party: new, changed or reviewed."""
        return keeping.keep(self.office, who, facts, note)

    def data_source(self, who: Identity | None, facts: DataSource, note: str = "") -> Recorded:
        """Data that models learn from or answers rest on: new, changed or reviewed."""
        return keeping.keep(self.office, who, facts, note)

    def document(self, who: Identity | None, facts: Document, note: str = "") -> Recorded:
        """A document by its digest: new, approved, or in a new edition."""
        return keeping.keep(self.office, who, facts, note)

    def competence(self, who: Identity | None, facts: Competence, note: str = "") -> Recorded:
        """Somebody was trained or found able."""
        return keeping.keep(self.office, who, facts, note)

    def test_run(self, who: Identity | None, facts: TestRun, note: str = "") -> Recorded:
        """A test or a monitor ran."""
        return keeping.keep(self.office, who, facts, note)

    def count(self, who: Identity | None, facts: Count, note: str = "") -> Recorded:
        """How many calls somebody else counted."""
        return keeping.keep(self.office, who, facts, note)

    def end(self, who: Identity | None, kind: type[E], name: str, note: str = "") -> Recorded:
        """End an `Entity`, `Vendor`, `DataSource` or `Document` by its id; its history stays."""
        return keeping.end(self.office, who, kind, name, note)

    # ---- incidents

    def open_incident(
        self, who: Identity | None, facts: Incident, *, note: str = "", refs: tuple[str, ...] = (),
        decisions: Filter | None = None,
    ) -> str:  # fmt: skip
        """Open an incident; gives its id. ``decisions`` names those it was seen in, ``note`` describes it."""
        return handling.open_incident(self.office, who, facts, refs=refs, wanted=decisions, note=note)

    def step(self, who: Identity | None, incident_id: str, facts: IncidentStep, *, note: str = "") -> Recorded:
        """Do something about an incident; a step ``notified`` names the clock that it stops."""
        return handling.step(self.office, who, incident_id, facts, note)

    # ---- containing

    def suspend(
        self, who: Identity | None, target: Target, name: str, reason: str, *, refs: tuple[str, ...] = (),
        note: str = "",
    ) -> Recorded:  # fmt: skip
        """Stop a use case, a model or a vendor's models from answering, within a second everywhere."""
        return containing.suspend(self.office, who, target, name, reason=reason, refs=refs, note=note)

    def resume(self, who: Identity | None, target: Target, name: str, reason: str, *, note: str = "") -> Recorded:
        """Let it answer again, as another person than who suspended it."""
        return containing.resume(self.office, who, target, name, reason=reason, note=note)

    # ---- tiers

    def raise_tier(
        self, who: Identity | None, use_case: str, tier: Tier, reason: str, *, until_ms: int | None = None,
        note: str = "",
    ) -> Recorded:  # fmt: skip
        """Let a use case stand higher."""
        facts = TierRuling(reason=reason, tier=tier, until_ms=until_ms, use_case=use_case)
        return ruling.raise_tier(self.office, who, facts, note)

    def propose_tier(
        self, who: Identity | None, use_case: str, tier: Tier, reason: str, until_ms: int, *, note: str = ""
    ) -> Recorded:
        """Ask that a use case may stand lower until a day; the entry's id is what `lower_tier` takes."""
        facts = TierProposal(reason=reason, tier=tier, until_ms=until_ms, use_case=use_case)
        return ruling.propose(self.office, who, facts, note)

    def lower_tier(self, who: Identity | None, proposal_id: str, *, note: str = "") -> Recorded:
        """Grant a proposal, as another person than who made it."""
        return ruling.grant(self.office, who, proposal_id, note)

    def drop_proposal(self, who: Identity | None, proposal_id: str, *, note: str = "") -> Recorded:
        """Take a proposal from the table."""
        return ruling.drop(self.office, who, proposal_id, note)

    def propose_end(self, who: Identity | None, use_case: str, tier: Tier, reason: str, *, note: str = "") -> Recorded:
        """Ask that every ruling on a use case ends, raises too; ``tier`` is where it will stand, for the record."""
        facts = TierProposal(reason=reason, state="taken_back", tier=tier, use_case=use_case)
        return ruling.propose(self.office, who, facts, note)

    def withdraw_lowering(self, who: Identity | None, use_case: str, reason: str, *, note: str = "") -> Recorded:
        """End what lets a use case stand lower, at once and alone."""
        return ruling.take_back(self.office, who, use_case, reason, note)

    # ---- obligations

    def attest(
        self, who: Identity | None, clause: str, *, entity: str = "", until_ms: int | None = None, document: str = "",
        note: str = "",
    ) -> Recorded:  # fmt: skip
        """Stand for an obligation (or one of its tests) until a day."""
        facts = Attestation(clause=clause, document=document, entity=entity, until_ms=until_ms)
        return answering.attest(self.office, who, facts, note)

    def withdraw_attestation(self, who: Identity | None, clause: str, *, entity: str = "", note: str = "") -> Recorded:
        """Stand for it no longer."""
        facts = Attestation(clause=clause, entity=entity, state="withdrawn")
        return answering.attest(self.office, who, facts, note)

    def inapplicable(
        self, who: Identity | None, clause: str, entity: str, reason: str, *, until_ms: int | None = None,
        active: bool = True, note: str = "",
    ) -> Recorded:  # fmt: skip
        """Say that an obligation doesn't apply to an institution until a day, or (``active`` off) that it does."""
        facts = Inapplicable(active=active, clause=clause, entity=entity, reason=reason, until_ms=until_ms)
        return answering.inapplicable(self.office, who, facts, note)

    def wording_seen(self, who: Identity | None, facts: WordingSeen, *, note: str = "") -> Recorded:
        """Say what one saw of an obligation's source."""
        return answering.wording_seen(self.office, who, facts, note)
