"""Scorecards and rows for tests: small, random, of every kind of input."""

from __future__ import annotations

import numpy as np

from waglan.kit.scorecard import BinningRule, Column, Plan, ScorecardModel, Training, digest, dump, fit_scorecard

LEVELS = ("amber", "blue", "cyan", "rare")
TRAINING = Training(target="default", bad="1", rows=3000, events=0)


def columns(seed: int = 1, n: int = 3000) -> tuple[tuple[Column, ...], np.ndarray]:
    rng = np.random.default_rng(seed)
    income = np.round(rng.lognormal(10, 0.5, n))
    income[rng.random(n) < 0.05] = np.nan
    late = rng.poisson(0.7, n).astype(float)
    ratio = rng.random(n)
    ratio[rng.random(n) < 0.1] = -1.0
    colour = rng.choice([0.0, 1.0, 2.0, 3.0, -1.0], n, p=[0.5, 0.3, 0.17, 0.002, 0.028])
    owner = (rng.random(n) < 0.4).astype(float)
    z = -2.2 + 0.8 * late + 1.5 * np.maximum(ratio, 0.4) - 0.00004 * np.nan_to_num(income, nan=5_000.0)
    z += 0.7 * (colour == 1) - 0.5 * owner
    bad = rng.random(n) < 1 / (1 + np.exp(-z))
    return (
        Column("income", "integer", income),
        Column("late", "integer", late),
        Column("ratio", "number", ratio),
        Column("colour", "category", colour, LEVELS),
        Column("owner", "boolean", owner, ("false", "true")),
    ), bad


def model(plan: Plan | None = None, seed: int = 1) -> ScorecardModel:
    inputs, bad = columns(seed)
    plan = plan or Plan(rules={"ratio": BinningRule(specials=(-1.0,))}, approve_rate=0.6)
    fitted = fit_scorecard("test.scorecard", inputs, bad, plan, TRAINING)
    raw = dump(fitted.scorecard)
    return ScorecardModel(fitted.scorecard, digest(raw))
