"""What every part of access works with."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import NamedTuple

from waglan.access.database import Database
from waglan.access.pepper import Pepper
from waglan.core.clock import Clock
from waglan.core.ids import Ids

_SECRET_BYTES = 32


class Basis(NamedTuple):
    """File, pepper, time, names, randomness, and whose workspace it is."""

    database: Database
    pepper: Pepper
    clock: Clock
    ids: Ids
    urandom: Callable[[int], bytes]
    tenant: str

    def secret(self) -> str:
        """32 random bytes as text, for cookies and links."""
        return base64.urlsafe_b64encode(self.urandom(_SECRET_BYTES)).rstrip(b"=").decode()
