"""Customers' requests: what was asked, what was decided, and the answer in the customer's language."""

from __future__ import annotations

from typing import Any

import msgspec

from waglan.access import Action
from waglan.console.page import Goto, Shown
from waglan.console.pages.decisions.actors import Actors
from waglan.console.pages.decisions.record import fields
from waglan.console.pages.reviews.done import done
from waglan.console.pages.reviews.judging import header
from waglan.console.pages.reviews.names import use_case_title
from waglan.console.pages.reviews.scope import address, scope
from waglan.console.qr import qr
from waglan.console.visit import Visit
from waglan.core.problem import Problem
from waglan.review import Filter, Item, Receipts, State

_OPEN = (State.OPEN, State.RETURNED, State.LEASED)
_AFTER: dict[str, str] = {"as_decided": "upheld", "as_changed": "changed", "refused": "changed"}
ROWS = 50


def requests(visit: Visit) -> Shown:
    """Every request that waits: for an answer, for a reviewer, for a release."""
    desk, me = visit.house.desk, visit.me
    parts: dict[str, list[dict[str, Any]]] = {"answer": [], "open": [], "judged": []}
    if desk.counts(me).requests:
        for stage in parts:
            page = desk.queue(me, Filter(stage=stage, cause="request"), limit=ROWS)  # type: ignore[arg-type] # as listed
            parts[stage] = [_row(visit, item) for item in page.items]
    finished = desk.queue(me, Filter(stage="finished", cause="request"), limit=10)
    return {**parts, "finished": [_row(visit, item) for item in finished.items], "done": None}


def request_page(visit: Visit) -> Shown:
    """One request."""
    item = visit.house.desk.item(visit.me, visit.path["id"])
    if item.cause != "request":
        raise Problem(
            "This isn't a customer's request.", "The id is a review's.", "Look at it among the reviews.",
            code="review.missing", where=item.id, status=404,
        )  # fmt: skip
    actors = Actors(visit)
    wanted = scope(visit.query)
    url = Receipts(visit.house.desk.room).url(item.decision)
    return {
        **header(visit, item, actors),
        "scope": wanted.fields,
        "done": done(visit, visit.query.get("done", "")),
        "asked": _words(visit, item.id, "note", item),
        "draft": _draft(visit, item),
        "outcomes": outcomes(item) if _may_answer(visit, item) else [],
        "may_take": item.what != "explanation" and visit.may(Action.REVIEW_TAKE, "review"),
        "sent": _sent(visit, item),
        "receipt": url,
        "qr": qr(url) if url else "",
    }


def answer(visit: Visit) -> Goto:
    """Send the answer."""
    form = visit.form
    outcome: Any = form.required("outcome")
    answered = visit.house.desk.answer(visit.me, visit.path["id"], outcome, form.text("note"))
    return Goto(address(f"/reviews/requests/{answered.item.id}", scope(form.fields)), "request_answered")


def outcomes(item: Item) -> list[str]:
    """What can be answered as things stand, the likeliest first; empty when there is nothing to answer."""
    if item.state not in (*_OPEN, State.RELEASED):
        return []
    if item.what == "explanation":
        return ["explained", "declined"]
    if item.what == "human_review":
        return ["declined"] if item.state in _OPEN else [_AFTER[item.outcome]]
    return ["changed", "declined"] if item.corrected else ["upheld", "declined"]


def _row(visit: Visit, item: Item) -> dict[str, Any]:
    return {**msgspec.to_builtins(item), "title": use_case_title(visit, item.use_case)}


def _may_answer(visit: Visit, item: Item) -> bool:
    return visit.may(Action.REQUEST_ANSWER, "request", reviewer=item.judged_by if item.eyes > 1 else "")


def _draft(visit: Visit, item: Item) -> str:
    """The text as it would be sent; empty for who may not send it, and once it was."""
    if not outcomes(item) or not _may_answer(visit, item):
        return ""
    try:
        return visit.house.desk.draft(visit.me, item.id)
    except Problem as problem:
        if problem.status == 403 or problem.code.startswith("vault."):
            return ""
        raise


def _words(visit: Visit, entry_id: str, name: str, item: Item) -> str:
    """A sealed text of an entry; empty where it isn't there, erased, or not for this person."""
    if not visit.may(Action.DECISION_READ_PRIVATE, "decision"):
        return ""
    index = visit.house.workspace.ledger.find(entry_id)
    found = fields(visit, index) if index is not None else {}
    if isinstance(found, str) or name not in found:
        return ""
    return str(msgspec.json.decode(found[name]))


def _sent(visit: Visit, item: Item) -> dict[str, Any] | None:
    """The answer that was sent."""
    if not item.answer:
        return None
    with visit.house.index.reading() as connection:
        row = connection.execute(
            "SELECT id, at_ms FROM event WHERE kind = 'answer' AND idx IN (SELECT idx FROM event_ref WHERE ref = ?)",
            (item.id,),
        ).fetchone()
    if row is None:
        return None
    return {"outcome": item.answer, "at_ms": row[1], "text": _words(visit, row[0], "text", item)}
