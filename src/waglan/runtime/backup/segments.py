"""The log in a backup set: its entries in order, in files of up to 65,536, the same for every store.

A file is a sequence of frames, each a big-endian uint32 and so many bytes of MessagePack: `waglan.ledger.chunk.Chunk`
as an array. Nothing is compressed, so no file grows when it is read. Tiles aren't kept: whoever reads a set back
hashes every leaf anew and must arrive at the signed checkpoint.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from waglan.disk.durable import sync_folder
from waglan.ledger import chunk
from waglan.ledger.store import Row, Store
from waglan.runtime.backup.manifest import damaged

ENTRIES = 65_536
_LENGTH = struct.Struct(">I")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(chunk.Chunk).decode


def write_log(store: Store, size: int, folder: Path) -> list[Path]:
    """Write the first ``size`` entries of a log; memory stays bounded by one chunk."""
    folder.mkdir(mode=0o700)
    paths: list[Path] = []
    for first in range(0, size, ENTRIES):
        path = folder / f"{first:012d}.rows"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            rows: list[Row] = []
            at = first
            for _, row in store.rows(first, min(first + ENTRIES, size)):
                rows.append(row)
                if len(rows) == chunk.MAX_ROWS:
                    at = _put(out.write, at, rows)
            _put(out.write, at, rows)
            out.flush()
            os.fsync(out.fileno())
        paths.append(path)
    sync_folder(folder)
    return paths


def read_log(paths: Sequence[Path], start: int, stop: int) -> Iterator[tuple[int, Row]]:
    """Entries ``start ≤ index < stop`` in order from files in order.

    Raises
    ------
    Problem
        ``backup.damaged`` where a file doesn't hold what it should, or the entries have a gap.
    """
    at = 0
    for path in paths:
        try:
            if int(path.stem) + ENTRIES <= start:
                at = int(path.stem) + ENTRIES
                continue
            for frame in _frames(path):
                for index, row in chunk.unpack(_decode(frame), at, stop):
                    if index != at:
                        raise damaged(path, f"Entry {at:,} isn't in it.")
                    if index >= start:
                        yield index, row
                    at += 1
        except (struct.error, ValueError, EOFError) as error:
            raise damaged(path, f"It can't be read: {str(error) or 'it ends too early'}.") from None
    if at < stop:
        raise damaged(paths[-1].parent if paths else Path(), f"It ends at entry {at:,} of {stop:,}.")


def _put(write: Callable[[bytes], object], first: int, rows: list[Row]) -> int:
    for each in chunk.pack(first, rows):
        frame = _encode(each)
        write(_LENGTH.pack(len(frame)))
        write(frame)
    after = first + len(rows)
    rows.clear()
    return after


def _frames(path: Path) -> Iterator[bytes]:
    left = path.stat().st_size
    with path.open("rb") as file:
        while left:
            head = file.read(_LENGTH.size)
            length = _LENGTH.unpack(head)[0]
            left -= _LENGTH.size + length
            if left < 0:
                raise EOFError
            yield file.read(length)
