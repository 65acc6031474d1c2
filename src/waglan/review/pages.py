"""The queue page by page: filters, counts, and the order in which work is to be done."""

from __future__ import annotations

import sqlite3
from typing import Any, Literal

import msgspec

from waglan.core.problem import Problem
from waglan.review.item import Cause, Item, Kept, select

MOST = 200
_STAGE = {"open": 1, "judged": 2, "answer": 3, "finished": 0}
_CAUSES = ("", "route", "sample", "request")


class Filter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which reviews; everything that is empty doesn't restrict.

    Attributes
    ----------
    stage
        ``open``: to be judged; ``judged``: to be released; ``answer``: a request whose review is done and that is
        still to be answered; ``finished``.
    cause, use_case, tier
        Of the case.
    holder
        Who has it in hand.
    judged_by
        Whose verdict it carries.
    overdue, free
        Only those past their deadline; only those that nobody has in hand.
    """

    stage: Literal["open", "judged", "answer", "finished"] = "open"
    cause: Literal["", "route", "sample", "request"] = ""
    use_case: str = ""
    tier: str = ""
    holder: str = ""
    judged_by: str = ""
    overdue: bool = False
    free: bool = False


class Page(msgspec.Struct, frozen=True):
    """Some reviews in order, and the key with which the next page begins; empty when there is none."""

    items: tuple[Item, ...]
    next: str


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many reviews wait: to be judged, in whose hands, to be released, to be answered, past their deadline."""

    open: int
    mine: int
    leased: int
    judged: int
    answer: int
    overdue: int
    requests: int
    by_use_case: dict[str, int]


def page(connection: sqlite3.Connection, wanted: Filter, now_ms: int, *, after: str = "", limit: int = 50) -> Page:
    """A page of the queue, most urgent first; what is finished newest first.

    Raises
    ------
    Problem
        ``review.page`` for a key that isn't one.
    """
    limit = max(1, min(limit, MOST))
    found = rows(connection, wanted, now_ms, after=after, limit=limit + 1)
    items = tuple(kept.item for kept in found[:limit])
    return Page(items, _key(items[-1], wanted) if len(found) > limit else "")


def rows(connection: sqlite3.Connection, wanted: Filter, now_ms: int, *, after: str, limit: int) -> list[Kept]:
    """The rows behind a page."""
    if wanted.stage not in _STAGE or wanted.cause not in _CAUSES:
        raise Problem(
            "The queue can't be filtered like that.",
            f"A stage is one of {', '.join(_STAGE)}; a cause is one of {', '.join(_CAUSES[1:])}.",
            "Choose one of them.",
            code="review.filter",
            where="stage" if wanted.stage not in _STAGE else "cause",
        )
    terms = ["waiting = :stage"]
    values: dict[str, Any] = {"stage": _STAGE[wanted.stage], "now": now_ms, "limit": limit}
    for name in ("use_case", "tier", "judged_by"):
        if getattr(wanted, name):
            terms.append(f"{name} = :{name}")
            values[name] = getattr(wanted, name)
    if wanted.cause:
        terms.append(f"({_causes(wanted.cause)})")
    if wanted.holder:
        terms[0] = "+waiting = :stage"  # + keeps SQLite from walking the queue: what one person has in hand is little
        terms.append("id IN (SELECT item FROM review_lease WHERE holder = :holder AND until_ms > :now)")
        values["holder"] = wanted.holder
    if wanted.overdue:
        terms.append("due_ms < :now")
    if wanted.free:
        terms.append("l.holder IS NULL")
    order = "priority DESC, due_ms, id"
    if wanted.stage == "finished":
        order = "log_index DESC"
    if after:
        values |= _parsed(after)
        past = "priority < :priority OR due_ms > :due OR (due_ms = :due AND id > :id)"
        finished = wanted.stage == "finished"
        terms.append("log_index < :priority" if finished else f"priority <= :priority AND ({past})")
    return select(connection, f"WHERE {' AND '.join(terms)} ORDER BY {order} LIMIT :limit", values)


def of_decision(connection: sqlite3.Connection, decision_id: str, now_ms: int) -> tuple[Item, ...]:
    """The reviews of a decision: its own, then those that customers asked for."""
    rest = "WHERE decision = :decision ORDER BY id <> decision, log_index"
    return tuple(kept.item for kept in select(connection, rest, {"decision": decision_id, "now": now_ms}))


def _causes(cause: Cause | Literal[""]) -> str:
    """A seeded case is found where people see it."""
    if cause == "route":
        return "cause = 'route' OR (cause = 'seeded' AND route = 'human')"
    if cause == "sample":
        return "cause = 'sample' OR (cause = 'seeded' AND route <> 'human')"
    return "cause = 'request'"


def _key(item: Item, wanted: Filter) -> str:
    return f"{item.log_index if wanted.stage == 'finished' else item.priority}.{item.due_ms}.{item.id}"


def _parsed(after: str) -> dict[str, Any]:
    parts = after.split(".")
    if len(parts) != 3 or not (parts[0].isdigit() and parts[1].isdigit() and parts[0].isascii()):
        raise Problem(
            "This page of the queue can't be found.",
            f"{after[:60]!r} is not a key that a page gave.",
            "Begin with the first page.",
            code="review.page",
            where="after",
        )
    return {"priority": int(parts[0]), "due": int(parts[1]), "id": parts[2]}


def counts(connection: sqlite3.Connection, person: str, now_ms: int) -> Counts:
    """How many reviews wait, and how many of them are a person's."""
    by_stage: dict[int, int] = {}
    by_use_case: dict[str, int] = {}
    overdue = requests = 0
    query = (
        "SELECT waiting, use_case, cause, count(*), sum(due_ms < ?) FROM review_item "
        "WHERE waiting > 0 GROUP BY waiting, use_case, cause"
    )
    for stage, use_case, cause, count, late in connection.execute(query, (now_ms,)):
        by_stage[stage] = by_stage.get(stage, 0) + count
        by_use_case[use_case] = by_use_case.get(use_case, 0) + count
        overdue += late
        requests += count if cause == "request" else 0
    leases = connection.execute(
        "SELECT count(*), coalesce(sum(holder = ?), 0) FROM review_lease WHERE until_ms > ?", (person, now_ms)
    ).fetchone()
    return Counts(
        open=by_stage.get(1, 0),
        mine=leases[1],
        leased=leases[0],
        judged=by_stage.get(2, 0),
        answer=by_stage.get(3, 0),
        overdue=overdue,
        requests=requests,
        by_use_case=by_use_case,
    )
