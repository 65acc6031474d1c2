"""The index's SQLite file: shared by threads and processes, and thrown away when it is damaged.

Unlinking a database that somebody has open destroys the next one of that name, since the write-ahead log is found by
name (sqlite.org/howtocorrupt.html, section 4.2.5). So everybody who has the file open holds a shared lock on a file
beside it, and who makes it anew an exclusive one; a mark asks the others to let go.
"""

from __future__ import annotations

import fcntl
import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from waglan.core.problem import Problem
from waglan.disk import durable, wal
from waglan.disk.script import statements

VERSION = 1
WAIT_S = 5.0
_CACHE_KIB = 65_536
_MOVED_PAGES = 8_000
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_REFUSALS = (
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
)  # fmt: skip


class Scripts(NamedTuple):
    """Where a file's migrations lie, ``NAME_1.sql`` and so on in a package, and how many there are."""

    package: str
    name: str
    version: int


INDEX = Scripts("waglan.index", "index", VERSION)


class IndexFile:
    """Connections to one file.

    Parameters
    ----------
    path
        The file; it is made when absent.
    wait_s
        How long to wait for others, seconds.
    scripts
        The file's migrations; the index's own unless another derived file is meant.
    """

    def __init__(self, path: Path, *, wait_s: float = WAIT_S, scripts: Scripts = INDEX) -> None:
        self.path = path
        self._scripts = scripts
        self._wait_s = wait_s
        self._mark = path.with_name(f"{path.name}.damaged")
        self._gate = threading.Condition()
        self._alone = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._writer: sqlite3.Connection | None = None
        self._in_use = 0
        self._identity = (0, 0)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._guard = os.open(path.with_name(f"{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A snapshot; whatever others write meanwhile isn't seen and doesn't wait."""
        with self._told(), self._checked_out():
            connection = self._idle.pop() if self._idle else self._reader()
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                if _undone(connection, error):
                    self._idle.append(connection)
                raise
            self._idle.append(connection)

    @contextmanager
    def writing(self, *, wait: bool = True) -> Iterator[sqlite3.Connection | None]:
        """One transaction, the only one of all threads and processes; None when ``wait`` is off and it isn't free."""
        if not self._alone.acquire(timeout=self._wait_s if wait else 0):
            if wait:
                raise _refused(self.path, "another thread writes to it and didn't let go in time")
            yield None
            return
        try:
            with self._told(), self._checked_out():
                self._writer = connection = self._writer or self._connect()
                try:
                    if not self._begin(connection, wait):
                        yield None
                        return
                    yield connection
                    connection.execute("COMMIT")
                except BaseException as error:
                    if not _undone(connection, error):
                        self._writer = None
                    raise
        finally:
            self._alone.release()

    def spoilt(self) -> None:
        """The file is damaged: whoever uses it next makes it anew."""
        self._mark.touch(mode=0o600)

    def close(self) -> None:
        """Give back the connections; a closed file opens itself again when it is used."""
        with self._gate:
            self._drop()
            self._identity = (0, 0)
            fcntl.flock(self._guard, fcntl.LOCK_UN)

    # ---- opening

    @contextmanager
    def _checked_out(self) -> Iterator[None]:
        """Count who uses the file; before that, see that it is the right one."""
        with self._gate:
            if self._identity != self._found() or self._mark.exists():
                self._enter()
            self._in_use += 1
        try:
            yield
        finally:
            with self._gate:
                self._in_use -= 1
                self._gate.notify_all()

    def _found(self) -> tuple[int, int]:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return -1, -1
        return found.st_dev, found.st_ino

    def _enter(self) -> None:
        """Open the file under the shared lock; make it anew under the exclusive one when it can't be used."""
        if not self._gate.wait_for(lambda: not self._in_use, timeout=self._wait_s):
            raise _refused(self.path, "it is to be made anew, and somebody still reads the old one")
        self._drop()
        deadline = time.monotonic() + self._wait_s
        while not self._shared():
            if time.monotonic() > deadline:
                raise _refused(self.path, "another process holds it while it is to be made anew")
            time.sleep(0.01)
        self._migrated()
        self._identity = self._found()

    def _shared(self) -> bool:
        """Take the shared lock on a usable file; False when it isn't usable and others still have it open."""
        try:
            fcntl.flock(self._guard, fcntl.LOCK_SH | fcntl.LOCK_NB)
            if self._usable():
                return True
            fcntl.flock(self._guard, fcntl.LOCK_UN)
            fcntl.flock(self._guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if not self._usable():
            for each in (f"{self.path}-wal", f"{self.path}-shm", self.path):
                Path(each).unlink(missing_ok=True)
            durable.private(self.path)
            self._mark.unlink(missing_ok=True)
            self._migrated()
        fcntl.flock(self._guard, fcntl.LOCK_UN)  # not turned into a shared one in one step: others may look first
        return False

    def _usable(self) -> bool:
        if self._mark.exists() or not self.path.exists():
            return False
        try:
            with closing(self._connect()) as connection:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF in _DAMAGE:
                return False
            raise
        return True

    def _migrated(self) -> None:
        with closing(self._connect()) as connection:
            package, name, version = self._scripts
            if self._version(connection) == version:
                return
            self._begin(connection, True)
            for number in range(self._version(connection) + 1, version + 1):
                for statement in statements(package, f"{name}_{number}.sql"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")

    def _version(self, connection: sqlite3.Connection) -> int:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > self._scripts.version:
            raise Problem(
                "The index was made by a newer Waglan.",
                f"{self.path.name} has format {version}; this program knows formats up to {self._scripts.version}.",
                "Start the newer program, or delete the file: it is made anew from the log.",
                code="index.newer",
                status=503,
            )
        return version

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=self._wait_s, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            wal.enter(connection, self._wait_s)
            connection.execute("PRAGMA synchronous = NORMAL")  # what a power cut takes is read from the log again
            connection.execute(f"PRAGMA wal_autocheckpoint = {_MOVED_PAGES}")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _reader(self) -> sqlite3.Connection:
        connection = self._connect()
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _drop(self) -> None:
        for connection in (*self._idle, *((self._writer,) if self._writer else ())):
            connection.close()
        self._idle.clear()
        self._writer = None

    def _begin(self, connection: sqlite3.Connection, wait: bool) -> bool:
        """Take the write lock. SQLite's own waiting sleeps up to 100 ms, which starves two busy writers."""
        deadline = time.monotonic() + (self._wait_s if wait else 0)
        connection.execute("PRAGMA busy_timeout = 0")
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return True
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                if time.monotonic() > deadline:
                    if wait:
                        raise
                    return False
            time.sleep(random.uniform(0.0002, 0.002))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """SQLite's refusals in words; a damaged file is marked, and whoever comes next makes it anew."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in _DAMAGE:
                self.spoilt()
                raise Problem(
                    "The index is damaged and is being made anew.",
                    f"SQLite reports: {error} ({self.path}).",
                    "Try again in a moment; nothing is lost, it is read from the log again.",
                    code="index.damaged",
                    status=503,
                ) from error
            if code in _REFUSALS:
                raise _refused(self.path, f"SQLite reports: {error}") from error
            raise


def _undone(connection: sqlite3.Connection, error: BaseException) -> bool:
    """Roll back; a connection that has itself failed is closed instead, and not used again."""
    if not isinstance(error, sqlite3.Error):
        connection.rollback()
        return True
    connection.close()
    return False


def _refused(path: Path, why: str) -> Problem:
    return Problem(
        "The index can't be used now.",
        f"{path}: {why}.",
        "Try again; if it stays so, see that the disk has space and is writable, and which process holds the file.",
        code="index.unavailable",
        status=503,
    )
