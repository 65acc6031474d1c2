"""A customer's question, from the desk that takes it down to the answer in their language.

References
----------
HKMA circular on consumer protection in respect of big data analytics and AI (2019): customers can ask for an
explanation and for a person.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Literal, NamedTuple

from waglan.access.action import Action
from waglan.access.identity import Identity
from waglan.core.case import Language
from waglan.core.events import Answer
from waglan.core.problem import Problem
from waglan.ledger.log import Recorded
from waglan.review import leases
from waglan.review.asking import WHATS, What, opened
from waglan.review.explain import letter
from waglan.review.item import Item, Kept
from waglan.review.judging import check_words
from waglan.review.receipts import Receipts
from waglan.review.room import Room
from waglan.review.state import State

__all__ = ["WHATS", "Answered", "What", "answer", "draft", "opened", "request"]


class Answered(NamedTuple):
    """A request that was answered: its review, the text that was sent, and where that stands on the log."""

    item: Item
    text: str
    recorded: Recorded


def request(
    room: Room, who: Identity | None, decision_id: str, what: What, *, channel: str, language: Language, note: str
) -> str:
    """Put a customer's question on the log; gives the review's id."""
    person = room.may(who, Action.REQUEST_OPEN, "request")
    return opened(room, person.id, decision_id, what, channel=channel, language=language, note=note)


def draft(room: Room, who: Identity | None, item_id: str) -> str:
    """The text that would answer a request as it stands."""
    with room.fresh() as connection:
        kept = room.kept(connection, item_id)
        _may_answer(room, who, kept)
        item = kept.item
        outcomes = {"as_decided": "upheld", "as_changed": "changed", "refused": "changed"}
        otherwise = "changed" if item.corrected else "upheld" if item.what == "complaint" else "explained"
        outcome = outcomes.get(item.outcome, otherwise)
        return _text(room, connection, item, outcome, "")


def answer(
    room: Room, who: Identity | None, item_id: str, outcome: Literal["explained", "upheld", "changed", "declined"],
    note: str,
) -> Answered:  # fmt: skip
    """Answer a request, with the text sealed beside the event."""
    check_words("", note, needed=False)
    with room.index.writing() as connection:
        kept = room.kept(connection, item_id)
        person = _may_answer(room, who, kept)
        item = kept.item
        _check_outcome(item, outcome)
        text = _text(room, connection, item, outcome, note)
        language: Any = item.language
        facts = Answer(language=language, outcome=outcome)
        (recorded,) = room.record(
            room.entry(facts, actor=person.id, refs=item.refs, subject=item.subject, private={"text": text})
        )
        leases.forget(connection, item_id)
    return Answered(room.item(item_id), text, recorded)


def _check_outcome(item: Item, outcome: str) -> None:
    waiting = item.state in (State.OPEN, State.RETURNED, State.LEASED)
    if not waiting and item.state is not State.RELEASED:
        raise leases.wrong_state(item)
    if item.what == "human_review":
        fits = {"as_decided": ("upheld",), "as_changed": ("changed",), "refused": ("changed",)}
        allowed: tuple[str, ...] = ("declined",) if waiting else fits[item.outcome]
    elif item.what == "explanation":
        allowed = ("explained", "declined")
    else:
        allowed = ("changed", "declined") if item.corrected else ("upheld", "declined")
    if outcome not in allowed:
        raise Problem(
            f"{str(outcome)[:20]!r} doesn't follow from what was done.",
            "It can be: " + ", ".join(allowed) + ".",
            "Review or correct it first, or answer what was found.",
            code="review.outcome",
            where=item.id,
            status=409,
        )


def _text(room: Room, connection: sqlite3.Connection, item: Item, outcome: str, note: str) -> str:
    receipts = Receipts(room)
    url = receipts.url(item.decision)
    language: Any = item.language
    return letter(receipts.explanation(connection, item.decision, language), outcome, note, url)


def _may_answer(room: Room, who: Identity | None, kept: Kept) -> Identity:
    reviewer = kept.item.judged_by if kept.item.eyes > 1 else ""
    person = room.may_touch(who, Action.REQUEST_ANSWER, kept, reviewer=reviewer)
    if kept.item.cause != "request":
        raise leases.wrong_state(kept.item)
    return person
