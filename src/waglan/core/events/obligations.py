"""What obligations are in force here, which rules gate, who attested what, and how high a use case stands.

Times are milliseconds since 1970 UTC, digests SHA-256 in hexadecimal.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from waglan.core.events.base import Event
from waglan.core.usecase import Tier

RuleGate = Literal["block", "human", "warn", "none"]


class CatalogueInForce(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A version of the catalogue of obligations judges decisions from here on.

    Its text lies under ``catalogues/<digest>.json`` in the workspace.
    """

    kind: ClassVar[str] = "catalogue"

    as_of: str
    clauses: int
    digest: str
    id: str
    tests: int
    version: str


class RuleInForce(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A rule gates from here on, or no longer; the newest for an id counts.

    ``refs`` are the proposal that was approved, where there was one; the actor is who approved it.

    Attributes
    ----------
    authenticator
        What the approver signed in with; empty where it isn't known.
    clauses
        Obligations that it serves.
    digest
        `waglan.rules.Expression.digest` of scope and holds, joined by a line feed and hashed.
    gate
        What a decision within the scope that doesn't hold comes to; where it is unknown, ``block`` and ``human`` send
        the decision to a person.
    incident
        Whether it opens an incident.
    scope, holds
        Expressions over the fields of a decision.
    tables
        Tables it may use: name to the canonical JSON of its rows, as pairs sorted by name.
    """

    kind: ClassVar[str] = "rule"

    authenticator: str = ""
    clauses: tuple[str, ...] = ()
    digest: str
    gate: RuleGate
    holds: str
    id: str
    incident: bool = False
    scope: str = "True"
    state: Literal["in_force", "withdrawn"] = "in_force"
    tables: tuple[tuple[str, str], ...] = ()
    title: str = ""


class RuleProposal(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody proposes a rule, a change of it or its end; another person's `RuleInForce` approves it.

    Members as in `RuleInForce`, the authenticator being the proposer's; ``replay_sha256`` is of the replay that was
    shown with it, ``replayed`` how many decisions it looked at and ``changed`` how many would have been treated
    otherwise. ``refs`` are the rule that it changes, if any. A further proposal whose first reference is a proposal
    keeps a newer replay on that one, or takes it back with the state ``dropped``.
    """

    kind: ClassVar[str] = "rule_proposal"

    authenticator: str = ""
    changed: int = 0
    clauses: tuple[str, ...] = ()
    digest: str = ""
    gate: RuleGate = "none"
    holds: str = "True"
    id: str
    incident: bool = False
    replay_sha256: str = ""
    replayed: int = 0
    scope: str = "True"
    state: Literal["in_force", "withdrawn", "dropped"] = "in_force"
    tables: tuple[tuple[str, str], ...] = ()
    title: str = ""


class Attestation(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A person stands for an obligation's test until a day; what they say is private. The actor is that person."""

    kind: ClassVar[str] = "attestation"

    clause: str
    document: str = ""
    entity: str = ""
    state: Literal["given", "withdrawn"] = "given"
    until_ms: int | None = None


class Inapplicable(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An obligation doesn't apply to an entity, for a reason, until a day; the actor approved it."""

    kind: ClassVar[str] = "inapplicable"

    active: bool = True
    clause: str
    entity: str
    reason: str
    until_ms: int | None = None


class WordingSeen(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A person opened the source of an obligation and says what they saw; the newest for a clause counts.

    ``wording`` as in the catalogue; ``document`` is the id of a registered document that holds the source.
    """

    kind: ClassVar[str] = "wording"

    clause: str
    document: str = ""
    locator: str = ""
    where: str = ""
    wording: Literal["primary", "secondary", "unverified"]


class TierRuling(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A person raises a use case's tier, or lets it stand below its assessment until a day; or takes that back.

    ``proposer`` is who asked for it where the actor approved it. ``reason`` is a code.
    """

    kind: ClassVar[str] = "tier_ruling"

    active: bool = True
    proposer: str = ""
    reason: str
    tier: Tier
    until_ms: int | None = None
    use_case: str


class TierProposal(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody asks that a use case may stand below its assessment until a day; another's `TierRuling` grants it.

    ``reason`` is a code, words are private. ``state`` ``taken_back`` asks that every ruling on it ends, and has no day;
    ``dropped`` takes a proposal (the first of ``refs``) from the table.
    """

    kind: ClassVar[str] = "tier_proposal"

    reason: str
    state: Literal["proposed", "taken_back", "dropped"] = "proposed"
    tier: Tier
    until_ms: int | None = None
    use_case: str


class ObservedTier(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What the decisions of a window say of a use case's tier; ``triggers`` name what raised it.

    ``profile`` holds the axes as observed, ``axis=answer``, sorted; ``n`` is how many decisions were looked at.
    """

    kind: ClassVar[str] = "observed_tier"

    n: int
    profile: tuple[str, ...] = ()
    tier: Tier
    triggers: tuple[str, ...] = ()
    use_case: str
