"""The log in one SQLite file: write-ahead log, a sync for every commit, several processes at once.

References
----------
sqlite.org/wal.html, sqlite.org/pragma.html (synchronous = FULL syncs the write-ahead log on every commit).
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from waglan.disk import durable
from waglan.disk import wal as wal_mode
from waglan.disk.script import statements
from waglan.ledger import chunk, sqlite_faults
from waglan.ledger.store import Batch, Head, Row, edges_changed, join_peaks, split_peaks
from waglan.ledger.wal import HARD_BYTES, PAGE_BYTES, SOFT_BYTES, Checkpointer

VERSION = 1
_CHUNK = "SELECT first, ids, sizes, leaves, sealed FROM chunk"


class SqliteStore:
    """A store in a file; see `waglan.ledger.store.Store`.

    Connections are opened when first needed, and anew after any failure: what a connection that has met an I/O
    error believes is never trusted.

    Parameters
    ----------
    path
        The file; it is made, with its folder, when absent.
    busy_s
        How long to wait for another process's commit before giving up, seconds.
    soft_bytes, hard_bytes
        See `Checkpointer`.
    """

    def __init__(
        self, path: Path, *, busy_s: float = 2.0, soft_bytes: int = SOFT_BYTES, hard_bytes: int = HARD_BYTES
    ) -> None:
        self.path = path
        self._wal = path.with_name(f"{path.name}-wal")
        self._busy_s = busy_s
        self._limits = (soft_bytes, hard_bytes)
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._checkpointer: Checkpointer | None = None
        self._writer_file = self._reader_file = (0, 0)
        self._doubt = False
        self._known = Head()

    def head(self) -> Head:
        with self._reading() as connection:
            connection.execute("BEGIN")  # head, edges and second note of the same commit
            head = self._head(connection)
            connection.execute("COMMIT")
            return head

    def commit(self, build: Callable[[Head], Batch]) -> Head:
        with self._write_lock, sqlite_faults.told(self.path):
            try:
                connection, checkpointer = self._writing()
                self._begin(connection)
                before = self._head(connection)
                batch = build(before)
                chunks = chunk.pack(before.size, batch.rows)
                written = _wal_bytes(chunks, batch)
                checkpointer.reserve(self._wal, written)
                self._write(connection, before, batch, chunks)
                connection.execute("COMMIT")
            except sqlite3.Error:
                self._doubt = True
                self._drop_writer()
                raise
            except BaseException:
                self._abandon()
                raise
            self._known = batch.head
            checkpointer.wrote(written)
            return batch.head

    def rows(self, start: int, stop: int) -> Iterator[tuple[int, Row]]:
        yield from chunk.walk(self._chunks, start, min(stop, self.head().size), partial(sqlite_faults.gap, self.path))

    def find(self, entry_id: str) -> int | None:
        query = "SELECT chunk.first, ids FROM span JOIN chunk USING (first) WHERE prefix = ? ORDER BY chunk.first"
        with self._reading() as connection:
            found = connection.execute(query, (chunk.prefix(entry_id),)).fetchall()
        for first, ids in found:
            at = chunk.position(ids, entry_id)
            if at is not None:
                return int(first) + at
        return None

    def tile(self, level: int, index: int) -> bytes | None:
        query = "SELECT data FROM tile WHERE level = ? AND idx = ?"
        with self._reading() as connection:
            row = connection.execute(query, (level, index)).fetchone()
        return None if row is None else row[0]

    def close(self) -> None:
        with self._write_lock, self._read_lock:
            self._drop_checkpointer()
            self._drop_reader()
            self._drop_writer()

    # ---- connections

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=self._busy_s, isolation_level=None, check_same_thread=False)
        try:
            mode = wal_mode.enter(connection, self._busy_s)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            if mode != "wal" or connection.execute("PRAGMA synchronous").fetchone()[0] != 2:
                raise sqlite_faults.unsafe(self.path, mode)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._read_lock, sqlite_faults.told(self.path):
            try:
                if self._reader is not None and self._reader_file != self._identity():
                    self._drop_reader()
                if self._reader is None:
                    self._migrated()
                    self._reader = self._connect()
                    self._reader.execute("PRAGMA query_only = ON")
                    self._reader_file = self._identity()
                yield self._reader
            except BaseException:
                self._drop_reader()
                raise

    def _identity(self) -> tuple[int, int]:
        """Which file lies at the path: another one put in its place must not be written past."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_dev, found.st_ino

    def _writing(self) -> tuple[sqlite3.Connection, Checkpointer]:
        if self._writer is not None and self._writer_file != self._identity():
            self._drop_writer()
            self._drop_checkpointer()
        if self._writer is None:
            self._migrated()
            self._writer = self._connect()
            self._writer.execute("PRAGMA busy_timeout = 0")  # `_begin` waits, in shorter steps
            self._writer_file = self._identity()
        if self._checkpointer is None:
            soft, hard = self._limits
            self._checkpointer = Checkpointer(self._connect, soft_bytes=soft, hard_bytes=hard)
        if self._doubt:
            self._settle(self._writer)
        self._checkpointer.relieve(self._writer)
        return self._writer, self._checkpointer

    def _settle(self, connection: sqlite3.Connection) -> None:
        """After a failure: move all that is visible into the database file and sync it, before anything goes on.

        A failed sync leaves pages in memory that count as written but aren't on the disk; writing them again, to
        another file, is what makes them so.
        """
        deadline = time.monotonic() + self._busy_s
        while True:
            busy, pages, moved = connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
            if not busy and pages == moved:
                self._doubt = False
                return
            if time.monotonic() > deadline:
                raise sqlite_faults.locked(self.path)
            time.sleep(0.01)

    def _migrated(self) -> None:
        """Make the file and bring its tables to this version."""
        durable.private(self.path)
        connection = sqlite3.connect(self.path, timeout=self._busy_s, isolation_level=None)
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise sqlite_faults.newer(self.path, version, VERSION)
            if version == VERSION:
                return
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            wal_mode.enter(connection, self._busy_s)
            self._begin(connection)
            for number in range(connection.execute("PRAGMA user_version").fetchone()[0] + 1, VERSION + 1):
                for statement in statements("waglan.ledger", f"sqlite_{number}.sql"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        finally:
            connection.close()

    def _drop_checkpointer(self) -> None:
        if self._checkpointer is not None:
            self._checkpointer.close()
            self._checkpointer = None

    def _drop_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _drop_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _abandon(self) -> None:
        """``build`` refused, or something unforeseen: undo the transaction, or the connection with it."""
        if self._writer is not None:
            try:
                self._writer.rollback()
            except sqlite3.Error:
                self._doubt = True
                self._drop_writer()

    # ---- statements

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Take the write lock. SQLite's own waiting sleeps up to 100 ms, which starves two busy writers."""
        deadline = time.monotonic() + self._busy_s
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(random.uniform(0.0002, 0.002))

    def _head(self, connection: sqlite3.Connection) -> Head:
        size, peaks, signed = connection.execute("SELECT size, peaks, note FROM head").fetchone()
        known = self._known
        if known.size == size and known.note == signed and signed:
            return known  # the signed note names size and root: nothing else can have changed
        edges = connection.execute("SELECT hashes FROM edge ORDER BY level").fetchall()
        dual = connection.execute("SELECT note FROM dual").fetchone()[0]
        head = Head(
            size=size, peaks=split_peaks(size, peaks), edges=tuple([e[0] for e in edges]), note=signed, dual_note=dual
        )
        self._known = head
        return head

    def _write(self, connection: sqlite3.Connection, before: Head, batch: Batch, chunks: Sequence[chunk.Chunk]) -> None:
        head = batch.head
        connection.executemany("INSERT INTO chunk VALUES (?, ?, ?, ?, ?)", chunks)
        spans = [(prefix, each.first) for each in chunks for prefix in chunk.prefixes(each)]
        connection.executemany("INSERT INTO span VALUES (?, ?)", spans)
        connection.executemany("INSERT INTO tile VALUES (?, ?, ?)", batch.tiles)
        connection.executemany("INSERT OR REPLACE INTO edge VALUES (?, ?)", edges_changed(before, head))
        if head.dual_note != before.dual_note:
            connection.execute("UPDATE dual SET note = ?", (head.dual_note,))
        changed = (head.size, join_peaks(head.peaks), head.note)
        connection.execute("UPDATE head SET size = ?, peaks = ?, note = ?", changed)

    def _chunks(self, start: int, stop: int, limit: int) -> list[chunk.Chunk]:
        query = f"{_CHUNK} WHERE first >= (SELECT max(first) FROM chunk WHERE first <= ?) AND first < ? "
        with self._reading() as connection:
            found = connection.execute(f"{query}ORDER BY first LIMIT ?", (start, stop, limit)).fetchall()
        return [chunk.Chunk(*each) for each in found]


def _wal_bytes(chunks: Sequence[chunk.Chunk], batch: Batch) -> int:
    """About how many bytes a commit adds to the write-ahead log: whole pages, changed inner pages among them."""
    packed = sum(len(each.leaves) + len(each.sealed) + 2 * PAGE_BYTES for each in chunks)
    return packed + 2 * PAGE_BYTES * len(batch.tiles) + 4 * PAGE_BYTES
