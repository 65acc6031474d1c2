"""The pepper: a key in a file of its own under which every stored secret is an HMAC.

Whoever has ``access.db`` alone can neither use nor test a cookie, a link or a key from it.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from waglan.core.problem import Problem
from waglan.disk import secret


class Pepper:
    """The key of one workspace.

    Parameters
    ----------
    path
        32 bytes, mode 0600; made when absent.
    urandom
        Where a new one comes from.
    """

    def __init__(self, path: Path, urandom: Callable[[int], bytes] = os.urandom) -> None:
        try:
            if not path.exists():
                secret.make(path, urandom)
            self._key = secret.read(path, partial(_unusable, path))
        except OSError as error:
            raise _unusable(path, f"{error}.") from error

    def mac(self, purpose: str, *parts: str | bytes) -> bytes:
        """HMAC-SHA256 of a secret; each purpose has its own space, and no two lists of parts meet."""
        raw = [part.encode() if isinstance(part, str) else part for part in (purpose, *parts)]
        return hmac.digest(self._key, b"".join([len(part).to_bytes(4, "big") + part for part in raw]), "sha256")


def _unusable(path: Path, why: str, advice: str = "") -> Problem:
    advice = advice or "Put back the one that belongs to this workspace."
    return Problem(
        "The key of access.db can't be used.", why, advice, code="access.pepper", where=str(path), status=503
    )
