"""The room's own secret: what is sampled can't be foreseen, and a receipt's address can't be guessed.

References
----------
RFC 2104 (HMAC); RFC 5869 §3.2 on the use of labels to derive independent keys.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from pathlib import Path

from waglan.core.problem import Problem

FILE = "review.key"
BYTES = 32


class ReviewKey:
    """32 random bytes in ``keys/review.key`` (mode 0600), used only through keys derived for one purpose each."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

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
            keys.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make(path, urandom)
        secret = path.read_bytes()
        if len(secret) != BYTES:
            raise Problem(
                f"{path} is not the key of reviews.",
                f"It has {len(secret)} bytes instead of {BYTES}.",
                "Put back the file from the backup of the keys; without it, links to receipts lead nowhere.",
                code="review.key",
                where=str(path),
            )
        return cls(secret)

    def derive(self, purpose: str) -> bytes:
        """The 32-byte key of one purpose."""
        return hmac.digest(self._secret, b"waglan/review/v1\0" + purpose.encode("ascii"), "sha256")


def _make(path: Path, urandom: Callable[[int], bytes]) -> None:
    """Write it apart and give it its name in one step, unless somebody was first."""
    apart = path.with_name(f".{path.name}.{os.getpid()}.{urandom(4).hex()}")
    descriptor = os.open(apart, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(urandom(BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(apart, path)
        except FileExistsError:
            return
    finally:
        apart.unlink()
