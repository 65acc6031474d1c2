"""The addresses of decisions."""

from __future__ import annotations

from waglan.access import Action
from waglan.console.page import Page
from waglan.console.pages.decisions import actions, listing, page

_READ = (Action.DECISION_READ, "decision")
_OVERRIDE = Page("/decisions/{id}/override", actions.override_form, "decisions/override.html", *_READ, nav="decisions")
_CORRECT = Page("/decisions/{id}/correct", actions.correct_form, "decisions/correct.html", *_READ, nav="decisions")
_REQUEST = Page(
    "/decisions/{id}/request", actions.request_form, "decisions/request.html", Action.REQUEST_OPEN, "request",
    nav="decisions",
)  # fmt: skip

PAGES: tuple[Page, ...] = (
    Page("/decisions", listing.show, "decisions/list.html", *_READ, nav="decisions"),
    Page("/decisions.csv", listing.export, "", *_READ),
    Page("/decisions/{id}", page.show, "decisions/decision.html", *_READ, nav="decisions"),
    Page("/decisions/{id}/proof", page.verify, "decisions/proof.html", *_READ, nav="decisions"),
    Page("/decisions/{id}/receipt", page.receipt, "", *_READ),
    _OVERRIDE,
    _CORRECT,
    _REQUEST,
    Page("/decisions/{id}/override", actions.override, "", *_READ, "POST", again=_OVERRIDE),
    Page("/decisions/{id}/correct", actions.correct, "", *_READ, "POST", again=_CORRECT),
    Page("/decisions/{id}/request", actions.request, "", Action.REQUEST_OPEN, "request", "POST", again=_REQUEST),
)
