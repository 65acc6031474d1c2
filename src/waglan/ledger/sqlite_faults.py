"""What SQLite's refusals mean, in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from waglan.core.problem import Problem
from waglan.ledger.store import UNAVAILABLE


class _Told(NamedTuple):
    what: str
    why: str
    next: str


_TOLD = {
    sqlite3.SQLITE_FULL: _Told(
        "The ledger can't be written: no space is left.",
        "The disk that holds {path} is full.",
        "Free space on it; the ledger goes on by itself.",
    ),
    sqlite3.SQLITE_BUSY: _Told(
        "The ledger is locked.",
        "Another process holds {path} and didn't let go in time.",
        "End the process that holds it (lsof {path} names it); the ledger goes on by itself.",
    ),
    sqlite3.SQLITE_READONLY: _Told(
        "The ledger can't be written: it is read-only.",
        "{path}, its folder or the disk it is on doesn't allow writing.",
        "Give this user the right to write there; the ledger goes on by itself.",
    ),
    sqlite3.SQLITE_IOERR: _Told(
        "The disk failed while the ledger was written or read.",
        "{error} at {path}.",
        "Look at the disk (dmesg, smartctl); the ledger opens the file anew, checks it, and goes on by itself.",
    ),
    sqlite3.SQLITE_CANTOPEN: _Told(
        "The ledger can't be opened.",
        "{path} or its folder isn't there, or this user may not open it.",
        "Bring the folder back or correct its rights; the ledger goes on by itself.",
    ),
    sqlite3.SQLITE_CORRUPT: _Told(
        "The ledger's file is damaged.",
        "SQLite reports: {error} ({path}).",
        "Keep the file as it is, and restore the newest backup or rebuild from the exported tiles.",
    ),
}
_TOLD[sqlite3.SQLITE_LOCKED] = _TOLD[sqlite3.SQLITE_BUSY]
_TOLD[sqlite3.SQLITE_PERM] = _TOLD[sqlite3.SQLITE_READONLY]
_TOLD[sqlite3.SQLITE_NOTADB] = _TOLD[sqlite3.SQLITE_CORRUPT]
_OTHER = _Told(
    "The ledger's storage refused.",
    "SQLite reports: {error} ({path}).",
    "Look at the file and the disk it is on; the ledger tries again by itself.",
)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn SQLite's and the file system's errors into a Problem with code ``ledger.unavailable``."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        text = _TOLD.get(code, _OTHER)
        name = f"{error} ({getattr(error, 'sqlite_errorname', 'no code')})"
        raise _problem(_Told(*[part.format(path=path, error=name) for part in text]), path) from error
    except OSError as error:
        text = _TOLD[sqlite3.SQLITE_CANTOPEN]
        raise _problem(_Told(*[part.format(path=path, error=error) for part in text]), path) from error


def locked(path: Path) -> Problem:
    """Another process reads or writes, so a failed connection's leftovers can't be settled."""
    return _problem(_Told(*[part.format(path=path) for part in _TOLD[sqlite3.SQLITE_BUSY]]), path)


def unsafe(path: Path, mode: str) -> Problem:
    """The file system doesn't give what durability needs."""
    return _problem(
        _Told(
            "The ledger can't be kept on this file system.",
            f"SQLite needs a write-ahead log with a sync for every commit at {path} and got journal mode {mode!r}.",
            "Put the ledger on a local disk (not a network share), or use PostgreSQL.",
        ),
        path,
    )


def newer(path: Path, version: int, known: int) -> Problem:
    """The file was written by a later release."""
    return _problem(
        _Told(
            "The ledger was written by a newer Waglan.",
            f"{path} has tables of version {version}; this program knows up to {known}.",
            "Install that newer version, or point to another ledger.",
        ),
        path,
    )


def gap(path: Path, index: int) -> Problem:
    """The head counts an entry that isn't there."""
    return _problem(
        _Told(
            f"Entry {index:,} is missing from the ledger.",
            f"The head of {path} counts it, but no row holds it: rows were removed, or the file is damaged.",
            "Keep the file as it is, and compare it with the exported tiles and the last witnessed checkpoint.",
        ),
        path,
    )


def _problem(text: _Told, path: Path) -> Problem:
    return Problem(*text, code=UNAVAILABLE, where=str(path), status=503)
