"""How attentive reviews are: what of the seeded wrong answers is seen, how fast verdicts come, and who disagrees.

References
----------
J. Skitka, K. Mosier, M. Burdick, *Does automation bias decision-making?*, International Journal of Human-Computer
Studies 51 (1999): people go along with a machine's wrong answer, and don't notice that they do.
"""

from __future__ import annotations

import sqlite3
import statistics
from typing import Literal

import msgspec

from waglan.access.action import Action
from waglan.access.identity import Identity
from waglan.review.estimate import clopper_pearson, side
from waglan.review.room import Room
from waglan.review.settings import ReviewSection

Statement = Literal["careful", "unknown", "careless"]
_STATEMENTS: dict[str, Statement] = {"above": "careful", "below": "careless", "unknown": "unknown"}


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one reviewer's attention.

    Attributes
    ----------
    person
        Their id.
    seeded, caught
        How many cases with a known wrong answer they judged, and in how many they saw it.
    catch_low, catch_high
        Limits of the share they catch, exact, 95 %.
    statement
        ``careful`` or ``careless`` once the seeded cases say so, whichever way is settled with the error that the
        settings allow over all looks together; ``unknown``: can't be said yet.
    judged, agreed
        Verdicts on cases that weren't seeded, and how many of them agreed with the use case.
    median_seconds, fast
        Of all their verdicts: the median time, and how many took less than the case takes to read.
    second_looks, disagreed
        How often a second person looked at what they judged, and how often that person came to something else.
    """

    person: str
    seeded: int
    caught: int
    catch_low: float
    catch_high: float
    statement: Statement
    judged: int
    agreed: int
    median_seconds: float | None
    fast: int
    second_looks: int
    disagreed: int


def report(room: Room, who: Identity | None, *, since_ms: int = 0) -> tuple[Standing, ...]:
    """The standing of every reviewer one may see, by id: all of them, or oneself."""
    with room.fresh() as connection:
        people = connection.execute(
            "SELECT DISTINCT person FROM review_verdict WHERE at_ms >= ? ORDER BY person", (since_ms,)
        ).fetchall()
        if not people:
            room.may(who, Action.ATTENTION_READ, "attention", who.id if who else "")
        seen = [person for (person,) in people if _may(room, who, person)]
        if people and not seen:
            room.may(who, Action.ATTENTION_READ, "attention", who.id if who else "")
        return tuple(standing(connection, person, room.settings, since_ms=since_ms) for person in seen)


def _may(room: Room, who: Identity | None, person: str) -> bool:
    from waglan.access.policy import Resource, ruling

    resource = Resource("attention", room.workspace.settings.workspace.tenant, person)
    return ruling(who, Action.ATTENTION_READ, resource).allowed


def standing(connection: sqlite3.Connection, person: str, settings: ReviewSection, *, since_ms: int = 0) -> Standing:
    """What the queue's verdicts say of one person since a time, milliseconds since 1970 UTC."""
    verdicts = connection.execute(
        "SELECT cause, verdict, seconds, caught FROM review_verdict "
        "WHERE person = ? AND at_ms >= ? AND void <> 'undone'",
        (person, since_ms),
    ).fetchall()
    seeded = [bool(caught) for _, _, _, caught in verdicts if caught is not None]
    real = [verdict for cause, verdict, _, _ in verdicts if cause != "seeded"]
    times = [seconds for _, _, seconds, _ in verdicts]
    caught = sum(seeded)
    limits = clopper_pearson(caught, len(seeded))
    looks, disagreed = second_looks(connection, person, since_ms)
    return Standing(
        person=person,
        seeded=len(seeded),
        caught=caught,
        catch_low=limits.low,
        catch_high=limits.high,
        statement=statement(caught, len(seeded), settings),
        judged=len(real),
        agreed=sum(verdict == "agree" for verdict in real),
        median_seconds=statistics.median(times) if times else None,
        fast=sum(seconds < settings.reading_seconds for seconds in times),
        second_looks=looks,
        disagreed=disagreed,
    )


def statement(caught: int, seeded: int, settings: ReviewSection) -> Statement:
    """Careful, careless, or that it can't be said yet, by what was caught alone: speed and agreement prove nothing."""
    return _STATEMENTS[side(caught, seeded, settings.careful_catch, settings.attention_alpha)]


def second_looks(connection: sqlite3.Connection, person: str, since_ms: int) -> tuple[int, int]:
    """How often somebody else looked after a person's verdict, and how often they came to something else.

    A second look is a release, a refusal or a sending back by somebody else, or another person's own verdict on the
    same decision.
    """
    row = connection.execute(
        """
        SELECT count(*), coalesce(sum(other), 0) FROM (
            SELECT max(
                v.void = 'returned',
                v.final = 'refused' AND v.verdict <> 'reject',
                coalesce((SELECT max(o.verdict <> v.verdict OR o.effect <> v.effect) FROM review_verdict o
                          WHERE o.decision = v.decision AND o.person <> v.person AND o.void <> 'undone'), 0)
            ) AS other
            FROM review_verdict v LEFT JOIN review_item i ON i.id = v.item
            WHERE v.person = ? AND v.at_ms >= ? AND v.cause <> 'seeded' AND v.void <> 'undone' AND (
                v.void = 'returned' OR (v.final <> '' AND i.released_by <> v.person) OR EXISTS (
                    SELECT 1 FROM review_verdict o
                    WHERE o.decision = v.decision AND o.person <> v.person AND o.void <> 'undone')))
        """,
        (person, since_ms),
    ).fetchone()
    return int(row[0]), int(row[1])
