"""Taking in what isn't a decision: events by reference, subject and kind, registrations, erased keys, and counts."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from waglan.index import tally
from waglan.index.days import day_of
from waglan.index.projection import Placed

NAMED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"model": ("id", "version"), "use_case": ("name", "version"), "person": ("person", ""), "api_key": ("key", "")}
)
"""Kinds of events of which the newest for a name counts: the facts that hold name and version."""
SAYS: Mapping[str, str] = MappingProxyType(
    {
        "review": "verdict", "release": "outcome", "override": "reason", "correction": "reason", "label": "label",
        "request": "what", "answer": "outcome", "escalation": "reason", "void": "reason", "attention": "caught",
    }
)  # fmt: skip
"""Kinds of events that speak of a decision, and the member of their facts that is counted."""
_MADE = (
    "SELECT decision.day, shape.use_case, shape.mode FROM decision JOIN shape USING (shape) "
    "WHERE decision.id = ? AND decision.idx < ?"
)
_EARLIER = "SELECT 1 FROM event_ref WHERE ref = ? AND idx < ? AND kind = ? LIMIT 1"
_encode = msgspec.json.Encoder().encode


class EventLeaf(msgspec.Struct, frozen=True, kw_only=True):
    """The leaf of an event; its facts as they stand there."""

    actor: str = ""
    at_ms: int
    facts: msgspec.Raw = msgspec.Raw(b"{}")
    id: str
    kind: str
    refs: tuple[str, ...] = ()
    subject: str = ""


_leaf = msgspec.json.Decoder(EventLeaf).decode
_facts = msgspec.json.Decoder(dict[str, Any]).decode


def take_events(connection: sqlite3.Connection, events: Sequence[Placed]) -> None:
    """Write rows and counts for entries that aren't decisions; those before them stand in the tables already."""
    read = [(place.index, _leaf(place.raw)) for place in events]
    connection.executemany(
        "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (at, e.id, e.kind, e.at_ms, e.actor, e.subject, _encode(e.refs).decode(), bytes(e.facts).decode())
            for at, e in read
        ],
    )
    connection.executemany(
        "INSERT INTO event_ref VALUES (?, ?, ?)", [(ref, at, e.kind) for at, e in read for ref in dict.fromkeys(e.refs)]
    )
    tally.add(connection, "count_event", Counter([(day_of(e.at_ms), e.kind) for _, e in read]))
    counted: Counter[tuple[object, ...]] = Counter()
    for at, event in read:
        facts = _facts(event.facts)
        _registered(connection, at, event, facts)
        _erased(connection, at, event, facts)
        _counted(connection, at, event, facts, counted)
    tally.add(connection, "count_later", counted)


def _registered(connection: sqlite3.Connection, at: int, event: EventLeaf, facts: dict[str, Any]) -> None:
    if event.kind in NAMED:
        name, version = NAMED[event.kind]
        values = (event.kind, str(facts.get(name, "")), at, str(facts.get(version, "")))
        connection.execute("INSERT INTO registered VALUES (?, ?, ?, ?)", values)


def _erased(connection: sqlite3.Connection, at: int, event: EventLeaf, facts: dict[str, Any]) -> None:
    if event.kind == "erasure":
        values = (str(facts.get("erased_kid", "")), at, event.at_ms)
        connection.execute("INSERT INTO erased VALUES (?, ?, ?) ON CONFLICT DO NOTHING", values)


def _counted(
    connection: sqlite3.Connection,
    at: int,
    event: EventLeaf,
    facts: dict[str, Any],
    into: Counter[tuple[object, ...]],
) -> None:
    """Count an event twice: on its own day, and, the first of its kind for a decision, on the decision's."""
    if event.kind not in SAYS or not event.refs:
        return
    made = connection.execute(_MADE, (event.refs[0], at)).fetchone()
    if made is None:
        return
    day, use_case, mode = made
    value = facts.get(SAYS[event.kind], "")
    what = ("no", "yes")[value] if isinstance(value, bool) else str(value)
    into[day_of(event.at_ms), "done", use_case, mode, event.kind, what] += 1
    if connection.execute(_EARLIER, (event.refs[0], at, event.kind)).fetchone() is None:
        into[day, "made", use_case, mode, event.kind, what] += 1
