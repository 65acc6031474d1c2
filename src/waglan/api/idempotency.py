"""Idempotency-Key: the same request again gives the same decision, not a second one.

A small SQLite file beside the ledger, shared by all workers. It must not become a second place where personal
data lies: it keeps no key, body or reply. A row is found by the SHA-256 of the key, the body is compared by an HMAC
whose secret is the key itself (which only the caller has), and a reply is read from the ledger and vault by the
decision's id, so that what was erased there is gone here too.

References
----------
draft-ietf-httpapi-idempotency-key-header-07.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import threading
from pathlib import Path

from waglan.api import problems
from waglan.core import Clock, Problem

FILE = "http.db"
KEPT_MS = 24 * 3_600 * 1_000
"""A key is remembered for a day."""
STALE_MS = 60_000
"""A request that was begun this long ago and never finished died with its server; its key may be used again."""

_DOMAIN = b"waglan/http/idempotency/v1\x00"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS idempotency (
  key BLOB PRIMARY KEY, request BLOB NOT NULL, decision TEXT NOT NULL, owner BLOB NOT NULL, at_ms INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS idempotency_at ON idempotency (at_ms);
"""


class Keys:
    """The keys of one workspace.

    Parameters
    ----------
    folder
        The workspace.
    clock
        For expiry.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._owner = secrets.token_bytes(8)
        path = folder / FILE
        try:
            path.touch(mode=0o600)
            self._db = sqlite3.connect(path, timeout=2, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("PRAGMA secure_delete=ON")
            self._db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise _unavailable(path, error) from None
        self._path = path

    def claim(self, key: bytes, request: bytes) -> str:
        """Begin a request under a key.

        Returns
        -------
        str
            Empty: go on and decide. Else the id of the decision that this request already got.

        Raises
        ------
        Problem
            409 when the key stands for another request, or this one is being worked on.
        """
        name, mac = self._digests(key, request)
        now = self._clock.now_ms()
        try:
            with self._lock:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    self._db.execute("DELETE FROM idempotency WHERE at_ms < ?", (now - KEPT_MS,))
                    row = self._db.execute(
                        "SELECT request, decision, at_ms FROM idempotency WHERE key = ?", (name,)
                    ).fetchone()
                    if row is None or (not row[1] and row[2] < now - STALE_MS):
                        self._db.execute(
                            "INSERT OR REPLACE INTO idempotency VALUES (?, ?, '', ?, ?)", (name, mac, self._owner, now)
                        )
                        return ""
                finally:
                    self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise _unavailable(self._path, error) from None
        if not hmac.compare_digest(row[0], mac):
            raise problems.conflict(
                "It was used within the last day for another request.", "Make a new key for each new request."
            )
        if not row[1]:
            raise problems.conflict(
                "The same request is being worked on right now.", "Wait a second and send it again with this key."
            )
        return str(row[1])

    def finish(self, key: bytes, decision: str) -> None:
        """The decision that a claimed key led to."""
        self._write("UPDATE idempotency SET decision = ? WHERE key = ? AND owner = ?", decision, key)

    def release(self, key: bytes) -> None:
        """Forget a claimed key: nothing was decided."""
        self._write("DELETE FROM idempotency WHERE decision = ? AND key = ? AND owner = ?", "", key)

    def close(self) -> None:
        """Give back the file."""
        with self._lock:
            self._db.close()

    def _write(self, sql: str, decision: str, key: bytes) -> None:
        try:
            with self._lock:
                self._db.execute(sql, (decision, hashlib.sha256(_DOMAIN + key).digest(), self._owner))
        except sqlite3.Error as error:
            raise _unavailable(self._path, error) from None

    @staticmethod
    def _digests(key: bytes, request: bytes) -> tuple[bytes, bytes]:
        if not 16 <= len(key) <= 128 or not all(32 < byte < 127 for byte in key):
            raise problems.header(
                "Idempotency-Key", "is not 16 to 128 visible ASCII characters", "Use a random UUID for each request."
            )
        return hashlib.sha256(_DOMAIN + key).digest(), hmac.digest(key, request, "sha256")


def _unavailable(path: Path, error: Exception) -> Problem:
    return Problem(
        f"{path.name} can't be used.",
        f"{error}. Without it a repeated Idempotency-Key couldn't be recognised.",
        "Free the disk or correct the rights of the file; or send without Idempotency-Key.",
        code="ledger.unavailable",
        where=str(path),
        status=503,
    )
