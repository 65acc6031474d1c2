"""``access.db``: people and what they sign in with, in one SQLite file that several processes hold open.

References
----------
sqlite.org/wal.html; sqlite.org/pragma.html#pragma_data_version (changes when another connection has committed).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waglan.access import refusals
from waglan.disk import durable, wal
from waglan.disk.script import statements

VERSION = 1
_BUSY_S = 5.0


class Database:
    """The file, with one reading and one writing connection per process; both are opened when first needed.

    Every method raises a Problem with code ``access.unavailable`` when the storage refuses.

    Parameters
    ----------
    path
        Made with mode 0600, with its folder, when absent.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read_lock = threading.Lock()
        self._write_lock = threading.RLock()
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._opened = 0
        try:
            durable.private(path)
        except OSError as error:
            raise refusals.unavailable(path, error) from error
        with self.writing() as connection:
            _migrate(connection, path)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The reading connection, for one thread at a time; never waits for a writer."""
        with self._read_lock:
            try:
                if self._reader is None:
                    self._reader = self._open()
                    self._opened += 1
                    self._reader.execute("PRAGMA query_only = ON")
                yield self._reader
            except sqlite3.Error as error:
                _shut(self._reader)
                self._reader = None
                raise refusals.unavailable(self.path, error) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: durable when the block ends, undone when it raises. Several blocks may stand in another."""
        with self._write_lock:
            if self._writer is not None and self._writer.in_transaction:
                yield self._writer
                return
            try:
                if self._writer is None:
                    self._writer = self._open()
                self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                self._writer.execute("COMMIT")
            except sqlite3.Error as error:
                _shut(self._writer)
                self._writer = None
                raise refusals.unavailable(self.path, error) from error
            except BaseException:
                if self._writer is not None and self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def changes(self) -> tuple[int, int]:
        """Something that is another once anybody has committed; takes microseconds."""
        with self.reading() as connection:
            version: int = connection.execute("PRAGMA data_version").fetchone()[0]
            return self._opened, version

    def close(self) -> None:
        """Give back both connections."""
        with self._read_lock, self._write_lock:
            _shut(self._reader)
            _shut(self._writer)
            self._reader = self._writer = None

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            wal.enter(connection, _BUSY_S)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA temp_store = MEMORY")
        except BaseException:
            connection.close()
            raise
        return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to this version, inside the transaction that holds the write lock."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise refusals.newer(path, version, VERSION)
    for number in range(version + 1, VERSION + 1):
        for statement in statements("waglan.access", f"access_{number}.sql"):
            connection.execute(statement)


def _shut(connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        connection.close()
