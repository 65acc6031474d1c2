"""The days that a sample bank's records cover, in Hong Kong time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from waglan.harbour.names import Ints

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
HONG_KONG_MS = 8 * HOUR_MS
"""Ahead of UTC, all the year."""
DAYS = 30
HANDED_OVER = (9.0, 10.5, 12.0, 13.5, 15.0, 16.5, 18.0, 20.5)
"""Hours of the day at which a front office hands over what came in."""
WEEK = (1.0, 1.0, 1.0, 1.0, 1.0, 0.6, 0.35)
"""How busy Monday to Sunday are."""


class Period(NamedTuple):
    """From one time to another, milliseconds since 1970 UTC."""

    from_ms: int
    until_ms: int

    def at(self, share: float) -> int:
        """The time at a share of the period, 0 to 1."""
        return self.from_ms + round(share * (self.until_ms - self.from_ms))

    def midnight(self, share: float) -> int:
        """The start of the Hong Kong day in which that time lies."""
        at = self.at(share)
        return at - (at + HONG_KONG_MS) % DAY_MS


def period(until_ms: int, days: int = DAYS) -> Period:
    """The days before a time."""
    return Period(until_ms - days * DAY_MS, until_ms)


def draw_times(n: int, span: Period, rng: np.random.Generator, slots: int) -> Ints:
    """When n cases come in: shape (n,), ascending, in at most ``slots`` batches, fewer of them at weekends."""
    first = span.from_ms - (span.from_ms + HONG_KONG_MS) % DAY_MS
    days = first + DAY_MS * np.arange((span.until_ms - first) // DAY_MS + 1, dtype=np.int64)
    weight = np.array(WEEK)[((days + HONG_KONG_MS) // DAY_MS + 3) % 7]
    jitter = rng.integers(0, 25 * MINUTE_MS, (days.size, len(HANDED_OVER)))
    times = (days[:, None] + (np.array(HANDED_OVER) * HOUR_MS).astype(np.int64) + jitter).ravel()
    busy = np.repeat(weight, len(HANDED_OVER))
    inside = (times >= span.from_ms) & (times < span.until_ms)
    times, busy = times[inside], busy[inside]
    keep = np.unique(np.linspace(0, times.size - 1, min(slots, times.size)).round().astype(np.int64))
    chosen = rng.choice(times[keep], n, p=busy[keep] / busy[keep].sum())
    found: Ints = np.sort(chosen)
    return found
