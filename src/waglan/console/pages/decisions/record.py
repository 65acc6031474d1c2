"""One decision read from the log: its public part, and its private parts for who may open them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from waglan.access import Action
from waglan.access.refusals import missing
from waglan.console.visit import Visit
from waglan.core.decision import DecisionFacts, Private
from waglan.core.ids import to_bytes
from waglan.core.outcome import Outcome
from waglan.core.problem import Problem
from waglan.core.usecase import UseCase

PrivacyState = Literal["open", "closed", "erased", "restricted", "unknown", "unrecorded", "none"]
GONE: Mapping[str, PrivacyState] = {
    "vault.erased": "erased",
    "vault.restricted": "restricted",
    "vault.unknown": "unknown",
}


class Opened(NamedTuple):
    """The private parts of a decision, or why they aren't shown.

    Attributes
    ----------
    state
        ``open``; ``closed`` when the reader may not; ``erased``, ``restricted`` or ``unknown`` as the vault says;
        ``unrecorded`` when it can't be recorded now that somebody looked; ``none`` when nothing private is there.
    inputs, aside
        What reached the use case, and what was kept aside.
    out
        Findings, models and outcome, whole.
    """

    state: PrivacyState
    inputs: Mapping[str, Any] = {}
    aside: Mapping[str, Any] = {}
    out: Private | None = None

    @property
    def outcome(self) -> Outcome | None:
        return self.out.outcome if self.out else None


class Record(NamedTuple):
    """A decision as it stands on the log.

    Attributes
    ----------
    index
        Its place.
    raw, leaf, facts
        The leaf's bytes, its members, and the decision's facts among them.
    sealed
        Whether anything private was recorded with it.
    manifest, current
        The use case's manifest as it is now, if it is still here, and whether it is the one that decided.
    """

    index: int  # type: ignore[assignment] # the log's own word
    raw: bytes
    leaf: Mapping[str, Any]
    facts: DecisionFacts
    sealed: bool
    manifest: UseCase | None
    current: bool

    @property
    def id(self) -> str:
        return str(self.leaf["id"])

    @property
    def actor(self) -> str:
        """Who or what asked."""
        return str(self.leaf.get("actor", ""))

    @property
    def subject(self) -> str:
        return str(self.leaf.get("subject", ""))


def find(visit: Visit, decision_id: str) -> Record:
    """The decision of an id; a Problem 404 for everything that isn't one."""
    ledger = visit.house.workspace.ledger
    if not well_formed(decision_id):
        raise missing("decision")
    index = ledger.find(decision_id)
    if index is None:
        raise missing("decision")
    row = next(row for _, row in ledger.rows(index, index + 1))
    leaf = msgspec.json.decode(row.leaf)
    if leaf["kind"] != DecisionFacts.kind:
        raise missing("decision")
    facts = msgspec.convert(leaf.get("facts", {}), DecisionFacts)
    manifest, digest = manifest_of(visit, facts.use_case)
    return Record(index, row.leaf, leaf, facts, bool(row.sealed), manifest, digest == facts.policy_digest)


def well_formed(text: str) -> bool:
    """Whether a text is a ULID as ids are."""
    try:
        to_bytes(text)
    except ValueError:
        return False
    return True


def manifest_of(visit: Visit, use_case: str) -> tuple[UseCase | None, str]:
    """The manifest of a use case and its digest; None and nothing when it is no longer here or can't decide."""
    try:
        loaded = visit.house.workspace.catalogue.get(use_case)
    except Problem:
        return None, ""
    return loaded.manifest, loaded.digest


def may_open(visit: Visit, record: Record) -> bool:
    """Whether the visitor may see the private parts."""
    return visit.may(Action.DECISION_READ_PRIVATE, "decision", author=record.actor)


def opened(visit: Visit, record: Record) -> Opened:
    """The private parts, where the visitor may see them; no look at them is recorded here."""
    if not record.sealed:
        return Opened("none")
    if not may_open(visit, record):
        return Opened("closed")
    found = fields(visit, record.index)
    if isinstance(found, str):
        return Opened(found)
    cases = msgspec.json.decode(found["in"]) if "in" in found else {}
    out = msgspec.json.decode(found["out"], type=Private) if "out" in found else None
    return Opened("open", cases.get("inputs", {}), cases.get("aside", {}), out)


def fields(visit: Visit, index: int) -> Mapping[str, bytes] | PrivacyState:
    """The private fields of an entry, or what became of them."""
    try:
        return visit.house.workspace.ledger.opened(index)
    except Problem as problem:
        if problem.code not in GONE:
            raise
        return GONE[problem.code]
