"""What happened before: to the same person, and to cases of the same use case. Shown folded, so as not to lead."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from waglan.console.pages.reviews.done import planted
from waglan.console.pages.reviews.names import use_case_title
from waglan.console.pages.reviews.shares import share
from waglan.console.visit import Visit
from waglan.index import counts, days, decisions
from waglan.review import Item

MOST = 5
SPAN_DAYS = 90
_SPARE = 3


def before(visit: Visit, item: Item) -> dict[str, Any]:
    """The last decisions about the same subject, and how often reviewers changed what this use case proposed.

    What a planted case was made from is left out: it would give the case away, and a real case has no twin either.
    """
    twin = planted(visit, item.decision).get("of")
    now_ms = visit.house.workspace.clock.now_ms()
    with visit.house.index.reading() as connection:
        found = _decisions(connection, item.subject) if item.subject else ()
        rates = _rates(connection, item.use_case, now_ms)
    shown = [row for row in found if row.id not in (item.decision, twin)][:MOST]
    return {
        "decisions": [{**msgspec.to_builtins(row), "title": use_case_title(visit, row.use_case)} for row in shown],
        "rates": rates,
    }


def _decisions(connection: sqlite3.Connection, subject: str) -> tuple[decisions.Listed, ...]:
    wanted = decisions.Filter(subject=subject, mode="live")
    return decisions.latest(connection, wanted, limit=MOST + _SPARE).rows


def _rates(connection: sqlite3.Connection, use_case: str, now_ms: int) -> dict[str, Any] | None:
    """Verdicts of the last `SPAN_DAYS` days by kind; None without any."""
    today = days.day_of(now_ms)
    since, until = days.iso(today - SPAN_DAYS), days.iso(today)
    rows = counts.later(connection, since, until, use_case=use_case, kind="review", by_day=False)
    by_verdict = {row.what: row.n for row in rows}
    total = sum(by_verdict.values())
    if not total:
        return None
    other = total - by_verdict.get("agree", 0)
    return {"days": SPAN_DAYS, "total": total, "other": other, **share(other, total)._asdict()}
