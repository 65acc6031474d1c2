"""What controls did: verdicts counted, false alarms, what dry runs would have done, the latest hits."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from typing import Any

from waglan.console.pages.figures import Span
from waglan.core.finding import Verdict
from waglan.index import counts, decisions
from waglan.index.counts import ControlCount
from waglan.index.decisions import Filter, Listed

VERDICTS = tuple(verdict.value for verdict in Verdict)
HITS = VERDICTS[1:]
JUDGED = 1_000
"""So many of the newest verdicts of reviewers are looked at for false alarms."""
LATEST, SCANNED = 20, 300
"""So many hits are listed, out of so many of the newest decisions and of those that went to a person."""


def by_day(found: Iterable[ControlCount], wanted: Span) -> dict[str, list[int]]:
    """Hits per verdict and day."""
    days = {verdict: dict.fromkeys(wanted.days, 0) for verdict in HITS}
    for each in found:
        if each.verdict in days:
            days[each.verdict][each.day] += each.n
    return {verdict: list(counted.values()) for verdict, counted in days.items()}


def acted(connection: sqlite3.Connection, wanted: Span, control: str) -> Counter[str]:
    """How many decisions of each use case a control sent to a person or blocked: what stands in their ``why``."""
    found = counts.traits(connection, *wanted.ends, trait="why")
    return Counter({each.use_case: each.n for each in found if each.value == f"control:{control}"})


def alarms(connection: sqlite3.Connection, control: str) -> dict[str, int]:
    """How many of the cases that a control sent to a person were judged, and how many answers agreed with.

    Quality samples, attention checks and customers' requests don't count: no control sent those.
    """
    row = connection.execute(
        "SELECT count(*), coalesce(sum(json_extract(e.facts, '$.verdict') = 'agree'), 0) FROM "
        "(SELECT refs, facts FROM event WHERE kind = 'review' ORDER BY idx DESC LIMIT ?) e "
        "JOIN decision d ON d.id = json_extract(e.refs, '$[0]') JOIN detail t USING (detail) "
        "WHERE ifnull(json_extract(e.facts, '$.cause'), 'route') = 'route' AND instr(t.said, ?) > 0",
        (JUDGED, f'"control:{control}"'),
    ).fetchone()
    return {"judged": row[0], "agreed": row[1]}


def latest(connection: sqlite3.Connection, control: str) -> list[dict[str, Any]]:
    """The newest decisions that a control didn't simply pass."""
    found: dict[str, Listed] = {}
    for wanted in (Filter(), Filter(route="human"), Filter(route="blocked")):
        page = decisions.latest(connection, wanted, limit=SCANNED if wanted == Filter() else SCANNED // 3)
        found |= {row.id: row for row in page.rows}
    hits = [(row, dict(row.flagged)[control]) for row in found.values() if control in dict(row.flagged)]
    hits.sort(key=lambda hit: hit[0].index, reverse=True)
    return [
        {"id": row.id, "at_ms": row.at_ms, "use_case": row.use_case, "verdict": verdict, "route": row.route}
        for row, verdict in hits[:LATEST]
    ]
