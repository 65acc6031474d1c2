"""How high a use case stands: a lattice over named triggers that cite clauses, and what follows from it."""

from waglan.tiers.assessment import Assessment, Change, Fired, assess, best_case, worst, would_lower
from waglan.tiers.effective import Effective, Observed, Ruling, effective, lowers, ruled
from waglan.tiers.labels import Labels, labels, read_profile
from waglan.tiers.trigger import CASES, DPO, LEVELS, TIERS, Cases, Dpo, Floor, Terms, Trigger, lattice

__all__ = [
    "CASES",
    "DPO",
    "LEVELS",
    "TIERS",
    "Assessment",
    "Cases",
    "Change",
    "Dpo",
    "Effective",
    "Fired",
    "Floor",
    "Labels",
    "Observed",
    "Ruling",
    "Terms",
    "Trigger",
    "assess",
    "best_case",
    "effective",
    "labels",
    "lattice",
    "lowers",
    "read_profile",
    "ruled",
    "worst",
    "would_lower",
]
