"""A person's rights on the log: find, restrict, hold, retain, erase - each an act that is itself recorded.

Leaves and facts hold pseudonyms only, so erasure leaves them as they are: when key and mapping are gone, a pseudonym
is a random word that leads to nobody, ciphertexts are noise, and every proof stays valid.

References
----------
Personal Data (Privacy) Ordinance (Cap. 486), sections 18 and 26; why these steps in this order: ``design/erasure.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, NamedTuple, Protocol

from waglan.core.entry import Entry, event
from waglan.core.events import Erasure, Event, Hold, Read, Restriction, Retention
from waglan.core.problem import Problem
from waglan.ledger import leaf
from waglan.ledger.custody import Intent, Keyholder, State, restricted, unknown
from waglan.ledger.leaf import Leaf
from waglan.ledger.store import Head, Row
from waglan.ledger.vault import Vault

if TYPE_CHECKING:
    from waglan.ledger.log import Recorded

_ERASURE = b'"kind":"erasure"'
_LONG = "x" * 256
_BLOCK = 262_144


class Log(Protocol):
    """What of a ledger is needed here."""

    @property
    def vault(self) -> Vault:
        """The vault that seals its entries."""
        ...

    def submit(self, entries: Sequence[Entry]) -> Future[tuple[Recorded, ...]]:
        """Append; the future ends when they are durable."""
        ...

    def rows(self, start: int, stop: int) -> Iterator[tuple[int, Row]]:
        """Entries ``start ≤ index < stop`` with their index."""
        ...

    def find(self, entry_id: str) -> int | None:
        """The index of an entry by id, or None."""
        ...

    def head(self) -> Head:
        """The committed head."""
        ...


class Found(NamedTuple):
    """An entry about a person: where it stands, its leaf, and its private fields, opened."""

    index: int  # type: ignore[assignment] # as in Recorded; tuple.index isn't wanted here
    leaf: Leaf
    opened: Mapping[str, bytes]


def find(ledger: Log, who: str, why: str, actor: str) -> list[Found]:
    """Everything on the log about a person, opened. That somebody looked is recorded first.

    Parameters
    ----------
    who
        A reference or a pseudonym.
    why, actor
        The ground for looking, and who looks; both stand on the log in the open.

    Raises
    ------
    Problem
        ``vault.unknown``, ``vault.restricted``.
    """
    vault = ledger.vault
    holder = _holder(vault, who)
    if holder.state is State.RESTRICTED:
        raise restricted(holder.kid)
    size = ledger.head().size
    _record(ledger, Read(what="entries", why=why), holder, actor)
    mark = holder.pseudonym.encode()
    found: list[Found] = []
    for index, row in ledger.rows(0, size):
        if mark in row.leaf:
            parsed = leaf.parse(row.leaf)
            if parsed.subject == holder.pseudonym:
                opened = vault.unseal(parsed.kid, row.id, row.sealed) if row.sealed else {}
                found.append(Found(index, parsed, opened))
    return found


def hold(ledger: Log, who: str, basis: str, actor: str) -> Recorded:
    """Forbid erasure while a case lasts. In force before it is recorded: rather one hold too many."""
    holder = _holder(ledger.vault, who)
    ledger.vault.custody.hold(holder.kid, basis)
    return _record(ledger, Hold(basis=basis), holder, actor)


def release_hold(ledger: Log, who: str, basis: str, actor: str) -> Recorded:
    """End the hold of that basis; recorded before it takes effect. A Problem ``vault.hold`` when there is none."""
    holder = _holder(ledger.vault, who)
    ledger.vault.custody.held(holder.kid, basis)
    recorded = _record(ledger, Hold(active=False, basis=basis), holder, actor)
    ledger.vault.custody.release(holder.kid, basis)
    return recorded


def restrict(ledger: Log, who: str, basis: str, actor: str, *, active: bool = True) -> Recorded:
    """Keep a person's data unread, or lift that."""
    holder = _holder(ledger.vault, who)
    ledger.vault.custody.restrict(holder.kid, active=active)
    return _record(ledger, Restriction(active=active, basis=basis), holder, actor)


def retain(ledger: Log, who: str, until_ms: int | None, basis: str, actor: str) -> Recorded:
    """Forbid erasure before a time, milliseconds since 1970 UTC; None takes an earlier one back."""
    holder = _holder(ledger.vault, who)
    ledger.vault.custody.retain(holder.kid, until_ms)
    return _record(ledger, Retention(basis=basis, until_ms=until_ms), holder, actor)


def erase(ledger: Log, who: str, basis: str, actor: str) -> Recorded:
    """Erase a person: key and mapping are shredded, then the event goes onto the log, then backups lose the key too.

    The first step makes the decision durable along with the event's words; a crash or a failing log only delays the
    others: `finish_pending` carries them out.

    Parameters
    ----------
    who
        A reference, a pseudonym, or the kid of a single entry that had no subject.
    basis, actor
        The ground, and who orders it. They stand on the log for ever: write no name of the person there.

    Raises
    ------
    Problem
        ``vault.unknown``; ``vault.held``, ``vault.retained``, or ``leaf.size`` or ``leaf.value`` for a basis that
        can't be written to the log, and nothing happened; ``vault.busy`` or
        ``vault.backup`` when everything is erased but an old copy of the bytes couldn't be reached.
    """
    vault = ledger.vault
    with vault.custody.erasing():
        _finish(ledger)
        holder = _holder(vault, who)
        now = vault.clock.now_ms()
        intent = Intent(holder.kid, vault.ids.new(now), now, basis, actor, holder.pseudonym)
        leaf.build(
            _event(intent), tenant=_LONG, source=_LONG, n=leaf.MAX_INT, kid="", commit={}, subject=holder.pseudonym
        )
        vault.custody.intend(intent)
        recorded = _append(ledger, intent)
        vault.custody.done(intent.kid)
        vault.backups.purge()
    return recorded


def finish_pending(ledger: Log) -> tuple[str, ...]:
    """Carry out what a crash interrupted; cheap when nothing did. Called when a ledger opens; returns the kids."""
    vault = ledger.vault
    if not vault.custody.intents() and not vault.backups.owed():
        return ()
    with vault.custody.erasing():
        kids = _finish(ledger)
        vault.backups.purge()
    return kids


def settle(ledger: Log) -> Problem | None:
    """`finish_pending` for whoever goes on all the same when a backup can't be reached: what it owes stays owed.

    Gives the Problem (``vault.backup``) that names such backups; any other one is raised.
    """
    try:
        finish_pending(ledger)
    except Problem as problem:
        if problem.code != "vault.backup":
            raise
        return problem
    return None


def reconcile(ledger: Log) -> tuple[str, ...]:
    """Shred keys whose erasure is on the log but that are in the vault: it was restored from an older backup.

    Reads the log from where the last comparison ended; an older vault knows an earlier end. How far it came is kept
    every so many entries, so that a long log needn't be read at one go. Returns the kids.

    Raises
    ------
    Problem
        As `erase`, when keys were shredded again but an old copy of the bytes couldn't be reached: the next call
        goes on there.
    """
    custody = ledger.vault.custody
    size = ledger.head().size
    if custody.reconciled() == size:
        return ()
    found: list[str] = []
    with custody.erasing():
        start = min(custody.reconciled(), size)
        custody.reconcile(start)  # a log in an older state: what comes next wasn't compared
        for at in range(start, size, _BLOCK):
            stop = min(at + _BLOCK, size)
            kids = [kid for _, row in ledger.rows(at, stop) if (kid := _erased(row)) and custody.get(kid) is not None]
            if kids:
                custody.shred(tuple(kids))
                ledger.vault.backups.purge()
                found += kids
            custody.reconcile(stop)
    return tuple(found)


def _erased(row: Row) -> str:
    """The key whose erasure an entry tells of, or nothing."""
    if _ERASURE not in row.leaf:
        return ""
    parsed = leaf.parse(row.leaf)
    return str(parsed.facts["erased_kid"]) if parsed.kind == Erasure.kind else ""


def _finish(ledger: Log) -> tuple[str, ...]:
    custody = ledger.vault.custody
    intents = custody.intents()
    for intent in intents:
        if ledger.find(intent.entry_id) is None:
            _append(ledger, intent)
        custody.done(intent.kid)
    return tuple(intent.kid for intent in intents)


def _event(intent: Intent) -> Entry:
    facts = Erasure(basis=intent.basis, erased_kid=intent.kid)
    return event(intent.entry_id, intent.at_ms, facts, subject=intent.pseudonym, actor=intent.actor)


def _append(ledger: Log, intent: Intent) -> Recorded:
    return ledger.submit((_event(intent),)).result()[0]


def _record(ledger: Log, facts: Event, holder: Keyholder, actor: str) -> Recorded:
    now = ledger.vault.clock.now_ms()
    entry = event(ledger.vault.ids.new(now), now, facts, subject=holder.pseudonym, actor=actor)
    return ledger.submit((entry,)).result()[0]


def _holder(vault: Vault, who: str) -> Keyholder:
    holder = vault.custody.get(vault.known(who) or who) if who else None
    if holder is None:
        raise unknown(who)
    return holder
