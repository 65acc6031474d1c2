"""``outage``: the host of the first model is down for a day, and the second one answers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from waglan.harbour.applications import USE_CASE
from waglan.harbour.period import HOUR_MS
from waglan.harbour.plan import Outage, Plan
from waglan.harbour.scenario import Planted, Sown, scenarios

FROM = 0.55
BEGINS_MS = 8 * HOUR_MS
LASTS_MS = 27 * HOUR_MS
MODEL = "credit.scorecard"


class OutageDay(NamedTuple):
    """From eight in the morning until eleven the next day."""

    name: str = "outage"

    def plant(self, plan: Plan) -> Sown:
        """Put the outage into the plan; what it does to the record is the runtime's own doing."""
        from_ms = plan.span.midnight(FROM) + BEGINS_MS
        until_ms = from_ms + LASTS_MS
        times = plan.applications.at_ms
        inside = int(np.count_nonzero((times >= from_ms) & (times < until_ms)))
        planted = Planted(
            scenario=self.name,
            title={
                "en": "The first model couldn't be reached; the second answered, and each failure is on the record.",
                "zh-Hant": "首選模型無法連線，由後備模型作答；每次失敗均有紀錄。",
                "zh-Hans": "首选模型无法连接，由后备模型作答；每次失败均有记录。",
            },
            look=f"/models/{MODEL}",
            from_ms=from_ms,
            until_ms=until_ms,
            use_case=USE_CASE,
            model=MODEL,
            figures={"applications": inside},
        )
        return Sown(plan._replace(outages=(*plan.outages, Outage(MODEL, from_ms, until_ms))), planted)


scenarios.add("outage", OutageDay())
