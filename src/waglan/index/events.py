"""What came beside and after decisions: events by reference, subject, actor and kind, registrations, erased keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from waglan.index import days, subject

LARGEST = 500
_COLUMNS = "SELECT e.idx, e.id, e.kind, e.at_ms, e.actor, e.subject, e.refs, e.facts FROM event e"
_encode = msgspec.json.Encoder().encode
_refs = msgspec.json.Decoder(tuple[str, ...]).decode
_facts = msgspec.json.Decoder(dict[str, Any]).decode


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the log that isn't a decision.

    Attributes
    ----------
    index
        Its place in the log.
    at_ms
        Milliseconds since 1970 UTC.
    facts
        The members of its public part that aren't their defaults; see `waglan.core.events`.
    """

    index: int
    id: str
    kind: str
    at_ms: int
    actor: str
    subject: str
    refs: tuple[str, ...]
    facts: dict[str, Any]


class Raw(NamedTuple):
    """An entry as it stands in the tables: ``refs`` and ``facts`` are JSON still, for who reads thousands of them."""

    index: int  # type: ignore[assignment] # tuple.index isn't wanted here
    id: str
    kind: str
    at_ms: int
    actor: str
    subject: str
    refs: str
    facts: str


class Pieces(msgspec.Struct, frozen=True, kw_only=True):
    """Events, newest first; pass ``older`` as ``before`` to go on."""

    rows: tuple[Happened, ...]
    older: int | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What the log says of a subject now: the newest event of each kind that changes it, or None.

    ``opt_outs`` holds the newest per use case; the empty one means all.
    """

    opt_outs: tuple[Happened, ...]
    hold: Happened | None
    restriction: Happened | None
    retention: Happened | None


class KindCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many entries of a kind on a day in Hong Kong."""

    day: str
    kind: str
    n: int


def about(connection: sqlite3.Connection, entry_id: str, limit: int = LARGEST) -> tuple[Happened, ...]:
    """What speaks of an earlier entry, in the order it came: reviews, releases, corrections, labels, requests."""
    query = f"{_COLUMNS} JOIN event_ref r USING (idx) WHERE r.ref = ? ORDER BY r.idx LIMIT ?"
    return tuple([_happened(row) for row in connection.execute(query, (entry_id, limit))])


def one(connection: sqlite3.Connection, event_id: str) -> Happened | None:
    """An event by its id."""
    row = connection.execute(f"{_COLUMNS} WHERE e.id = ?", (event_id,)).fetchone()
    return _happened(row) if row else None


def starting(connection: sqlite3.Connection, text: str, limit: int = 20) -> tuple[Happened, ...]:
    """Events whose id starts so, newest first."""
    query = f"{_COLUMNS} WHERE e.id >= ? AND e.id < ? ORDER BY e.id DESC LIMIT ?"
    return tuple([_happened(row) for row in connection.execute(query, (text, f"{text}\U0010ffff", limit))])


def latest(
    connection: sqlite3.Connection,
    kinds: Sequence[str] = (),
    *,
    actor: str = "",
    before: int | None = None,
    limit: int = 50,
) -> Pieces:
    """Events, newest first: of some kinds or of all, by somebody or by anybody."""
    limit = max(1, min(limit, LARGEST))
    side = "" if before is None else f"AND e.idx < {int(before)}"
    if actor and not kinds:
        kinds = [kind for (kind,) in connection.execute("SELECT DISTINCT kind FROM count_event")]
    if not kinds:
        query = f"{_COLUMNS} WHERE 1 {side} ORDER BY e.idx DESC LIMIT ?"
        return _pieces(connection.execute(query, (limit + 1,)).fetchall(), limit)
    index, own = (
        ("event_actor", "e.kind = ? AND e.actor = ? AND e.actor != ''") if actor else ("event_kind", "e.kind = ?")
    )
    query = f"{_COLUMNS} INDEXED BY {index} WHERE {own} {side} ORDER BY e.idx DESC LIMIT ?"
    rows: list[tuple[Any, ...]] = []
    for kind in kinds:
        rows += connection.execute(query, (kind, *((actor,) if actor else ()), limit + 1)).fetchall()
    return _pieces(sorted(rows, reverse=True), limit)


def raw(connection: sqlite3.Connection, kinds: Sequence[str], *, until_ms: int | None = None) -> tuple[Raw, ...]:
    """Every event of some kinds in log order; with ``until_ms`` (milliseconds since 1970 UTC), those up to then."""
    query = f"{_COLUMNS} INDEXED BY event_kind WHERE e.kind = ? AND e.at_ms <= ? ORDER BY e.idx"
    most = (1 << 62) if until_ms is None else until_ms
    rows: list[Raw] = []
    for kind in kinds:
        rows.extend(map(Raw._make, connection.execute(query, (kind, most))))
    if len(kinds) > 1:
        rows.sort()
    return tuple(rows)


def of_subject(connection: sqlite3.Connection, name: str, *, before: int | None = None, limit: int = 50) -> Pieces:
    """Events that concern a subject, newest first."""
    side = "" if before is None else f"AND e.idx < {int(before)}"
    query = f"{_COLUMNS} WHERE e.who = ? AND e.subject = ? {side} ORDER BY e.idx DESC LIMIT ?"
    return _pieces(connection.execute(query, (subject.key(name), name, limit + 1)).fetchall(), limit)


def standing(connection: sqlite3.Connection, name: str) -> Standing:
    """What is in force for a subject by the log: opt-outs, hold, restriction, retention."""
    query = (
        f"{_COLUMNS} WHERE e.who = ? AND e.subject = ? AND e.kind IN ('opt_out', 'hold', 'restriction', 'retention') "
        "ORDER BY e.idx"
    )
    newest: dict[tuple[str, str], Happened] = {}
    for row in connection.execute(query, (subject.key(name), name)):
        event = _happened(row)
        newest[event.kind, str(event.facts.get("use_case", ""))] = event
    active = {at: event for at, event in newest.items() if event.facts.get("active", True)}
    retention = active.get(("retention", ""))
    return Standing(
        opt_outs=tuple([event for (kind, _), event in active.items() if kind == "opt_out"]),
        hold=active.get(("hold", "")),
        restriction=active.get(("restriction", "")),
        retention=retention if retention and retention.facts.get("until_ms") is not None else None,
    )


def erased(connection: sqlite3.Connection, kid: str) -> int | None:
    """When the key was shredded, milliseconds since 1970 UTC; None while it wasn't."""
    row = connection.execute("SELECT at_ms FROM erased WHERE kid = ?", (kid,)).fetchone()
    return int(row[0]) if row else None


def registrations(connection: sqlite3.Connection, kind: str, name: str, limit: int = 100) -> tuple[Happened, ...]:
    """The history of a model, use case, person or key, newest first; the first one is in force.

    Parameters
    ----------
    kind
        ``model``, ``use_case``, ``person`` or ``api_key``.
    name
        A model's id, a use case's name, a person's or a key's id.
    """
    query = f"{_COLUMNS} JOIN registered r USING (idx) WHERE r.kind = ? AND r.name = ? ORDER BY r.idx DESC LIMIT ?"
    return tuple([_happened(row) for row in connection.execute(query, (kind, name, limit))])


def registered(connection: sqlite3.Connection, kind: str) -> tuple[Happened, ...]:
    """The newest registration of each name of a kind, and for models of each version, by name."""
    query = (
        f"{_COLUMNS} WHERE e.idx IN (SELECT max(idx) FROM registered WHERE kind = ? "
        f"GROUP BY name{', version' if kind == 'model' else ''})"
    )
    found = [_happened(row) for row in connection.execute(query, (kind,))]
    return tuple(sorted(found, key=lambda e: (str(e.facts.get("id") or e.facts.get("name")), e.index)))


def counts(connection: sqlite3.Connection, since: str, until: str) -> tuple[KindCount, ...]:
    """How many entries of each kind but decisions, day by day, both ends included."""
    query = "SELECT day, kind, n FROM count_event WHERE day BETWEEN ? AND ? ORDER BY day, kind"
    found = connection.execute(query, (days.number(since), days.number(until)))
    return tuple([KindCount(day=days.iso(day), kind=kind, n=n) for day, kind, n in found])


def _pieces(rows: Sequence[tuple[Any, ...]], limit: int) -> Pieces:
    shown = tuple([_happened(row) for row in rows[:limit]])
    return Pieces(rows=shown, older=shown[-1].index if len(rows) > limit else None)


def _happened(row: tuple[Any, ...]) -> Happened:
    index, event_id, kind, at_ms, actor, who, refs, facts = row
    return Happened(
        index=index,
        id=event_id,
        kind=kind,
        at_ms=at_ms,
        actor=actor,
        subject=who,
        refs=_refs(refs),
        facts=_facts(facts),
    )
