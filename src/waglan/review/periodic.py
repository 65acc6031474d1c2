"""What time does to reviews, and nobody in particular: deadlines pass, verdicts expire, leases end, cases are seeded.

Any worker calls `rounds` every half minute or so, and several may at once: what it does goes through the log within the
one write transaction, where it is seen whether somebody was first. Messages are at least once; their ids tell repeats.
"""

from __future__ import annotations

import sqlite3
from random import Random, SystemRandom
from typing import TYPE_CHECKING

import msgspec

from waglan.access.four_eyes import VALID_MS
from waglan.core.entry import Entry
from waglan.core.events import Escalation
from waglan.review.item import select
from waglan.review.judging import manifest_of, void
from waglan.review.room import Room
from waglan.review.seeding import planted

if TYPE_CHECKING:
    from waglan.review.desk import Desk

ACTOR = "review"
MOST = 500
"""So much is done in one round, so that nobody waits long for it."""
WINDOW_MS = 30 * 24 * 3_600_000
"""The share of seeded cases is that of the reviews opened in so long."""
LEAST = 20
"""With fewer reviews than this, a seeded case would stand out."""


class Rounds(msgspec.Struct, frozen=True, kw_only=True):
    """What a round did.

    Attributes
    ----------
    overdue, expired, changed
        How many reviews became overdue, and how many verdicts void by age or because the case changed.
    leases, seeded
        How many leases ended, and how many cases were seeded.
    told, undelivered
        How many messages were sent, and how many attempts failed.
    """

    overdue: int = 0
    expired: int = 0
    changed: int = 0
    leases: int = 0
    seeded: int = 0
    told: int = 0
    undelivered: int = 0


def rounds(desk: Desk, *, random: Random | None = None) -> Rounds:
    """Do what is due, and send what there is to tell; doing it again at once does nothing."""
    desk.room.index.follow()
    desk.room.settle()
    done = due(desk.room, random or SystemRandom())
    if desk.notify is None:
        return done
    desk.notify.gather()
    sent = desk.notify.deliver()
    return msgspec.structs.replace(done, told=sent.sent, undelivered=sent.failed)


def due(room: Room, random: Random) -> Rounds:
    """What time does to reviews, recorded."""
    with room.index.writing() as connection:
        now_ms = room.now_ms()
        late = _overdue(room, connection, now_ms)
        changed = _voided(room, connection, "stale = 1", "changed", now_ms)
        expired = _voided(room, connection, "stale = 0 AND judged_ms < :before", "expired", now_ms)
        seeds = _seeds(room, connection, random, now_ms)
        entries = (*late, *changed, *expired, *seeds)
        if entries:
            room.record(*entries)
        ended = connection.execute("DELETE FROM review_lease WHERE until_ms <= ?", (now_ms,)).rowcount
        connection.execute("DELETE FROM review_look WHERE until_ms < ?", (now_ms - WINDOW_MS,))
    return Rounds(overdue=len(late), expired=len(expired), changed=len(changed), leases=ended, seeded=len(seeds))


def _overdue(room: Room, connection: sqlite3.Connection, now_ms: int) -> tuple[Entry, ...]:
    where = "WHERE waiting IN (1, 2) AND due_ms < :now AND escalated & 1 = 0 ORDER BY due_ms LIMIT :most"
    return tuple(
        room.entry(Escalation(reason="overdue"), actor=ACTOR, refs=kept.item.refs, subject=kept.item.subject)
        for kept in select(connection, where, {"now": now_ms, "most": MOST})
    )


def _voided(room: Room, connection: sqlite3.Connection, which: str, reason: str, now_ms: int) -> tuple[Entry, ...]:
    where = f"WHERE waiting = 2 AND {which} ORDER BY judged_ms LIMIT :most"
    values = {"now": now_ms, "before": now_ms - VALID_MS, "most": MOST}
    found = select(connection, where, values)
    return tuple(void(room, kept.item, ACTOR, "changed" if reason == "changed" else "expired") for kept in found)


def _seeds(room: Room, connection: sqlite3.Connection, random: Random, now_ms: int) -> tuple[Entry, ...]:
    """One seeded case for each use case that has too few of them."""
    share = room.settings.seeded_share
    if not share:
        return ()
    counted = connection.execute(
        "SELECT use_case, count(*), sum(cause = 'seeded') FROM review_item "
        "WHERE opened_ms > ? AND cause <> 'request' GROUP BY use_case",
        (now_ms - WINDOW_MS,),
    ).fetchall()
    made: list[Entry] = []
    for use_case, reviews, seeded in counted:
        if reviews >= LEAST and seeded < share * reviews and manifest_of(room, use_case):
            made.extend(planted(room, connection, use_case, actor=ACTOR, count=1, random=random))
    return tuple(made)
