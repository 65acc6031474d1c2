"""What a person asked for or is owed: opt-outs, holds, erasure, retention, and who read their data."""

from __future__ import annotations

from typing import ClassVar

from waglan.core.events.base import Event


class OptOut(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A subject refuses automated decisions (``active``) or takes that back; ``use_case`` empty means all."""

    kind: ClassVar[str] = "opt_out"

    active: bool = True
    use_case: str = ""


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
