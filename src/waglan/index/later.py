"""Taking in what isn't a decision: events by reference, subject and kind, registrations, erased keys, and counts."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

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
    rows: list[tuple[object, ...]] = []
    refs: list[tuple[str, int, str]] = []
    on: list[tuple[object, ...]] = []
    speaking: list[_Said] = []
    for place in events:
        at, event = place.index, _leaf(place.raw)
        kind, speaks = event.kind, event.refs
        day = day_of(event.at_ms)
        rows.append(
            (
                at, event.id, kind, event.at_ms, event.actor, key(event.subject), event.subject,
                _encode(speaks).decode(), str(event.facts, "utf-8"),
            )
        )  # fmt: skip
        refs += [(ref, at, kind) for ref in (speaks if len(speaks) < 2 else dict.fromkeys(speaks))]
        on.append((day, kind))
        if kind in SAYS and speaks:
            value = _facts(event.facts).get(SAYS[kind], "")
            what = ("no", "yes")[value] if isinstance(value, bool) else str(value)
            speaking.append(_Said(at, day, speaks[0], kind, what))
        elif kind in NAMED:
            _registered(connection, at, event)
        elif kind == "erasure":
            _erased(connection, at, event)
    connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.executemany("INSERT INTO event_ref VALUES (?, ?, ?)", refs)
    tally.add(connection, "count_event", Counter(on))
    if speaking:
        _count(connection, speaking)


class _Said(NamedTuple):
    """An event that speaks of a decision: its place and day, the decision's id, the kind and what is counted."""

    at: int
    day: int
    ref: str
    kind: str
    what: str


def _registered(connection: sqlite3.Connection, at: int, event: EventLeaf) -> None:
    facts = _facts(event.facts)
    name, version = NAMED[event.kind]
    values = (event.kind, str(facts.get(name, "")), at, str(facts.get(version, "")))
    connection.execute("INSERT INTO registered VALUES (?, ?, ?, ?)", values)


def _erased(connection: sqlite3.Connection, at: int, event: EventLeaf) -> None:
    values = (str(_facts(event.facts).get("erased_kid", "")), at, event.at_ms)
    connection.execute("INSERT INTO erased VALUES (?, ?, ?) ON CONFLICT DO NOTHING", values)


def _count(connection: sqlite3.Connection, speaking: Sequence[_Said]) -> None:
    """Count events twice: on their own day, and, the first of a kind for a decision, on the decision's."""
    asked = _encode(list({said.ref for said in speaking})).decode()
    made = {row[0]: row[1:] for row in connection.execute(_MADE, (asked,))}
    first = {(ref, kind): at for ref, kind, at in connection.execute(_FIRST, (asked,))}
    keys: list[tuple[object, ...]] = []
    for at, day, ref, kind, what in speaking:
        found = made.get(ref)
        if found is None or found[0] > at:
            continue
        _, decided, use_case, mode = found
        keys.append((day, "done", use_case, mode, kind, what))
        if first[ref, kind] == at:
            keys.append((decided, "made", use_case, mode, kind, what))
    tally.add(connection, "count_later", Counter(keys))
