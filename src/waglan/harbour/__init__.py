"""The sample bank: seeded people and what happens to them, for demonstrations and tests."""

from waglan.harbour.applicants import write_applicants
from waglan.harbour.plan import Plan, quiet_plan
from waglan.harbour.sample import SampleBank, draw_bank
from waglan.harbour.scenario import Planted, Scenario, Sown, plant

__all__ = [
    "Plan",
    "Planted",
    "SampleBank",
    "Scenario",
    "Sown",
    "draw_bank",
    "plant",
    "quiet_plan",
    "write_applicants",
]
