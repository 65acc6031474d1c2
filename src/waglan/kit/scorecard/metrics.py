"""What a score is worth: discrimination, calibration, information, and what it does to groups of people.

References
----------
AUC with ties: Hanley & McNeil (1982) by mid-ranks; Gini = 2 AUC - 1. Brier (1950). Reliability: Cox (1958)
recalibration. Impact ratio: share approved in a group over that of the reference, the "four-fifths" measure of
29 CFR 1607.4(D). Interval: Wilson (1927).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from waglan.kit.scorecard.logistic import fit_logistic
from waglan.kit.scorecard.table import Floats

Bools = npt.NDArray[np.bool_]
TINY = 1e-15


def auc(bad: Bools, risk: npt.NDArray[Any]) -> float:
    """Probability that a bad row has the larger risk than a good one, ties counted half; NaN for one class."""
    positives = int(bad.sum())
    negatives = bad.size - positives
    if positives == 0 or negatives == 0:
        return math.nan
    _, at, counts = np.unique(risk, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2.0
    ranks = float(middle[at][bad].sum())
    return (ranks - positives * (positives + 1) / 2.0) / (positives * negatives)


def gini(bad: Bools, risk: npt.NDArray[Any]) -> float:
    """Somers' D of risk: 2 AUC - 1."""
    return 2.0 * auc(bad, risk) - 1.0


def ks(bad: Bools, risk: npt.NDArray[Any]) -> float:
    """Largest distance between the distributions of risk of bad and good (Kolmogorov-Smirnov)."""
    values, at = np.unique(risk, return_inverse=True)
    of_bad = np.bincount(at, weights=bad, minlength=values.size)
    of_good = np.bincount(at, weights=~bad, minlength=values.size)
    gap = np.cumsum(of_bad) / max(of_bad.sum(), 1.0) - np.cumsum(of_good) / max(of_good.sum(), 1.0)
    return float(np.abs(gap).max())


def brier(bad: Bools, probability: Floats) -> float:
    """Mean squared error of the probability."""
    return float(np.mean((probability - bad) ** 2))


def log_loss(bad: Bools, probability: Floats) -> float:
    """Mean negative log-likelihood, probabilities kept `TINY` off 0 and 1."""
    p = np.clip(probability, TINY, 1.0 - TINY)
    return float(-np.mean(np.where(bad, np.log(p), np.log1p(-p))))


def information_value(groups: Sequence[Any] | npt.NDArray[Any], bad: Bools) -> float:
    """Information value of a grouping as it stands; a group without good or bad gets half a row of each."""
    _, at = np.unique(np.asarray(groups), return_inverse=True)
    of_bad = np.bincount(at, weights=bad)
    of_good = np.bincount(at, weights=~bad)
    empty = (of_bad == 0) | (of_good == 0)
    share_bad = (of_bad + 0.5 * empty) / of_bad.sum()
    share_good = (of_good + 0.5 * empty) / of_good.sum()
    return float(((share_good - share_bad) * np.log(share_good / share_bad)).sum())


class Reliability(NamedTuple):
    """One tenth of the rows by probability: how many, what was foreseen, what happened."""

    rows: int
    foreseen: float
    happened: float


def reliability(bad: Bools, probability: Floats, parts: int = 10) -> tuple[Reliability, ...]:
    """Foreseen and realised share of bad in equal parts of the rows, least risk first."""
    order = np.argsort(probability, kind="stable")
    return tuple(
        Reliability(part.size, float(probability[part].mean()), float(bad[part].mean()))
        for part in np.array_split(order, parts)
        if part.size
    )


def calibration_error(parts: Sequence[Reliability]) -> float:
    """Expected calibration error: mean gap between foreseen and realised, weighted by rows."""
    rows = sum(p.rows for p in parts)
    return sum(p.rows * abs(p.foreseen - p.happened) for p in parts) / rows


class Recalibration(NamedTuple):
    """Cox's line: true ln(odds) = intercept + slope · stated ln(odds); (0, 1) is perfect.

    ``surprise`` is the likelihood-ratio statistic against the perfect line, chi-squared with 2 degrees of freedom.
    """

    intercept: float
    slope: float
    surprise: float


def recalibration(happened: Bools, log_odds: Floats) -> Recalibration:
    """Fit Cox's line; ``log_odds`` are the stated ones of the event, shape (n,)."""
    line = fit_logistic(log_odds[:, None], happened, ridge=0.0)
    stated = _likelihood(happened, log_odds)
    fitted = _likelihood(happened, line.log_odds(log_odds[:, None]))
    return Recalibration(line.intercept, float(line.coefficients[0]), max(2.0 * (fitted - stated), 0.0))


def _likelihood(happened: Bools, log_odds: Floats) -> float:
    return float((happened * log_odds - np.logaddexp(0.0, log_odds)).sum())


class GroupRate(NamedTuple):
    """How one group of people fares: rows, share approved with its 95 % interval, ratio to the best-off group."""

    group: str
    rows: int
    approved: float
    low: float
    high: float
    ratio: float


def group_rates(groups: Sequence[str], approved: Bools, enough: int = 30) -> tuple[GroupRate, ...]:
    """Share approved per group; groups below ``enough`` rows get no ratio (NaN) and set no reference."""
    names, at = np.unique(np.asarray(groups), return_inverse=True)
    rows = np.bincount(at)
    yes = np.bincount(at, weights=approved)
    share = yes / rows
    large = rows >= enough
    best = float(share[large].max()) if large.any() else math.nan
    found = []
    for name, n, k, p, big in zip(names.tolist(), rows.tolist(), yes.tolist(), share.tolist(), large, strict=True):
        low, high = wilson(k, n)
        ratio = p / best if big and best > 0 else math.nan
        found.append(GroupRate(str(name), n, p, low, high, ratio))
    return tuple(found)


def wilson(successes: float, rows: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson's interval of a share."""
    p = successes / rows
    middle = (p + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z / (1 + z * z / rows) * math.sqrt(p * (1 - p) / rows + z * z / (4 * rows * rows))
    return max(middle - half, 0.0), min(middle + half, 1.0)
