"""Fixed buckets: counts of different days, firms and machines add up because the bounds are the same everywhere.

Scores and confidences are counted at two significant digits (steps of 0.01 up to 1, of 0.1 up to 10, of 10 from 100 to
1,000), latencies on preferred numbers R10, ten steps to a decade.

References
----------
ISO 3:1973, *Preferred numbers*, series R10.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

_R10 = (100, 125, 160, 200, 250, 315, 400, 500, 630, 800)
BOUNDS_US = (0, *(step * 10**power // 10 for power in range(7) for step in _R10), 100_000_000)
"""Lower bounds of latency buckets, microseconds: 0, 10, 12, 16, 20 … 80 s, 100 s and more."""
_UNIT = 1_000_000
_FINEST = 10_000
_LARGEST = 10**12 * _UNIT


class Bar(NamedTuple):
    """A bucket: ``low <= value < high``, and how many. ``high`` is None in the last one, which has no end."""

    low: float
    high: float | None
    n: int


def score_low(text: str) -> int:
    """The lower bound, in millionths, of the bucket of a score written as a decimal."""
    whole, _, part = text.partition(".")
    size = int(whole.lstrip("-") or "0") * _UNIT + int(part[:6].ljust(6, "0"))
    negative = text.startswith("-") and size > 0
    size = min(size, _LARGEST)
    width = _width(size, negative)
    return (-size if negative else size) // width * width


def score_bar(low: int, n: int) -> Bar:
    """The bucket that starts at ``low`` millionths."""
    return Bar(low / _UNIT, (low + _width(abs(low), low < 0)) / _UNIT, n)


def _width(size: int, negative: bool) -> int:
    """The step at a magnitude in millionths. Below zero a power of ten belongs to the finer side, which it ends."""
    width, bound = _FINEST, _UNIT
    while size > bound or (size == bound and not negative):
        width, bound = width * 10, bound * 10
    return width


def latency_low(us: int) -> int:
    """The lower bound of the bucket of a latency, microseconds."""
    return BOUNDS_US[bisect_right(BOUNDS_US, us) - 1] if us > 0 else 0


def latency_bar(low: int, n: int) -> Bar:
    """The bucket that starts at ``low`` microseconds."""
    at = bisect_right(BOUNDS_US, low)
    return Bar(low, BOUNDS_US[at] if at < len(BOUNDS_US) else None, n)


def at_share(bars: Sequence[Bar], share: float) -> Bar | None:
    """The bucket in which a quantile lies: ``share`` 0.5 for the median; None when nothing was counted."""
    wanted, below = share * sum(bar.n for bar in bars), 0
    for bar in sorted(bars):
        below += bar.n
        if below >= wanted and bar.n:
            return bar
    return None
