"""What a training has to show for itself: every figure from rows it didn't see."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import msgspec
import numpy as np

from waglan.kit.scorecard import Column, Dropped, Scorecard, metrics
from waglan.kit.scorecard.binning import BinningRule, Locator, bin_column
from waglan.kit.scorecard.metrics import Bools
from waglan.kit.scorecard.reasons import band_label
from waglan.kit.scorecard.table import Floats

LEAK = 0.98
PROXY = 0.80
FEW = 30


class Figures(msgspec.Struct, frozen=True):
    """How well a model tells and how true its probabilities are, on one sample."""

    rows: int
    bad: int
    auc: float
    gini: float
    ks: float
    brier: float
    log_loss: float
    calibration_error: float


class BandLine(msgspec.Struct, frozen=True):
    """One band of an input as the report shows it."""

    label: str
    rows: int
    bad_rate: float
    woe: float
    points: int


class InputLine(msgspec.Struct, frozen=True):
    """One input of the scorecard: what it says and how it is cut."""

    name: str
    iv: float
    trend: str
    coefficient: float
    bands: tuple[BandLine, ...]


class GroupLine(msgspec.Struct, frozen=True):
    """Share approved in one group of a protected attribute; the ratio is None for small groups."""

    attribute: str
    group: str
    rows: int
    approved: float
    low: float
    high: float
    ratio: float | None
    bad_rate: float


class Decile(msgspec.Struct, frozen=True):
    """Foreseen and realised share of bad in a tenth of the hold-out, least risk first."""

    rows: int
    foreseen: float
    happened: float


class ModelReport(msgspec.Struct, frozen=True, kw_only=True):
    """One model's part: file, figures on training and hold-out rows, cut-off, calibration, groups."""

    id: str
    version: str
    file: str
    fit_seconds: float
    training: Figures
    holdout: Figures
    cut_off: int
    approval_rate: float
    approved_bad_rate: float
    calibration: str
    recalibration_slope: float
    deciles: tuple[Decile, ...]
    groups: tuple[GroupLine, ...]


class ColumnLine(msgspec.Struct, frozen=True):
    """A column of the file: its type and role in the manifest, and why."""

    name: str
    type: str
    role: str
    note: str


class TrainingReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report; `rejected` rows could not be read, `unlabelled` ones had no outcome."""

    use_case: str
    data_sha256: str
    rows: int
    rejected: int
    unlabelled: int
    bad: int
    target: str
    bad_value: str
    holdout_share: float
    seed: int
    read_seconds: float
    columns: tuple[ColumnLine, ...]
    scorecard: ModelReport
    challenger: ModelReport | None
    inputs: tuple[InputLine, ...]
    dropped: tuple[Dropped, ...]
    warnings: tuple[str, ...]


def figures(bad: Bools, scores: Floats, probability: Floats) -> Figures:
    """All figures of one sample; scores are in points, more is safer."""
    risk = -scores
    area = metrics.auc(bad, risk)
    return Figures(
        rows=int(bad.size), bad=int(bad.sum()), auc=area, gini=2 * area - 1, ks=metrics.ks(bad, risk),
        brier=metrics.brier(bad, probability), log_loss=metrics.log_loss(bad, probability),
        calibration_error=metrics.calibration_error(metrics.reliability(bad, probability)),
    )  # fmt: skip


def deciles(bad: Bools, probability: Floats) -> tuple[Decile, ...]:
    """Reliability in tenths."""
    return tuple(Decile(*part) for part in metrics.reliability(bad, probability))


def input_lines(scorecard: Scorecard) -> tuple[InputLine, ...]:
    """Every input by falling information value, with its bands in words."""
    lines = []
    for c in sorted(scorecard.characteristics, key=lambda c: -c.binning.iv):
        bands = tuple(
            BandLine(band_label(b, c.binning.kind, "en"), b.rows, b.events / b.rows if b.rows else 0.0, b.woe, points)
            for b, points in zip(c.binning.bands, c.points, strict=True)
            if b.rows
        )
        lines.append(InputLine(c.name, c.binning.iv, c.binning.trend, c.coefficient, bands))
    return tuple(lines)


def group_names(column: Column) -> list[str]:
    """A protected attribute as groups: categories and few numbers as they stand, other numbers in quarters."""
    if not column.ordered:
        return ["not given" if c < 0 else column.levels[int(c)] for c in column.values.tolist()]
    there = column.values[~np.isnan(column.values)]
    distinct = np.unique(there)
    if distinct.size <= 8:
        return ["not given" if math.isnan(v) else f"{v:g}" for v in column.values.tolist()]
    cuts = np.unique(np.quantile(there, [0.25, 0.5, 0.75], method="higher"))
    names = [f"below {cuts[0]:g}", *(f"{a:g} to under {b:g}" for a, b in itertools.pairwise(cuts.tolist())),
             f"{cuts[-1]:g} or more"]  # fmt: skip
    at = np.searchsorted(cuts, column.values, side="right").tolist()
    return ["not given" if math.isnan(v) else names[i] for v, i in zip(column.values.tolist(), at, strict=True)]


def group_lines(protected: Sequence[Column], approved: Bools, bad: Bools) -> tuple[GroupLine, ...]:
    """How each group of each protected attribute fares on the hold-out."""
    found = []
    for column in protected:
        names = np.array(group_names(column))
        for rate in metrics.group_rates(names.tolist(), approved, FEW):
            inside = names == rate.group
            ratio = None if math.isnan(rate.ratio) else rate.ratio
            found.append(GroupLine(column.name, rate.group, rate.rows, rate.approved, rate.low, rate.high, ratio,
                                   float(bad[inside].mean())))  # fmt: skip
    return tuple(found)


def leaks(columns: Sequence[Column], bad: Bools) -> tuple[str, ...]:
    """Inputs that alone tell the outcome almost perfectly: they probably know it."""
    return tuple(
        f"{c.name} alone reaches AUC {area:.3f}: it probably holds the outcome or was written after it (leakage)."
        for c in columns
        if (area := _alone(c, bad)) > LEAK
    )


def proxies(columns: Sequence[Column], protected: Sequence[Column]) -> tuple[str, ...]:
    """Inputs that tell membership of a protected group well: they can stand in for it."""
    found = []
    for attribute in protected:
        names = np.array(group_names(attribute))
        for group in np.unique(names).tolist():
            member = names == group
            if FEW <= member.sum() <= member.size - FEW and group != "not given":
                found += [
                    f"{c.name} tells {attribute.name} = {group} with AUC {area:.2f}: it can stand in for it (proxy)."
                    for c in columns
                    if (area := _alone(c, member)) > PROXY
                ]
    return tuple(found)


def _alone(column: Column, happened: Bools) -> float:
    binning = bin_column(column, happened, BinningRule(monotone="none", min_events=0))
    weights = np.array([b.woe for b in binning.bands])
    return metrics.auc(happened, -weights[Locator(binning).of_column(column)])
