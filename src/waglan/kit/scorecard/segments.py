"""Cutting an ordered row of small bins into the best segments, exactly.

The gain of a cut is its log-likelihood less a price per bin that grows with the logarithm of the rows, so a cut stays
only when the data pay for it. Dynamic programming over the last
segment finds the best of all cuts under the limits, with or without a trend.

References
----------
Schwarz (1978), *Estimating the dimension of a model*; Jackson et al. (2005), *An algorithm for optimal partitioning
of data on an interval*; the monotone state on the last segment is our own.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from waglan.kit.scorecard.table import Floats, Ints

Trend = Literal["increasing", "decreasing", "none"]


class Limits(NamedTuple):
    """What each segment must hold, and how many there may be."""

    min_rows: float
    min_events: float
    max_segments: int
    price: float


class Cut(NamedTuple):
    """The first small bin of each segment, and the gain of the whole."""

    starts: tuple[int, ...]
    gain: float


def best_cut(rows: Ints, events: Ints, trend: Trend, limits: Limits) -> Cut | None:
    """The best segments of small bins in their order; None when no segmentation satisfies the limits.

    Parameters
    ----------
    rows, events
        Counts per small bin, shape (bins,).
    trend
        What the event rate does from segment to segment.
    """
    gain, rate = _segments(rows, events, limits)
    if trend == "decreasing":
        rate = -rate
    free = _solve(gain, rate, trend != "none", rows.size)
    if free is None or len(free.starts) <= limits.max_segments:
        return free
    return _solve_capped(gain, rate, trend != "none", limits.max_segments)


def _segments(rows: Ints, events: Ints, limits: Limits) -> tuple[Floats, Floats]:
    """Gain and event rate of each segment [first, last]; the gain is -inf where the limits forbid it."""
    n = np.concatenate(([0], np.cumsum(rows))).astype(np.float64)
    e = np.concatenate(([0], np.cumsum(events))).astype(np.float64)
    total = n[None, 1:] - n[:-1, None]
    bad = e[None, 1:] - e[:-1, None]
    good = total - bad
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = bad / total
        gain = np.where(bad > 0, bad * np.log(rate), 0.0) + np.where(good > 0, good * np.log1p(-rate), 0.0)
    size = rows.size
    allowed = np.arange(size)[:, None] <= np.arange(size)[None, :]
    allowed &= (total >= limits.min_rows) & (bad >= limits.min_events) & (good >= limits.min_events) & (total > 0)
    return np.where(allowed, gain - limits.price, -np.inf), np.where(allowed, rate, 0.0)


def _step(before: Floats, gain: Floats, rate: Floats, first: int, rising: bool) -> tuple[Floats, Ints]:
    """Best value of a segment [first, j] for every j >= first, and the start of the segment before it."""
    ahead = before[:first, first - 1]
    if not rising:
        at = int(ahead.argmax())
        return ahead[at] + gain[first, first:], np.full(gain.shape[0] - first, at, dtype=np.int64)
    fits = rate[:first, first - 1][:, None] <= rate[first, first:][None, :]
    choices: npt.NDArray[np.float64] = np.where(fits, ahead[:, None], -np.inf)
    at_each = choices.argmax(axis=0)
    return choices[at_each, np.arange(at_each.size)] + gain[first, first:], at_each.astype(np.int64)


def _solve(gain: Floats, rate: Floats, rising: bool, size: int) -> Cut | None:
    best = np.full_like(gain, -np.inf)
    back = np.zeros(gain.shape, dtype=np.int64)
    best[0] = gain[0]
    for first in range(1, size):
        best[first, first:], back[first, first:] = _step(best, gain, rate, first, rising)
    start = int(best[:, -1].argmax())
    if best[start, -1] == -np.inf:
        return None
    value, end, starts = float(best[start, -1]), size - 1, [start]
    while start > 0:
        start, end = int(back[start, end]), start - 1
        starts.append(start)
    return Cut(tuple(reversed(starts)), value)


def _solve_capped(gain: Floats, rate: Floats, rising: bool, most: int) -> Cut | None:
    size = gain.shape[0]
    layer = np.full_like(gain, -np.inf)
    layer[0] = gain[0]
    backs: list[Ints] = []
    winner = (float(layer[0, -1]), 0, 0)
    for depth in range(1, most):
        grown = np.full_like(gain, -np.inf)
        back = np.zeros(gain.shape, dtype=np.int64)
        for first in range(1, size):
            grown[first, first:], back[first, first:] = _step(layer, gain, rate, first, rising)
        backs.append(back)
        layer = grown
        start = int(layer[:, -1].argmax())
        winner = max(winner, (float(layer[start, -1]), depth, start), key=lambda w: w[0])
    value, depth, start = winner
    if value == -np.inf:
        return None
    end, starts = size - 1, [start]
    for back in reversed(backs[:depth]):
        start, end = int(back[start, end]), start - 1
        starts.append(start)
    return Cut(tuple(reversed(starts)), value)
