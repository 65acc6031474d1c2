"""Messages on their way out: written once, tried until they arrive, in a file of their own.

What is in the outbox isn't derived from the log (that a mail was sent stands nowhere else), so it doesn't lie in
``index.db``, which may be thrown away.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from waglan.core.clock import Clock
from waglan.core.problem import Problem
from waglan.disk import durable, wal
from waglan.disk.script import statements

VERSION = 1
WAIT_S = 5.0
FIRST_MS, LONGEST_MS = 30_000, 6 * 3_600_000
MOST_TRIES = 12
CLAIM_MS = 120_000
"""Who takes a message has this long to send it before somebody else tries."""
KEEP_MS = 30 * 24 * 3_600_000
Channel = Literal["mail", "webhook"]


class Message(NamedTuple):
    """A message: its id (the same at every attempt), the channel, to whom (a person's id or an address), and JSON."""

    id: str
    channel: Channel
    target: str
    body: str


class Told(NamedTuple):
    """Up to which entry of the log a channel has been told, and when (milliseconds since 1970 UTC)."""

    log_index: int
    at_ms: int


class Outbox:
    """``outbox.db``. Threads may share it, and processes the file."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        durable.private(path)
        with self._writing() as connection:
            _migrate(connection, path)

    def told(self, channel: Channel) -> Told | None:
        """How far a channel is; None before its first time."""
        with self._writing() as connection:
            row = connection.execute("SELECT log_index, at_ms FROM told WHERE channel = ?", (channel,)).fetchone()
        return None if row is None else Told(*row)

    def put(self, channel: Channel, before: Told | None, now: Told, messages: Sequence[Message]) -> bool:
        """Add messages and move the channel on, both or neither; False when somebody else has moved it meanwhile."""
        with self._writing() as connection:
            row = connection.execute("SELECT log_index, at_ms FROM told WHERE channel = ?", (channel,)).fetchone()
            if row != before:
                return False
            connection.execute("INSERT OR REPLACE INTO told VALUES (?, ?, ?)", (channel, *now))
            connection.executemany(
                "INSERT OR IGNORE INTO message (id, channel, target, body, created_ms, next_ms) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                [(*each, now.at_ms, now.at_ms) for each in messages],
            )
            connection.execute(
                "DELETE FROM message WHERE state <> 'waiting' AND created_ms < ?", (now.at_ms - KEEP_MS,)
            )
        return True

    def claim(self, most: int = 20) -> list[Message]:
        """Messages that are due, for the caller alone to send now."""
        now_ms = self._clock.now_ms()
        with self._writing() as connection:
            rows = connection.execute(
                "SELECT id, channel, target, body FROM message WHERE state = 'waiting' AND next_ms <= ? "
                "ORDER BY next_ms, id LIMIT ?",
                (now_ms, most),
            ).fetchall()
            connection.executemany(
                "UPDATE message SET next_ms = ? WHERE id = ?", [(now_ms + CLAIM_MS, row[0]) for row in rows]
            )
        return [Message(*row) for row in rows]

    def sent(self, message_id: str) -> None:
        """It has arrived."""
        with self._writing() as connection:
            connection.execute("UPDATE message SET state = 'sent', error = '' WHERE id = ?", (message_id,))

    def failed(self, message_id: str, error: str, *, for_good: bool = False) -> None:
        """It hasn't; it is tried again after a time that doubles, a dozen times over about a day."""
        now_ms = self._clock.now_ms()
        with self._writing() as connection:
            row = connection.execute("SELECT tries FROM message WHERE id = ?", (message_id,)).fetchone()
            tries = (row[0] if row else 0) + 1
            state = "failed" if for_good or tries >= MOST_TRIES else "waiting"
            wait_ms = min(FIRST_MS << (tries - 1), LONGEST_MS)
            connection.execute(
                "UPDATE message SET tries = ?, state = ?, next_ms = ?, error = ? WHERE id = ?",
                (tries, state, now_ms + wait_ms, error[:120], message_id),
            )

    def counts(self) -> dict[str, int]:
        """How many messages wait, were sent, and were given up."""
        with self._writing() as connection:
            return dict(connection.execute("SELECT state, count(*) FROM message GROUP BY state").fetchall())

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, closing(sqlite3.connect(self._path, timeout=WAIT_S, isolation_level=None)) as connection:
            try:
                wal.enter(connection, WAIT_S)
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise Problem(
                    "Messages can't be kept now.",
                    f"SQLite reports: {error} ({self._path.name}).",
                    "See that the disk has space and is writable; nothing is lost, they are made again.",
                    code="review.outbox",
                    status=503,
                ) from error


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise Problem(
            f"{path.name} was written by a newer Waglan.",
            f"It has tables of version {version}; this program knows up to {VERSION}.",
            "Install that newer version.",
            code="review.outbox",
            status=503,
        )
    for number in range(version + 1, VERSION + 1):
        for statement in statements("waglan.review", f"outbox_{number}.sql"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
