"""The page of the overview."""

from __future__ import annotations

from typing import Any

from waglan.access import Action
from waglan.console.page import Page, Shown
from waglan.console.pages import figures
from waglan.console.pages.overview.guide import guide
from waglan.console.pages.overview.needs import needs
from waglan.console.pages.overview.tracks import tracks
from waglan.console.visit import Visit
from waglan.core.problem import Problem

PERIODS = (1, 7, 30)
DRAWN = 7
"""The chart shows so many days at least."""


def overview(visit: Visit) -> Shown:
    """Both tracks over a period, and what needs this person now."""
    asked = visit.query.get("days", "")
    days = next((each for each in PERIODS if str(each) == asked), 7)
    now_ms = visit.house.workspace.clock.now_ms()
    wanted, drawn = figures.span(now_ms, days), figures.span(now_ms, max(days, DRAWN))
    with visit.house.index.reading() as connection:
        found = tracks(connection, wanted, drawn, now_ms)
        steps = guide(visit, connection)
    return {
        "days": days,
        "periods": PERIODS,
        "since": wanted.ends[0],
        "until": wanted.ends[1],
        "titles": {each["name"]: _title(visit, each["name"]) for each in found["by_use_case"]},
        "needs": needs(visit),
        "guide": steps,
        **found,
    }


def _title(visit: Visit, name: str) -> Any:
    try:
        return visit.house.workspace.catalogue.get(name).manifest.title
    except Problem:
        return {"en": name}


PAGES: tuple[Page, ...] = (
    Page("/overview", overview, "overview/overview.html", Action.DECISION_READ, "decision", nav="overview"),
)
