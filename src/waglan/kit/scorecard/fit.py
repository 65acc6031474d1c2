"""Training a scorecard: bin each input, regress on weights of evidence, turn into whole points, calibrate unseen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from waglan.core import Problem
from waglan.core.usecase import Texts
from waglan.kit.scorecard.binning import Binning, BinningRule, Locator, bin_column
from waglan.kit.scorecard.logistic import Logistic, fit_logistic
from waglan.kit.scorecard.metrics import Bools, Recalibration, recalibration
from waglan.kit.scorecard.scorecard import Calibration, Characteristic, Direction, Scaling, Scorecard, Training
from waglan.kit.scorecard.table import Column, Floats

MIN_IV = 0.002
SURPRISE = 9.21034037197618
"""99 % point of chi-squared with 2 degrees of freedom: above it the stated odds are recalibrated."""
FOLDS = 3


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How to train.

    Attributes
    ----------
    rule, rules
        How inputs are cut, and exceptions by name.
    changes, families, titles
        What recourse may propose, families of inputs, titles; by name.
    protected
        Attributes that must not be among the inputs.
    approve_rate
        Share of the training rows that the cut-off lets pass; not used where ``cut_off`` is given.
    cut_off
        Least score approved.
    ridge
        As in `fit_logistic`.
    scaling
        What points mean.
    stakes
        Input with the amount asked for.
    seed
        Of the folds for calibration.
    """

    rule: BinningRule = BinningRule()
    rules: Mapping[str, BinningRule] = {}
    changes: Mapping[str, Direction] = {}
    families: Mapping[str, str] = {}
    titles: Mapping[str, Texts] = {}
    protected: tuple[str, ...] = ()
    approve_rate: float = 0.8
    cut_off: int | None = None
    ridge: float = 1.0
    scaling: Scaling = Scaling()
    stakes: str = ""
    seed: int = 7


class Dropped(NamedTuple):
    """An input that was left out: ``weak`` says less than a point, ``sign`` contradicts its own evidence."""

    name: str
    why: str
    iv: float


class Fitted(NamedTuple):
    """A scorecard, what was left out, and how well its unseen odds were calibrated before correction."""

    scorecard: Scorecard
    dropped: tuple[Dropped, ...]
    unseen: Recalibration


class _Model(NamedTuple):
    binnings: tuple[Binning, ...]
    line: Logistic
    dropped: tuple[Dropped, ...]

    def log_odds(self, columns: Sequence[Column]) -> Floats:
        by_name = {c.name: c for c in columns}
        return self.line.log_odds(_weights(self.binnings, [by_name[b.name] for b in self.binnings]))


def fit_scorecard(model_id: str, columns: Sequence[Column], bad: Bools, plan: Plan, training: Training) -> Fitted:
    """Train a scorecard.

    Parameters
    ----------
    model_id
        The id under which manifests name it.
    columns
        Inputs, n rows each; none of them protected.
    bad
        Whether the event happened, shape (n,).
    plan
        Limits, constraints, titles, cut-off.
    training
        Where the data come from, for the file.

    Raises
    ------
    Problem
        ``training.protected``, ``training.one_class``, ``training.no_inputs``, ``training.no_fit``.
    """
    for column in columns:
        if column.name in plan.protected:
            raise Problem(
                f"{column.name!r} is a protected attribute.",
                "A scorecard must not use it, nor give it as a reason.",
                "Leave it out of the inputs; it is still recorded aside for fairness checks.",
                code="training.protected",
                where=column.name,
            )
    model = _fit(columns, bad, plan)
    unseen = _unseen(columns, bad, plan)
    corrected = unseen.surprise > SURPRISE and unseen.slope > 0
    calibration = (
        Calibration(method="platt", intercept=unseen.intercept, slope=unseen.slope) if corrected else Calibration()
    )
    scorecard, pointless = _points(model_id, model, plan, calibration, training)
    cut_off = plan.cut_off if plan.cut_off is not None else _cut_off(scorecard, columns, plan.approve_rate)
    return Fitted(msgspec.structs.replace(scorecard, cut_off=cut_off), (*model.dropped, *pointless), unseen)


def _fit(columns: Sequence[Column], bad: Bools, plan: Plan) -> _Model:
    """Bin all, then regress; an input whose coefficient turns against its own evidence goes, worst first."""
    found = [bin_column(c, bad, plan.rules.get(c.name, plan.rule)) for c in columns]
    dropped = [Dropped(b.name, "weak", b.iv) for b in found if b.iv < MIN_IV]
    kept = [(b, c) for b, c in zip(found, columns, strict=True) if b.iv >= MIN_IV]
    weights = _weights([b for b, _ in kept], [c for _, c in kept]) if kept else np.zeros((bad.size, 0))
    while kept:
        line = fit_logistic(weights, ~bad, plan.ridge)
        worst = int(line.coefficients.argmin())
        if line.coefficients[worst] > 0:
            return _Model(tuple(b for b, _ in kept), line, tuple(dropped))
        gone, _ = kept.pop(worst)
        dropped.append(Dropped(gone.name, "sign", gone.iv))
        weights = np.delete(weights, worst, axis=1)
    raise Problem(
        "No input tells good from bad.",
        f"All {len(columns)} of them have an information value below {MIN_IV} or the wrong sign.",
        "Check the target column, or bring inputs that say something about it.",
        code="training.no_inputs",
    )


def _weights(binnings: Sequence[Binning], columns: Sequence[Column]) -> Floats:
    return np.column_stack(
        [
            np.array([band.woe for band in b.bands])[Locator(b).of_column(c)]
            for b, c in zip(binnings, columns, strict=True)
        ]
    )


def _unseen(columns: Sequence[Column], bad: Bools, plan: Plan) -> Recalibration:
    """Cox's line over odds that each third of the rows got from a model of the other two."""
    rng = np.random.default_rng(plan.seed)
    fold = np.empty(bad.size, dtype=np.int64)
    for group in (np.flatnonzero(bad), np.flatnonzero(~bad)):
        fold[rng.permutation(group)] = np.arange(group.size) % FOLDS
    stated = np.zeros(bad.size)
    for part in range(FOLDS):
        inside, outside = fold != part, fold == part
        model = _fit([c.take(inside) for c in columns], bad[inside], plan)
        stated[outside] = model.log_odds([c.take(outside) for c in columns])
    return recalibration(~bad, stated)


def _points(
    model_id: str, model: _Model, plan: Plan, calibration: Calibration, training: Training
) -> tuple[Scorecard, tuple[Dropped, ...]]:
    """The regression in whole points; an input whose bands all round to the same gives its mean to the base."""
    factor = plan.scaling.factor
    base = plan.scaling.offset + factor * model.line.intercept
    characteristics, pointless = [], []
    for binning, coefficient in zip(model.binnings, model.line.coefficients.tolist(), strict=True):
        worth = [factor * coefficient * band.woe for band in binning.bands]
        points = tuple(round(w - min(worth)) for w in worth)
        if max(points) == 0:
            base += sum(w * b.rows for w, b in zip(worth, binning.bands, strict=True)) / sum(
                b.rows for b in binning.bands
            )
            pointless.append(Dropped(binning.name, "weak", binning.iv))
            continue
        base += min(worth)
        characteristics.append(
            Characteristic(
                binning=binning,
                coefficient=coefficient,
                points=points,
                change=plan.changes.get(binning.name, "any"),
                family=plan.families.get(binning.name, ""),
                title=dict(plan.titles.get(binning.name, {})),
            )
        )
    scorecard = Scorecard(
        id=model_id, training=training, scaling=plan.scaling, calibration=calibration, base=round(base), cut_off=0,
        characteristics=tuple(characteristics), protected=plan.protected, stakes=plan.stakes,
    )  # fmt: skip
    return scorecard, tuple(pointless)


def _cut_off(scorecard: Scorecard, columns: Sequence[Column], approve_rate: float) -> int:
    """The largest whole score that at least this share of the rows reaches."""
    by_name = {c.name: c for c in columns}
    total = np.full(columns[0].values.size, scorecard.base, dtype=np.int64)
    for c in scorecard.characteristics:
        total += np.array(c.points, dtype=np.int64)[Locator(c.binning).of_column(by_name[c.name])]
    return int(np.quantile(total, 1.0 - approve_rate, method="lower"))
