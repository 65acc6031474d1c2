"""Which decisions a list is to show, as its address says it; and the way through them page by page."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, NamedTuple, get_args
from urllib.parse import urlencode

import msgspec

from waglan.core.decision import Route
from waglan.core.problem import Problem
from waglan.core.usecase import Tier
from waglan.index import days, decisions
from waglan.index.decisions import Filter, Listed

PAGE = 50
_FIELDS = ("use_case", "route", "effect", "tier", "model", "subject")
_LONGEST = 128


class Asked(NamedTuple):
    """A filter with its first and last day (``2026-11-21``, Hong Kong; empty where it is open)."""

    filter: Filter
    first: str = ""
    last: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """What restricts, by the names that the address uses."""
        found = {name: str(getattr(self.filter, name)) for name in _FIELDS}
        return {name: value for name, value in {**found, "from": self.first, "to": self.last}.items() if value}

    def address(self, **more: object) -> str:
        """The list's own address with this filter."""
        query = urlencode({**self.fields, **more})
        return "/console/decisions" + (f"?{query}" if query else "")


class Part(NamedTuple):
    """Decisions of a page, newest first, and the keys of the pages to both sides; empty where there is none."""

    rows: tuple[Listed, ...]
    older: str = ""
    newer: str = ""


def asked(query: Mapping[str, str]) -> Asked:
    """What an address asks for.

    Raises
    ------
    Problem
        ``index.day`` (400) for a day that isn't one, ``decisions.days`` (400) for an end before the beginning.
    """
    values = {name: query.get(name, "").strip()[:_LONGEST] for name in _FIELDS}
    if values["route"] not in [each.value for each in Route]:
        values["route"] = ""
    if values["tier"] not in get_args(Tier):
        values["tier"] = ""
    first, last = query.get("from", "").strip(), query.get("to", "").strip()
    bounds = [days.number(day) for day in (first, last) if day]
    if len(bounds) == 2 and bounds[0] > bounds[1]:
        raise Problem(
            "The last day lies before the first.", "So no decision can fit.", "Exchange them.",
            code="decisions.days", where="to", status=400,
        )  # fmt: skip
    return Asked(msgspec.convert(values, Filter), first, last)


def page(connection: sqlite3.Connection, wanted: Asked, query: Mapping[str, str], limit: int = PAGE) -> Part:
    """The page that an address names: ``before`` or ``after`` a place in the log; with days, ``before`` on ``day``."""
    before, after = _place(query.get("before", "")), _place(query.get("after", ""))
    if wanted.filter.subject and (wanted.first or wanted.last):
        return _of_subject(connection, wanted, before, limit)
    if not (wanted.first or wanted.last):
        found = decisions.latest(connection, wanted.filter, before=before, after=after, limit=limit)
        older = f"before={found.older}" if found.older is not None else ""
        return Part(found.rows, older, f"after={found.newer}" if found.newer is not None else "")
    return _by_day(connection, wanted, query.get("day", ""), before, limit)


def _of_subject(connection: sqlite3.Connection, wanted: Asked, before: int | None, limit: int) -> Part:
    """One person's decisions within days: they are few, so they are looked through."""
    rows: list[Listed] = []
    older = before
    while len(rows) <= limit:
        found = decisions.latest(connection, wanted.filter, before=older, limit=decisions.LARGEST)
        rows += [r for r in found.rows if (wanted.first or r.day) <= r.day <= (wanted.last or r.day)]
        older = found.older
        if older is None:
            break
    return Part(tuple(rows[:limit]), f"before={rows[limit - 1].index}" if len(rows) > limit else "")


def _by_day(connection: sqlite3.Connection, wanted: Asked, day: str, before: int | None, limit: int) -> Part:
    """Within days: the newest day first, and on it the newest place first, whatever the order in which they came."""
    on = days.number(day) if day else None
    rows: list[Listed] = []
    for each in _days(connection, wanted, on):
        filtered = msgspec.structs.replace(wanted.filter, day=days.iso(each))
        start = before if each == on else None
        found = decisions.latest(connection, filtered, before=start, limit=limit + 1 - len(rows))
        rows += found.rows
        if len(rows) > limit:
            break
    shown = tuple(rows[:limit])
    older = f"day={shown[-1].day}&before={shown[-1].index}" if len(rows) > limit else ""
    return Part(shown, older)


def _days(connection: sqlite3.Connection, wanted: Asked, last: int | None) -> list[int]:
    """The days of a range on which there may be something, newest first."""
    ends = [days.number(wanted.last)] if wanted.last else []
    ends += [last] if last is not None else []
    terms, values = (
        ["c.day >= ?", "c.day <= ?"],
        [days.number(wanted.first) if wanted.first else 0, min(ends, default=2**40)],
    )
    given: list[Any] = [*values]
    for name in ("use_case", "route", "effect", "tier", "model"):
        if value := getattr(wanted.filter, name):
            terms.append(f"shape.{name} = ?")
            given.append(value)
    where = " AND ".join(terms)
    query = f"SELECT DISTINCT c.day FROM count_shape c JOIN shape USING (shape) WHERE {where} ORDER BY c.day DESC"
    return [int(row[0]) for row in connection.execute(query, given)]


def _place(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None
