"""Finding a subject: eight bytes of the pseudonym as a number, since an index of numbers takes a third of the room."""

from __future__ import annotations

_BYTES = 8


def key(subject: str) -> int | None:
    """The number under which a pseudonym stands; None when nobody is concerned. Others may have the same."""
    if not subject:
        return None
    start = subject[:_BYTES].encode()[:_BYTES]
    return int.from_bytes(start if len(start) == _BYTES else start.ljust(_BYTES, b"\0"), signed=True)


def keys(prefix: str) -> tuple[int, int]:
    """The least and the largest number of pseudonyms that start so, which is at least one ASCII character."""
    start = prefix.encode()[:_BYTES]
    least, most = start.ljust(_BYTES, b"\0"), start.ljust(_BYTES, b"\x7f")
    return int.from_bytes(least, signed=True), int.from_bytes(most, signed=True)
