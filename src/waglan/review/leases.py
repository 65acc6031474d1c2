"""Who has a case in hand, and how long somebody has looked at it: the one part of the queue that isn't on the log."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from waglan.core.problem import Problem
from waglan.review.item import Item
from waglan.review.state import State


class Look(NamedTuple):
    """Somebody sees a case since ``shown_ms``; the nonce makes what they see unlike any other showing of it."""

    nonce: str
    basis: int
    shown_ms: int


def take(connection: sqlite3.Connection, item: Item, person: str, now_ms: int, until_ms: int) -> None:
    """Take a case, or renew what one has.

    Raises
    ------
    Problem
        ``review.taken`` (409) while somebody else has it, ``review.state`` when it isn't to be judged any more.
    """
    if item.state not in (State.OPEN, State.RETURNED, State.LEASED):
        raise wrong_state(item)
    if item.holder and item.holder != person:
        raise Problem(
            "Somebody else has this case in hand.",
            "It is theirs until they judge it, hand it back, or their time is over.",
            "Take the next one.",
            code="review.taken",
            where=item.id,
            status=409,
        )
    connection.execute("INSERT OR REPLACE INTO review_lease VALUES (?, ?, ?)", (item.id, person, until_ms))
    connection.execute(
        "UPDATE review_look SET until_ms = ? WHERE item = ? AND person = ? AND until_ms > ?",
        (until_ms, item.id, person, now_ms),
    )


def held(item: Item, person: str) -> None:
    """Go on only with a case in one's own hands; a Problem (``review.not_held``) otherwise."""
    if item.state is not State.LEASED or item.holder != person:
        if item.state not in (State.OPEN, State.RETURNED, State.LEASED):
            raise wrong_state(item)
        raise Problem(
            "You don't have this case in hand.",
            "It was never taken, or the time for it is over and it went back to the queue.",
            "Take it and look at it again.",
            code="review.not_held",
            where=item.id,
            status=409,
        )


def drop(connection: sqlite3.Connection, item_id: str) -> None:
    """Nobody has it in hand any more."""
    connection.execute("DELETE FROM review_lease WHERE item = ?", (item_id,))


def look(connection: sqlite3.Connection, item: Item, person: str, found: Look, until_ms: int) -> None:
    """Begin a look; the one before ends."""
    end(connection, item.id, person, found.shown_ms)
    connection.execute(
        "INSERT INTO review_look VALUES (?, ?, ?, ?, ?, ?)",
        (item.id, person, found.nonce, found.basis, found.shown_ms, until_ms),
    )


def end(connection: sqlite3.Connection, item_id: str, person: str, now_ms: int) -> None:
    """A look ends here, unless it has ended."""
    connection.execute(
        "UPDATE review_look SET until_ms = min(until_ms, ?) WHERE item = ? AND person = ?", (now_ms, item_id, person)
    )


def looks(connection: sqlite3.Connection, item_id: str, person: str) -> list[Look]:
    """A person's looks at a case, newest first."""
    found = connection.execute(
        "SELECT nonce, basis, shown_ms FROM review_look WHERE item = ? AND person = ? ORDER BY shown_ms DESC, nonce",
        (item_id, person),
    )
    return [Look(*row) for row in found]


def seconds(connection: sqlite3.Connection, item_id: str, person: str, now_ms: int) -> int:
    """How long somebody has looked at a case, all looks together, whole seconds; time without a lease doesn't count."""
    row = connection.execute(
        "SELECT coalesce(sum(max(0, min(until_ms, ?) - shown_ms)), 0) FROM review_look WHERE item = ? AND person = ?",
        (now_ms, item_id, person),
    ).fetchone()
    return int(row[0]) // 1_000


def forget(connection: sqlite3.Connection, item_id: str) -> None:
    """The looks at a case that was judged or released; what they showed can't be used again."""
    connection.execute("DELETE FROM review_look WHERE item = ?", (item_id,))


def wrong_state(item: Item) -> Problem:
    """409: the case isn't where it would have to be."""
    return Problem(
        "This can't be done to the case any more.",
        f"It is {item.state.value} by now.",
        "Look at it again, or take the next one.",
        code="review.state",
        where=item.id,
        status=409,
    )
