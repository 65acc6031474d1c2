"""How high each use case stands by the log: rulings of people and observations, folded; and what that asks."""

from __future__ import annotations

from typing import NamedTuple

from waglan.core.events import ObservedTier, TierRuling
from waglan.core.usecase import Tier, UseCase
from waglan.tiers import Assessment, Cases, Observed, Ruling, assess, effective, ruled
from waglan.tiers.effective import Why


class Stance(NamedTuple):
    """How high a use case stands now.

    Attributes
    ----------
    tier, why
        The tier that is acted on, and what makes it so.
    observed
        The tier that recent decisions suggest, where that was computed.
    cases, floors
        Which decisions an obligation wants a person to agree to first, and which obligations those are.
    """

    tier: Tier
    why: Why = "declared"
    observed: Tier | None = None
    cases: Cases = "none"
    floors: tuple[tuple[str, Cases], ...] = ()


class Standings:
    """Rulings and observations by use case, in the order of the log."""

    def __init__(self) -> None:
        self._rulings: dict[str, tuple[Ruling, ...]] = {}
        self._observed: dict[str, Observed] = {}

    def rule(self, ruling: TierRuling, at: int, actor: str) -> None:
        """Take in a ruling at its place in the log."""
        self._rulings[ruling.use_case] = ruled(self._rulings.get(ruling.use_case, ()), ruling, at, actor)

    def observe(self, observed: ObservedTier, at: int) -> None:
        """Take in what decisions said of a tier."""
        self._observed[observed.use_case] = Observed(at, observed.tier)

    def stance(self, use_case: str, alone: Stance, assessed: Assessment | None, declared: Tier, now_ms: int) -> Stance:
        """How high a use case stands; ``alone`` is what its manifest comes to by itself (see `alone`)."""
        rulings, observed = self._rulings.get(use_case, ()), self._observed.get(use_case)
        if not rulings and observed is None:
            return alone
        found = effective(declared, assessed.tier if assessed else None, rulings, observed, now_ms)
        return alone._replace(tier=found.tier, why=found.why, observed=observed.tier if observed else None)


def assessed(manifest: UseCase) -> Assessment | None:
    """What a manifest's profile comes to; None without one."""
    return None if manifest.profile is None else assess(manifest.profile)


def alone(manifest: UseCase, found: Assessment | None) -> Stance:
    """How high a use case stands by its manifest, before anybody ruled or anything was observed."""
    tier, why = effective(manifest.tier, found.tier if found else None, (), None, 0)
    if found is None:
        return Stance(tier, why)
    return Stance(tier, why, None, found.cases, tuple([(floor.id, floor.cases) for floor in found.floors]))
