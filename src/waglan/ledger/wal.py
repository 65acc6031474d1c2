"""Moving SQLite's write-ahead log into the database file, apart from the commits.

A commit that also checkpoints makes its callers wait for two writes instead of one. Here a thread of its own does it
when enough has gathered or when nothing is going on, and only a log that has grown far past that makes a commit wait.
A write-ahead log that is emptied in time is overwritten in place, which syncs faster than a file that grows.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from waglan.core.problem import Problem

PAGE_BYTES = 8192
SOFT_BYTES = 8 << 20
HARD_BYTES = 24 << 20
_LEAST_AHEAD = 256 << 10
_MOST_AHEAD = 8 << 20
QUIET_S = 0.25


class Checkpointer:
    """Checkpoints one database file in a thread that is started with the first commit.

    Parameters
    ----------
    connect
        Opens a connection that checkpoints only when it is told to.
    soft_bytes
        What may gather before the thread acts; below that it waits for a quarter of a second without commits.
    hard_bytes
        What may gather before the next commit waits for it.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        *,
        soft_bytes: int = SOFT_BYTES,
        hard_bytes: int = HARD_BYTES,
    ) -> None:
        self._connect = connect
        self._soft = soft_bytes
        self._hard = hard_bytes
        self._unmoved = 0
        self._grown = 0
        self._closed = False
        self._wake = threading.Condition()
        self._pass = threading.Lock()
        self._thread: threading.Thread | None = None
        self.failed = ""

    def wrote(self, count: int) -> None:
        """A commit has put about ``count`` bytes into the write-ahead log."""
        with self._wake:
            before = self._unmoved
            self._unmoved += count
            self._grown += count
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="waglan-checkpoint", daemon=True)
                self._thread.start()
            elif before == 0 or before < self._soft <= self._unmoved:
                self._wake.notify()

    def relieve(self, connection: sqlite3.Connection) -> None:
        """Before a commit: wait for room when the log has grown past the hard limit. Never inside a transaction."""
        if self._grown < self._hard:
            return
        with self._pass:
            if self._grown >= self._hard and self._checkpoint(connection):
                with self._wake:
                    self._unmoved = self._grown = 0  # the only writer of this process is here: the log starts over

    def reserve(self, wal: Path, count: int) -> None:
        """Inside a write transaction: make the log's file longer than ``count`` further bytes need.

        A sync after writing into a file that doesn't grow needs no journal commit of the file system, which halves
        a small commit. What lies behind the last valid frame is ignored by SQLite: each frame's checksum goes on
        from the one before (sqlite.org/fileformat.html#walformat), and zeros can't continue it. Nobody else writes
        to the file while the write lock is held.
        """
        size = wal.stat().st_size
        if self._grown + count <= size or size >= self._hard:
            return
        # Where the disk is full the commit itself says so.
        with contextlib.suppress(OSError), wal.open("r+b", buffering=0) as file:
            file.seek(size)
            file.write(bytes(min(max(size, count, _LEAST_AHEAD), _MOST_AHEAD)))

    def close(self) -> None:
        """End the thread; what is left is moved when the last connection closes."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        while self._due():
            moved = False
            try:
                if connection is None:
                    connection = self._connect()
                with self._pass:
                    moved = self._checkpoint(connection)
                self.failed = ""
            except (sqlite3.Error, Problem) as error:  # nothing is lost: the log still holds it
                self.failed = str(error)
                if connection is not None:
                    connection.close()  # a connection whose sync has failed isn't asked again
                    connection = None
            if not moved:
                with self._wake:
                    self._wake.wait_for(lambda: self._closed, timeout=QUIET_S)
        if connection is not None:
            connection.close()

    def _due(self) -> bool:
        """Wait until there is something to move; False when closed."""
        with self._wake:
            while not self._closed:
                seen = self._unmoved
                if seen >= self._soft:
                    return True
                self._wake.wait(timeout=QUIET_S if seen else None)
                if seen and seen == self._unmoved:
                    return not self._closed
            return False

    def _checkpoint(self, connection: sqlite3.Connection) -> bool:
        """One pass; False when another process or a reader kept it from moving everything."""
        with self._wake:
            seen = self._unmoved
        busy, pages, moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if busy or pages != moved:
            return False
        with self._wake:
            self._unmoved -= seen
            self._grown = pages * PAGE_BYTES + self._unmoved
        return True
