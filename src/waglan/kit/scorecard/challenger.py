"""A boosted challenger (LightGBM) that answers in the scorecard's terms, with its own contributions as reasons.

It needs the extra ``waglan[credit]`` and the system's OpenMP library; without them there is a Problem, and the
scorecard works on. It offers no recourse: trees have no exact small programme as bands have.

References
----------
Ke et al. (2017), *LightGBM*; Lundberg et al. (2020), *From local explanations to global understanding with
explainable AI for trees* (the contributions LightGBM computes itself; they add up to the ln(odds)).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Literal

import msgspec
import numpy as np

from waglan.core import LANGUAGES, Language, ModelCard, Problem, Reason, formats
from waglan.core.usecase import Texts
from waglan.kit.scorecard import scorecard as card
from waglan.kit.scorecard.assessment import Assessment
from waglan.kit.scorecard.fit import SURPRISE, Plan
from waglan.kit.scorecard.metrics import Bools, recalibration
from waglan.kit.scorecard.reasons import number, reached, title_of, top
from waglan.kit.scorecard.scorecard import Calibration, Scaling, Training
from waglan.kit.scorecard.table import Column, Floats, Kind

FORMAT = "waglan.lightgbm/1"
EXPLANATION = "lightgbm.contributions"
ROUNDS, PATIENCE, INNER = 600, 40, 0.2
SETTINGS: tuple[tuple[str, Any], ...] = (
    ("objective", "binary"), ("learning_rate", 0.04), ("num_leaves", 15), ("min_data_in_leaf", 40),
    ("feature_fraction", 0.8), ("bagging_fraction", 0.8), ("bagging_freq", 1), ("lambda_l2", 5.0),
    ("deterministic", True), ("force_row_wise", True), ("verbosity", -1),
)  # fmt: skip


class ChallengerInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One column of the trees, in order: its name, kind, categories, family and title."""

    name: str
    kind: Kind
    levels: tuple[str, ...] = ()
    family: str = ""
    title: Texts = {}


class Challenger(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="format",
    tag=FORMAT,
):
    """A trained challenger; members as of `waglan.kit.scorecard.Scorecard`, ``booster`` in LightGBM's own text."""

    id: str
    training: Training
    scaling: Scaling
    calibration: Calibration
    cut_off: int
    inputs: tuple[ChallengerInput, ...]
    protected: tuple[str, ...] = ()
    stakes: str = ""
    booster: str


def lightgbm() -> ModuleType:
    """The library; a Problem says what to type where it or OpenMP is missing."""
    try:
        import lightgbm as found
    except ImportError:
        raise _missing("lightgbm isn't installed.", "Type: pip install 'waglan[credit]'") from None
    except OSError as error:
        advice = "Type: sudo apt-get install libgomp1 (Debian, Ubuntu), or dnf install libgomp, or brew install libomp"
        raise _missing(f"{error}.", advice) from None
    return found


def _missing(why: str, advice: str) -> Problem:
    return Problem("The challenger can't run here.", why, advice, code="environment.lightgbm", status=503)


def fit_challenger(
    model_id: str,
    columns: Sequence[Column],
    bad: Bools,
    plan: Plan,
    training: Training,
    *,
    monotone: Mapping[str, Literal["increasing", "decreasing"]] | None = None,
) -> Challenger:
    """Train a challenger on the scorecard's columns; arguments as of `fit_scorecard`.

    ``monotone`` says what the risk must do as an ordered input grows. A fifth of the rows stays outside the trees: it
    stops their growth and recalibrates the odds.
    """
    lgb = lightgbm()
    used = [c for c in columns if c.name not in plan.protected]
    x = np.column_stack([_floats(c) for c in used])
    rng = np.random.default_rng(plan.seed)
    inner = rng.permutation(bad.size) < INNER * bad.size
    sign = {"increasing": 1, "decreasing": -1}
    settings = dict(SETTINGS) | {
        "seed": plan.seed,
        "monotone_constraints": [sign.get((monotone or {}).get(c.name, ""), 0) for c in used],
    }
    categorical = [at for at, c in enumerate(used) if not c.ordered]
    grown = lgb.train(
        settings,
        lgb.Dataset(x[~inner], bad[~inner].astype(np.float64), categorical_feature=categorical),
        ROUNDS,
        valid_sets=[lgb.Dataset(x[inner], bad[inner].astype(np.float64), categorical_feature=categorical)],
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
    )
    stated = -np.asarray(grown.predict(x[inner], raw_score=True), dtype=np.float64)
    line = recalibration(~bad[inner], stated)
    corrected = line.surprise > SURPRISE and line.slope > 0
    found = Challenger(
        id=model_id,
        training=training,
        scaling=plan.scaling,
        calibration=Calibration(method="platt", intercept=line.intercept, slope=line.slope)
        if corrected
        else Calibration(),
        cut_off=0,
        inputs=tuple(_input(c, plan) for c in used),
        protected=plan.protected,
        stakes=plan.stakes,
        booster=grown.model_to_string(num_iteration=grown.best_iteration),
    )
    everybody = ChallengerModel(found, "").score_columns(used)
    cut_off = int(np.quantile(everybody, 1.0 - plan.approve_rate, method="lower"))
    return msgspec.structs.replace(found, cut_off=cut_off)


def _input(c: Column, plan: Plan) -> ChallengerInput:
    return ChallengerInput(
        name=c.name, kind=c.kind, levels=c.levels, family=plan.families.get(c.name, ""),
        title=dict(plan.titles.get(c.name, {})),
    )  # fmt: skip


def _floats(column: Column) -> Floats:
    return column.values if column.ordered else np.where(column.values < 0, np.nan, column.values)


class ChallengerModel:
    """Answers with an `Assessment`; satisfies `waglan.core.Model`."""

    def __init__(self, challenger: Challenger, digest: str) -> None:
        self.challenger = challenger
        self._card = ModelCard(id=challenger.id, version=digest[:12], digest=digest)
        self._booster = lightgbm().Booster(model_str=challenger.booster)
        self._codes = tuple(_codes(i) for i in challenger.inputs)
        self._families = {i.name: i.family or i.name for i in challenger.inputs}

    @property
    def card(self) -> ModelCard:
        """Which challenger exactly."""
        return self._card

    def contributions(self, x: Floats) -> Floats:
        """What each input adds to the ln(odds) of default, the average last; shape (n, inputs + 1)."""
        found: Floats = np.asarray(self._booster.predict(x, pred_contrib=True, num_threads=1), dtype=np.float64)
        return found.reshape(x.shape[0], -1)

    def score_columns(self, columns: Sequence[Column]) -> Floats:
        """Scores in whole points, shape (n,)."""
        by_name = {c.name: c for c in columns}
        x = np.column_stack([_floats(by_name[i.name]) for i in self.challenger.inputs])
        scaling = self.challenger.scaling
        raw = np.asarray(self._booster.predict(x, raw_score=True), dtype=np.float64)
        found: Floats = np.round(scaling.offset - scaling.factor * raw)
        return found

    def probabilities(self, scores: Floats) -> Floats:
        """Calibrated probabilities of default at scores."""
        values, at = np.unique(scores, return_inverse=True)
        found: Floats = np.array([self._probability(s) for s in values.tolist()])[at]
        return found

    def predict(self, inputs: Mapping[str, Any]) -> Assessment:
        """One applicant."""
        return self.predict_many([inputs])[0]

    def predict_many(self, rows: Sequence[Mapping[str, Any]]) -> list[Assessment]:
        """Many applicants, each exactly as alone."""
        if not rows:
            return []
        x = np.column_stack(
            [
                np.array([codes(row.get(i.name)) for row in rows], dtype=np.float64)
                for i, codes in zip(self.challenger.inputs, self._codes, strict=True)
            ]
        )
        return [self._assess(row, parts) for row, parts in zip(rows, self.contributions(x).tolist(), strict=True)]

    def _probability(self, score: float) -> float:
        scaling = self.challenger.scaling
        return self.challenger.calibration.probability_of_bad((score - scaling.offset) / scaling.factor)

    def _assess(self, row: Mapping[str, Any], parts: list[float]) -> Assessment:
        scaling = self.challenger.scaling
        score = float(round(scaling.offset - scaling.factor * math.fsum(parts)))
        approve = score >= self.challenger.cut_off
        worth = [(round(scaling.factor * p * (-1 if approve else 1)), at) for at, p in enumerate(parts[:-1])]
        ordered = sorted(((w, at) for w, at in worth if w > 0), key=lambda pair: (-pair[0], pair[1]))
        reasons = top([self._reason(at, row, w, approve) for w, at in ordered], self._families)
        if approve and not reasons:
            reasons = (reached(score, self.challenger.cut_off),)
        stakes = row.get(self.challenger.stakes) if self.challenger.stakes else None
        return Assessment(
            approve=approve,
            probability=self._probability(score),
            score=score,
            cut_off=float(self.challenger.cut_off),
            reasons=reasons,
            recourse="not_needed" if approve else "not_offered",
            unseen=tuple(i.name for i in self.challenger.inputs if i.levels and _unseen(i, row.get(i.name))),
            stakes_hkd=None if stakes is None else max(float(stakes), 0.0),
            explanation_id=EXPLANATION,
        )

    def _reason(self, at: int, row: Mapping[str, Any], points: int, approve: bool) -> Reason:
        i = self.challenger.inputs[at]
        shown = _shown(row.get(i.name))
        text = {language: _sentence(title_of(i.name, i.title, language), shown, points, approve, language)
                for language in LANGUAGES}  # fmt: skip
        code = f"{i.name[:80]}.{'gained' if approve else 'lost'}"
        return Reason(code=code, weight=float(points), text=text, where=(i.name,))


def _codes(i: ChallengerInput) -> Any:
    if i.kind == "boolean":
        return lambda value: math.nan if value is None else float(bool(value))
    if i.kind == "category":
        place = {level: float(at) for at, level in enumerate(i.levels)}
        return lambda value: place.get(value, math.nan)
    return lambda value: math.nan if value is None else value


def _unseen(i: ChallengerInput, value: Any) -> bool:
    return i.kind == "category" and value is not None and value not in i.levels


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    return number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def _sentence(title: str, shown: str, points: int, approve: bool, language: Language) -> str:
    match language, approve:
        case "en", False:
            return f"{title}: {shown}; lowers the score by {points} point{'' if points == 1 else 's'}"
        case "en", True:
            return f"{title}: {shown}; raises the score by {points} point{'' if points == 1 else 's'}"
        case "zh-Hant", _:
            return f"{title}：{shown}；令評分{'提高' if approve else '降低'} {points} 分"
        case _:
            return f"{title}：{shown}；使评分{'提高' if approve else '降低'} {points} 分"


def dump_challenger(challenger: Challenger) -> bytes:
    """The file: one JSON document."""
    return msgspec.json.encode(challenger) + b"\n"


def read_challenger(raw: bytes) -> ChallengerModel:
    """A model from its file; Problem ``model.invalid``, or ``environment.lightgbm`` where the library is missing."""
    try:
        found = msgspec.json.decode(raw, type=Challenger)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise card.invalid(str(error)) from None
    for i in found.inputs:
        if i.name in found.protected:
            raise card.invalid(f"it scores the protected attribute {i.name!r}")
    return ChallengerModel(found, card.digest(raw))


formats.add(FORMAT, read_challenger)
