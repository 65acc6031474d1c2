"""The log as a static folder in C2SP tlog-tiles form, which any web server can serve and `verify.py` checks.

Tiles and bundles are written before the checkpoint that needs them, each whole under another name first: a reader
of the folder always finds everything that the checkpoint speaks of. Full tiles never change, so an export writes
only what is new.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from waglan.core.problem import Problem
from waglan.ledger import note, tiles
from waglan.ledger.keys import Signer
from waglan.ledger.store import Head, Store

VERIFIER = Path(__file__).with_name("verify.py")


class Exported(NamedTuple):
    """What an export did: the log's size in it, files written, and files left as they were."""

    size: int
    written: int
    kept: int


def export(store: Store, signer: Signer, folder: Path, head: Head | None = None) -> Exported:
    """Write a log as a folder, or bring an older export in it up to date. Memory stays bounded by one bundle.

    Parameters
    ----------
    head
        As of which head, the store's present one when left out; it must carry both signatures (`Ledger.signed`).

    Raises
    ------
    Problem
        ``ledger.export`` when the head lacks a signature, when the folder holds another log or a longer one, or
        when it can't be written.
    """
    head = head or store.head()
    if not head.size or head.note != head.dual_note:
        raise _failed("Its head isn't signed by both keys yet, or it is empty.", "Ask Ledger.signed() for the head.")
    if signer.rotating:
        raise _failed("A key rotation is under way.", "Finish it with 'waglan ledger rotate-keys', then export again.")
    try:
        before = _before(folder, head)
        written = kept = 0
        for path, data in _files(store, head, before):
            target = folder / path
            if target.exists() and ".p/" not in path:
                kept += 1
                continue
            _put(target, data)
            written += 1
        _put(folder / "vkeys", "".join(f"{each}\n" for each in signer.vkeys).encode())
        _put(folder / "checkpoint", head.note.encode())
        shutil.copyfile(VERIFIER, folder / "verify.py")
        _drop_partial(folder, head)
    except OSError as error:
        raise _failed(f"{error.strerror}: {error.filename}.", "Make room, or choose another folder.") from None
    return Exported(head.size, written + 3, kept)


def _before(folder: Path, head: Head) -> int:
    """How many entries the folder already holds in full tiles."""
    try:
        text = (folder / "checkpoint").read_text("utf-8")
    except FileNotFoundError:
        return 0
    earlier, now = note.parse(text), note.parse(head.note)
    if earlier.origin != now.origin or earlier.size > now.size:
        raise _failed(
            f"It holds {earlier.size:,} entries of {earlier.origin!r}; this is {now.origin!r} with {now.size:,}.",
            "Choose an empty folder.",
        )
    return earlier.size - earlier.size % tiles.WIDTH


def _files(store: Store, head: Head, before: int) -> Iterator[tuple[str, bytes]]:
    """Paths and contents of all bundles and hash tiles from entry ``before`` on."""
    yield from _bundles(store, head.size, before)
    for level, edge in enumerate(head.edges):
        covered = tiles.WIDTH ** (level + 1)
        for index in range(before // covered, head.size // covered):
            yield tiles.tile_path(level, index), store.tile(level, index) or _missing(level, index)
        if edge:
            yield tiles.tile_path(level, head.size // covered, len(edge) // tiles.HASH_BYTES), edge


def _bundles(store: Store, size: int, before: int) -> Iterator[tuple[str, bytes]]:
    leaves: list[bytes] = []
    for index, row in store.rows(before, size):
        leaves.append(row.leaf)
        if len(leaves) == tiles.WIDTH or index == size - 1:
            yield tiles.entries_path(index // tiles.WIDTH, len(leaves)), tiles.pack(leaves)
            leaves.clear()


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(path)


def _drop_partial(folder: Path, head: Head) -> None:
    """Remove partial tiles that later ones replaced; only those of this head stay."""
    needed = {folder / path for path, _ in _partial_paths(head)}
    for parent in (folder / "tile").rglob("*.p"):
        for path in parent.iterdir():
            if path not in needed:
                path.unlink()
        with contextlib.suppress(OSError):  # not empty: the present partial tile is in it
            parent.rmdir()


def _partial_paths(head: Head) -> Iterator[tuple[str, int]]:
    if width := head.size % tiles.WIDTH:
        yield tiles.entries_path(head.size // tiles.WIDTH, width), width
    for level, edge in enumerate(head.edges):
        if width := len(edge) // tiles.HASH_BYTES:
            yield tiles.tile_path(level, head.size >> 8 * (level + 1), width), width


def _missing(level: int, index: int) -> bytes:
    raise _failed(f"The store has no {tiles.tile_path(level, index)}.", "Run 'waglan ledger verify' on the store.")


def _failed(why: str, advice: str) -> Problem:
    return Problem("The log can't be exported there.", why, advice, code="ledger.export")
