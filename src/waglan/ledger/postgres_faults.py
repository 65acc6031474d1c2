"""What PostgreSQL's refusals mean, in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from waglan.core.problem import Problem
from waglan.ledger.store import UNAVAILABLE, UNKNOWN

_TOLD: tuple[tuple[type[psycopg.Error], str, str], ...] = (
    (errors.DiskFull, "no space is left on the server's disk", "Free space on it; the ledger goes on by itself."),
    (
        errors.LockNotAvailable,
        "another process holds the log and didn't let go in time",
        "Find it in pg_stat_activity; the ledger goes on by itself.",
    ),
    (
        errors.ReadOnlySqlTransaction,
        "the server is read-only, perhaps a standby",
        "Point the ledger to the primary; it goes on by itself.",
    ),
    (
        errors.InsufficientPrivilege,
        "the role may not do that",
        "Let the role of the connection string own the tables (design/ledger-storage.md).",
    ),
    (errors.AdminShutdown, "the server is shutting down", "Start it again; the ledger goes on by itself."),
    (errors.IoError, "the server's disk failed", "Look at the server's log and disk; the ledger goes on by itself."),
)


@contextmanager
def told() -> Iterator[None]:
    """Turn psycopg's errors into a Problem with code ``ledger.unavailable``."""
    try:
        yield
    except psycopg.Error as error:
        for kind, why, advice in _TOLD:
            if isinstance(error, kind):
                raise _problem(f"In PostgreSQL {why}.", advice) from error
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            raise _problem(
                f"The connection to PostgreSQL failed: {_line(error)}",
                "Look whether the server runs and can be reached; the ledger goes on by itself.",
            ) from error
        raise _problem(
            f"PostgreSQL refused: {_line(error)}", "Look at the server's log; the ledger tries again by itself."
        ) from error


def unknown(error: psycopg.Error) -> Problem:
    """The connection broke between sending COMMIT and hearing of it."""
    return Problem(
        "It isn't known yet whether a commit happened.",
        f"The connection to PostgreSQL broke in the middle of it: {_line(error)}",
        "The ledger looks it up by itself as soon as the server answers.",
        code=UNKNOWN,
        status=503,
    )


def unsafe(why: str) -> Problem:
    """The server or the role doesn't give what a ledger needs."""
    return _problem(
        f"This PostgreSQL connection isn't safe for a ledger: {why}.",
        "Turn fsync on, and use a plain role that owns its tables (design/ledger-storage.md).",
    )


def newer(version: int, known: int) -> Problem:
    """The tables were made by a later release."""
    return _problem(
        f"The tables have version {version}; this program knows up to {known}.",
        "Install that newer version of Waglan, or use another database.",
    )


def missing(name: str) -> Problem:
    """The log's own row is gone, or hidden by row-level security."""
    return _problem(
        f"The row of the log {name!r} isn't there any more, or belongs to another tenant.",
        "Keep the database as it is, and restore the newest backup or rebuild from the exported tiles.",
    )


def gap(index: int) -> Problem:
    """The head counts an entry that isn't there."""
    return _problem(
        f"Entry {index:,} is missing: the head counts it, but no row holds it.",
        "Keep the database as it is, and compare it with the exported tiles and the last witnessed checkpoint.",
    )


def _problem(why: str, advice: str) -> Problem:
    return Problem("The ledger's database can't be used.", why, advice, code=UNAVAILABLE, status=503)


def _line(error: psycopg.Error) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
