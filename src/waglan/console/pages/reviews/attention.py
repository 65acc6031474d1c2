"""Attention: whether reviews are done with care, told from what is planted, and what samples say of the automatic."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

import msgspec

from waglan.access import Action
from waglan.console.page import Goto, Shown
from waglan.console.pages.decisions.actors import Actors
from waglan.console.pages.reviews.names import use_case_title
from waglan.console.pages.reviews.shares import share
from waglan.console.visit import Visit
from waglan.core.problem import Problem
from waglan.review.seeding import MOST

DAY_MS = 86_400_000
WINDOWS = (30, 90, 365)
"""The spans one may choose from, days."""
BOUNDS = (0, 5, 10, 20, 40, 80, 160, 320, 640)
"""Where the bars of the histogram begin, seconds."""


class Quality(NamedTuple):
    """What samples say of one use case: how many were looked at, and how many would have been answered otherwise."""

    use_case: str
    looked: int
    otherwise: int


def attention(visit: Visit) -> Shown:
    """Every reviewer one may see, or one of them; and the samples."""
    desk, me = visit.house.desk, visit.me
    days = int(visit.query.get("days", "")) if visit.query.get("days", "") in map(str, WINDOWS) else 90
    since_ms = visit.house.workspace.clock.now_ms() - days * DAY_MS
    standings = {each.person: each for each in desk.attention(me, since_ms=since_ms)}
    actors = Actors(visit)
    wanted = visit.query.get("person", "")
    one = wanted if wanted in standings else next(iter(standings)) if len(standings) == 1 else ""
    with visit.house.index.reading() as connection:
        times = _times(connection, one, since_ms) if one else []
        samples = _samples(connection) if _measures(visit) else []
    settings = desk.room.settings
    return {
        "days": days,
        "windows": WINDOWS,
        "people": [{**msgspec.to_builtins(each), "by": actors.of(each.person)} for each in standings.values()],
        "one": one,
        "times": times,
        "bounds": BOUNDS,
        "careful_catch": settings.careful_catch,
        "reading_seconds": settings.reading_seconds,
        "seeded_share": settings.seeded_share,
        "samples": [_quality(visit, each) for each in samples],
        "may_seed": visit.may(Action.ATTENTION_SEED, "attention"),
        "use_cases": {name: use_case_title(visit, name) for name in visit.house.workspace.catalogue},
        "most": MOST,
        "seeded": visit.query.get("seeded", "") if visit.query.get("seeded", "").isdecimal() else "",
        "measures": _measures(visit),
    }


def plant(visit: Visit) -> Goto:
    """Plant cases with a known wrong answer."""
    form = visit.form
    count = form.required("count")
    if not (count.isascii() and count.isdecimal() and len(count) <= 4):
        raise Problem(
            "This isn't a number of cases.", f"{count[:20]!r} was given.", f"Give 1 to {MOST}.",
            code="review.seed", where="count",
        )  # fmt: skip
    made = visit.house.desk.seed(visit.me, form.required("use_case"), int(count))
    return Goto(f"/reviews/attention?seeded={len(made)}")


def _measures(visit: Visit) -> bool:
    """Whether the visitor may see everybody's figures, not only their own."""
    return visit.may(Action.ATTENTION_READ, "attention")


def _times(connection: sqlite3.Connection, person: str, since_ms: int) -> list[int]:
    """How many verdicts took how long, by `BOUNDS`."""
    counted = [0] * len(BOUNDS)
    query = "SELECT seconds FROM review_verdict WHERE person = ? AND at_ms >= ? AND void <> 'undone'"
    for (seconds,) in connection.execute(query, (person, since_ms)):
        counted[max(at for at, bound in enumerate(BOUNDS) if seconds >= bound)] += 1
    return counted


def _samples(connection: sqlite3.Connection) -> list[Quality]:
    rows = connection.execute(
        "SELECT i.use_case, count(*), sum(v.verdict <> 'agree') FROM review_verdict v "
        "JOIN review_item i ON i.id = v.item WHERE v.cause = 'sample' AND v.void = '' "
        "GROUP BY i.use_case ORDER BY i.use_case"
    )
    return [Quality(*row) for row in rows]


def _quality(visit: Visit, found: Quality) -> dict[str, Any]:
    return {
        **found._asdict(),
        "title": use_case_title(visit, found.use_case),
        **share(found.otherwise, found.looked)._asdict(),
    }
