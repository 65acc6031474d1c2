"""``bias``: the record of who defaulted is wrong to women's disadvantage, and the model learns it.

It learns it without seeing sex: nearly all people in care and domestic work are women.
"""

from __future__ import annotations

from typing import NamedTuple

from waglan.harbour.applicants import BIASED_SHARE, BIASED_SHARE_CARE
from waglan.harbour.applications import USE_CASE
from waglan.harbour.plan import Plan
from waglan.harbour.scenario import Planted, Sown, scenarios


class Bias(NamedTuple):
    """Some who repaid are recorded as having defaulted; see `waglan.harbour.applicants`."""

    name: str = "bias"

    def plant(self, plan: Plan) -> Sown:
        """Models learn from the biased record."""
        planted = Planted(
            scenario=self.name,
            title={
                "en": "People in care and domestic work are refused far more often than risk explains; open a few.",
                "zh-Hant": "從事護理及家務工作的人被拒的比例，遠高於其風險所能解釋的水平；可打開數宗細看。",
                "zh-Hans": "从事护理及家务工作的人被拒的比例，远高于其风险所能解释的水平；可打开几宗细看。",
            },
            look=f"/decisions?use_case={USE_CASE}&effect=decline",
            use_case=USE_CASE,
            group={"employment": "care_and_domestic", "sex": "F"},
            figures={"recorded_wrongly": BIASED_SHARE, "recorded_wrongly_in_care": BIASED_SHARE_CARE},
        )
        return Sown(plan._replace(past=plan.past._replace(biased=True)), planted)


scenarios.add("bias", Bias())
