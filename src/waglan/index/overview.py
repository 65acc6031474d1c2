"""What every use case did today, in a week and in a month, in one call."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from waglan.index import days
from waglan.index.buckets import Bar, at_share, latency_bar

SPANS = (1, 7, 30)
"""Days up to today, today among them."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """A use case over some days, live decisions only.

    Attributes
    ----------
    days
        How many, today among them.
    decisions, automatic, human, blocked
        Decisions, and where they went; the three parts add up to the whole but for decisions without a route.
    adverse
        Those to the subject's disadvantage.
    overridden
        Those of these days in whose place a person's answer stands by now.
    latency
        The bucket of the median, microseconds; None without decisions.
    """

    use_case: str
    days: int
    decisions: int
    automatic: int
    human: int
    blocked: int
    adverse: int
    overridden: int
    latency: Bar | None

    def share(self, part: int) -> float | None:
        """A part of the decisions, 0 to 1; None where there are none."""
        return part / self.decisions if self.decisions else None


def overview(connection: sqlite3.Connection, today: str, spans: Sequence[int] = SPANS) -> tuple[Figures, ...]:
    """Figures of every use case that ever decided, by name, for each span of days up to ``today``.

    Parameters
    ----------
    today
        A day in Hong Kong, ``2026-11-21``; see `waglan.index.days`.
    spans
        Numbers of days.
    """
    end = days.number(today)
    start = end - max(spans) + 1
    made = _made(connection, start, end)
    overridden = _overridden(connection, start, end)
    latencies = _latencies(connection, start, end)
    names = [name for (name,) in connection.execute("SELECT DISTINCT use_case FROM shape ORDER BY 1")]
    return tuple(
        [_figures(_Part(n, made[n], overridden[n], latencies[n]), span, end - span) for n in names for span in spans]
    )


class _Part(NamedTuple):
    """A use case's rows: (day, route, adverse, n), (day, n) of what was overridden, (day, bucket, n) of latencies."""

    use_case: str
    made: list[tuple[int, str, int, int]]
    overridden: list[tuple[int, int]]
    latencies: list[tuple[int, int, int]]


def _figures(of: _Part, span: int, after: int) -> Figures:
    routes: dict[str, int] = defaultdict(int)
    adverse = 0
    for day, route, against, n in of.made:
        if day > after:
            routes[route] += n
            adverse += n if against else 0
    bars: dict[int, int] = defaultdict(int)
    for day, low, n in of.latencies:
        if day > after:
            bars[low] += n
    return Figures(
        use_case=of.use_case,
        days=span,
        decisions=sum(routes.values()),
        automatic=routes["auto"],
        human=routes["human"],
        blocked=routes["blocked"],
        adverse=adverse,
        overridden=sum(n for day, n in of.overridden if day > after),
        latency=at_share([latency_bar(low, n) for low, n in bars.items()], 0.5),
    )


def _made(connection: sqlite3.Connection, start: int, end: int) -> dict[str, list[tuple[int, str, int, int]]]:
    query = (
        "SELECT s.use_case, c.day, s.route, ifnull(s.adverse, 0), sum(c.n) FROM count_shape c "
        "CROSS JOIN shape s USING (shape) WHERE c.day BETWEEN ? AND ? AND s.mode = 'live' GROUP BY 1, 2, 3, 4"
    )
    found: dict[str, list[tuple[int, str, int, int]]] = defaultdict(list)
    for name, day, route, adverse, n in connection.execute(query, (start, end)):
        found[name].append((day, route, adverse, n))
    return found


def _overridden(connection: sqlite3.Connection, start: int, end: int) -> dict[str, list[tuple[int, int]]]:
    query = (
        "SELECT use_case, day, sum(n) FROM count_later WHERE day BETWEEN ? AND ? AND basis = 'made' "
        "AND kind = 'override' AND mode = 'live' GROUP BY 1, 2"
    )
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for name, day, n in connection.execute(query, (start, end)):
        found[name].append((day, n))
    return found


def _latencies(connection: sqlite3.Connection, start: int, end: int) -> dict[str, list[tuple[int, int, int]]]:
    query = (
        "SELECT b.use_case, b.day, b.low, b.n FROM (SELECT DISTINCT use_case FROM shape) u "
        "CROSS JOIN count_bucket b ON b.use_case = u.use_case AND b.measure = 'latency' AND b.mode = 'live' "
        "AND b.day BETWEEN ? AND ?"
    )
    found: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for name, day, low, n in connection.execute(query, (start, end)):
        found[name].append((day, low, n))
    return found
