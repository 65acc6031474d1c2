"""ULIDs: 48 bits of milliseconds, 80 random bits, 26 characters that sort by time.

References
----------
github.com/ulid/spec. Within one millisecond the random part counts up, so that a process's ids never go back.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(a + b for a in ALPHABET for b in ALPHABET)
_VALUES = {c: i for i, c in enumerate(ALPHABET)}
_RANDOM_BITS = 80
_MASK = (1 << _RANDOM_BITS) - 1
LENGTH = 26


def ulid(at_ms: int, randomness: int) -> str:
    """Write a ULID.

    Parameters
    ----------
    at_ms
        Milliseconds since 1970 UTC, below 2**48.
    randomness
        An integer below 2**80.
    """
    p, r = _PAIRS, randomness
    return (
        p[at_ms >> 40 & 1023] + p[at_ms >> 30 & 1023] + p[at_ms >> 20 & 1023] + p[at_ms >> 10 & 1023] + p[at_ms & 1023]
        + p[r >> 70] + p[r >> 60 & 1023] + p[r >> 50 & 1023] + p[r >> 40 & 1023]
        + p[r >> 30 & 1023] + p[r >> 20 & 1023] + p[r >> 10 & 1023] + p[r & 1023]
    )  # fmt: skip


def to_bytes(text: str) -> bytes:
    """The 16 bytes of a ULID; ``ValueError`` when it isn't one."""
    if len(text) != LENGTH:
        raise ValueError(f"a ULID has {LENGTH} characters, this has {len(text)}: {text!r}")
    value = 0
    for character in text:
        if character not in _VALUES:
            raise ValueError(f"{character!r} is not a ULID character: {text!r}")
        value = value << 5 | _VALUES[character]
    if value >> 128:
        raise ValueError(f"past the largest ULID: {text!r}")
    return value.to_bytes(16, "big")


def from_bytes(raw: bytes) -> str:
    """The ULID of 16 bytes."""
    value = int.from_bytes(raw, "big")
    return ulid(value >> _RANDOM_BITS, value & _MASK)


_LOW = 1 << 20


class Ids:
    """A source of strictly increasing ULIDs for one process, safe to share among threads."""

    def __init__(self, urandom: Callable[[int], bytes] = os.urandom) -> None:
        self._urandom = urandom
        self._lock = threading.Lock()
        self._at_ms = -1
        self._random = 0
        self._head = ""
        self._low = _LOW

    def new(self, at_ms: int) -> str:
        """The next id at a time; while the clock stands still or goes back, the last time is kept."""
        with self._lock:
            if at_ms > self._at_ms:
                self._at_ms = at_ms
                self._begin(int.from_bytes(self._urandom(10), "big") >> 1)
            elif self._low + 1 < _LOW:
                self._low += 1
            else:
                self._begin(self._random - self._random % _LOW + _LOW)
            return self._head + _PAIRS[self._low >> 10] + _PAIRS[self._low & 1023]

    def _begin(self, randomness: int) -> None:
        """Write out the part of the next ids that stays the same while the last four characters count up."""
        self._random, self._low = randomness, randomness % _LOW
        self._head = ulid(self._at_ms, randomness & _MASK)[:-4]
