"""Optimal binning: small bins of an input are joined into a few bands that the data can tell apart.

Missing is a band of its own, special values are bands of their own, rare categories are pooled, and what training
never saw has a place. Weight of evidence is ln(share of the good / share of the bad): more is safer.

References
----------
Siddiqi (2017), *Intelligent Credit Scoring*, ch. 10 (weight of evidence, information value); Good (1950).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from math import isnan
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from waglan.core import Problem
from waglan.kit.scorecard.segments import Cut, Limits, Trend, best_cut
from waglan.kit.scorecard.table import Column, Floats, Ints, Kind

Monotone = Literal["auto", "increasing", "decreasing", "none"]
SHRINK = 25.0
"""Rows of the population's own rate mixed into a band too small to speak for itself."""
PRICE = 0.25
"""Price of a bin in units of ln(rows): half of Schwarz's; chosen by hold-out AUC (design/credit.md)."""
AGAINST_CHANCE = 5.5
"""What all cuts of an ordered input must gain beyond their prices: noise does so in about one of fifty inputs."""
AGAINST_TREND = 2.0
"""``auto`` gives a trend up when the free cut gains more than so many bins' prices over it."""


class BinningRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an input may be cut.

    Attributes
    ----------
    monotone
        What the event rate must do as the value grows; ``auto`` finds a trend or does without.
    max_bins
        Bands beside missing, special and pooled ones.
    min_share, min_events
        Least share of the rows, and least events and non-events, in each band.
    small_bins
        How many quantile bins the search starts from.
    specials
        Numbers that are codes: each has a band of its own and takes no part in the trend.
    """

    monotone: Monotone = "auto"
    max_bins: int = 10
    min_share: float = 0.01
    min_events: int = 10
    small_bins: int = 50
    specials: tuple[float, ...] = ()


class Band(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One band of an input.

    Attributes
    ----------
    role
        ``range`` (low <= value < high), ``values`` (one of them), ``special``, ``missing``, ``other``
        (rare categories, and those never seen).
    low, high
        Limits of a range; None is open.
    least, most
        The smallest and largest value seen in training (ordered inputs).
    values
        Its categories, most frequent first.
    rows, events, woe
        Counts in training and weight of evidence.
    """

    role: Literal["range", "values", "special", "missing", "other"]
    low: float | None = None
    high: float | None = None
    least: float | None = None
    most: float | None = None
    values: tuple[str, ...] = ()
    rows: int
    events: int
    woe: float


class Binning(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An input's bands: first ranges or values in order, then special or pooled ones, missing last."""

    name: str
    kind: Kind
    trend: Trend
    bands: tuple[Band, ...]
    iv: float

    @property
    def edges(self) -> tuple[float, ...]:
        """The limits between ranges."""
        return tuple(b.low for b in self.bands if b.role == "range" and b.low is not None)


class Locator:
    """Finds the band of a value, alone (bisection, mapping) or many at once, with the same answer.

    Parameters
    ----------
    binning
        The bands to find.
    """

    def __init__(self, binning: Binning) -> None:
        bands = binning.bands
        self.name = binning.name
        self.missing = len(bands) - 1
        self._ordered = binning.kind in ("number", "integer")
        self._edges = list(binning.edges)
        self._array = np.array(self._edges, dtype=np.float64)
        self._special = {b.low: at for at, b in enumerate(bands) if b.role == "special"}
        self._place: dict[Any, int] = {v: at for at, b in enumerate(bands) for v in b.values}
        self.other = next((at for at, b in enumerate(bands) if b.role == "other"), -1)
        if binning.kind == "boolean":
            self._place = {v == "true": at for v, at in self._place.items()}
        self._known = frozenset(self._place)

    def one(self, value: Any) -> int:
        """The band of one value; None and NaN are missing."""
        if value is None:
            return self.missing
        if not self._ordered:
            return self._place.get(value, self.other)
        if isnan(value):
            return self.missing
        if self._special and value in self._special:
            return self._special[value]
        return bisect_right(self._edges, value)

    def many(self, values: Sequence[Any]) -> Ints:
        """The bands of many values, shape (len(values),)."""
        if not self._ordered:
            place, missing, other = self._place, self.missing, self.other
            return np.array([missing if v is None else place.get(v, other) for v in values], dtype=np.int64)
        return self.of_floats(np.array(values, dtype=np.float64))

    def of_floats(self, values: Floats) -> Ints:
        """The bands of an ordered input's floats; NaN is missing."""
        found = np.searchsorted(self._array, values, side="right").astype(np.int64)
        for special, at in self._special.items():
            found[values == special] = at
        found[np.isnan(values)] = self.missing
        return found

    def of_column(self, column: Column) -> Ints:
        """The bands of a training column."""
        if column.ordered:
            return self.of_floats(column.values)
        known: list[Any] = [False, True] if column.kind == "boolean" else list(column.levels)
        table = np.array([*(self._place.get(level, self.other) for level in known), self.missing], dtype=np.int64)
        picked: Ints = table[column.values.astype(np.int64)]
        return picked

    def unseen(self, value: Any) -> bool:
        """Whether a category never stood in the training data."""
        return not self._ordered and value is not None and value not in self._known


def bin_column(column: Column, bad: npt.NDArray[np.bool_], rule: BinningRule) -> Binning:
    """Bin one input against the outcome.

    Parameters
    ----------
    column
        The input, n rows.
    bad
        Whether the event (default) happened, shape (n,).
    rule
        Limits and trend.

    Raises
    ------
    Problem
        ``training.one_class`` when all rows are good or all are bad.
    """
    totals = (int(bad.size - bad.sum()), int(bad.sum()))
    if min(totals) == 0:
        raise Problem(
            f"All {bad.size} rows have the same outcome.",
            "Nothing can be learnt about the difference between good and bad.",
            "Check the target column and which of its values is bad (--bad).",
            code="training.one_class",
        )
    bands, trend = (_ordered if column.ordered else _categories)(column, bad, rule, totals)
    return Binning(name=column.name, kind=column.kind, trend=trend, bands=tuple(bands), iv=_iv(bands, totals))


def _limits(size: int, rule: BinningRule, rows: int, bins: int) -> Limits:
    return Limits(max(rule.min_share * rows, 1.0), rule.min_events, bins, PRICE * math.log(max(size, 2)))


def _ordered(
    column: Column, bad: npt.NDArray[np.bool_], rule: BinningRule, totals: tuple[int, int]
) -> tuple[list[Band], Trend]:
    missing = np.isnan(column.values)
    special = np.isin(column.values, rule.specials) if rule.specials else np.zeros_like(missing)
    plain = ~(missing | special)
    values, events = column.values[plain], bad[plain]
    bands: list[Band] = []
    trend: Trend = "none"
    if values.size:
        edges = _small_edges(values, rule.small_bins)
        at = np.searchsorted(edges, values, side="right")
        rows = np.bincount(at, minlength=edges.size + 1)
        hits = np.bincount(at, weights=events, minlength=edges.size + 1).astype(np.int64)
        starts, trend = _starts(rows, hits, rule, bad.size)
        in_order, firsts = values[np.argsort(at, kind="stable")], np.concatenate(([0], np.cumsum(rows)))[:-1]
        least, most = np.minimum.reduceat(in_order, firsts), np.maximum.reduceat(in_order, firsts)
        stops = [*starts[1:], rows.size]
        for first, stop in zip(starts, stops, strict=True):
            bands.append(
                _band(
                    "range", int(rows[first:stop].sum()), int(hits[first:stop].sum()), totals, rule,
                    low=float(edges[first - 1]) if first else None,
                    high=float(edges[stop - 1]) if stop < rows.size else None,
                    least=float(least[first:stop].min()), most=float(most[first:stop].max()),
                )
            )  # fmt: skip
    for code in rule.specials:
        same = column.values == code
        bands.append(_band("special", int(same.sum()), int(bad[same].sum()), totals, rule, low=code))
    bands.append(_band("missing", int(missing.sum()), int(bad[missing].sum()), totals, rule))
    return bands, trend


def _small_edges(values: Floats, most: int) -> Floats:
    """Lower limits of the small bins but the first: values that occur, so that no small bin is empty."""
    distinct = np.unique(values)
    if distinct.size <= most:
        return distinct[1:]
    picked = np.unique(np.quantile(values, np.arange(1, most) / most, method="higher"))
    kept: Floats = picked[picked > distinct[0]]
    return kept


def _starts(rows: Ints, events: Ints, rule: BinningRule, size: int) -> tuple[tuple[int, ...], Trend]:
    """The cut that the rule allows, or one piece where chance explains it."""
    limits = _limits(size, rule, size, rule.max_bins)
    trend, cut = _cut(rows, events, rule.monotone, limits)
    if cut is None or cut.gain + limits.price - _one_piece(rows, events) < AGAINST_CHANCE:
        return (0,), "none"
    return cut.starts, trend


def _cut(rows: Ints, events: Ints, monotone: Monotone, limits: Limits) -> tuple[Trend, Cut | None]:
    if monotone != "auto":
        return monotone, best_cut(rows, events, monotone, limits)
    free = best_cut(rows, events, "none", limits)
    trends: tuple[Trend, Trend] = ("increasing", "decreasing")
    cuts = [(trend, best_cut(rows, events, trend, limits)) for trend in trends]
    trend, best = max(cuts, key=lambda pair: -math.inf if pair[1] is None else pair[1].gain)
    if free is not None and best is not None and free.gain - best.gain <= AGAINST_TREND * limits.price:
        return trend, best
    return "none", free


def _one_piece(rows: Ints, events: Ints) -> float:
    n, e = float(rows.sum()), float(events.sum())
    return sum(k * math.log(k / n) for k in (e, n - e) if k > 0)


def _categories(
    column: Column, bad: npt.NDArray[np.bool_], rule: BinningRule, totals: tuple[int, int]
) -> tuple[list[Band], Trend]:
    codes = column.values.astype(np.int64)
    size = len(column.levels)
    rows = np.bincount(codes[codes >= 0], minlength=size)
    events = np.bincount(codes[codes >= 0], weights=bad[codes >= 0], minlength=size).astype(np.int64)
    common = [at for at in range(size) if rows[at] >= max(rule.min_share * bad.size, 2.0 * rule.min_events)]
    rare = [at for at in range(size) if at not in set(common)]
    bands: list[Band] = []
    if common and not _beats_chance(rows, events, common):
        bands.append(
            _band("values", int(rows[common].sum()), int(events[common].sum()), totals, rule,
                  values=tuple(column.levels[at] for at in sorted(common, key=lambda at: -rows[at])))
        )  # fmt: skip
    elif common:
        order = sorted(common, key=lambda at: (events[at] / rows[at], column.levels[at]))
        limits = _limits(bad.size, rule, bad.size, rule.max_bins)
        cut = best_cut(rows[order], events[order], "increasing", limits) or Cut((0,), 0.0)
        for first, stop in zip(cut.starts, [*cut.starts[1:], len(order)], strict=True):
            group = sorted(order[first:stop], key=lambda at: (-rows[at], column.levels[at]))
            bands.append(
                _band("values", int(rows[group].sum()), int(events[group].sum()), totals, rule,
                      values=tuple(column.levels[at] for at in group))
            )  # fmt: skip
    pooled = tuple(column.levels[at] for at in rare)
    bands.append(_band("other", int(rows[rare].sum()), int(events[rare].sum()), totals, rule, values=pooled))
    gone = codes < 0
    bands.append(_band("missing", int(gone.sum()), int(bad[gone].sum()), totals, rule))
    return bands, "none"


def _beats_chance(rows: Ints, events: Ints, at: list[int]) -> bool:
    """Whether categories differ more than sorting them by their own rates would make them (G-test, 99 %)."""
    apart = sum(_one_piece(rows[[a]], events[[a]]) for a in at)
    return 2.0 * (apart - _one_piece(rows[at], events[at])) > _chi_squared_99(len(at) - 1)


def _chi_squared_99(freedom: int) -> float:
    """99 % point of chi-squared; Wilson & Hilferty (1931), within 2 % from one degree of freedom on."""
    if freedom < 1:
        return math.inf
    part = 2.0 / (9.0 * freedom)
    return freedom * (1.0 - part + 2.3263478740408408 * math.sqrt(part)) ** 3


def _band(
    role: Literal["range", "values", "special", "missing", "other"],
    rows: int, events: int, totals: tuple[int, int], rule: BinningRule, **fields: Any,
) -> Band:  # fmt: skip
    return Band(role=role, rows=rows, events=events, woe=woe(rows, events, totals, rule.min_events), **fields)


def woe(rows: int, events: int, totals: tuple[int, int], enough: int) -> float:
    """Weight of evidence of a band.

    Parameters
    ----------
    rows, events
        Counts in the band.
    totals
        Good and bad rows of the whole sample.
    enough
        Below this many events or non-events the band is shrunk towards the population by `SHRINK` rows.
    """
    good, bad = float(rows - events), float(events)
    if min(good, bad) < max(enough, 1):
        share = totals[1] / sum(totals)
        good, bad = good + SHRINK * (1 - share), bad + SHRINK * share
    return math.log(good / totals[0]) - math.log(bad / totals[1])


def _iv(bands: Sequence[Band], totals: tuple[int, int]) -> float:
    return sum(((b.rows - b.events) / totals[0] - b.events / totals[1]) * b.woe for b in bands)
