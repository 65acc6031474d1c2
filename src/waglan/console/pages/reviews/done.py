"""What is said after a verdict: what became of it, until when it can be taken back, and whether it was a check."""

from __future__ import annotations

from typing import Any

import msgspec

from waglan.console.pages.decisions.record import fields, well_formed
from waglan.console.pages.reviews.names import use_case_title
from waglan.console.pages.reviews.reasons import label
from waglan.console.visit import Visit
from waglan.core.problem import Problem
from waglan.review import Item, State
from waglan.review.projection import PLANTED


def where(item: Item) -> str:
    """Where a case is worked on: a customer's question on its own page, unless it asks for a person."""
    return f"/reviews/requests/{item.id}" if item.what not in ("", "human_review") else f"/reviews/{item.id}"


def done(visit: Visit, item_id: str) -> dict[str, Any] | None:
    """What the page after a verdict says of it; None where it isn't one's own."""
    if not well_formed(item_id):
        return None
    try:
        item = visit.house.desk.item(visit.me, item_id)
    except Problem as problem:
        if problem.status != 404:
            raise
        return None
    return told(visit, item) if item.judged_by == visit.me.id else None


def told(visit: Visit, item: Item) -> dict[str, Any] | None:
    """A verdict in words: what was said, what became of it, until when it can be taken back."""
    if not item.verdict:
        return None
    grace_ms = visit.house.desk.room.settings.grace_seconds * 1_000
    until_ms = (item.judged_ms or 0) + grace_ms
    now_ms = visit.house.workspace.clock.now_ms()
    own = item.judged_by == visit.me.id
    return {
        "id": item.id,
        "decision": item.decision,
        "title": use_case_title(visit, item.use_case),
        "state": item.state.value,
        "verdict": item.verdict,
        "effect": item.changed_effect or item.effect,
        "reason": label(item.use_case, item.reason) if item.reason else "",
        "outcome": item.outcome,
        "seconds": _seconds(visit, item),
        "own": own,
        "undo_until_ms": until_ms if own and item.state is State.JUDGED and until_ms > now_ms else None,
        "expires_ms": item.expires_ms,
        "seeded": item.cause == "seeded",
        "caught": item.caught,
        "planted": planted(visit, item.decision) if own and item.cause == "seeded" else {},
    }


def _seconds(visit: Visit, item: Item) -> int | None:
    """How long the reviewer looked at it."""
    with visit.house.index.reading() as connection:
        row = connection.execute("SELECT seconds FROM review_verdict WHERE id = ?", (item.review,)).fetchone()
    return None if row is None else int(row[0])


def planted(visit: Visit, decision_id: str) -> dict[str, Any]:
    """What was made wrong in a seeded case, and of which decision it was made; empty for a real one.

    For the server's own use before the verdict, and for the reviewer after it.
    """
    index = visit.house.workspace.ledger.find(decision_id)
    sealed = fields(visit, index) if index is not None else {}
    if isinstance(sealed, str) or PLANTED not in sealed:
        return {}
    found: dict[str, Any] = msgspec.json.decode(sealed[PLANTED])
    return found
