"""Whose eyes count as a second look at a decision, and when there is something to look at again."""

from __future__ import annotations

import sqlite3

from waglan.core.problem import Problem
from waglan.review.item import Item


def decided_by(connection: sqlite3.Connection, item: Item, person: str) -> bool:
    """Whether somebody gave a verdict on the decision before, or released it: they can't be the second look."""
    verdict = "SELECT 1 FROM review_verdict WHERE decision = ? AND person = ? AND item <> ?"
    if connection.execute(verdict, (item.decision, person, item.id)).fetchone():
        return True
    released = "SELECT 1 FROM review_item WHERE decision = ? AND released_by = ? AND id <> ?"
    return connection.execute(released, (item.decision, person, item.id)).fetchone() is not None


def waits(connection: sqlite3.Connection, item: Item) -> bool:
    """Whether a decision's own review is still to be done, before anybody looks at it a second time."""
    query = "SELECT 1 FROM review_item WHERE id = ? AND cause = 'route' AND waiting > 0"
    return item.what == "human_review" and connection.execute(query, (item.decision,)).fetchone() is not None


def own_review_first(item: Item) -> Problem:
    """409: the decision's own review comes first."""
    return Problem(
        "A person is deciding this case already.",
        "The decision's own review isn't finished, so there is nothing yet to look at again.",
        "Finish that review first.",
        code="review.first",
        where=item.decision,
        status=409,
    )


def own_work(item: Item) -> Problem:
    """403: one's own work."""
    return Problem(
        "This case needs somebody else.",
        "You made it, handed it up, or decided it before.",
        "Take the next one.",
        code="review.own_work",
        where=item.id,
        status=403,
    )
