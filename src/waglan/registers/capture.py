"""How many live decisions stand in the record for a time that somebody else counted."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from waglan.core.events import Count
from waglan.index.days import AHEAD_MS, DAY_MS, day_of
from waglan.registers.history import Step

_DAYS = (
    "SELECT c.day, s.use_case, sum(c.n) FROM count_shape c CROSS JOIN shape s USING (shape) "
    "WHERE c.day BETWEEN ? AND ? AND s.mode = 'live' GROUP BY 1, 2"
)
_WITHIN = (
    "SELECT count(*) FROM decision d INDEXED BY decision_day CROSS JOIN shape s USING (shape) WHERE d.day = ? "
    "AND d.at_ms >= ? AND d.at_ms < ? AND s.mode = 'live' AND (? = '' OR s.use_case = ?)"
)


def recorded(connection: sqlite3.Connection, counted: Sequence[Step[Count]]) -> Mapping[str, int]:
    """Live decisions in each period, by the id of the count; whole days from what was counted, the rest one by one."""
    if not counted:
        return {}
    first = min(day_of(each.facts.from_ms) for each in counted)
    last = max(day_of(each.facts.until_ms) for each in counted)
    by_day: dict[tuple[int, str], int] = {}
    for day, use_case, n in connection.execute(_DAYS, (first, last)):
        by_day[day, use_case] = n
        by_day[day, ""] = by_day.get((day, ""), 0) + n
    return {each.id: _of(connection, each.facts, by_day) for each in counted}


def _of(connection: sqlite3.Connection, c: Count, by_day: Mapping[tuple[int, str], int]) -> int:
    total, at = 0, c.from_ms
    while at < c.until_ms:
        day = day_of(at)
        start = day * DAY_MS - AHEAD_MS
        end = min(start + DAY_MS, c.until_ms)
        if at == start and end == start + DAY_MS:
            total += by_day.get((day, c.use_case), 0)
        elif by_day.get((day, c.use_case)):
            total += connection.execute(_WITHIN, (day, at, end, c.use_case, c.use_case)).fetchone()[0]
        at = end
    return total
