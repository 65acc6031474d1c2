"""What may be done with a person's key: states, legal holds, retention, and the shredding that ends it.

References
----------
Personal Data (Privacy) Ordinance (Cap. 486), section 26 and Data Protection Principle 2(2): erase what is no longer
needed, unless another law forbids it - hence holds and retention come first.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from waglan.core.clock import Clock
from waglan.core.problem import Problem, nearest
from waglan.ledger.vault_file import VaultFile


class State(StrEnum):
    """Active: in use. Restricted: kept, not read. Shredded: gone."""

    ACTIVE = "active"
    RESTRICTED = "restricted"
    SHREDDED = "shredded"


MOVES = MappingProxyType(
    {
        State.ACTIVE: frozenset({State.RESTRICTED, State.SHREDDED}),
        State.RESTRICTED: frozenset({State.ACTIVE, State.SHREDDED}),
        State.SHREDDED: frozenset[State](),
    }
)


def move(state: State, to: State, kid: str) -> State:
    """The next state; a Problem ``vault.state`` (``vault.erased`` from shredded) when there is no such move."""
    if state is State.SHREDDED:
        raise erased(kid)
    if to not in MOVES[state]:
        raise Problem(
            f"The key is {state} already.",
            f"From {state} it can become {' or '.join(sorted(MOVES[state]))}.",
            "Nothing needs to be done.",
            code="vault.state",
            where=kid,
            status=409,
        )
    return to


class Keyholder(NamedTuple):
    """A key's keeping. ``retain_until`` is milliseconds since 1970 UTC; a single entry's key has no pseudonym."""

    kid: str
    pseudonym: str
    state: State
    retain_until: int | None
    holds: tuple[str, ...]


class Intent(NamedTuple):
    """An erasure that was decided, with what its event says, whether that is on the log yet or not."""

    kid: str
    entry_id: str
    at_ms: int
    basis: str
    actor: str
    pseudonym: str


_AT_ONCE = 512


class Custody:
    """States, holds and retention of every key in a vault. Keys are named by kid.

    ``forget`` is called when keys were shredded, so that what this process holds in memory goes too.
    """

    def __init__(self, file: VaultFile, clock: Clock, forget: Callable[[], None]) -> None:
        self._file = file
        self._forget = forget
        self._clock = clock
        self._erasing = threading.Lock()

    def get(self, name: str) -> Keyholder | None:
        """By pseudonym or kid; None when there is none, or no longer."""
        with self._file.reading() as connection:
            return _holder(connection, name)

    def is_shredded(self, kid: str) -> bool:
        """Whether the key was in this vault and is gone."""
        with self._file.reading() as connection:
            return connection.execute("SELECT 1 FROM shredded WHERE kid = ?", (kid,)).fetchone() is not None

    def hold(self, kid: str, basis: str) -> None:
        """Forbid erasure on a basis (a case, an order); several hold side by side."""
        with self._file.writing() as connection:
            _needed(connection, kid)
            connection.execute("INSERT OR IGNORE INTO hold VALUES (?, ?)", (kid, basis))

    def held(self, kid: str, basis: str) -> None:
        """A Problem ``vault.hold`` unless there is a hold of that basis."""
        holder = self.get(kid)
        holds = holder.holds if holder else ()
        if basis not in holds:
            raise Problem(
                f"There is no hold for {basis!r}.",
                nearest(basis, holds),
                "Give the basis as it was given when the hold began.",
                code="vault.hold",
                where=kid,
                status=404,
            )

    def release(self, kid: str, basis: str) -> None:
        """End the hold of that basis. Idempotent."""
        with self._file.writing() as connection:
            connection.execute("DELETE FROM hold WHERE kid = ? AND basis = ?", (kid, basis))

    def retain(self, kid: str, until_ms: int | None) -> None:
        """Forbid erasure before a time, milliseconds since 1970 UTC; None takes it back."""
        with self._file.writing() as connection:
            _needed(connection, kid)
            connection.execute("UPDATE dek SET retain_until = ? WHERE kid = ?", (until_ms, kid))

    def due(self) -> tuple[Keyholder, ...]:
        """Keys whose retention has ended and that nothing holds: what may, or must, be erased now."""
        query = (
            "SELECT kid FROM dek WHERE retain_until <= ? AND NOT EXISTS (SELECT 1 FROM hold WHERE hold.kid = dek.kid)"
        )
        with self._file.reading() as connection:
            kids = [row[0] for row in connection.execute(query, (self._clock.now_ms(),))]
            return tuple([h for h in (_holder(connection, kid) for kid in kids) if h is not None])

    def restrict(self, kid: str, *, active: bool = True) -> None:
        """Keep a person's data unread, or lift that."""
        with self._file.writing() as connection:
            holder = _needed(connection, kid)
            state = move(holder.state, State.RESTRICTED if active else State.ACTIVE, kid)
            connection.execute("UPDATE dek SET state = ? WHERE kid = ?", (state.value, kid))
            self._file.bump(connection)

    # ---- erasure ------------------------------------------------------------------------------------------------

    @contextmanager
    def erasing(self) -> Iterator[None]:
        """One erasure at a time, over all threads and processes; a crash gives the lock back."""
        with self._erasing, self._file.path.with_name("erasing.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def intend(self, intent: Intent) -> None:
        """Erase: key and mapping are gone, and the decision is durable, when this returns; its event comes after.

        In this order no entry under the key can stand behind the erasure's event: who commits to the log asks
        `epoch` while nobody else can, and the event isn't there before the epoch moved.

        Raises
        ------
        Problem
            ``vault.held`` under a legal hold, ``vault.retained`` before the end of retention.
        """
        with self._file.alone():
            with self._file.writing() as connection:
                holder = _needed(connection, intent.kid)
                move(holder.state, State.SHREDDED, intent.kid)
                _allowed(holder, self._clock.now_ms())
                connection.execute("INSERT INTO intent VALUES (?, ?, ?, ?, ?, ?)", intent)
                self._delete(connection, (intent.kid,))
            self._forget()

    def done(self, kid: str) -> None:
        """The erasure's event is on the log: forget the intent; what was deleted is then in no file of the vault.

        The commit needn't be synced by itself: emptying the write-ahead log syncs it, and an intent that a power cut
        brings back finds its event by its id.
        """
        with self._file.alone():
            with self._file.writing(durable="NORMAL") as connection:
                connection.execute("DELETE FROM intent WHERE kid = ?", (kid,))
            self._file.truncate()

    def intents(self) -> tuple[Intent, ...]:
        """Erasures decided whose event may not be on the log yet."""
        with self._file.reading() as connection:
            return tuple(Intent(*row) for row in connection.execute("SELECT * FROM intent ORDER BY at_ms, kid"))

    def shred(self, kids: tuple[str, ...]) -> None:
        """Delete keys whose erasure is on the log already; what is deleted is in no file of the vault.

        The commit needn't be synced by itself: emptying the write-ahead log syncs it.
        """
        with self._file.alone():
            with self._file.writing(durable="NORMAL") as connection:
                self._delete(connection, kids)
            self._forget()
            self._file.truncate()

    def _delete(self, connection: sqlite3.Connection, kids: tuple[str, ...]) -> None:
        """Delete keys with mapping and holds, leaving their random names; backups are owed the same."""
        now = self._clock.now_ms()
        for kid in kids:
            connection.execute("DELETE FROM dek WHERE kid = ?", (kid,))
            connection.execute("DELETE FROM hold WHERE kid = ?", (kid,))
            connection.execute("INSERT OR IGNORE INTO shredded VALUES (?, ?)", (kid, now))
            connection.execute("INSERT OR IGNORE INTO purge SELECT path, ? FROM copy", (kid,))
        self._file.bump(connection)

    def epoch(self) -> int:
        """Moves with every erasure, restriction and rotation of the tenant key; takes microseconds."""
        return self._file.epoch()

    def has(self, kids: Sequence[str]) -> bool:
        """Whether all of these different keys are there still."""
        with self._file.reading() as connection:
            for start in range(0, len(kids), _AT_ONCE):
                part = kids[start : start + _AT_ONCE]
                marks = ",".join("?" * len(part))
                found = connection.execute(f"SELECT count(*) FROM dek WHERE kid IN ({marks})", part).fetchone()
                if found[0] < len(part):
                    return False
        return True

    def reconciled(self) -> int:
        """Up to which index of the log erasures were compared with the keys here."""
        with self._file.reading() as connection:
            return int(connection.execute("SELECT value FROM meta WHERE name = 'reconciled'").fetchone()[0])

    def reconcile(self, index: int) -> None:
        """Note that the log was compared up to an index."""
        with self._file.writing() as connection:
            connection.execute("UPDATE meta SET value = ? WHERE name = 'reconciled'", (index,))


def erased(kid: str) -> Problem:
    """What is said of data whose key was shredded."""
    return Problem(
        "This personal data was erased.",
        "Its key was shredded, on request or at the end of its retention; the log keeps only that it existed.",
        "Nothing can bring it back. The erasure's event on the log says when and on what basis.",
        code="vault.erased",
        where=kid,
        status=410,
    )


def restricted(kid: str) -> Problem:
    """What is said of data that is kept but may not be read."""
    return Problem(
        "The use of this person's data is restricted.",
        "It is kept, but nobody may read it while the restriction lasts.",
        "Lift the restriction first, with its basis: waglan subject restrict --lift.",
        code="vault.restricted",
        where=kid,
        status=403,
    )


def unknown(name: str) -> Problem:
    """What is said of a person or key that was never here, or is here no longer."""
    return Problem(
        "The vault knows nobody by that name.",
        "No key stands under this reference, pseudonym or key id: never recorded here, or erased.",
        "Check the spelling, and that this is the right workspace.",
        code="vault.unknown",
        where=name,
        status=404,
    )


def _holder(connection: sqlite3.Connection, name: str) -> Keyholder | None:
    row = connection.execute(
        "SELECT kid, pseudonym, state, retain_until FROM dek WHERE pseudonym = ?1 OR kid = ?1", (name,)
    ).fetchone()
    if row is None:
        return None
    holds = connection.execute("SELECT basis FROM hold WHERE kid = ? ORDER BY basis", (row[0],)).fetchall()
    return Keyholder(row[0], row[1] or "", State(row[2]), row[3], tuple(h[0] for h in holds))


def _needed(connection: sqlite3.Connection, kid: str) -> Keyholder:
    holder = _holder(connection, kid)
    if holder is None:
        gone = connection.execute("SELECT 1 FROM shredded WHERE kid = ?", (kid,)).fetchone()
        raise erased(kid) if gone else unknown(kid)
    return holder


def _allowed(holder: Keyholder, now_ms: int) -> None:
    if holder.holds:
        raise Problem(
            "The person's data is under a legal hold.",
            f"Held for: {'; '.join(holder.holds)}. A hold comes before a request to erase.",
            "Have the hold released by who ordered it, then erase: waglan subject release.",
            code="vault.held",
            where=holder.kid,
            status=409,
        )
    if holder.retain_until is not None and holder.retain_until > now_ms:
        until = dt.datetime.fromtimestamp(holder.retain_until / 1000, dt.UTC).date().isoformat()
        raise Problem(
            "The person's data must be kept for now.",
            f"Its retention period ends on {until}.",
            "Restrict its use until then (waglan subject restrict), or correct the retention period.",
            code="vault.retained",
            where=holder.kid,
            status=409,
        )
