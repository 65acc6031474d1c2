"""SQLite's write-ahead mode.

References
----------
sqlite.org/wal.html, "Sometimes Queries Return SQLITE_BUSY In WAL Mode".
"""

from __future__ import annotations

import sqlite3
import time


def enter(connection: sqlite3.Connection, wait_s: float) -> str:
    """Put a file into write-ahead mode, waiting for others who recover or leave it; returns the mode it is in.

    SQLite doesn't wait by itself here: two processes that open a file after a crash, or at the moment the last one
    closes it, would refuse each other at once.
    """
    deadline = time.monotonic() + wait_s
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.005)
