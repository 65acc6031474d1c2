"""Four eyes: where one person's verdict isn't enough, and whether a second one counts.

References
----------
HKMA, *High-level Principles on Artificial Intelligence* (2019), on human control by risk; the principle that a maker
doesn't check their own work.
"""

from __future__ import annotations

from typing import NamedTuple

from waglan.core.usecase import Tier

VALID_MS = 24 * 3_600 * 1_000
"""How long a first verdict waits for the second, milliseconds."""


class Signed(NamedTuple):
    """Who signed, as an id, and what they had signed in with."""

    person: str
    authenticator: str


def needed(tier: Tier, adverse: bool) -> int:
    """How many people a decision needs before it leaves: two when critical, or high and to somebody's disadvantage."""
    return 2 if tier == "critical" or (tier == "high" and adverse) else 1


def four_eyes(first: Signed, second: Signed, tier: Tier, *, adverse: bool = True) -> str:
    """Whether a second signature counts beside the first.

    Returns
    -------
    str
        Empty when it does. Else ``unsigned`` (somebody or their authenticator isn't known), ``same_person`` or
        ``same_authenticator``: two accounts behind one device are one pair of eyes.
    """
    if needed(tier, adverse) == 1:
        return "" if first.person and first.authenticator else "unsigned"
    if not (first.person and second.person and first.authenticator and second.authenticator):
        return "unsigned"
    if first.person == second.person:
        return "same_person"
    return "same_authenticator" if first.authenticator == second.authenticator else ""
