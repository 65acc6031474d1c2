"""Which rows and values came before in a file: exact, in bounded memory, and gone when the run ends."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec

_CACHE_KIB = 32 * 1024


class Seen:
    """First sightings by digest, in a temporary database that SQLite spills to disk and deletes by itself.

    Digests are keyed with ``key`` (32 random bytes, of this run only), so what lies on disk meanwhile can't be
    searched for a person.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._rows.execute("PRAGMA journal_mode = OFF")
        self._rows.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY, row INTEGER) WITHOUT ROWID")
        self._rows.execute("BEGIN")

    def row(self, values: Mapping[str, Any], number: int, *, text: bool) -> int | None:
        """The earlier row that is exactly this one, or None; then this one is remembered."""
        if text:
            return self._first(b"row\0" + msgspec.json.encode(values), number)
        return self._first(b"row\0" + json.dumps(values, sort_keys=True).encode(), number)

    def value(self, column: str, value: Any, number: int) -> int | None:
        """The earlier row that has this value in this column, or None; missing values never repeat."""
        if value is None or value == "":
            return None
        return self._first(f"value\0{column}\0{value}".encode(), number)

    def _first(self, data: bytes, number: int) -> int | None:
        digest = hashlib.blake2b(data, key=self._key, digest_size=16).digest()
        added = self._rows.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, number))
        if added.rowcount:
            return None
        found: tuple[int] = self._rows.execute("SELECT row FROM seen WHERE digest = ?", (digest,)).fetchone()
        return found[0]

    def close(self) -> None:
        """Forget everything."""
        self._rows.close()
