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
from waglan.core.ids import from_bytes
from waglan.core.problem import Problem
from waglan.review import ReviewSection
from waglan.review import attention as attentions
from waglan.review.seeding import MOST

DAY_MS = 86_400_000
WINDOWS = (30, 90, 365)
"""The spans one may choose from, days."""
BOUNDS = (0, 5, 10, 20, 40, 80, 160, 320, 640)
"""Where the bars of the histogram begin, seconds."""


_REVIEWERS = (
    "WITH RECURSIVE known (person) AS (SELECT min(person) FROM review_verdict UNION ALL "
    "SELECT (SELECT min(person) FROM review_verdict v WHERE v.person > known.person) FROM known WHERE person NOT NULL) "
    "SELECT person, (SELECT count(*) FROM review_verdict v WHERE v.person = known.person AND v.at_ms >= :since) "
    "FROM known WHERE person NOT NULL"
)
_CAUGHT = (
    "SELECT person, caught FROM review_verdict "
    "WHERE id >= :first AND at_ms >= :since AND caught NOT NULL AND void <> 'undone'"
)
_OF_SAMPLES = (
    "SELECT i.use_case, count(*), sum(v.verdict <> 'agree') FROM review_verdict v JOIN review_item i ON i.id = v.item "
    "WHERE v.id >= :first AND v.at_ms >= :since AND v.cause = 'sample' AND v.void = '' "
    "GROUP BY i.use_case ORDER BY i.use_case"
)


class Seen(NamedTuple):
    """How many verdicts a reviewer gave, and what they saw of what was planted."""

    person: str
    verdicts: int
    seeded: int
    caught: int


class Quality(NamedTuple):
    """What samples say of one use case: how many were looked at, and how many would have been answered otherwise."""

    use_case: str
    looked: int
    otherwise: int


def attention(visit: Visit) -> Shown:
    """Every reviewer one may see, or one of them; and the samples."""
    desk, me, everybody = visit.house.desk, visit.me, visit.may(Action.ATTENTION_READ, "attention")
    if not everybody:
        visit.require(Action.ATTENTION_READ, "attention", author=me.id)
    days = int(visit.query.get("days", "")) if visit.query.get("days", "") in map(str, WINDOWS) else 90
    since_ms = visit.house.workspace.clock.now_ms() - days * DAY_MS
    span = {"since": since_ms, "first": from_bytes(since_ms.to_bytes(6, "big") + bytes(10))}
    with visit.house.index.reading() as connection:
        people = [each for each in _people(connection, span) if everybody or each.person == me.id]
        samples = [Quality(*row) for row in connection.execute(_OF_SAMPLES, span)] if everybody else []
        one = _one(visit.query.get("person", ""), people)
        standing = attentions.standing(connection, one, desk.room.settings, since_ms=since_ms) if one else None
        times = _times(connection, one, since_ms) if one else []
    actors, settings = Actors(visit), desk.room.settings
    return {
        "days": days,
        "windows": WINDOWS,
        "people": [_person(each, settings, actors) for each in people],
        "one": one,
        "standing": msgspec.to_builtins(standing),
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
        "measures": everybody,
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


def _people(connection: sqlite3.Connection, span: dict[str, Any]) -> list[Seen]:
    """Everybody with a verdict in the span; only what was planted is read row by row."""
    caught: dict[str, list[int]] = {}
    for person, seen in connection.execute(_CAUGHT, span):
        caught.setdefault(person, []).append(seen)
    return [
        Seen(person, verdicts, len(caught.get(person, ())), sum(caught.get(person, ())))
        for person, verdicts in connection.execute(_REVIEWERS, span)
        if verdicts
    ]


def _one(wanted: str, people: list[Seen]) -> str:
    """Whose figures are shown in full: who was asked for, or the only one there is."""
    known = [each.person for each in people]
    return wanted if wanted in known else known[0] if len(known) == 1 else ""


def _person(found: Seen, settings: ReviewSection, actors: Actors) -> dict[str, Any]:
    return {
        **found._asdict(),
        "by": actors.of(found.person),
        "statement": attentions.statement(found.caught, found.seeded, settings),
        "seen": share(found.caught, found.seeded)._asdict() if found.seeded else None,
    }


def _times(connection: sqlite3.Connection, person: str, since_ms: int) -> list[int]:
    """How many verdicts took how long, by `BOUNDS`."""
    counted = [0] * len(BOUNDS)
    query = "SELECT seconds FROM review_verdict WHERE person = ? AND at_ms >= ? AND void <> 'undone'"
    for (seconds,) in connection.execute(query, (person, since_ms)):
        counted[max(at for at, bound in enumerate(BOUNDS) if seconds >= bound)] += 1
    return counted


def _quality(visit: Visit, found: Quality) -> dict[str, Any]:
    return {
        **found._asdict(),
        "title": use_case_title(visit, found.use_case),
        **share(found.otherwise, found.looked)._asdict(),
    }
