"""How a commit's entries lie in a table: many of them packed into one row, found again by the time in their ids.

A row per entry costs an index insertion and a statement per entry; packed rows cost a few joins of bytes. What an
index over ids would do is done by ``prefix``: nine characters of a ULID are 32 ms of time, so a commit has one or two
of them, and the ids of a chunk are searched as text. Figures in ``design/ledger-storage.md``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from waglan.core.ids import LENGTH
from waglan.ledger.store import Row

MAX_ROWS = 256
MAX_BYTES = 1 << 20
WINDOW_BYTES = 1 << 20
_PREFIX = 9


class Chunk(NamedTuple):
    """Up to 256 consecutive entries of one commit, at most 1 MiB unless a single entry is larger.

    Attributes
    ----------
    first
        The index of the first entry.
    ids
        The ids one after the other, 26 characters each.
    sizes
        Little-endian uint32: the length of each leaf, then the length of each ciphertext.
    leaves, sealed
        The leaves, and the ciphertexts, one after the other.
    """

    first: int
    ids: str
    sizes: bytes
    leaves: bytes
    sealed: bytes


def pack(first: int, rows: Sequence[Row]) -> list[Chunk]:
    """Entries from index ``first`` on as chunks; ``ValueError`` for an id that isn't 26 characters long."""
    chunks: list[Chunk] = []
    done = 0
    while done < len(rows):
        part = rows[done : done + MAX_ROWS]
        ids, leaves, sealed = zip(*part, strict=True)
        lengths = [*map(len, leaves), *map(len, sealed)]
        if sum(lengths) > MAX_BYTES and len(part) > 1:
            part = part[: _fitting(lengths, len(part))]
            ids, leaves, sealed = zip(*part, strict=True)
            lengths = [*map(len, leaves), *map(len, sealed)]
        text = "".join(ids)
        if len(text) != LENGTH * len(part) or not text.isascii():
            raise ValueError("every entry id has 26 ASCII characters")
        sizes = struct.pack(f"<{len(lengths)}I", *lengths)
        chunks.append(Chunk(first + done, text, sizes, b"".join(leaves), b"".join(sealed)))
        done += len(part)
    return chunks


def _fitting(lengths: Sequence[int], count: int) -> int:
    """How many rows, at least one, of ``count`` that are too many."""
    total = at = 0
    while (total := total + lengths[at] + lengths[count + at]) <= MAX_BYTES:
        at += 1
    return max(at, 1)


def prefixes(chunk: Chunk) -> list[str]:
    """The distinct time prefixes of a chunk's ids."""
    ids = chunk.ids
    return sorted({ids[at : at + _PREFIX] for at in range(0, len(ids), LENGTH)})


def prefix(entry_id: str) -> str:
    """The time prefix under which an id is looked for."""
    return entry_id[:_PREFIX]


def position(ids: str, entry_id: str) -> int | None:
    """Where in a chunk an id stands."""
    at = ids.find(entry_id)
    while at % LENGTH and at >= 0:
        at = ids.find(entry_id, at + 1)
    return None if at < 0 else at // LENGTH


def unpack(chunk: Chunk, start: int, stop: int) -> Iterator[tuple[int, Row]]:
    """Entries ``start ≤ index < stop`` of the log, as far as they are in this chunk."""
    count = len(chunk.ids) // LENGTH
    lengths = struct.unpack(f"<{2 * count}I", chunk.sizes)
    leaf_at = sealed_at = 0
    for at in range(count):
        leaf_end, sealed_end = leaf_at + lengths[at], sealed_at + lengths[count + at]
        index = chunk.first + at
        if start <= index < stop:
            entry_id = chunk.ids[at * LENGTH : (at + 1) * LENGTH]
            yield index, Row(entry_id, chunk.leaves[leaf_at:leaf_end], chunk.sealed[sealed_at:sealed_end])
        leaf_at, sealed_at = leaf_end, sealed_end


def walk(
    fetch: Callable[[int, int, int], Sequence[Chunk]], start: int, stop: int, gap: Callable[[int], Exception]
) -> Iterator[tuple[int, Row]]:
    """Entries ``start ≤ index < stop`` in order, about a window of bytes at a time.

    Parameters
    ----------
    fetch
        ``fetch(start, stop, limit)``: up to ``limit`` chunks from the one that holds ``start`` on.
    gap
        The error to raise where an entry is missing.
    """
    limit = 16
    while start < stop:
        found = fetch(start, stop, limit)
        taken = sum(len(each.leaves) + len(each.sealed) for each in found)
        limit = max(1, min(1024, limit * WINDOW_BYTES // max(taken, 1)))
        before = start
        for each in found:
            for index, row in unpack(each, start, stop):
                if index != start:
                    raise gap(start)
                yield index, row
                start += 1
        if start == before:
            raise gap(start)
