"""``drift``: from a day on, other people apply: lower incomes, cards used further."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from waglan.harbour.applicants import Applicants, Floats, draw_outcomes
from waglan.harbour.applications import USE_CASE
from waglan.harbour.names import Bools
from waglan.harbour.plan import Plan
from waglan.harbour.scenario import Planted, Sown, scenarios

FROM = 0.70
"""The share of the period after which it sets in, at the next Hong Kong midnight before."""
INCOME = 0.72
"""What is left of incomes, rounded to a hundred dollars."""
UTILISATION = 0.18
"""Added to the share of card limits used, up to 1.15."""
_STREAM = 101


class Drift(NamedTuple):
    """A shifted population; everything else about it stays as it was drawn."""

    name: str = "drift"

    def plant(self, plan: Plan) -> Sown:
        """Shift the applications from that day on, and draw anew who defaults by the same relation."""
        from_ms = plan.span.midnight(FROM)
        later = plan.applications.at_ms >= from_ms
        rng = np.random.default_rng((plan.bank.seed, _STREAM))
        figures = draw_outcomes(shifted(plan.applications.figures, later), rng)
        planted = Planted(
            scenario=self.name,
            title={
                "en": "From this day on applicants earn less and use more of their card limits than those before.",
                "zh-Hant": "由當日起，申請人的收入較低，信用卡額度使用率較高。",
                "zh-Hans": "自当日起，申请人的收入较低，信用卡额度使用率较高。",
            },
            look=f"/use-cases/{USE_CASE}",
            from_ms=from_ms,
            until_ms=plan.span.until_ms,
            use_case=USE_CASE,
            figures={"applications": int(later.sum()), "income_times": INCOME, "utilisation_plus": UTILISATION},
        )
        return Sown(plan._replace(applications=plan.applications._replace(figures=figures)), planted)


def shifted(figures: Applicants, rows: Bools) -> Applicants:
    """The figures with the named rows (shape (n,)) moved; a missing income stays missing."""

    def less(column: Floats) -> Floats:
        return np.where(rows, np.round(column * INCOME / 100) * 100, column)

    used = np.where(rows, np.minimum(np.round(figures.utilisation + UTILISATION, 2), 1.15), figures.utilisation)
    return figures._replace(income=less(figures.income), income_told=less(figures.income_told), utilisation=used)


scenarios.add("drift", Drift())
