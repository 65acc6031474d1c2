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
from waglan.index.subject import key

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
    "SELECT decision.id, decision.idx, decision.day, shape.use_case, shape.mode FROM json_each(?) AS asked "
    "CROSS JOIN decision ON decision.id = asked.value JOIN shape USING (shape)"
)
_FIRST = (
    "SELECT ref, kind, min(idx) FROM json_each(?) AS asked CROSS JOIN event_ref ON ref = asked.value GROUP BY ref, kind"
)
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
        "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                at,
                e.id,
                e.kind,
                e.at_ms,
                e.actor,
                key(e.subject),
                e.subject,
                _encode(e.refs).decode(),
                bytes(e.facts).decode(),
            )
            for at, e in read
        ],
    )
    connection.executemany(
        "INSERT INTO event_ref VALUES (?, ?, ?)", [(ref, at, e.kind) for at, e in read for ref in dict.fromkeys(e.refs)]
    )
    tally.add(connection, "count_event", Counter([(day_of(e.at_ms), e.kind) for _, e in read]))
    speaking: list[tuple[int, EventLeaf, str]] = []
    for at, event in read:
        if event.kind in SAYS and event.refs:
            value = _facts(event.facts).get(SAYS[event.kind], "")
            speaking.append((at, event, ("no", "yes")[value] if isinstance(value, bool) else str(value)))
        elif event.kind in NAMED:
            _registered(connection, at, event)
        elif event.kind == "erasure":
            _erased(connection, at, event)
    if speaking:
        _count(connection, speaking)


def _registered(connection: sqlite3.Connection, at: int, event: EventLeaf) -> None:
    facts = _facts(event.facts)
    name, version = NAMED[event.kind]
    values = (event.kind, str(facts.get(name, "")), at, str(facts.get(version, "")))
    connection.execute("INSERT INTO registered VALUES (?, ?, ?, ?)", values)


def _erased(connection: sqlite3.Connection, at: int, event: EventLeaf) -> None:
    values = (str(_facts(event.facts).get("erased_kid", "")), at, event.at_ms)
    connection.execute("INSERT INTO erased VALUES (?, ?, ?) ON CONFLICT DO NOTHING", values)


def _count(connection: sqlite3.Connection, speaking: Sequence[tuple[int, EventLeaf, str]]) -> None:
    """Count events twice: on their own day, and, the first of a kind for a decision, on the decision's."""
    asked = _encode(list({event.refs[0] for _, event, _ in speaking})).decode()
    made = {ref: rest for ref, *rest in connection.execute(_MADE, (asked,))}
    first = {(ref, kind): at for ref, kind, at in connection.execute(_FIRST, (asked,))}
    counted: Counter[tuple[object, ...]] = Counter()
    for at, event, what in speaking:
        ref = event.refs[0]
        if ref not in made or made[ref][0] > at:
            continue
        _, day, use_case, mode = made[ref]
        counted[day_of(event.at_ms), "done", use_case, mode, event.kind, what] += 1
        if first[ref, event.kind] == at:
            counted[day, "made", use_case, mode, event.kind, what] += 1
    tally.add(connection, "count_later", counted)
