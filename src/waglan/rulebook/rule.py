"""A rule as people see it: a draft, what is in force, and what somebody proposes."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from waglan.core.events import RuleInForce, RuleProposal
from waglan.core.events.obligations import RuleGate

GATES: tuple[RuleGate, ...] = ("block", "human", "warn", "none")
Wish = Literal["in_force", "withdrawn"]


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as somebody would like it; nothing is checked yet.

    Attributes
    ----------
    id, title
        A word for the log and a short name for people.
    scope, holds
        Expressions: which decisions it is about, and what must be true of them.
    gate
        What a decision comes to that doesn't hold: blocked, sent to a person, noted, or only counted.
    clauses
        Obligations that it serves.
    incident
        Whether a decision that doesn't hold opens an incident.
    tables
        Decision tables: name and canonical JSON, sorted.
    state
        ``withdrawn`` proposes its end.
    """

    id: str
    holds: str
    title: str = ""
    scope: str = "True"
    gate: RuleGate = "human"
    clauses: tuple[str, ...] = ()
    incident: bool = False
    tables: tuple[tuple[str, str], ...] = ()
    state: Wish = "in_force"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that is or was in force.

    Attributes
    ----------
    draft
        What it says.
    digest
        Of its meaning; see `waglan.core.events.RuleInForce`.
    entry, index, since_ms
        The entry of the log that put it in force or ended it, its place, and when (milliseconds since 1970 UTC).
    approver, proposer
        Who did, and who had proposed it; empty where nobody had.
    proposal
        The id of that proposal.
    """

    draft: Draft
    digest: str
    entry: str
    index: int
    since_ms: int
    approver: str
    proposer: str = ""
    proposal: str = ""

    @property
    def id(self) -> str:
        return self.draft.id

    @property
    def in_force(self) -> bool:
        return self.draft.state == "in_force"


class Shown(NamedTuple):
    """The replay that a proposal was made with: its digest, how many decisions it looked at, and how many change."""

    sha256: str
    looked_at: int
    changed: int


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, a change of one or its end, as somebody proposed it.

    Attributes
    ----------
    id, newest
        The entries with which it began and in which it stands now: a replay kept on it is a further entry.
    draft, digest
        What is proposed.
    base
        The entry that was in force when it was made; empty for a new rule.
    proposer, hands
        Who made it, and everybody who had a hand in it: none of them may release it.
    authenticators
        What those signed in with, where it is known.
    at_ms
        When it was made, milliseconds since 1970 UTC.
    replay
        The replay kept on it; None before there is one.
    state
        ``outdated`` when the rule that it changes changed since.
    """

    id: str
    newest: str
    draft: Draft
    digest: str
    base: str
    proposer: str
    hands: tuple[str, ...]
    authenticators: tuple[str, ...]
    at_ms: int
    replay: Shown | None = None
    state: Literal["open", "released", "dropped", "outdated"] = "open"


def draft_of(facts: RuleInForce | RuleProposal) -> Draft:
    """What an event says, as a draft."""
    return Draft(
        id=facts.id,
        title=facts.title,
        scope=facts.scope,
        holds=facts.holds,
        gate=facts.gate,
        clauses=facts.clauses,
        incident=facts.incident,
        tables=facts.tables,
        state="withdrawn" if facts.state == "withdrawn" else "in_force",
    )
