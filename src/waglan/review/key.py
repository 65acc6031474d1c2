"""The room's own secret: what is sampled can't be foreseen, and a receipt's address can't be guessed.

References
----------
RFC 2104 (HMAC); RFC 5869 §3.2 on the use of labels to derive independent keys.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from waglan.core.problem import Problem
from waglan.disk import secret

FILE = "review.key"


class ReviewKey:
    """32 random bytes in ``keys/review.key`` (mode 0600), used only through keys derived for one purpose each."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    @classmethod
    def load_or_create(cls, keys: Path, urandom: Callable[[int], bytes] = os.urandom) -> ReviewKey:
        """Read the key, made when absent; of processes that make it at once, all get the same.

        Raises
        ------
        Problem
            ``review.key`` when the file isn't a key.
        """
        path = keys / FILE
        if not path.exists():
            secret.make(path, urandom)
        return cls(secret.read(path, partial(_refused, path)))

    def derive(self, purpose: str) -> bytes:
        """The 32-byte key of one purpose."""
        return hmac.digest(self._raw, b"waglan/review/v1\0" + purpose.encode("ascii"), "sha256")


def _refused(path: Path, why: str, advice: str) -> Problem:
    again = "Put back the file from the backup of the keys; without it, links to receipts lead nowhere."
    return Problem("The key of reviews can't be used.", why, advice or again, code="review.key", where=str(path))
