"""The pages of clauses."""

from __future__ import annotations

from waglan.access import Action
from waglan.console.page import Page
from waglan.console.pages.clauses import card, changes, listing, standing, wording

_CARD = Page("/clauses/{id}", card.clause, "clauses/card.html", Action.EVIDENCE_READ, "evidence", nav="clauses")
_WORDING = Page(
    "/clauses/{id}/wording", wording.form, "clauses/wording.html", Action.EVIDENCE_READ, "evidence", nav="clauses"
)
PAGES: tuple[Page, ...] = (
    Page("/clauses", listing.clauses, "clauses/list.html", Action.EVIDENCE_READ, "evidence", nav="clauses"),
    Page("/clauses/changes", changes.changes, "clauses/changes.html", Action.EVIDENCE_READ, "evidence", nav="clauses"),
    Page(
        "/clauses/wording", wording.worklist, "clauses/worklist.html", Action.EVIDENCE_READ, "evidence", nav="clauses"
    ),
    _WORDING,
    Page("/clauses/{id}/wording", wording.see, "", Action.CLAUSE_VERIFY, "clause", "POST", again=_WORDING),
    Page("/clauses/{id}/attest", standing.attest, "", Action.CLAUSE_ATTEST, "clause", "POST", again=_CARD),
    Page("/clauses/{id}/withdraw", standing.withdraw, "", Action.CLAUSE_ATTEST, "clause", "POST", again=_CARD),
    Page("/clauses/{id}/excuse", standing.excuse, "", Action.CLAUSE_ATTEST, "clause", "POST", again=_CARD),
    Page("/clauses/{id}/include", standing.include, "", Action.CLAUSE_ATTEST, "clause", "POST", again=_CARD),
    _CARD,
)
