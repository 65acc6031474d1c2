"""Figures of a stretch of days, made of the index's counts: what pages draw and link to."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from waglan.index import counts
from waglan.index.buckets import Bar, at_share
from waglan.index.counts import Count
from waglan.index.days import day_of, iso

ROUTES = ("auto", "human", "blocked")
MOST_BARS = 40
"""A histogram is drawn with so many bars at most."""


class Span(NamedTuple):
    """Days in Hong Kong, first and last included, counted from 1970-01-01."""

    first: int
    last: int

    @property
    def days(self) -> list[str]:
        """``2026-11-21`` of every day."""
        return [iso(day) for day in range(self.first, self.last + 1)]

    @property
    def ticks(self) -> list[str]:
        """``11-21`` of every day."""
        return [day[5:] for day in self.days]

    @property
    def ends(self) -> tuple[str, str]:
        """First and last day, as the index is asked for them."""
        return iso(self.first), iso(self.last)


def span(now_ms: int, days: int) -> Span:
    """The last so many days up to today."""
    today = day_of(now_ms)
    return Span(today - days + 1, today)


def live(found: Iterable[Count], wanted: Span) -> dict[str, Any]:
    """Totals, routes by day, answers and the adverse share of counted decisions."""
    routes, effects = Counter[str](), Counter[str]()
    adverse = known = total = 0
    by_day = {route: dict.fromkeys(wanted.days, 0) for route in ROUTES}
    for each in found:
        total += each.n
        routes[each.route] += each.n
        effects[each.effect] += each.n
        if each.route in by_day and each.day in by_day[each.route]:
            by_day[each.route][each.day] += each.n
        if each.adverse is not None:
            known += each.n
            adverse += each.n if each.adverse else 0
    return {
        "total": total,
        "routes": {route: routes[route] for route in ROUTES},
        "days": wanted.ticks,
        "by_day": {route: list(days.values()) for route, days in by_day.items()},
        "effects": [{"effect": effect, "n": n} for effect, n in effects.most_common(20)],
        "adverse": adverse,
        "adverse_known": known,
        "adverse_share": adverse / known if known else None,
    }


def scores(connection: sqlite3.Connection, wanted: Span, use_case: str) -> dict[str, Any] | None:
    """The histogram of scores; None where nothing has one."""
    bars = _even(counts.histogram(connection, use_case, "score", *wanted.ends))
    if not bars:
        return None
    return {"ticks": [f"{bar.low:.3g}" for bar in bars], "values": [bar.n for bar in bars]}


def latency(connection: sqlite3.Connection, wanted: Span, use_cases: Sequence[str]) -> dict[str, float | None]:
    """Within how many microseconds half, and 95 of 100, are decided: the upper bound of the bucket."""
    bars = Counter[tuple[float, float | None]]()
    for name in use_cases:
        for bar in counts.histogram(connection, name, "latency", *wanted.ends):
            bars[bar.low, bar.high] += bar.n
    whole = [Bar(low, high, n) for (low, high), n in bars.items()]
    return {"p50_us": _upper(at_share(whole, 0.5)), "p95_us": _upper(at_share(whole, 0.95))}


def _upper(bar: Bar | None) -> float | None:
    return None if bar is None else bar.low if bar.high is None else bar.high


def _even(bars: Sequence[Bar]) -> list[Bar]:
    """Bars of equal width over the whole range, empty ones too."""
    ends = [bar.low if bar.high is None else bar.high for bar in bars]
    if not bars or max(ends) <= bars[0].low:
        return list(bars)
    low, finest = bars[0].low, min(end - bar.low for bar, end in zip(bars, ends, strict=True) if end > bar.low)
    step = max((max(ends) - low) / MOST_BARS, finest)
    many = max(round((max(ends) - low) / step), 1)
    heights = [0] * many
    for bar in bars:
        heights[min(int((bar.low - low) / step + 1e-9), many - 1)] += bar.n
    return [Bar(low + step * at, low + step * (at + 1), n) for at, n in enumerate(heights)]
