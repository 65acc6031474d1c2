"""Entries of the log for pages: newest first, of one kind or of all, and how many there are of each."""

from __future__ import annotations

import sqlite3
from typing import Any

from waglan.access import Action
from waglan.console.pages.decisions.actors import Actors
from waglan.console.visit import Visit
from waglan.core.decision import DecisionFacts
from waglan.index import days as calendar
from waglan.index import decisions, events

PAGE = 50
_DECISION = DecisionFacts.kind
_QUIET = ("attention",)
"""Kinds whose actor says who was measured, which is for those who may read about attention."""


def kinds(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """How many entries of each kind, most first."""
    found = [
        (str(kind), int(n)) for kind, n in connection.execute("SELECT kind, sum(n) FROM count_event GROUP BY kind")
    ]
    total = decisions.total(connection)
    found += [(_DECISION, total)] if total else []
    return [{"kind": kind, "n": n} for kind, n in sorted(found, key=lambda each: (-each[1], each[0]))]


def days(connection: sqlite3.Connection, now_ms: int, count: int) -> list[dict[str, Any]]:
    """Decisions and other entries on each of the last days in Hong Kong, the present one last."""
    today = calendar.day_of(now_ms)
    first = today - count + 1
    query = "SELECT day, sum(n) FROM {} WHERE day BETWEEN ? AND ? GROUP BY day"
    made = dict(connection.execute(query.format("count_shape"), (first, today)).fetchall())
    others = dict(connection.execute(query.format("count_event"), (first, today)).fetchall())
    return [
        {
            "day": calendar.iso(day),
            "label": calendar.iso(day)[5:],
            "decisions": int(made.get(day, 0)),
            "others": int(others.get(day, 0)),
        }
        for day in range(first, today + 1)
    ]


def latest(
    visit: Visit, connection: sqlite3.Connection, actors: Actors, *, kind: str, before: int | None, limit: int = PAGE
) -> dict[str, Any]:
    """A page of entries before a place in the log, and the addresses of the pages to both sides."""
    rows: list[dict[str, Any]] = []
    if kind in ("", _DECISION):
        found = decisions.latest(connection, before=before, limit=limit + 1)
        rows += [
            {"index": each.index, "id": each.id, "kind": _DECISION, "at_ms": each.at_ms, "actor": None,
             "about": each.use_case}
            for each in found.rows
        ]  # fmt: skip
    if kind != _DECISION:
        pieces = events.latest(connection, (kind,) if kind else (), before=before, limit=limit + 1)
        measured = visit.may(Action.ATTENTION_READ, "attention")
        rows += [
            {"index": each.index, "id": each.id, "kind": each.kind, "at_ms": each.at_ms, "about": _about(each.facts),
             "actor": actors.of(each.actor) if measured or each.kind not in _QUIET else None}
            for each in pieces.rows
        ]  # fmt: skip
    rows.sort(key=lambda each: -each["index"])
    shown = rows[:limit]
    base = f"/console/ledger/entries?kind={kind}"
    return {
        "entries": shown,
        "older": f"{base}&before={shown[-1]['index']}" if len(rows) > limit else "",
        "newer": base if before is not None else "",
    }


def _about(facts: dict[str, Any]) -> str:
    """The one thing that tells an entry from others of its kind."""
    for name in ("name", "id", "use_case", "person", "key", "basis", "what"):
        if isinstance(facts.get(name), str) and facts[name]:
            return str(facts[name])
    return ""
