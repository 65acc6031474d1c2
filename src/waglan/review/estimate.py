"""How sure one can be of a rate from a handful of cases.

References
----------
C. J. Clopper, E. S. Pearson, *The use of confidence or fiducial limits illustrated in the case of the binomial*,
Biometrika 26 (1934). H. Robbins, *Statistical methods related to the law of the iterated logarithm*, Annals of
Mathematical Statistics 41 (1970): a mixture of likelihoods gives limits that hold at every look, however often.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple


class Interval(NamedTuple):
    """Lower and upper limit of a share, 0 to 1."""

    low: float
    high: float


def clopper_pearson(hits: int, cases: int, alpha: float = 0.05) -> Interval:
    """The exact interval of a share that covers it with probability 1 - ``alpha`` at least; (0, 1) of no cases."""
    low = 0.0 if hits == 0 else _solve(lambda p: _at_least(hits, cases, p) - alpha / 2)
    high = 1.0 if hits == cases else _solve(lambda p: alpha / 2 - _at_most(hits, cases, p))
    return Interval(low, high)


def side(hits: int, cases: int, threshold: float, alpha: float) -> Literal["above", "below", "unknown"]:
    """On which side of a threshold a rate lies, so that the answer is ever wrong with probability ``alpha`` at most.

    Ever, not at each look: whoever asks after every single case is misled no more often. The evidence is the
    likelihood of all rates on one side, equally weighed, over that of the threshold itself; by Ville's inequality it
    passes 1 / ``alpha`` with probability ``alpha`` at most while the rate is on the other side.
    """
    if not 0.0 < threshold < 1.0 or cases == 0:
        return "unknown"
    misses = cases - hits
    base = hits * math.log(threshold) + misses * math.log1p(-threshold)
    whole = math.lgamma(hits + 1) + math.lgamma(misses + 1) - math.lgamma(cases + 2)
    below = _at_least(hits + 1, cases + 1, threshold)  # share of the Beta(hits + 1, misses + 1) below the threshold
    wall = math.log(2 / alpha)
    for name, part, width in (("above", 1.0 - below, 1.0 - threshold), ("below", below, threshold)):
        if part > 0.0 and whole + math.log(part) - math.log(width) - base >= wall:
            return name  # type: ignore[return-value] # one of the two
    return "unknown"


def _at_least(hits: int, cases: int, p: float) -> float:
    """P(X >= hits) for X binomial."""
    return math.fsum(_mass(k, cases, p) for k in range(hits, cases + 1))


def _at_most(hits: int, cases: int, p: float) -> float:
    return math.fsum(_mass(k, cases, p) for k in range(hits + 1))


def _mass(k: int, cases: int, p: float) -> float:
    if p <= 0.0 or p >= 1.0:
        return 1.0 if k == (cases if p >= 1.0 else 0) else 0.0
    ways = math.lgamma(cases + 1) - math.lgamma(k + 1) - math.lgamma(cases - k + 1)
    return math.exp(ways + k * math.log(p) + (cases - k) * math.log1p(-p))


def _solve(function: Callable[[float], float]) -> float:
    """Where a function that rises over 0 to 1 crosses zero."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if function(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
