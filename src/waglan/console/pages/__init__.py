"""All pages of the console."""

from waglan.console.page import Page
from waglan.console.pages import (
    clauses,
    controls,
    decisions,
    entrance,
    evidence,
    incidents,
    ledger,
    models,
    overview,
    receipts,
    registers,
    reviews,
    rules,
    search,
    settings,
    trying,
    use_cases,
)

PAGES: tuple[Page, ...] = (
    *entrance.PAGES,
    *overview.PAGES,
    *use_cases.PAGES,
    *decisions.PAGES,
    *reviews.PAGES,
    *controls.PAGES,
    *rules.PAGES,
    *clauses.PAGES,
    *evidence.PAGES,
    *models.PAGES,
    *registers.PAGES,
    *incidents.PAGES,
    *ledger.PAGES,
    *trying.PAGES,
    *settings.PAGES,
    *receipts.PAGES,
    *search.PAGES,
)
