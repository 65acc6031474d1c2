"""A share and how sure one can be of it, however many cases it was counted from.

References
----------
E. B. Wilson, *Probable inference, the law of succession, and statistical inference*, Journal of the American
Statistical Association 22 (1927).
"""

from __future__ import annotations

import math
from typing import NamedTuple

_Z = 1.959963984540054


class Share(NamedTuple):
    """A share of cases, 0 to 1, and the limits of its 95 % interval."""

    share: float
    low: float
    high: float


def share(hits: int, cases: int) -> Share:
    """The share of ``hits`` among at least one case, with Wilson's limits: at once, also for a million."""
    part = hits / cases
    weight = 1 + _Z**2 / cases
    centre = (part + _Z**2 / (2 * cases)) / weight
    half = _Z / weight * math.sqrt(part * (1 - part) / cases + _Z**2 / (4 * cases**2))
    return Share(part, max(0.0, centre - half), min(1.0, centre + half))
