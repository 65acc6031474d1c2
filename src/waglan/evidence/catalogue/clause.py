"""An obligation: where it comes from, whom it binds, how far its wording was checked, and what shows it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from waglan.core.events.obligations import RuleGate
from waglan.core.events.registers import Licence

Wording = Literal["primary", "secondary", "unverified"]
LETTER: Mapping[Wording, str] = {"primary": "V", "secondary": "S", "unverified": "U"}
Kind = Literal["decision", "register", "document", "drill", "attestation"]
Share = Annotated[float, msgspec.Meta(gt=0.0, le=1.0)]


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A paper of an authority.

    Attributes
    ----------
    issuer, title, date, kind
        Who said it, what it is called, when, and whether it is law, a code, a circular, guidance or a statement.
    force
        Whether it is law, an expectation of a supervisor, guidance, or a statement of policy.
    reference, url
        The authority's own reference and address, absent where nobody has seen them.
    applies_to
        Licences it is addressed to; empty means everybody.
    critical_only
        Whether only designated operators of critical infrastructure are meant (Cap. 653).
    unless
        Answers of a use case's profile, such as ``genai=no``: an institution all of whose use cases give one of them
        has nothing that the paper speaks of. A use case without a profile never excuses.
    superseded_by
        The id of the source that replaced it.
    checked_on
        When somebody last looked whether it is still in force.
    """

    issuer: str
    title: str
    date: dt.date
    kind: Literal["law", "code", "circular", "guidance", "statement", "alert", "plan"]
    force: Literal["law", "expectation", "guidance", "policy"]
    reference: str = ""
    url: str = ""
    applies_to: tuple[Licence, ...] = ()
    critical_only: bool = False
    unless: tuple[str, ...] = ()
    superseded_by: str = ""
    checked_on: dt.date


class Seen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where somebody read of an obligation: by whom (initials), when, and in what kind of text."""

    by: str
    on: dt.date
    where: str
    primary: bool = False


class Requirement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How much of what is in scope must hold, and of how many; ``rate`` 1.0 bears no failure at all."""

    rate: Share = 1.0
    min_n: Annotated[int, msgspec.Meta(ge=1)] = 1


class Test(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What shows an obligation.

    Attributes
    ----------
    id
        The clause's id, a dot, and a number; never used again for anything else.
    kind
        ``decision``: over decisions that are live. ``register``, ``document``, ``drill``: over rows of a register.
        ``attestation``: a person stands for it.
    over
        The table asked: ``decisions``, or a register of `waglan.registers.SCHEMAS`.
    scope, holds
        Expressions (`waglan.rules`) over its fields: which rows count, and what must be true of them. Drills, replays
        and imported decisions are left out by the table itself. Tests of decisions don't ask for ``now``, so that
        counts of days stay sums; tests of registers may.
    current
        For registers: what must be true for a row to count at all today, such as ``expires_at > now``; rows that fail
        it are expired, not wrong.
    require
        The share that must hold, and the least number of rows.
    freshness
        The newest row in scope must be younger: ISO 8601 days, ``P7D``. Empty: any age will do.
    gate
        What the same expression does to a live decision when a firm puts it in force.
    incident
        Whether a failure opens an incident.
    sampled
        Whether it rests on a sample: then the Wilson bound decides, and pages say so.
    title
        What it asks, in a few words per language.
    """

    __test__ = False

    id: str
    kind: Kind
    over: str = "decisions"
    scope: str = "True"
    holds: str = "True"
    current: str = "True"
    require: Requirement = Requirement()
    freshness: str = ""
    gate: RuleGate = "none"
    incident: bool = False
    sampled: bool = False
    title: dict[str, str]


class Clause(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An obligation in our own words.

    Attributes
    ----------
    id
        Never used again for anything else, also when the clause is gone.
    source, locator
        The paper, and the paragraph once somebody has seen it.
    text
        Paraphrase in ``en`` and ``zh-Hant``.
    wording, seen
        How far the wording was checked, and by what.
    single
        Whether only one secondary source tells of it: counted as unverified.
    existence
        Whether only the paper's existence is confirmed, not what it says.
    applies_to
        Licences that it binds; empty takes the source's.
    duty
        False for placeholders, opportunities and product goals: shown, never counted.
    controls
        Names of controls that serve it.
    owner_role
        Who in the firm should answer for it.
    since, until
        From when to when it is in force; ``until`` absent while it is.
    maps
        Where other frameworks speak of the same: ``mas_airg``, ``eu_ai_act``, ``nist_ai_rmf``, ``iso_42001``.
    tests
        What shows it; a clause without tests is never met.
    """

    id: str
    source: str
    locator: str = ""
    text: dict[str, str]
    wording: Wording
    seen: tuple[Seen, ...]
    single: bool = False
    existence: bool = False
    applies_to: tuple[Licence, ...] = ()
    duty: bool = True
    controls: tuple[str, ...] = ()
    owner_role: str
    since: dt.date
    until: dt.date | None = None
    maps: dict[Literal["mas_airg", "eu_ai_act", "nist_ai_rmf", "iso_42001"], tuple[str, ...]] = {}
    tests: tuple[Test, ...] = ()

    @property
    def letter(self) -> str:
        """V, S or U as printed; a single secondary source, or mere existence, counts as less."""
        if self.wording == "primary" and self.existence:
            return "S"
        return "U" if self.wording == "secondary" and self.single else LETTER[self.wording]

    @property
    def classes(self) -> frozenset[str]:
        """``A`` computable from decisions, ``R`` from registers and attestations, ``D`` documents."""
        of = {"decision": "A", "register": "R", "attestation": "R", "drill": "R", "document": "D"}
        return frozenset(of[test.kind] for test in self.tests)
