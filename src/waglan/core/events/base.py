"""What every event on the log is."""

from __future__ import annotations

from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The public part of a leaf; ``kind`` names it on the log."""

    kind: ClassVar[str]
