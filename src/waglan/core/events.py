"""What is written on the log beside decisions: registrations, reviews, opt-outs, erasures, key changes, clock steps.

Each Struct is the public part of one kind of leaf. Its fields stand in alphabetical order, so that plain
encoding is canonical; it holds no floats and no personal data.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from waglan.core.case import Language


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The public part of a leaf; ``kind`` names it on the log."""

    kind: ClassVar[str]


class ModelRegistration(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A model version enters use, is validated, or is withdrawn; the newest for a version counts.

    Times are milliseconds since 1970 UTC; ``digest`` is the SHA-256 of the artefact in hexadecimal.
    """

    kind: ClassVar[str] = "model"

    digest: str
    id: str
    licence: str = ""
    owner: str = ""
    provider: str = ""
    region: str = ""
    state: Literal["in_use", "withdrawn"] = "in_use"
    use_case: str = ""
    validated_at: int | None = None
    validation_expires_at: int | None = None
    validation_id: str = ""
    validator: str = ""
    vendor: str = ""
    version: str


class UseCaseRegistration(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A manifest comes into force; decisions point at it by ``policy_digest``.

    ``sample_ppm`` is its ``review.sample`` in millionths.
    """

    kind: ClassVar[str] = "use_case"

    audience: str = ""
    customer_facing: bool = False
    name: str
    opportunity: str = ""
    owner: str = ""
    phase: str = ""
    policy_digest: str
    purposes: tuple[str, ...] = ()
    regulated_activity: str = ""
    sample_ppm: int = 0
    sector: str = ""
    tier: str = ""
    use_type: str = ""
    version: str


class OptOut(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A subject refuses automated decisions (``active``) or takes that back; ``use_case`` empty means all."""

    kind: ClassVar[str] = "opt_out"

    active: bool = True
    use_case: str = ""


class OutcomeLabel(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What turned out to be true of an earlier decision, named in the entry's ``refs``."""

    kind: ClassVar[str] = "label"

    label: str
    label_at: int


class Hold(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A legal hold on a subject's data begins (``active``) or ends; while it lasts, erasure is refused."""

    kind: ClassVar[str] = "hold"

    active: bool = True
    basis: str


class Erasure(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A subject's key and mapping were shredded."""

    kind: ClassVar[str] = "erasure"

    basis: str
    erased_kid: str


class Restriction(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A subject's data are kept but no longer read (``active``), or that is lifted."""

    kind: ClassVar[str] = "restriction"

    active: bool = True
    basis: str


class Retention(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A subject's data must be kept until a time, milliseconds since 1970 UTC; None takes an earlier one back."""

    kind: ClassVar[str] = "retention"

    basis: str
    until_ms: int | None = None


class Read(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody reads a subject's private data: what of it, and why."""

    kind: ClassVar[str] = "read"

    what: str
    why: str


class Review(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A person judged a decision; ``refs`` is the decision, the entry's actor is the reviewer.

    What was shown, a changed value and the reviewer's words are private parts (``shown``, ``value``, ``note``): the
    leaf holds commitments to them, so the log's signature covers what the reviewer had before them.

    Attributes
    ----------
    authenticator
        What the reviewer signed in with: ``password:…``, ``passkey:…`` or ``oidc:…``.
    cause
        Why it was looked at: the route, a quality sample, a case seeded to measure attention, or a request.
    effect
        What the answer does after a change, in the manifest's words.
    reason
        A code.
    review_seconds
        From the time it was shown until the verdict.
    """

    kind: ClassVar[str] = "review"

    authenticator: str = ""
    cause: Literal["route", "sample", "seeded", "request"] = "route"
    effect: str = ""
    reason: str = ""
    review_seconds: int = 0
    verdict: Literal["agree", "change", "reject"]


class Release(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The answer may leave the house; ``refs`` is the decision, then the reviews it rests on.

    ``effect`` and the private part ``value`` are the final answer; ``signature`` among the private parts is the
    approver's own over what was shown, where a passkey made one.
    """

    kind: ClassVar[str] = "release"

    authenticator: str = ""
    effect: str = ""
    outcome: Literal["as_decided", "as_changed", "refused"]


class Override(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A person's answer stands in the place of the use case's; ``refs`` is the decision."""

    kind: ClassVar[str] = "override"

    authenticator: str = ""
    effect: str = ""
    reason: str


class Correction(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The record of a decision was wrong in some fields; the right values are the private part ``correct``."""

    kind: ClassVar[str] = "correction"

    fields: tuple[str, ...]
    reason: str


class Request(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A customer asks about a decision: for an explanation, or for a person to look again."""

    kind: ClassVar[str] = "request"

    channel: str = ""
    language: Language = "en"
    what: Literal["explanation", "human_review", "correction"]


class Answer(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A customer's request was answered; ``refs`` is the decision, then the request. The text is private."""

    kind: ClassVar[str] = "answer"

    language: Language = "en"
    outcome: Literal["explained", "upheld", "changed", "declined"]


class Escalation(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A review wasn't done in time, or its reviewer handed it up; ``refs`` is the decision."""

    kind: ClassVar[str] = "escalation"

    reason: Literal["overdue", "handed_up"]


class Void(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A review no longer counts; ``refs`` is the decision, then the review."""

    kind: ClassVar[str] = "void"

    reason: Literal["expired", "changed", "returned", "undone"]


class Attention(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A case seeded with a known wrong answer was judged; ``refs`` is the decision, then the review."""

    kind: ClassVar[str] = "attention"

    caught: bool
    reviewer: str


class Person(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody may act here, in these roles, or no longer; ``person`` is an id, the name stays off the log."""

    kind: ClassVar[str] = "person"

    person: str
    roles: tuple[str, ...] = ()
    state: Literal["active", "disabled"] = "active"
    until_ms: int | None = None


class ApiKey(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A key for machines was made or revoked; its secret stands nowhere."""

    kind: ClassVar[str] = "api_key"

    expires_ms: int = 0
    key: str
    name: str = ""
    scopes: tuple[str, ...] = ()
    state: Literal["active", "revoked"] = "active"


class KeyChange(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The log's signing keys change; ``vkeys`` are C2SP verifier keys.

    ``handover`` is a checkpoint over the tree whose leaves are ``vkeys``, signed by the old and the new keys.
    """

    kind: ClassVar[str] = "key"

    handover: str = ""
    reason: str
    verify_sha256: str = ""
    vkeys: tuple[str, ...]


class ClockStep(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The wall clock went back more than 2 s or jumped ahead more than 60 s against the monotonic one."""

    kind: ClassVar[str] = "clock_step"

    step_ms: int


class Import(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A file of past decisions was taken in; its rows are marked imported."""

    kind: ClassVar[str] = "import"

    file_sha256: str
    name: str
    rejected: int = 0
    rows: int


EVENTS: tuple[type[Event], ...] = (
    ModelRegistration,
    UseCaseRegistration,
    OptOut,
    OutcomeLabel,
    Hold,
    Erasure,
    Restriction,
    Retention,
    Read,
    Review,
    Release,
    Override,
    Correction,
    Request,
    Answer,
    Escalation,
    Void,
    Attention,
    Person,
    ApiKey,
    KeyChange,
    ClockStep,
    Import,
)
