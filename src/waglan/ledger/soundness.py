"""Is what a store holds still the log that we signed? Checked before the first write and after every failure.

Not the whole log, which is `verify.py`'s work, but its right edge – where a crash leaves its traces – and the
checkpoints that were kept elsewhere, which is where a restored older backup shows.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from waglan.core.problem import Problem
from waglan.ledger import merkle, note, tiles
from waglan.ledger.store import HASH_BYTES, Head, Store

ROLLBACK, INCONSISTENT = "ledger.rollback", "ledger.inconsistent"


def check_head(store: Store, head: Head) -> None:
    """Rows, tiles, edges, peaks and signed note of the right edge fit together, or a Problem says what doesn't.

    Reads at most 256 rows and one tile per level, however long the log.
    """
    if not head.size:
        return
    checkpoint = note.parse(head.note)
    peaks = peaks_of(head)
    if peaks != head.peaks:
        raise _inconsistent("the right edge gives other peaks than the head holds")
    if checkpoint.size != head.size or checkpoint.root != merkle.root(merkle.Frontier(head.size, peaks)):
        raise _inconsistent("the signed checkpoint is of another tree than the tiles")
    node = tiles.reader(store, head)
    try:
        for level in range(1, _levels(head.size)):
            last = (head.size >> merkle.TILE_HEIGHT * level) - 1
            height = merkle.TILE_HEIGHT * level
            halves = node(height - 1, 2 * last), node(height - 1, 2 * last + 1)
            if merkle.node_hash(*halves) != node(height, last):
                raise _inconsistent(f"tile {last} of level {level - 1} isn't what level {level} was made from")
        start = head.size - (head.size % tiles.WIDTH or tiles.WIDTH)
        for index, row in store.rows(max(start, 0), head.size):
            if merkle.leaf_hash(row.leaf) != node(0, index):
                raise _inconsistent(f"entry {index} isn't what was hashed into the tree")
    except LookupError as error:
        raise _inconsistent(str(error)) from None


def peaks_of(head: Head) -> tuple[bytes, ...]:
    """The peaks that ``head.edges`` make; they should be ``head.peaks``."""
    peaks: list[bytes] = []
    for level in range(_levels(head.size)):
        edge = head.edges[level] if level < len(head.edges) else b""
        hashes = [edge[at : at + HASH_BYTES] for at in range(0, len(edge), HASH_BYTES)]
        if len(hashes) != (head.size >> merkle.TILE_HEIGHT * level) % tiles.WIDTH:
            return ()
        own = merkle.extend(merkle.Frontier(), hashes)[0].peaks
        peaks += [*own, *[b""] * (merkle.TILE_HEIGHT - len(own))]
    return tuple(peaks[: head.size.bit_length()])


def _levels(size: int) -> int:
    """How many levels of tiles a log of this size has."""
    return -(-size.bit_length() // merkle.TILE_HEIGHT)


def check_kept(store: Store, head: Head, kept: str, name: str) -> None:
    """The log still extends a checkpoint that was kept or witnessed, or a Problem says that it was rolled back."""
    if not kept:
        return
    old = note.parse(kept)
    if old.origin != name:
        raise Problem(
            "The kept checkpoint is of another log.",
            f"It names {old.origin!r}, and this log is {name!r}.",
            "Give the checkpoint of this log, or correct the log's name.",
            code=INCONSISTENT,
            status=503,
        )
    if old.size > head.size:
        raise rolled_back(f"It holds {head.size:,} entries, and a checkpoint of {old.size:,} entries was kept.")
    try:
        root = tiles.root_at(store, head, old.size)
    except LookupError as error:
        raise _inconsistent(str(error)) from None
    if root != old.root:
        raise rolled_back(f"Its first {old.size:,} entries are not those of the checkpoint that was kept.")


def rolled_back(why: str) -> Problem:
    """An older copy, or a rewritten one, lies where the log was."""
    return Problem(
        "The ledger was set back or rewritten; nothing is written to it.",
        why,
        "Put the newer copy back (or rebuild it from the exported tiles), and tell internal audit.",
        code=ROLLBACK,
        status=503,
    )


def read_kept(path: Path | None) -> str:
    """The checkpoint kept beside the log; empty when there is none or it isn't one."""
    if path is None or not path.exists():
        return ""
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        note.parse(text)
    except Problem:
        return ""  # it is a help against mistakes; against attackers there are witnesses
    return text


def write_kept(path: Path | None, text: str) -> None:
    """Keep a checkpoint beside the log unless a newer one lies there, whole or not at all."""
    if path is None or not text:
        return
    known = read_kept(path)
    if known and note.parse(known).size > note.parse(text).size:
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    # An older kept checkpoint finds less and is never wrong, so a full disk is no reason to refuse anything.
    with contextlib.suppress(OSError):
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


def _inconsistent(why: str) -> Problem:
    return Problem(
        "The ledger's parts don't fit together; nothing is written to it.",
        why[:1].upper() + why[1:] + ".",
        "Keep the files as they are, restore the newest backup or rebuild from the exported tiles.",
        code=INCONSISTENT,
        status=503,
    )
