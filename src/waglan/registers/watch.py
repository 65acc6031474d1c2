"""Incidents open by themselves: what the record says went wrong, once for each cause, detail and use case.

Several processes may watch, again and again and after any restart: where to look from is itself on the log. An open
incident gathers what recurs; one that was closed a few days ago opens again; later it is another one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from waglan.core.entry import Entry
from waglan.core.events import Incident, IncidentStep
from waglan.registers.book import Book
from waglan.registers.freezing import MOST, NEWEST, digest
from waglan.registers.history import Step
from waglan.registers.incident import ITSELF, IncidentRecord
from waglan.registers.office import Office
from waglan.registers.registrar import Registrar
from waglan.registers.signals import SEVERITIES, Key, Severity, Signal, signals

LOOK_BACK_DAYS = 30
"""What lies further back when nobody had watched before opens no incident: it is history, and pages show it."""
_DAY_MS = 86_400_000
_IN_CELL = (
    "SELECT idx, id, at_ms FROM decision INDEXED BY decision_detail "
    "WHERE detail = ? AND shape = ? AND idx > ? AND at_ms >= ?"
)


class Seen(NamedTuple):
    """What recurred since it was last dealt with: where (place, id, milliseconds since 1970 UTC), how badly."""

    places: tuple[tuple[int, str, int], ...]
    severity: Severity
    model: str
    decisions: bool


def watch(registrar: Registrar) -> tuple[str, ...]:
    """Open or reopen what is due; gives the ids of the incidents. Doing it again at once does nothing."""
    office = registrar.office
    with office.index.reading() as connection:
        if not _due(office, connection, office.read(connection)):
            return ()
    with office.index.writing() as connection:
        book = office.read(connection)
        made = [_entry(office, book, key, seen) for key, seen in _due(office, connection, book).items()]
        if made:
            office.record(*made)
    return tuple([each.refs[0] if each.kind == IncidentStep.kind else each.id for each in made])


def report(registrar: Registrar, facts: Incident, refs: Sequence[str] = (), *, note: str = "") -> str | None:
    """Open an incident that something found by itself; None when one of its cause, detail and use case is open.

    One that was closed less than ``reopen_days`` ago opens again; its id is given then.
    """
    office = registrar.office
    with office.writing() as book:
        newest = _newest(book).get(Key(facts.cause, facts.detail, facts.use_case))
        if newest is not None and not newest.closed:
            return None
        if newest is not None and _recent(office, newest, office.now_ms()):
            entry = _again(office, newest, office.now_ms(), tuple(refs), note)
            office.record(entry)
            return newest.id
        entry = office.entry(ITSELF, facts, refs=tuple(refs), note=note)
        office.record(entry)
    return entry.id


def recurred(registrar: Registrar, record: IncidentRecord) -> int:
    """How often the same was seen in live decisions since an incident was opened (or, once closed, since then)."""
    office = registrar.office
    opened = record.opened.facts
    key = Key(opened.cause, opened.detail, opened.use_case)
    with office.index.reading() as connection:
        found = signals(connection, office.read(connection))
        seen = _seen(connection, [s for s in found if s.key == key and s.cell is not None], _closed(record).index)
    return len(seen.places) if seen else 0


class Watcher:
    """Watches one process's house in rounds, its log among it: a log that couldn't be written is told of afterwards.

    Parameters
    ----------
    registrar
        Of the open house.
    """

    def __init__(self, registrar: Registrar) -> None:
        self._registrar = registrar
        self._since: tuple[int, str] | None = None

    def round(self) -> tuple[str, ...]:
        """What `watch` does, and the log's own trouble once it is over; ids of what opened."""
        office = self._registrar.office
        problem = office.workspace.ledger.problem
        if problem is not None:
            self._since = self._since or (office.now_ms(), problem.code)
            return ()
        told: tuple[str, ...] = ()
        if self._since is not None:
            began, what = self._since
            facts = Incident(
                cause="ledger", detail=what, detected_at=office.now_ms(), occurred_at=began, severity="high"
            )
            opened = report(self._registrar, facts)
            told, self._since = (opened,) if opened else (), None
        return (*told, *watch(self._registrar))


def _due(office: Office, connection: sqlite3.Connection, book: Book) -> Mapping[Key, Seen]:
    """What recurred since each incident was closed, or within the look-back where there was none."""
    newest = _newest(book)
    found: dict[Key, list[Signal]] = {}
    for signal in signals(connection, book):
        before = newest.get(signal.key)
        if before is None or before.closed:
            found.setdefault(signal.key, []).append(signal)
    if not found:
        return {}
    earliest = _place(connection, book.now_ms - LOOK_BACK_DAYS * _DAY_MS)
    alarm_ms = office.settings.alarm_days * _DAY_MS
    due = {}
    for key, each in found.items():
        before = newest.get(key)
        seen = _seen(connection, each, earliest if before is None else _closed(before).index)
        if seen is not None and (key.cause != "alarm" or seen.places[0][2] + alarm_ms <= book.now_ms):
            due[key] = seen
    return due


def _seen(connection: sqlite3.Connection, found: Sequence[Signal], since: int) -> Seen | None:
    """What of some signals lies beyond a place in the log, in log order."""
    places: dict[int, tuple[int, str, int]] = {}
    worst: Severity = "low"
    model = ""
    for signal in found:
        mine = [signal.event] if signal.event is not None and signal.event[0] > since else []
        if signal.cell is not None and signal.cell.last_index > since:
            cell = signal.cell
            mine = connection.execute(_IN_CELL, (cell.detail, cell.shape, since, cell.from_ms)).fetchall()
        if mine:
            places.update((at[0], (at[0], at[1], at[2])) for at in mine)
            worst = max(worst, signal.severity, key=SEVERITIES.index)
            model = model or signal.model
    if not places:
        return None
    return Seen(tuple([places[at] for at in sorted(places)]), worst, model, any(s.cell is not None for s in found))


def _entry(office: Office, book: Book, key: Key, seen: Seen) -> Entry:
    refs = tuple([entry_id for _, entry_id, _ in reversed(seen.places[-NEWEST:])])
    began = seen.places[0][2]
    before = _newest(book).get(key)
    if before is not None and _recent(office, before, began):
        return _again(office, before, began, refs, "")
    n = len(seen.places) if seen.decisions else 0
    vendor = next((m.facts.vendor for m in book.models if m.facts.id == seen.model), "")
    facts = Incident(
        cause=key.cause, decisions=n, detail=key.detail, detected_at=office.now_ms(), model=seen.model,
        occurred_at=min(began, office.now_ms()), severity=seen.severity, use_case=key.use_case, vendor=vendor,
    )  # fmt: skip
    if 0 < n <= MOST:
        facts = msgspec.structs.replace(facts, query_sha256=digest([each[1] for each in seen.places]))
    return office.entry(ITSELF, facts, refs=refs)


def _again(office: Office, before: IncidentRecord, at_ms: int, refs: tuple[str, ...], note: str) -> Entry:
    facts = IncidentStep(done_at=at_ms, step="reopened")
    return office.entry(ITSELF, facts, refs=(before.id, *refs), note=note)


def _recent(office: Office, before: IncidentRecord, at_ms: int) -> bool:
    return at_ms < _closed(before).at_ms + office.settings.reopen_days * _DAY_MS


def _closed(record: IncidentRecord) -> Step[Incident] | Step[IncidentStep]:
    """The event up to which an incident is dealt with: its closing, or its opening while it is open."""
    return record.closing or record.opened


def _newest(book: Book) -> dict[Key, IncidentRecord]:
    """The newest incident of each cause, detail and use case, as it was opened; drills apart."""
    opened = [each for each in book.incidents if not each.drill]
    return {Key(i.opened.facts.cause, i.opened.facts.detail, i.opened.facts.use_case): i for i in opened}


def _place(connection: sqlite3.Connection, at_ms: int) -> int:
    """The place before the first decision from a time on, by halving: log order is time order but for milliseconds."""
    first = connection.execute("SELECT idx FROM decision ORDER BY idx LIMIT 1").fetchone()
    last = connection.execute("SELECT idx FROM decision ORDER BY idx DESC LIMIT 1").fetchone()
    if first is None:
        return -1
    low, high = first[0], last[0] + 1
    while low < high:
        middle = (low + high) // 2
        found = connection.execute("SELECT idx, at_ms FROM decision WHERE idx >= ? ORDER BY idx LIMIT 1", (middle,))
        at = found.fetchone()
        if at is None or at[1] >= at_ms:
            high = middle
        else:
            low = at[0] + 1
    return int(low) - 1
