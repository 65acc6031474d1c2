from __future__ import annotations

import csv
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waglan.kit.scorecard import metrics
from waglan.kit.scorecard.logistic import fit_logistic

DATA = Path(os.environ.get("WAGLAN_DATA", str(Path(__file__).resolve().parents[3] / "shared" / "data")))
GERMAN = DATA / "credit" / "german" / "germancredit.csv"


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_auc_counts_pairs_with_ties_as_half(rows):
    bad = np.array([b for b, _ in rows])
    risk = np.array([r for _, r in rows])
    pairs = [(x > y) + (x == y) / 2 for x in risk[bad] for y in risk[~bad]]
    found = metrics.auc(bad, risk)
    assert math.isnan(found) if not pairs else found == pytest.approx(sum(pairs) / len(pairs))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_ks_is_the_largest_gap(rows):
    bad = np.array([b for b, _ in rows])
    risk = np.array([r for _, r in rows])
    if bad.all() or not bad.any():
        return
    gaps = [abs(np.mean(risk[bad] <= t) - np.mean(risk[~bad] <= t)) for t in set(risk.tolist())]
    assert metrics.ks(bad, risk) == pytest.approx(max(gaps))


def test_brier_and_log_loss():
    bad, p = np.array([True, False]), np.array([0.8, 0.4])
    assert metrics.brier(bad, p) == pytest.approx((0.04 + 0.16) / 2)
    assert metrics.log_loss(bad, p) == pytest.approx(-(math.log(0.8) + math.log(0.6)) / 2)
    assert math.isfinite(metrics.log_loss(bad, np.array([0.0, 1.0])))


@pytest.mark.skipif(not GERMAN.is_file(), reason=f"German credit is not in {DATA}")
@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("status_of_existing_checking_account", 0.6660),
        ("credit_history", 0.2932),
        ("savings_account_and_bonds", 0.1960),
        ("purpose", 0.1692),
        ("property", 0.1126),
    ],
)
def test_information_values_of_german_credit(column, expected):
    with GERMAN.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    bad = np.array([r["creditability"] == "bad" for r in rows])
    assert metrics.information_value([r[column] for r in rows], bad) == pytest.approx(expected, abs=5e-5)


def test_wilson_is_the_published_interval():
    # Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263.
    low, high = metrics.wilson(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_small_groups_set_no_reference_and_get_no_ratio():
    groups = ["a"] * 100 + ["b"] * 100 + ["tiny"] * 3
    approved = np.array([True] * 80 + [False] * 20 + [True] * 60 + [False] * 40 + [True] * 3)
    by = {g.group: g for g in metrics.group_rates(groups, approved)}
    assert by["b"].ratio == pytest.approx(0.75)
    assert math.isnan(by["tiny"].ratio)


def test_recalibration_finds_the_line_that_was_planted():
    rng = np.random.default_rng(1)
    z = rng.normal(0, 1.5, 40_000)
    happened = rng.random(z.size) < 1 / (1 + np.exp(-(0.3 + 0.6 * z)))
    line = metrics.recalibration(happened, z)
    assert (line.intercept, line.slope) == (pytest.approx(0.3, abs=0.04), pytest.approx(0.6, abs=0.03))
    assert line.surprise > 100
    right = metrics.recalibration(rng.random(z.size) < 1 / (1 + np.exp(-z)), z)
    assert right.surprise < 9.21


def test_the_regression_has_no_gradient_left():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(2000, 4))
    y = rng.random(2000) < 1 / (1 + np.exp(-(x @ [1.0, -0.5, 0.0, 2.0] - 1)))
    line = fit_logistic(x, y, ridge=3.0)
    p = 1 / (1 + np.exp(-line.log_odds(x)))
    assert np.abs(x.T @ (y - p) - 3.0 * line.coefficients).max() < 1e-5
    assert abs((y - p).sum()) < 1e-5


def test_the_regression_survives_complete_separation():
    x = np.linspace(-1, 1, 200)[:, None]
    line = fit_logistic(x, x[:, 0] > 0, ridge=1.0)
    assert math.isfinite(line.intercept)
    assert line.coefficients[0] > 1
