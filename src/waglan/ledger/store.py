"""The store seam: where a log's rows lie. One writer at a time, everything of a commit or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

import msgspec

HASH_BYTES = 32
UNAVAILABLE = "ledger.unavailable"
UNKNOWN = "ledger.unknown"


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a log after a commit.

    Attributes
    ----------
    size
        Number of entries.
    peaks
        Hash per tree level (index = level) where the binary form of ``size`` has a 1, else empty bytes.
    edges
        Per tile level, the concatenated 32-byte hashes of the rightmost, not yet full tile.
    note
        The signed checkpoint of this size, UTF-8; empty for the empty log.
    dual_note
        The newest checkpoint that also carries the ML-DSA-44 signature; empty when there is none yet.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()
    edges: tuple[bytes, ...] = ()
    note: str = ""
    dual_note: str = ""


class Row(NamedTuple):
    """One entry as stored: its id, its leaf bytes, and its ciphertext (empty when nothing is private)."""

    id: str
    leaf: bytes
    sealed: bytes


class Tile(NamedTuple):
    """A full hash tile: 256 hashes, 8,192 bytes, at a tile level and index."""

    level: int
    index: int  # type: ignore[assignment] # the standard's word; tuple.index isn't wanted here
    data: bytes


class Batch(NamedTuple):
    """All that one commit adds: rows from ``Head.size`` on, full tiles, and the next head."""

    rows: Sequence[Row]
    tiles: Sequence[Tile]
    head: Head


class Store(Protocol):
    """Rows of one log. Several processes may hold the same log open.

    Every method raises `waglan.core.Problem` with code ``ledger.unavailable`` when the storage refuses.
    """

    def head(self) -> Head:
        """The committed head; an empty `Head` for a new log."""
        ...

    def commit(self, build: Callable[[Head], Batch]) -> Head:
        """Take the write lock, read the head inside the transaction, call ``build`` with it, write, make durable.

        Returns only when the batch is on stable storage. When ``build`` or the storage raises, nothing is
        written and the error is passed on; only where that can't be said (a connection lost while committing)
        the Problem's code is ``ledger.unknown`` instead. A batch without rows is written and synced like any
        other: that is how the ledger tries whether a storage that refused is back.
        """
        ...

    def rows(self, start: int, stop: int) -> Iterator[tuple[int, Row]]:
        """Entries ``start ≤ index < stop`` with their index, in order; bounded memory however many."""
        ...

    def find(self, entry_id: str) -> int | None:
        """The index of an entry by id, or None."""
        ...

    def tile(self, level: int, index: int) -> bytes | None:
        """The 8,192 bytes of a full tile, or None when it isn't full (its hashes are in ``Head.edges``)."""
        ...

    def close(self) -> None:
        """Give back handles; a closed store may be opened again."""
        ...


def join_peaks(peaks: tuple[bytes, ...]) -> bytes:
    """`Head.peaks` as a store may keep them: the hashes there are, lowest level first."""
    return b"".join(peaks)


def split_peaks(size: int, joined: bytes) -> tuple[bytes, ...]:
    """`Head.peaks` again; which levels have one is what the binary form of ``size`` says."""
    peaks: list[bytes] = []
    at = 0
    for level in range(size.bit_length()):
        width = HASH_BYTES if size >> level & 1 else 0
        peaks.append(joined[at : at + width])
        at += width
    return tuple(peaks)


def edges_changed(before: Head, after: Head) -> list[tuple[int, bytes]]:
    """The levels of `Head.edges` that a commit must write, with their new hashes."""
    known = before.edges
    return [(i, edge) for i, edge in enumerate(after.edges) if i >= len(known) or known[i] != edge]
