"""Logistic regression by Newton's method (iteratively reweighted least squares) with a ridge.

References
----------
McCullagh & Nelder (1989), *Generalized Linear Models*, ch. 4; le Cessie & van Houwelingen (1992) for the ridge.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waglan.core import Problem
from waglan.kit.scorecard.table import Floats

STEPS = 60
TOLERANCE = 1e-9


class Logistic(NamedTuple):
    """ln(odds) = intercept + x · coefficients."""

    intercept: float
    coefficients: Floats

    def log_odds(self, x: Floats) -> Floats:
        """Shape (n,) for x of shape (n, inputs)."""
        found: Floats = self.intercept + x @ self.coefficients
        return found


def logistic(log_odds: Floats) -> Floats:
    """Probability of ln(odds), without overflow."""
    small = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0, 1.0, small) / (1.0 + small)


def fit_logistic(x: Floats, happened: npt.NDArray[np.bool_], ridge: float = 1.0) -> Logistic:
    """Fit by Newton steps, halved while they don't lower the penalised loss.

    Parameters
    ----------
    x
        Inputs, shape (n, inputs), of comparable scale (weights of evidence).
    happened
        The event, shape (n,); both classes must occur.
    ridge
        Half of it times the squared coefficients is added to the negative log-likelihood (not for the intercept).

    Raises
    ------
    Problem
        ``training.no_fit`` when it doesn't settle within `STEPS` steps.
    """
    design = np.column_stack([np.ones(x.shape[0]), x])
    y = happened.astype(np.float64)
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 0.0
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(y.mean() / (1.0 - y.mean()))
    loss = _loss(design, y, penalty, beta)
    for _ in range(STEPS):
        p = logistic(design @ beta)
        weight = p * (1.0 - p)
        hessian = (design * weight[:, None]).T @ design + np.diag(penalty)
        hessian[np.diag_indices_from(hessian)] += 1e-12
        step = np.linalg.solve(hessian, design.T @ (y - p) - penalty * beta)
        size = 1.0
        while (tried := _loss(design, y, penalty, beta + size * step)) > loss + 1e-12 * abs(loss) and size > 1e-6:
            size /= 2.0
        beta, loss = beta + size * step, tried
        if np.abs(size * step).max() < TOLERANCE * (1.0 + np.abs(beta).max()) or size <= 1e-6:
            return Logistic(float(beta[0]), beta[1:])
    raise Problem(
        "The regression doesn't settle.",
        f"{STEPS} Newton steps changed the coefficients still.",
        "Raise the ridge, or remove inputs that separate good from bad completely (leakage).",
        code="training.no_fit",
    )


def _loss(design: Floats, y: Floats, penalty: Floats, beta: Floats) -> float:
    z = design @ beta
    return float((np.logaddexp(0.0, z) - y * z).sum() + 0.5 * (penalty * beta**2).sum())
