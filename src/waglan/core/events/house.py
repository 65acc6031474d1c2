"""The house itself: who may act, its keys, its clock, what it took in."""

from __future__ import annotations

from typing import ClassVar, Literal

from waglan.core.events.base import Event


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
