"""The two keys that a vault works with: the tenant key, which wraps, and the lookup key, which finds people."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from waglan.ledger.vault_file import VaultFile
from waglan.ledger.vault_keys import KEY_BYTES, NONCE_BYTES, Kek, KekSource

_LOOKUP = "lookup"


class _Stored(NamedTuple):
    """The tenant key's name and the wrapped lookup key, as in the table ``meta``."""

    kek: str
    lookup: bytes


class Keyring:
    """Both keys in memory, and their rotation.

    Attributes
    ----------
    kek, lookup
        The tenant key in force, and the lookup key (32 bytes).
    """

    def __init__(self, file: VaultFile, source: KekSource, urandom: Callable[[int], bytes]) -> None:
        self._file = file
        self._source = source
        self._urandom = urandom
        self.kek: Kek
        self.lookup: bytes
        self.load()

    def load(self) -> None:
        """Take the keys that the vault now works with; a new vault gets both. Finishes an interrupted rotation."""
        with self._file.reading() as connection:
            stored = _stored(connection)
        if stored is None:
            with self._file.writing() as connection:
                stored = _stored(connection) or self._first(connection)
        kek = self._source.get(stored.kek)
        self._source.settle(kek.ident)
        self.lookup = kek.unwrap(stored.lookup, _LOOKUP)
        self.kek = kek

    def rotate(self) -> int:
        """See `waglan.ledger.vault.Vault.rotate_tenant_key`."""
        with self._file.alone():
            self.load()
            new = self._source.stage()
            with self._file.writing() as connection:
                count = _rewrap(connection, self.kek, new, self._urandom)
                wrapped = new.wrap(self.lookup, _LOOKUP, self._urandom(NONCE_BYTES))
                values = _Stored(new.ident, wrapped)._asdict().items()
                connection.executemany("UPDATE meta SET value = ?2 WHERE name = ?1", values)
                self._file.bump(connection)
            self._source.settle(new.ident)
            self.kek = new
            self._file.truncate()
        return count

    def _first(self, connection: sqlite3.Connection) -> _Stored:
        kek = self._source.create()
        stored = _Stored(kek.ident, kek.wrap(self._urandom(KEY_BYTES), _LOOKUP, self._urandom(NONCE_BYTES)))
        connection.executemany("INSERT INTO meta VALUES (?, ?)", stored._asdict().items())
        return stored


def _stored(connection: sqlite3.Connection) -> _Stored | None:
    found = dict(connection.execute("SELECT name, value FROM meta WHERE name IN ('kek', 'lookup')").fetchall())
    return _Stored(**found) if found else None


def _rewrap(connection: sqlite3.Connection, old: Kek, new: Kek, urandom: Callable[[int], bytes]) -> int:
    count, last = 0, ""
    while True:
        page = "SELECT kid, wrapped FROM dek WHERE kid > ? ORDER BY kid LIMIT 4096"
        rows = connection.execute(page, (last,)).fetchall()
        if not rows:
            return count
        nonces = urandom(NONCE_BYTES * len(rows))
        wrapped = [
            (new.wrap(old.unwrap(was, kid), kid, nonces[i * NONCE_BYTES : (i + 1) * NONCE_BYTES]), kid)
            for i, (kid, was) in enumerate(rows)
        ]
        connection.executemany("UPDATE dek SET wrapped = ? WHERE kid = ?", wrapped)
        count, last = count + len(rows), rows[-1][0]
