"""What the firm keeps registers of beside models and use cases: vendors, data, documents, competence, tests, counters.

The newest event of a kind with the same id counts; all of them are the history. Times are milliseconds since 1970 UTC,
digests SHA-256 in hexadecimal, people ids (``p-…``). Words about people, and free text, are private parts of the entry.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from waglan.core.events.base import Event

Licence = Literal["bank", "licensed_corporation", "insurer", "insurance_intermediary", "mpf", "svf", "audit_firm"]
"""What an institution is licensed or registered as; a bank that deals in securities is both of the first two."""
InForce = Literal["in_force", "ended"]


class Entity(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An institution that answers to regulators: its licences decide which obligations apply.

    ``use_cases`` are those it answers for; empty means all of this log. ``critical`` says that it is designated under
    the Protection of Critical Infrastructures (Computer Systems) Ordinance, Cap. 653.
    """

    kind: ClassVar[str] = "entity"

    critical: bool = False
    id: str
    licences: tuple[Licence, ...] = ()
    name: str = ""
    state: InForce = "in_force"
    use_cases: tuple[str, ...] = ()


class Vendor(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A third party that AI is bought from, or runs at; models point at it by their ``vendor``.

    ``exit_plan`` is the id of a document, ``substitute`` of another vendor or model, ``no_training`` a clause that our
    data aren't used to train theirs.
    """

    kind: ClassVar[str] = "vendor"

    audit_right: bool | None = None
    contract_until: int | None = None
    exit_plan: str = ""
    id: str
    legal_entity: str = ""
    next_review: int | None = None
    no_training: bool | None = None
    region: str = ""
    reviewed_at: int | None = None
    service: str = ""
    state: InForce = "in_force"
    sub_processors: tuple[str, ...] = ()
    substitute: str = ""


class DataSource(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Data that a model learns from or an answer rests on; ``card_digest`` is of its dataset card."""

    kind: ClassVar[str] = "data_source"

    balanced: bool | None = None
    card_digest: str = ""
    expires_at: int | None = None
    id: str
    licence: str = ""
    personal: bool | None = None
    purposes: tuple[str, ...] = ()
    region: str = ""
    reviewed_at: int | None = None
    state: InForce = "in_force"
    title: str = ""
    vendor: str = ""


DocumentType = Literal[
    "strategy", "policy", "board_minute", "plan", "contract", "notice", "assessment", "procedure", "report",
    "notification", "public_statement", "other",
]  # fmt: skip


class Document(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A document that somebody approved; the text stays where it is, its digest stands here.

    ``clauses`` are the obligations it is for.
    """

    kind: ClassVar[str] = "document"

    approved_at: int | None = None
    approver: str = ""
    clauses: tuple[str, ...] = ()
    digest: str
    expires_at: int | None = None
    id: str
    state: InForce = "in_force"
    title: str = ""
    type: DocumentType = "other"


class Competence(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody was trained or found able: a topic, for a role, until a day."""

    kind: ClassVar[str] = "competence"

    completed_at: int
    document: str = ""
    expires_at: int | None = None
    person: str
    role: str
    topic: str


RunOf = Literal[
    "drift", "fairness", "performance", "stability", "red_team", "paraphrase", "data_quality", "end_to_end",
    "validation", "retention", "security",
]  # fmt: skip


class TestRun(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A test or a monitor ran over a use case or a model: what of, on how much, and whether it stayed within its limit.

    ``value`` and ``limit`` are decimals as text; ``n`` is how many decisions or cases it looked at; ``report`` is the
    id of a document, ``group`` the group of people it is about.
    """

    __test__: ClassVar[bool] = False
    kind: ClassVar[str] = "test_run"

    group: str = ""
    limit: str = ""
    metric: str = ""
    model: str = ""
    model_version: str = ""
    n: int = 0
    of: RunOf
    passed: bool | None = None
    report: str = ""
    use_case: str = ""
    value: str = ""


class Count(Event, frozen=True, kw_only=True, omit_defaults=True):
    """How many calls somebody else counted, for the capture ratio: a gateway, an invoice, a channel's log."""

    kind: ClassVar[str] = "count"

    counted: int
    from_ms: int
    source: str
    until_ms: int
    use_case: str = ""
