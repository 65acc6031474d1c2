"""``careless``: one reviewer agrees within seconds, whatever is shown."""

from __future__ import annotations

from typing import NamedTuple

from waglan.harbour.plan import Plan
from waglan.harbour.scenario import Planted, Sown, scenarios

REVIEWER = "tse"


class Careless(NamedTuple):
    """The others stay careful, so that the two can be told apart."""

    name: str = "careless"

    def plant(self, plan: Plan) -> Sown:
        """Give one reviewer the habit; see `waglan.harbour.habits`."""
        planted = Planted(
            scenario=self.name,
            title={
                "en": "One reviewer agrees within seconds and misses seeded wrong answers; the others find them.",
                "zh-Hant": "一名覆核人員數秒內便同意，未有發現刻意放入的錯誤答案；其他人員則能發現。",
                "zh-Hans": "一名复核人员数秒内便同意，未能发现刻意放入的错误答案；其他人员则能发现。",
            },
            look="/reviews/attention",
            staff=(REVIEWER,),
        )
        return Sown(plan._replace(habits={**plan.habits, REVIEWER: "careless"}), planted)


scenarios.add("careless", Careless())
