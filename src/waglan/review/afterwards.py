"""Once an answer has left: a person puts another in its place, or says that the record was wrong.

References
----------
PDPO (Cap. 486), data protection principle 2 and section 22, on the accuracy and the correction of personal data.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec

from waglan.access.action import Action
from waglan.access.identity import Identity
from waglan.core.events import Correction, Override
from waglan.core.outcome import Outcome
from waglan.core.problem import Problem, nearest
from waglan.index.projection import DecisionLeaf
from waglan.ledger.log import Recorded
from waglan.review import shape
from waglan.review.asking import real
from waglan.review.judging import check_words, manifest_of, outcome_of
from waglan.review.projection import rules_in_force
from waglan.review.room import Room
from waglan.review.state import State


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
    shape.check_json(dict(right))
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


def _may(room: Room, who: Identity | None, action: Action, leaf: DecisionLeaf) -> Identity:
    return room.may(who, action, "decision", leaf.actor)


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
