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
        found: Floats = self.intercept + (x * self.coefficients).sum(axis=1)
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
    design, y, there = _blocks(x, happened)
    penalty = np.full(design.shape[2], ridge)
    penalty[0] = 0.0
    beta = np.zeros(design.shape[2])
    share = happened.mean()
    beta[0] = np.log(share / (1.0 - share))
    loss = _loss(design, y, there, penalty, beta)
    for _ in range(STEPS):
        p = logistic(design @ beta)
        weight = p * (1.0 - p) * there
        hessian = (design.transpose(0, 2, 1) @ (design * weight[:, :, None])).sum(axis=0) + np.diag(penalty)
        hessian[np.diag_indices_from(hessian)] += 1e-12
        gradient = (design * ((y - p) * there)[:, :, None]).sum(axis=(0, 1)) - penalty * beta
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size > 1e-6:
            tried = _loss(design, y, there, penalty, beta + size * step)
            if tried <= loss + 1e-12 * abs(loss):
                break
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


def _blocks(x: Floats, happened: npt.NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Design, outcome and presence in blocks of rows, the last one filled up.

    A block is small enough for one thread: OpenBLAS splits larger products among all cores and waits for them
    spinning, which on a busy machine costs ten times what it saves.
    """
    rows, width = x.shape[0], x.shape[1] + 1
    size = max(8_000 // width, 1)
    count = -(-rows // size)
    design = np.zeros((count * size, width))
    design[:rows, 0] = 1.0
    design[:rows, 1:] = x
    y = np.zeros(count * size)
    y[:rows] = happened
    there = np.zeros(count * size)
    there[:rows] = 1.0
    return design.reshape(count, size, width), y.reshape(count, size), there.reshape(count, size)


def _loss(design: Floats, y: Floats, there: Floats, penalty: Floats, beta: Floats) -> float:
    z = design @ beta
    return float((there * (np.logaddexp(0.0, z) - y * z)).sum() + 0.5 * (penalty * beta**2).sum())
