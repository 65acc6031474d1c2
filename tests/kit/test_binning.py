from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.samples import columns
from waglan.core import Problem
from waglan.kit.scorecard import Band, BinningRule, Column, Locator, bin_column, from_cells
from waglan.kit.scorecard.segments import Limits, best_cut


def gain(rows, events, starts, price):
    total = 0.0
    for first, stop in zip(starts, [*starts[1:], len(rows)], strict=True):
        n, e = sum(rows[first:stop]), sum(events[first:stop])
        total += sum(k * math.log(k / n) for k in (e, n - e) if k) - price
    return total


def brute(rows, events, trend, limits):
    best = None
    for size in range(len(rows)):
        for inner in itertools.combinations(range(1, len(rows)), size):
            starts = (0, *inner)
            stops = [*starts[1:], len(rows)]
            parts = [(sum(rows[a:b]), sum(events[a:b])) for a, b in zip(starts, stops, strict=True)]
            if len(parts) > limits.max_segments:
                continue
            if any(n < limits.min_rows or min(e, n - e) < limits.min_events for n, e in parts):
                continue
            rates = [e / n for n, e in parts]
            if trend == "increasing" and rates != sorted(rates):
                continue
            if trend == "decreasing" and rates != sorted(rates, reverse=True):
                continue
            found = gain(rows, events, starts, limits.price)
            best = found if best is None else max(best, found)
    return best


@settings(max_examples=150, deadline=None)
@given(
    cells=st.lists(st.tuples(st.integers(1, 60), st.floats(0, 1)), min_size=1, max_size=8),
    trend=st.sampled_from(["none", "increasing", "decreasing"]),
    most=st.integers(1, 4),
    least=st.integers(0, 5),
)
def test_the_cut_is_the_best_of_all(cells, trend, most, least):
    rows = [n for n, _ in cells]
    events = [round(n * share) for n, share in cells]
    limits = Limits(min_rows=3, min_events=least, max_segments=most, price=1.5)
    found = best_cut(np.array(rows), np.array(events), trend, limits)
    expected = brute(rows, events, trend, limits)
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert found.gain == pytest.approx(expected, abs=1e-9)
        assert gain(rows, events, found.starts, limits.price) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("monotone", ["increasing", "decreasing"])
def test_a_trend_asked_for_is_kept(monotone):
    rng = np.random.default_rng(3)
    x = rng.normal(size=4000)
    slope = 0.05 if monotone == "increasing" else -0.05
    bad = rng.random(4000) < 0.2 + 0.1 * np.sin(4 * x) + slope * x
    binning = bin_column(Column("x", "number", x), bad, BinningRule(monotone=monotone))
    rates = [b.events / b.rows for b in binning.bands if b.role == "range"]
    assert len(rates) > 1
    assert rates == sorted(rates, reverse=monotone == "decreasing")


def test_auto_finds_a_trend_and_does_without_where_there_is_none():
    rng = np.random.default_rng(4)
    x = rng.uniform(-2, 2, 6000)
    rising = bin_column(Column("x", "number", x), rng.random(6000) < 1 / (1 + np.exp(-x)), BinningRule())
    valley = bin_column(Column("x", "number", x), rng.random(6000) < 0.05 + 0.1 * x * x, BinningRule())
    assert rising.trend == "increasing"
    assert valley.trend == "none"
    assert len(valley.bands) > 3


def test_every_row_has_one_band_and_counts_add_up():
    inputs, bad = columns()
    for column in inputs:
        rule = BinningRule(specials=(-1.0,)) if column.name == "ratio" else BinningRule()
        binning = bin_column(column, bad, rule)
        placed = Locator(binning).of_column(column)
        assert np.bincount(placed, minlength=len(binning.bands)).tolist() == [b.rows for b in binning.bands]
        hits = np.bincount(placed, weights=bad, minlength=len(binning.bands))
        assert hits.astype(int).tolist() == [b.events for b in binning.bands]
        assert binning.bands[-1].role == "missing"
        assert sum(b.rows for b in binning.bands) == bad.size


def test_limits_hold_for_ranges():
    inputs, bad = columns()
    rule = BinningRule(min_share=0.1, min_events=40, max_bins=3)
    for column in inputs[:3]:
        ranges = [b for b in bin_column(column, bad, rule).bands if b.role == "range"]
        assert len(ranges) <= 3
        assert all(b.rows >= 0.1 * bad.size and min(b.events, b.rows - b.events) >= 40 for b in ranges)


def test_specials_missing_rare_and_unseen_have_a_place():
    inputs, bad = columns()
    ratio = bin_column(inputs[2], bad, BinningRule(specials=(-1.0,)))
    locator = Locator(ratio)
    assert ratio.bands[locator.one(-1.0)].role == "special"
    assert ratio.bands[locator.one(None)].role == "missing"
    assert ratio.bands[locator.one(math.nan)].role == "missing"
    colour = bin_column(inputs[3], bad, BinningRule())
    locator = Locator(colour)
    other: Band = colour.bands[locator.one("rare")]
    assert other.role == "other"
    assert "rare" in other.values
    assert locator.one("never seen") == locator.one("rare")
    assert locator.unseen("never seen")
    assert not locator.unseen("rare")


def test_an_unseen_place_is_neutral():
    column = from_cells("x", "category", ["a"] * 200 + ["b"] * 200)
    bad = np.array([True] * 60 + [False] * 140 + [True] * 20 + [False] * 180)
    binning = bin_column(column, bad, BinningRule())
    assert [b.woe for b in binning.bands if b.rows == 0] == pytest.approx([0.0, 0.0], abs=1e-12)


def test_noise_in_many_categories_is_no_evidence():
    rng = np.random.default_rng(5)
    noise = Column(
        "district", "category", rng.integers(0, 18, 5000).astype(float), tuple(f"d{i:02}" for i in range(18))
    )
    binning = bin_column(noise, rng.random(5000) < 0.2, BinningRule())
    assert sum(b.role == "values" for b in binning.bands) == 1


def test_noise_of_an_ordered_input_is_rarely_cut():
    rng = np.random.default_rng(6)
    cut = sum(
        bin_column(Column("x", "number", rng.random(2000)), rng.random(2000) < 0.2, BinningRule()).iv > 0
        for _ in range(200)
    )
    assert cut <= 8


def test_one_class_is_a_problem():
    with pytest.raises(Problem) as caught:
        bin_column(Column("x", "number", np.arange(10.0)), np.zeros(10, dtype=bool), BinningRule())
    assert caught.value.code == "training.one_class"
