"""Days as people in Hong Kong count them: from midnight to midnight, UTC+8 all year (no summer time since 1979)."""

from __future__ import annotations

import datetime as dt

from waglan.core.problem import Problem

DAY_MS = 86_400_000
AHEAD_MS = 8 * 3_600_000
_EPOCH = dt.date(1970, 1, 1).toordinal()


def day_of(at_ms: int) -> int:
    """The day, counted from 1970-01-01, that a time in milliseconds since 1970 UTC belongs to."""
    return (at_ms + AHEAD_MS) // DAY_MS


def iso(day: int) -> str:
    """``2026-11-21`` of a day's number."""
    return dt.date.fromordinal(day + _EPOCH).isoformat()


def number(text: str) -> int:
    """A day's number of ``2026-11-21``; a Problem (``index.day``) when it isn't a date."""
    try:
        return dt.date.fromisoformat(text).toordinal() - _EPOCH
    except ValueError:
        raise Problem(
            f"{text!r} isn't a day.",
            "A day is written as year, month and day.",
            "Write it like 2026-11-21.",
            code="index.day",
            where="day",
            status=400,
        ) from None
