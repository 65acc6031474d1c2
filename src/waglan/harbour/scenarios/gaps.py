"""``gaps``: the house is nearly in order: a few papers, a contract, a card and somebody's training are not."""

from __future__ import annotations

from typing import NamedTuple

from waglan.harbour.plan import Plan
from waglan.harbour.scenario import Planted, Sown, scenarios
from waglan.harbour.sources import BUREAU

UNTRAINED = "zhang"


class Gaps(NamedTuple):
    """What a review of the registers would find; see `waglan.harbour.governing`."""

    name: str = "gaps"

    def plant(self, plan: Plan) -> Sown:
        """Leave the gaps."""
        planted = Planted(
            scenario=self.name,
            title={
                "en": "The board's page names each breached obligation, with the row or decision that shows it.",
                "zh-Hant": "董事會摘要列出違反的要求，並附上可佐證的登記項目或決定。",
                "zh-Hans": "董事会摘要列出违反的要求，并附上可佐证的登记项目或决定。",
            },
            look="/evidence",
            staff=(UNTRAINED,),
        )
        return Sown(plan._replace(gaps=(UNTRAINED, BUREAU)), planted)


scenarios.add("gaps", Gaps())
