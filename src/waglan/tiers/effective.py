"""The tier acted on: the highest of what is declared, assessed, ruled and observed, or what a person lets stand.

A ruling that lowers has a proposer, another person who granted it, and an end. It covers what was known when it was
granted: a ruling that raises, or an observation worse than the profile, that comes later goes before it. It never
goes below what the manifest itself declares.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from waglan.core.events import TierRuling
from waglan.core.usecase import Tier
from waglan.tiers.trigger import TIERS

Why = Literal["declared", "assessed", "raised", "observed", "lowered"]


class Ruling(NamedTuple):
    """A `waglan.core.events.TierRuling` as it stands on the log.

    Attributes
    ----------
    at
        Its place in the log.
    lowers
        Whether it lets the use case stand below its assessment: it has a proposer, another approver, and an end.
    until_ms
        When it ends, milliseconds since 1970 UTC; None while it doesn't.
    """

    at: int
    tier: Tier
    lowers: bool
    until_ms: int | None

    def holds(self, now_ms: int) -> bool:
        """Whether it is in force."""
        return self.until_ms is None or now_ms < self.until_ms


class Observed(NamedTuple):
    """The newest `waglan.core.events.ObservedTier` of a use case, with its place in the log."""

    at: int
    tier: Tier


class Effective(NamedTuple):
    """The tier in force, and what makes it so."""

    tier: Tier
    why: Why


def lowers(proposer: str, approver: str, until_ms: int | None) -> bool:
    """Whether a ruling may lower: somebody asked, somebody else granted it, and it ends."""
    return bool(proposer) and proposer != approver and until_ms is not None


def ruled(before: tuple[Ruling, ...], ruling: TierRuling, at: int, actor: str) -> tuple[Ruling, ...]:
    """The rulings of a use case once another one is on the log, at a place and by somebody.

    Every ruling that raises stands until it ends; of those that lower, the newest does. Anybody may take a lowering
    back, as that raises; rulings that raise are taken back by two people only, as that lowers.
    """
    if not ruling.active:
        both = bool(ruling.proposer) and ruling.proposer != actor
        return () if both else tuple([each for each in before if not each.lowers])
    low = lowers(ruling.proposer, actor, ruling.until_ms)
    kept = [each for each in before if not (low and each.lowers)]
    return (*kept, Ruling(at, ruling.tier, low, ruling.until_ms))


def effective(
    declared: Tier, assessed: Tier | None, rulings: Sequence[Ruling], observed: Observed | None, now_ms: int
) -> Effective:
    """The tier in force.

    Parameters
    ----------
    declared, assessed
        By the manifest, and from its profile where it has one.
    rulings
        Of the use case, as `ruled` gives them.
    observed
        What recent decisions say, where that was computed. It counts where it is worse than the assessment.
    now_ms
        Milliseconds since 1970 UTC.
    """
    found = Effective(declared, "declared")
    found = _higher(found, assessed, "assessed")
    held = [each for each in rulings if each.holds(now_ms)]
    lowered = next((each for each in reversed(held) if each.lowers), None)
    since = -1 if lowered is None else lowered.at
    covered, after = found, Effective(declared, "declared")
    for each in held:
        if not each.lowers:
            covered = _higher(covered, each.tier, "raised")
            after = _higher(after, each.tier, "raised") if each.at > since else after
    if observed is not None and _rank(observed.tier) > _rank(found.tier):
        covered = _higher(covered, observed.tier, "observed")
        after = _higher(after, observed.tier, "observed") if observed.at > since else after
    if lowered is None or _rank(lowered.tier) >= _rank(covered.tier):
        return covered
    return _higher(after, lowered.tier, "lowered")


def _higher(found: Effective, tier: Tier | None, why: Why) -> Effective:
    return found if tier is None or _rank(tier) <= _rank(found.tier) else Effective(tier, why)


def _rank(tier: Tier) -> int:
    return TIERS.index(tier)
