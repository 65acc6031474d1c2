"""The vault: who a pseudonym is, and the keys under which a person's data lie; with them gone, so is the person.

Sealing stands in the way of every decision: one batch is one transaction, and only when it brings new keys.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from waglan.core.clock import Clock
from waglan.core.entry import Entry
from waglan.core.events import Erasure
from waglan.core.ids import Ids, from_bytes
from waglan.core.problem import Problem
from waglan.ledger import sealing
from waglan.ledger.custody import Custody, State, erased, restricted, unknown
from waglan.ledger.keyring import Keyring
from waglan.ledger.proposals import KeyCache, Proposals
from waglan.ledger.reference import normal
from waglan.ledger.sealing import DataKey, Sealed
from waglan.ledger.vault_backup import Backups
from waglan.ledger.vault_file import VaultFile
from waglan.ledger.vault_keys import KEY_BYTES, NONCE_BYTES, FileKeys, KekSource

__all__ = ["Sealed", "Vault"]

_ID_BYTES = 16
_FRESH = KEY_BYTES + NONCE_BYTES + _ID_BYTES
_AT_ONCE = 512
_NOTHING = Sealed("", "", {}, b"")
_FIND = "SELECT kid, pseudonym, wrapped FROM dek WHERE "
_INSERT = "INSERT INTO dek (kid, pseudonym, lookup, wrapped) VALUES (?, ?, ?, ?) ON CONFLICT (lookup) DO NOTHING"


class Vault:
    """One tenant's vault. Threads may share it; processes may share its file.

    Attributes
    ----------
    clock, ids
        Time and names for the events of erasure.
    custody
        States, holds, retention and shredding.
    backups
        Its copies.
    """

    def __init__(self, file: VaultFile, source: KekSource, clock: Clock, urandom: Callable[[int], bytes]) -> None:
        self.clock = clock
        self.ids = Ids(urandom)
        self.backups = Backups(file, clock)
        self._file = file
        self._urandom = urandom
        self._proposals = Proposals(urandom)
        self._cache = KeyCache(clock)
        self.custody = Custody(file, clock, self._cache.clear)
        self._keys = Keyring(file, source, urandom)
        self.backups.clean()

    @classmethod
    def open(
        cls,
        path: Path,
        tenant_key: Path,
        *,
        clock: Clock,
        urandom: Callable[[int], bytes] = os.urandom,
        source: KekSource | None = None,
    ) -> Vault:
        """Open a vault, making it and the tenant key (mode 0600) where there is neither.

        Parameters
        ----------
        path, tenant_key
            ``vault.db`` and the key file, which belongs in another backup.
        source
            Where tenant keys come from instead of the file, such as a hardware module.

        Raises
        ------
        Problem
            ``vault.key`` when the key doesn't fit or others can read it, ``vault.unavailable`` for the storage.
        """
        return cls(VaultFile(path), source or FileKeys(tenant_key, urandom), clock, urandom)

    def close(self) -> None:
        """Forget all keys and give back the file."""
        with self._file.alone():
            self._cache.clear()
        self._file.close()

    # ---- who is who ---------------------------------------------------------------------------------------------

    def subject(self, reference: str) -> str:
        """The pseudonym of a person, known or newly proposed; a proposal lasts once an entry with it was sealed."""
        if not reference:
            return ""
        name = self._cache.names.get(reference)
        if name is None:
            lookup = self._lookup(reference)
            name = self._known(lookup)
            if name is None:
                return self._proposals.propose(lookup)
            self._cache.name(reference, name)
        return name

    def subjects(self, references: Sequence[str]) -> list[str]:
        """`subject` for many people at once, with one look into the file for all who aren't in memory."""
        names = {reference: self._cache.names.get(reference, "") for reference in references}
        lookups = {reference: self._lookup(reference) for reference, name in names.items() if reference and not name}
        known = self._known_many(sorted(set(lookups.values())))
        for reference, lookup in lookups.items():
            names[reference] = known.get(lookup) or self._proposals.propose(lookup)
            if lookup in known:
                self._cache.name(reference, names[reference])
        return [names[reference] for reference in references]

    def known(self, reference: str) -> str | None:
        """The pseudonym that a person already has, or None."""
        return self._known(self._lookup(reference)) if reference else ""

    def _lookup(self, reference: str) -> bytes:
        return sealing.mac(self._keys.lookup, normal(reference).encode("utf-8", "surrogatepass"))

    def _known(self, lookup: bytes) -> str | None:
        with self._file.reading() as connection:
            row = connection.execute("SELECT pseudonym FROM dek WHERE lookup = ?", (lookup,)).fetchone()
        return None if row is None else str(row[0])

    def _known_many(self, lookups: Sequence[bytes]) -> dict[bytes, str]:
        found: dict[bytes, str] = {}
        with self._file.reading() as connection:
            for start in range(0, len(lookups), _AT_ONCE):
                part = lookups[start : start + _AT_ONCE]
                marks = ",".join("?" * len(part))
                found.update(connection.execute(f"SELECT lookup, pseudonym FROM dek WHERE lookup IN ({marks})", part))
        return found

    # ---- sealing ------------------------------------------------------------------------------------------------

    def seal(self, entries: Sequence[Entry]) -> Sequence[Sealed | Problem]:
        """Commit to and encrypt the private parts of a batch; its new keys are durable when this returns.

        Returns
        -------
        sequence
            One item per entry: what was sealed, or the Problem of that entry alone (``vault.erased`` when its
            subject was erased since it was asked for, ``vault.entry`` when it can't be sealed).

        Raises
        ------
        Problem
            ``vault.unavailable`` when the storage refuses: then nothing of the batch was sealed.
        """
        with self._file.alone():
            if not self._cache.current(self._file.epoch()):
                self._keys.load()
            try:
                keys = self._keys_for(entries)
            except Problem as problem:
                if problem.code != "vault.tampered":
                    raise
                self._keys.load()  # another process may have rotated the tenant key just now
                keys = self._keys_for(entries)
            ready = [at for at, key in enumerate(keys) if type(key) is DataKey]
            sealed: list[Sealed | Problem] = list(keys)  # type: ignore[arg-type] # data keys are replaced below
            done = sealing.seal([entries[at] for at in ready], [keys[at] for at in ready])  # type: ignore[misc]
            for at, each in zip(ready, done, strict=True):
                sealed[at] = each
            return sealed

    def _keys_for(self, entries: Sequence[Entry]) -> list[DataKey | Problem | Sealed]:
        young, old = self._cache.young, self._cache.old
        keys: list[DataKey | Problem | Sealed] = []
        missing: list[int] = []
        for index, entry in enumerate(entries):
            subject = entry.subject
            key = (young.get(subject) or old.get(subject)) if subject else None
            if key is None and (subject or entry.private):
                missing.append(index)
            keys.append(key or _NOTHING)
        if missing:
            self._fill(entries, missing, keys)
        return keys

    def _fill(self, entries: Sequence[Entry], missing: list[int], keys: list[DataKey | Problem | Sealed]) -> None:
        """Find or make, in one transaction, the keys that aren't in memory."""
        names = {entries[i].subject for i in missing} - {""}
        proposed = {name: lookup for name in names if (lookup := self._proposals.lookup(name))}
        alone = [i for i in missing if not entries[i].subject]
        if proposed or alone:
            with self._file.writing() as connection:
                batch = {name: self._find(connection, name) for name in names - proposed.keys()}
                batch |= self._make(connection, proposed, alone, keys)
        else:
            with self._file.reading() as connection:
                batch = {name: self._find(connection, name) for name in names}
        found = {name: key for name, key in batch.items() if key is not None}
        self._proposals.settle({name: found[name].subject for name in proposed})
        self._cache.young.update(found)
        for index in missing:
            name = entries[index].subject
            if name:
                keys[index] = found.get(name) or _keyless(entries[index])

    def _find(self, connection: sqlite3.Connection, name: str) -> DataKey | None:
        row = connection.execute(_FIND + "pseudonym = ?", (self._proposals.durable(name),)).fetchone()
        return None if row is None else self._ready(row)

    def _ready(self, row: tuple[str, str, bytes]) -> DataKey:
        return sealing.data_key(row[0], row[1], self._keys.kek.unwrap(row[2], row[0]))

    def _make(
        self,
        connection: sqlite3.Connection,
        proposed: dict[str, bytes],
        alone: list[int],
        keys: list[DataKey | Problem | Sealed],
    ) -> dict[str, DataKey]:
        """New keys for proposed people, and for single entries, which are put into ``keys``."""
        random = memoryview(self._urandom(_FRESH * (len(proposed) + len(alone))))
        made: dict[str, DataKey] = {}
        rows: list[tuple[str, str | None, bytes | None, bytes]] = []
        for at, (name, lookup) in enumerate(proposed.items()):
            made[name], wrapped = self._new(name, bytes(random[at * _FRESH : (at + 1) * _FRESH]))
            rows.append((made[name].kid, name, lookup, wrapped))
        for at, index in enumerate(alone, len(proposed)):
            key, wrapped = self._new("", bytes(random[at * _FRESH : (at + 1) * _FRESH]))
            keys[index] = key
            rows.append((key.kid, None, None, wrapped))
        before = connection.total_changes
        connection.executemany(_INSERT, rows)
        if connection.total_changes - before < len(rows):  # somebody was first with some of them, and has won
            for name, lookup in proposed.items():
                made[name] = self._ready(connection.execute(_FIND + "lookup = ?", (lookup,)).fetchone())
        return made

    def _new(self, name: str, random: bytes) -> tuple[DataKey, bytes]:
        dek = random[:KEY_BYTES]
        kid = from_bytes(random[KEY_BYTES + NONCE_BYTES :])
        wrapped = self._keys.kek.wrap(dek, kid, random[KEY_BYTES : KEY_BYTES + NONCE_BYTES])
        return sealing.data_key(kid, name, dek), wrapped

    # ---- opening ------------------------------------------------------------------------------------------------

    def unseal(self, kid: str, entry_id: str, ciphertext: bytes) -> dict[str, bytes]:
        """The private fields of an entry; Problems as of `commitment_key`, and ``vault.tampered``."""
        return sealing.unseal(self._dek(kid), entry_id, ciphertext)

    def commitment_key(self, kid: str, entry_id: str) -> bytes:
        """The 32 bytes that open the commitments of one entry and of no other.

        Raises
        ------
        Problem
            ``vault.erased`` when the key was shredded, ``vault.restricted`` while its use is restricted,
            ``vault.unknown`` when it never was in this vault.
        """
        return sealing.commitment_key(self._dek(kid), entry_id)

    def _dek(self, kid: str) -> bytes:
        row = self._wrapped(kid)
        if row is not None and row[2] != self._keys.kek.ident:  # another process rotated the tenant key
            with self._file.alone():
                self._keys.load()
            row = self._wrapped(kid)
        if row is None:
            raise erased(kid) if self.custody.is_shredded(kid) else unknown(kid)
        if row[1] == State.RESTRICTED:
            raise restricted(kid)
        return self._keys.kek.unwrap(row[0], kid)

    def _wrapped(self, kid: str) -> tuple[bytes, str, str] | None:
        query = "SELECT wrapped, state, value FROM dek, meta WHERE kid = ? AND name = 'kek'"
        with self._file.reading() as connection:
            row: tuple[bytes, str, str] | None = connection.execute(query, (kid,)).fetchone()
            return row

    # ---- keys and copies ----------------------------------------------------------------------------------------

    def rotate_tenant_key(self) -> int:
        """Wrap every data key under a new tenant key and drop the old one; returns how many were wrapped.

        The new key is durable beside the old one before the one transaction that rewraps; after a crash at any
        point the next `open` takes whichever fits and finishes. Sealing waits meanwhile, about 15 µs a key.
        Backups made before can't be opened any more: make one afterwards.
        """
        return self._keys.rotate()

    def backup(self, path: Path) -> Path:
        """Copy the vault to a new file; it holds wrapped keys, and later erasures reach it there."""
        return self.backups.make(path)

    def expire_backups(self, folder: Path, days: int = 30) -> list[Path]:
        """Delete the vault's backups in a folder that are older; returns which."""
        return self.backups.expire(folder, days)


def _keyless(entry: Entry) -> Sealed | Problem:
    """Of an erased person, the erasure alone can be recorded: it says nothing that needs the key."""
    if entry.kind == Erasure.kind and not entry.private:
        return Sealed("", entry.subject, {}, b"")
    return _lost(entry.subject)


def _lost(name: str) -> Problem:
    return Problem(
        "The person of this entry was erased meanwhile.",
        "Their pseudonym stands for nobody any more, so nothing can be recorded under it.",
        "Ask again with the person's reference: they get a new pseudonym.",
        code="vault.erased",
        where=name,
        status=409,
    )
