"""What is written on the log beside decisions: registrations, opt-outs, erasures, key changes, clock steps.

Each Struct is the public part of one kind of leaf. Its fields stand in alphabetical order, so that plain
encoding is canonical; it holds no floats and no personal data.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec


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
    """A manifest comes into force; decisions point at it by ``policy_digest``."""

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
    KeyChange,
    ClockStep,
    Import,
)
