"""What is planted in the sample bank, one module each."""

from waglan.harbour.scenario import scenarios
from waglan.harbour.scenarios.bias import Bias
from waglan.harbour.scenarios.careless import Careless
from waglan.harbour.scenarios.drift import Drift
from waglan.harbour.scenarios.gaps import Gaps
from waglan.harbour.scenarios.outage import OutageDay

__all__ = ["Bias", "Careless", "Drift", "Gaps", "OutageDay", "scenarios"]
