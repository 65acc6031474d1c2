"""A review as people see it, and the questions that pages ask of the queue."""

from __future__ import annotations

import sqlite3
from typing import Any, Literal

import msgspec

from waglan.access.four_eyes import VALID_MS
from waglan.core.problem import Problem
from waglan.review.events import HANDED_UP_FLAG, OVERDUE_FLAG
from waglan.review.opening import shown_cause
from waglan.review.state import WAITING, State

Cause = Literal["route", "sample", "seeded", "request"]
_FINISHED = (State.DONE, State.VOID, State.RELEASED)


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One review. Times are milliseconds since 1970 UTC.

    Attributes
    ----------
    id, decision
        The decision's id; of a customer's request the request's, and the decision it is about.
    cause
        ``route``, ``sample``, ``request``, or ``seeded`` once judged: before, a seeded case looks like any other.
    state
        Of `State`, ``leased`` while somebody has it in hand.
    effect, adverse, stakes_hkd
        As the use case answered; the money as text with two digits.
    eyes
        How many people its release needs.
    escalated
        ``overdue``, ``handed_up``.
    holder, lease_until_ms
        Who has it in hand, and until when.
    verdict, reason, changed_effect, judged_by, judged_with, judged_ms, review
        The verdict that stands, and the id of its entry.
    expires_ms
        Until when it can be released.
    stale
        Whether something about the case changed after the verdict, so that it will be void.
    outcome, released_by, released_ms
        What left the house.
    what, channel, language, answer
        Of a request: what is asked, how, in which language; how it was answered.
    corrected
        Whether the record was corrected while the review waited.
    caught
        Of a seeded case that was judged: whether what is wrong with it was seen.
    basis, log_index
        The newest entry of the log that changed what there is to see, and the one that opened the review.
    """

    id: str
    decision: str
    cause: Cause
    state: State
    route: str
    tier: str
    use_case: str
    policy_digest: str
    effect: str
    adverse: bool | None
    stakes_hkd: str | None
    priority: int
    due_ms: int
    overdue: bool
    decided_ms: int
    opened_ms: int
    subject: str
    what: str = ""
    channel: str = ""
    language: str = "en"
    eyes: int = 1
    escalated: tuple[str, ...] = ()
    holder: str = ""
    lease_until_ms: int | None = None
    verdict: str = ""
    reason: str = ""
    changed_effect: str = ""
    review: str = ""
    judged_by: str = ""
    judged_with: str = ""
    judged_ms: int | None = None
    expires_ms: int | None = None
    stale: bool = False
    released_by: str = ""
    released_ms: int | None = None
    outcome: str = ""
    answer: str = ""
    corrected: bool = False
    caught: bool | None = None
    basis: int = 0
    log_index: int = 0

    @property
    def refs(self) -> tuple[str, ...]:
        """What an event about it refers to: the decision, and the request where it is one."""
        return (self.decision,) if self.id == self.decision else (self.decision, self.id)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An item with what no page may show before the verdict.

    Attributes
    ----------
    item
        As people see it.
    cause
        The true one.
    author, asked_by, handed_up_by
        Who can't review it: whoever made the decision, asked for the review, or handed it up.
    """

    item: Item
    cause: Cause
    author: str
    asked_by: str
    handed_up_by: str


_SELECT = (
    "SELECT review_item.*, l.holder AS holder, l.until_ms AS lease_until_ms FROM review_item "
    "LEFT JOIN review_lease l ON l.item = review_item.id AND l.until_ms > :now "
)


def select(connection: sqlite3.Connection, rest: str, values: dict[str, Any]) -> list[Kept]:
    """Items by the rest of a query, which may name ``:now``."""
    cursor = connection.execute(_SELECT + rest, values)
    names = [column[0] for column in cursor.description]
    return [_kept(dict(zip(names, row, strict=True)), values["now"]) for row in cursor]


def find(connection: sqlite3.Connection, item_id: str, now_ms: int) -> Kept:
    """One item; a Problem (``review.missing``, 404) when there is none."""
    found = select(connection, "WHERE id = :id", {"id": item_id, "now": now_ms})
    if not found:
        raise missing(item_id)
    return found[0]


def missing(item_id: str) -> Problem:
    """404: no such review."""
    return Problem(
        "There is no such review.",
        "The decision didn't go to a person, was not sampled, or the id was mistyped.",
        "Take the id from the queue.",
        code="review.missing",
        where=item_id,
        status=404,
    )


def _kept(row: dict[str, Any], now_ms: int) -> Kept:
    stored = State(row["state"])
    holder = row["holder"] or ""
    judged = row["judged_ms"]
    finished = stored in _FINISHED
    item = Item(
        id=row["id"],
        decision=row["decision"],
        cause=row["cause"] if finished else shown_cause(row["cause"], row["route"]),  # type: ignore[arg-type]
        state=State.LEASED if holder and stored in WAITING else stored,
        route=row["route"],
        tier=row["tier"],
        use_case=row["use_case"],
        policy_digest=row["policy_digest"],
        effect=row["effect"],
        adverse=None if row["adverse"] is None else bool(row["adverse"]),
        stakes_hkd=row["stakes_hkd"],
        priority=row["priority"],
        due_ms=row["due_ms"],
        overdue=not finished and row["due_ms"] < now_ms,
        decided_ms=row["decided_ms"],
        opened_ms=row["opened_ms"],
        subject=row["subject"],
        what=row["what"],
        channel=row["channel"],
        language=row["language"],
        eyes=row["eyes"],
        escalated=tuple(
            name for flag, name in ((OVERDUE_FLAG, "overdue"), (HANDED_UP_FLAG, "handed_up")) if row["escalated"] & flag
        ),
        holder=holder,
        lease_until_ms=row["lease_until_ms"],
        verdict=row["verdict"],
        reason=row["reason"],
        changed_effect=row["changed_effect"],
        review=row["review"],
        judged_by=row["judged_by"],
        judged_with=row["judged_with"],
        judged_ms=judged,
        expires_ms=judged + VALID_MS if judged is not None and stored is State.JUDGED else None,
        stale=bool(row["stale"]),
        released_by=row["released_by"],
        released_ms=row["released_ms"],
        outcome=row["outcome"],
        answer=row["answer"],
        corrected=bool(row["corrected"]),
        caught=None if row["caught"] is None else bool(row["caught"]),
        basis=row["basis"],
        log_index=row["log_index"],
    )
    return Kept(
        item=item,
        cause=row["cause"],
        author=row["author"],
        asked_by=row["asked_by"],
        handed_up_by=row["handed_up_by"],
    )
