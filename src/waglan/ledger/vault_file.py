"""The vault's file: SQLite with one reading and one writing connection, where what is deleted is gone."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Literal

from waglan.core.problem import Problem
from waglan.disk import durable, wal

BUSY_MS = 30_000
TRUNCATE_MS = 5_000
VERSION = 1


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode that zeroes what it deletes and spills nothing to temporary files."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


class VaultFile:
    """``vault.db``. After an error of the storage the connections are opened anew at the next use.

    Every method raises a Problem with code ``vault.unavailable`` when the storage refuses.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._reading = threading.Lock()
        self._writing = threading.RLock()
        self._seen: int | None = None  # by the reading connection that is open
        self._epoch = 0
        self._private()
        with self.reading() as connection:
            version = _version(connection)
        if version < VERSION:
            with self.writing() as connection:
                _migrate(connection)
        # An erasure may have been cut off before its old pages left the write-ahead log.
        self.truncate(wait=False)

    def close(self) -> None:
        """Give back both connections; the next use opens them again."""
        with self._reading, self._writing:
            _shut(self._reader)
            _shut(self._writer)
            self._reader = self._writer = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The reading connection, for one thread at a time; never waits for a writer."""
        with self._reading:
            try:
                if self._reader is None:
                    self._reader, self._seen = self._open(), None
                yield self._reader
            except sqlite3.Error as error:
                _shut(self._reader)
                self._reader = None
                raise _unavailable(self.path, error) from error

    @contextmanager
    def alone(self) -> Iterator[sqlite3.Connection]:
        """The writing connection for one thread of this process, outside a transaction."""
        with self._writing:
            try:
                if self._writer is None:
                    self._writer = self._open()
                yield self._writer
            except sqlite3.Error as error:
                _shut(self._writer)
                self._writer = None
                raise _unavailable(self.path, error) from error

    @contextmanager
    def writing(self, durable: Literal["FULL", "NORMAL"] = "FULL") -> Iterator[sqlite3.Connection]:
        """One transaction: durable when the block ends, undone when it raises.

        ``NORMAL`` leaves the commit in the operating system's cache, for who calls `truncate` next.
        """
        with self.alone() as connection:
            connection.execute(f"PRAGMA synchronous = {durable}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def epoch(self) -> int:
        """Counts erasures, restrictions and rotations committed by whichever process; takes microseconds.

        It asks the reading connection, so it never waits for a transaction: the ledger's writer calls it while it
        keeps other processes from the log.
        """
        with self.reading() as connection:
            version: int = connection.execute("PRAGMA data_version").fetchone()[0]
            if version != self._seen:
                self._epoch = connection.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()[0]
                self._seen = version
            return self._epoch

    def bump(self, connection: sqlite3.Connection) -> None:
        """Tell every process to forget what it holds in memory, as part of a transaction."""
        connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'epoch'")

    def truncate(self, *, wait: bool = True) -> None:
        """Move everything to the main file and empty the write-ahead log, so that old pages are in neither.

        Raises
        ------
        Problem
            ``vault.busy`` when another process has been reading all the while; without ``wait`` it is left to later.
        """
        with self.alone() as connection:
            connection.execute(f"PRAGMA busy_timeout = {TRUNCATE_MS if wait else 0}")
            connection.execute("PRAGMA synchronous = FULL")
            try:
                busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            if busy and wait:
                raise Problem(
                    "The vault's write-ahead log can't be emptied.",
                    "Another process keeps reading the vault, so deleted keys may still stand in the log.",
                    "Stop the other process and run the command again.",
                    code="vault.busy",
                    where=str(self.path),
                    status=503,
                )

    def _private(self) -> None:
        try:
            durable.private(self.path)
        except OSError as error:
            raise _unavailable(self.path, error) from error

    def _open(self) -> sqlite3.Connection:
        connection = connect(self.path)
        wal.enter(connection, BUSY_MS / 1000)
        connection.execute("PRAGMA synchronous = FULL")
        version = _version(connection)
        if version > VERSION:
            connection.close()
            raise Problem(
                "This vault was written by a newer Waglan.",
                f"Its format is {version}; this program knows {VERSION}.",
                "Install the newer version.",
                code="vault.version",
                where=str(self.path),
            )
        return connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables to this version, inside the transaction that holds the write lock."""
    for number in range(_version(connection) + 1, VERSION + 1):
        script = resources.files("waglan.ledger").joinpath(f"vault_{number}.sql").read_text(encoding="utf-8")
        for statement in script.split(";"):
            if statement.strip():
                connection.execute(statement)


def _shut(connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        connection.close()


def _unavailable(path: Path, error: Exception) -> Problem:
    return Problem(
        "The vault can't be used.",
        f"Its storage answered: {error}.",
        "Free disk space or repair the disk; Waglan goes on by itself as soon as the vault can be written.",
        code="vault.unavailable",
        where=str(path),
        status=503,
    )
