"""The list of decisions, and the same list as a file."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec

from waglan.console import language
from waglan.console.page import Download, Shown
from waglan.console.pages.decisions import asked, secrecy
from waglan.console.pages.decisions.asked import Asked
from waglan.console.visit import Visit
from waglan.core.case import Language
from waglan.core.events import Attention
from waglan.core.problem import Problem
from waglan.index import counts, decisions
from waglan.index.decisions import Listed

MOST_ROWS = 10_000
_STEP = 500
_RISKY = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = (
    "id", "index", "decided_at", "use_case", "use_case_version", "route", "effect", "adverse", "tier", "model",
    "model_version", "mode", "score", "stakes_hkd", "latency_us", "channel", "language", "failover", "subject", "why",
    "flagged", "later",
)  # fmt: skip


def show(visit: Visit) -> Shown:
    """A page of the list."""
    wanted = asked.asked(visit.query)
    with visit.house.index.reading() as connection:
        part = asked.page(connection, wanted, visit.query)
        rows = _revealed(visit, connection, part.rows)
        offered = counts.choices(connection)
        count = None if wanted.first or wanted.last else decisions.total(connection, wanted.filter)
    begin = wanted.address()
    mark = "&" if "?" in begin else "?"
    return {
        "filter": wanted.fields,
        "count": count,
        "rows": [msgspec.to_builtins(each) for each in rows],
        "titles": titles(visit, {*offered["use_case"]}),
        "choices": {name: list(values) for name, values in offered.items()},
        "older": f"{begin}{mark}{part.older}" if part.older else "",
        "newer": f"{begin}{mark}{part.newer}" if part.newer else "",
        "first": begin if any(name in visit.query for name in ("before", "after")) else "",
        "export": wanted.address().replace("/console/decisions", "/console/decisions.csv", 1),
        "most_rows": MOST_ROWS,
    }


def export(visit: Visit) -> Download:
    """The filtered list as CSV, at most `MOST_ROWS` of the newest."""
    wanted = asked.asked(visit.query)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    with visit.house.index.reading() as connection:
        for rows in _parts(connection, wanted):
            writer.writerows([_cells(each) for each in _revealed(visit, connection, rows)])
    return Download("decisions.csv", "text/csv; charset=utf-8", b"\xef\xbb\xbf" + out.getvalue().encode())


def titles(visit: Visit, names: set[str]) -> dict[str, dict[Language, str]]:
    """Use cases' titles; the name where one is no longer here."""
    found: dict[str, dict[Language, str]] = {}
    for name in sorted(names):
        try:
            found[name] = dict(visit.house.workspace.catalogue.get(name).manifest.title)
        except Problem:
            found[name] = {"en": name}
    return found


def _parts(connection: sqlite3.Connection, wanted: Asked) -> Iterator[tuple[Listed, ...]]:
    query: dict[str, str] = {}
    left = MOST_ROWS
    while left > 0:
        part = asked.page(connection, wanted, query, min(_STEP, left))
        yield part.rows
        left -= len(part.rows)
        if not part.older:
            return
        query = dict(pair.split("=", 1) for pair in part.older.split("&"))


def _revealed(visit: Visit, connection: sqlite3.Connection, rows: tuple[Listed, ...]) -> tuple[Listed, ...]:
    """Rows with drills under review looking like any other, for those who may not know which were planted."""
    if secrecy.sees_plants(visit):
        return rows
    drills = [row.id for row in rows if row.mode == "drill"]
    hidden = secrecy.under_review(connection, drills) if drills else set()
    found = []
    for row in rows:
        later = tuple([kind for kind in row.later if kind != Attention.kind])
        mode = "live" if row.id in hidden else row.mode
        found.append(msgspec.structs.replace(row, later=later, mode=mode))
    return tuple(found)


def _cells(row: Listed) -> list[Any]:
    values = msgspec.to_builtins(row)
    values["decided_at"] = language.local(row.at_ms).isoformat(timespec="milliseconds")
    values["flagged"] = " ".join(f"{name}={verdict}" for name, verdict in row.flagged)
    for name in ("why", "later"):
        values[name] = " ".join(values[name])
    return [_cell(values[name]) for name in _COLUMNS]


def _cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula.

    References
    ----------
    OWASP *CSV Injection*.
    """
    if isinstance(value, str) and value.startswith(_RISKY) and not _is_number(value):
        return f"'{value}"
    return "" if value is None else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
