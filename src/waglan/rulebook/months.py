"""Periods to replay over: a calendar month in Hong Kong, or the last thirty days."""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

from waglan.core.problem import Problem

HONG_KONG = dt.timezone(dt.timedelta(hours=8))
LAST = "30d"
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


class Period(NamedTuple):
    """From ``since_ms`` to before ``until_ms``, milliseconds since 1970 UTC."""

    since_ms: int
    until_ms: int


def period(text: str, now_ms: int) -> Period:
    """What ``2026-11`` or ``30d`` means.

    Raises
    ------
    Problem
        ``rule.period`` for anything else.
    """
    if text == LAST:
        return Period(now_ms - 30 * 86_400_000, now_ms + 1)
    found = _MONTH.fullmatch(text)
    if found is None:
        raise Problem(
            f"{text[:40]!r} is no period.", "A month or the last thirty days is expected.", "Write 2026-11, or 30d.",
            code="rule.period", where="period",
        )  # fmt: skip
    year, month = int(found[1]), int(found[2])
    return Period(_start(year, month), _start(year + month // 12, month % 12 + 1))


def latest(now_ms: int, count: int = 13) -> tuple[str, ...]:
    """The present month and those before it, newest first, as `period` takes them."""
    at = dt.datetime.fromtimestamp(now_ms / 1000, HONG_KONG)
    months = [at.year * 12 + at.month - 1 - back for back in range(count)]
    return tuple([f"{m // 12:04}-{m % 12 + 1:02}" for m in months])


def _start(year: int, month: int) -> int:
    return int(dt.datetime(year, month, 1, tzinfo=HONG_KONG).timestamp() * 1000)
