"""Business days in Hong Kong: Monday to Friday but general holidays, as far as the table of holidays goes."""

from __future__ import annotations

import datetime as dt
import functools
import importlib.resources

import msgspec

from waglan.core.manifest import parse_toml
from waglan.index.days import AHEAD_MS, DAY_MS, day_of

_FILE = "holidays.toml"
_EPOCH = dt.date(1970, 1, 1).toordinal()
_SATURDAY = 5


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    years: dict[str, tuple[dt.date, ...]]


class Calendar(msgspec.Struct, frozen=True):
    """General holidays by year; a year that isn't there isn't known."""

    holidays: frozenset[dt.date]
    years: frozenset[int]

    def business(self, day: dt.date) -> bool | None:
        """Whether a day is a business day; None where nobody knows its year's holidays and it is no weekend."""
        if day.weekday() >= _SATURDAY:
            return False
        return None if day.year not in self.years else day not in self.holidays

    def end_of_day(self, at_ms: int, days: int = 0) -> int | None:
        """The midnight that ends a day in Hong Kong: of the day of ``at_ms``, or of the ``days``-th business day after.

        Times are milliseconds since 1970 UTC. None where the table of holidays doesn't go so far.
        """
        day = day_of(at_ms)
        while days:
            day += 1
            business = self.business(dt.date.fromordinal(day + _EPOCH))
            if business is None:
                return None
            days -= business
        return (day + 1) * DAY_MS - AHEAD_MS


def read(text: str, origin: str = _FILE) -> Calendar:
    """A table of holidays from TOML; a Problem names the line of what can't be used."""
    document = parse_toml(text, _Document, origin)
    days = frozenset(day for year in document.years.values() for day in year)
    return Calendar(days, frozenset(int(year) for year in document.years))


@functools.cache
def hong_kong() -> Calendar:
    """The table that is shipped, read once."""
    return read(importlib.resources.files("waglan.registers").joinpath(_FILE).read_text(encoding="utf-8"))
