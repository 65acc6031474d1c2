"""What is kept from a visitor while a review is open: a planted case must not be told from a real one.

The entry of a planted case says what it is, and so do its receipt and its mode. For everybody who may not read about
attention, the entries of all decisions under review are closed alike: a rule for planted ones alone would give them
away.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from waglan.access import Action
from waglan.console.visit import Visit
from waglan.core.problem import Problem


def sees_plants(visit: Visit) -> bool:
    """Whether the visitor may know which cases were planted."""
    return visit.may(Action.ATTENTION_READ, "attention")


def under_review(connection: sqlite3.Connection, decision_ids: Sequence[str]) -> set[str]:
    """Those of some decisions that have an unfinished review."""
    marks = ", ".join("?" * len(decision_ids))
    query = f"SELECT decision FROM review_item WHERE waiting > 0 AND decision IN ({marks})"
    return {str(row[0]) for row in connection.execute(query, tuple(decision_ids))}


def closed(visit: Visit, decision_id: str) -> bool:
    """Whether the entry of a decision is closed to the visitor for now."""
    if sees_plants(visit):
        return False
    with visit.house.index.reading() as connection:
        return bool(under_review(connection, (decision_id,)))


def refuse_closed(visit: Visit, decision_id: str) -> None:
    """Raise a Problem (``decision.under_review``, 409) while the entry is closed."""
    if closed(visit, decision_id):
        raise Problem(
            "This entry can be seen once its review is done.",
            "While somebody judges a case, its raw entry and its proof are closed to those who might judge it.",
            "Come back after the release, or ask internal audit.",
            code="decision.under_review",
            status=409,
        )
