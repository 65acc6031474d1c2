"""What comes after an answer has left: a customer's questions, a person's override, a correction of the record.

References
----------
HKMA circular on consumer protection in respect of big data analytics and AI (2019): customers can ask for an
explanation and for a person; PDPO, data protection principle 2 and section 22: corrections.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from waglan.access.action import Action
from waglan.access.identity import Identity
from waglan.core.case import Language
from waglan.core.events import Answer, Correction, Override
from waglan.core.outcome import Outcome
from waglan.core.problem import Problem, nearest
from waglan.index.projection import DecisionLeaf
from waglan.ledger.log import Recorded
from waglan.review import leases, shape
from waglan.review.asking import WHATS, What, opened, real
from waglan.review.explain import letter
from waglan.review.item import Item, Kept
from waglan.review.judging import check_words, manifest_of, outcome_of
from waglan.review.projection import rules_in_force
from waglan.review.receipts import Receipts
from waglan.review.room import Room
from waglan.review.state import State

__all__ = ["WHATS", "Answered", "What", "answer", "correct", "decided_by", "draft", "opened", "override", "own_work",
           "request"]  # fmt: skip


class Answered(NamedTuple):
    """A request that was answered: its review, the text that was sent, and where that stands on the log."""

    item: Item
    text: str
    recorded: Recorded


# ---- the answer changed afterwards


def override(
    room: Room, who: Identity | None, decision_id: str, *, effect: str, reason: str, value: Any, note: str
) -> Recorded:
    """Put a person's answer in the place of an automatic one."""
    check_words(reason, note, needed=True)
    with room.index.writing() as connection:
        leaf = real(room, decision_id)
        person = _may(room, who, Action.DECISION_OVERRIDE, leaf)
        item = _own(connection, decision_id)
        if leaf.facts.route != "auto" and item != State.RELEASED:
            raise _held(leaf)
        manifest = manifest_of(room, leaf.facts.use_case)
        answer = _outcome(room, decision_id)
        known = shape.known_effects(connection, leaf.facts.use_case, manifest, answer)
        shape.check_effect(effect, known)
        tier: Any = leaf.facts.tier or "critical"
        if rules_in_force(connection).eyes(tier, known[effect], "change") > 1:
            raise _two_people(leaf)
        old, old_effect = (answer.value, answer.effect) if answer else (None, "")
        sealed = {"note": note, "value": shape.changed_value(value, effect, old, old_effect)}
        facts = Override(authenticator=person.authenticator, effect=effect, reason=reason)
        (recorded,) = room.record(
            room.entry(facts, actor=person.id, refs=(decision_id,), subject=leaf.subject, private=sealed)
        )
    return recorded


def correct(
    room: Room, who: Identity | None, decision_id: str, right: Mapping[str, Any], *, reason: str, note: str
) -> Recorded:
    """Say which recorded fields were wrong, and what is right."""
    check_words(reason, note, needed=True)
    with room.index.writing():
        leaf = real(room, decision_id)
        person = _may(room, who, Action.DECISION_CORRECT, leaf)
        _check_fields(room, decision_id, right)
        facts = Correction(fields=tuple(sorted(right)), reason=reason)
        sealed = {"correct": dict(sorted(right.items())), "note": note}
        (recorded,) = room.record(
            room.entry(facts, actor=person.id, refs=(decision_id,), subject=leaf.subject, private=sealed)
        )
    return recorded


def _check_fields(room: Room, decision_id: str, right: Mapping[str, Any]) -> None:
    recorded = msgspec.json.decode(room.told_by_id(decision_id).private.get("in", b"{}"))
    known = {f"{part}.{name}" for part in ("inputs", "aside") for name in recorded.get(part, {})}
    for field in right:
        if field not in known:
            raise Problem(
                f"The record has no field {field[:80]!r}.",
                nearest(field, known),
                "Name a recorded field, such as inputs.income.",
                code="review.field",
                where=field[:80],
            )
    if not right:
        raise Problem(
            "No field is corrected.",
            "A correction says which field was wrong and what is right.",
            "Name at least one.",
            code="review.field",
        )


# ---- a customer asks


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
        outcome = outcomes.get(item.outcome, "changed" if item.corrected else "explained")
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


# ---- who


def decided_by(connection: sqlite3.Connection, item: Item, person: str) -> bool:
    """Whether somebody gave a verdict on the decision before, or released it: they can't be the second look."""
    verdict = "SELECT 1 FROM review_verdict WHERE decision = ? AND person = ? AND item <> ?"
    if connection.execute(verdict, (item.decision, person, item.id)).fetchone():
        return True
    released = "SELECT 1 FROM review_item WHERE decision = ? AND released_by = ? AND id <> ?"
    return connection.execute(released, (item.decision, person, item.id)).fetchone() is not None


def own_work(item: Item) -> Problem:
    """403: one's own work."""
    return Problem(
        "This case needs somebody else.",
        "You made it, handed it up, or decided it before.",
        "Take the next one.",
        code="review.own_work",
        where=item.id,
        status=403,
    )


def _may(room: Room, who: Identity | None, action: Action, leaf: DecisionLeaf) -> Identity:
    return room.may(who, action, "decision", leaf.actor)


def _may_answer(room: Room, who: Identity | None, kept: Kept) -> Identity:
    reviewer = kept.item.judged_by if kept.item.eyes > 1 else ""
    person = room.may_touch(who, Action.REQUEST_ANSWER, kept, reviewer=reviewer)
    if kept.item.cause != "request":
        raise leases.wrong_state(kept.item)
    return person


# ---- parts


def _own(connection: sqlite3.Connection, decision_id: str) -> str:
    row = connection.execute("SELECT state FROM review_item WHERE id = ?", (decision_id,)).fetchone()
    return "" if row is None else str(row[0])


def _outcome(room: Room, decision_id: str) -> Outcome | None:
    sealed = room.told_by_id(decision_id).private.get("out")
    return outcome_of(msgspec.json.decode(sealed)) if sealed else None


def _held(leaf: DecisionLeaf) -> Problem:
    return Problem(
        "A person decides this case anyway.",
        f"Its route is {leaf.facts.route}, and its answer hasn't left.",
        "Judge it in the queue.",
        code="review.held",
        where=leaf.id,
        status=409,
    )


def _two_people(leaf: DecisionLeaf) -> Problem:
    return Problem(
        "This answer can't be turned by one person alone.",
        f"The use case is of tier {leaf.facts.tier}, where two people are needed for it.",
        "Open a request for a human review of it: one person judges it, another releases it.",
        code="review.two_people",
        where=leaf.id,
        status=409,
    )
