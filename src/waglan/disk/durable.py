"""Writing a file whole or not at all, so that it is there after a power cut.

References
----------
POSIX.1-2017, fsync() and rename(): a new name lasts when its folder has been synced.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PRIVATE = 0o600


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def private(path: Path) -> None:
    """See that a file is there which only its owner may read, empty when it is new; its folder is made.

    One that is there isn't touched: closing any handle of a SQLite file gives up all locks that this process holds on
    it (sqlite.org/howtocorrupt.html, section 2.2).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE))


@contextmanager
def new_file(path: Path, mode: int = PRIVATE) -> Iterator[BinaryIO]:
    """A file that mustn't be there yet, durable when the block ends; its name is made so by `sync_folder`."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        yield out
        out.flush()
        os.fsync(out.fileno())


def replace(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Put a file in the place of what may be there; after a crash it is one or the other."""
    with _draft(path, data, mode) as draft:
        draft.replace(path)
    sync_folder(path.parent)


def write_once(path: Path, data: bytes) -> None:
    """Write a file unless it is there: of several processes one makes it, and all find that one."""
    with _draft(path, data, PRIVATE) as draft, suppress(FileExistsError):
        path.hardlink_to(draft)
    sync_folder(path.parent)


@contextmanager
def _draft(path: Path, data: bytes, mode: int) -> Iterator[Path]:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with new_file(draft, mode) as out:
            out.write(data)
        yield draft
    finally:
        draft.unlink(missing_ok=True)
