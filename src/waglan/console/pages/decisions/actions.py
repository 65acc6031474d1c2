"""What people do to a decision afterwards: override it, correct its record, open a customer's request."""

from __future__ import annotations

from typing import Any

import msgspec

from waglan.access import Action
from waglan.console.page import Goto
from waglan.console.pages.decisions import case
from waglan.console.pages.decisions.record import Record, find, opened
from waglan.console.pages.reviews.reasons import reasons
from waglan.console.visit import Visit
from waglan.core.case import LANGUAGES
from waglan.core.problem import Problem
from waglan.review.asking import WHATS
from waglan.review.projection import rules_in_force
from waglan.review.shape import known_effects

CHANNELS = ("branch", "phone", "letter", "web", "staff")


def may(visit: Visit, record: Record, mode: str) -> dict[str, bool]:
    """Which of these the visitor may do to a decision of a ``mode`` as it is shown to them.

    The review room decides again, with everything it knows.
    """
    plain = mode == "live"
    return {
        "override": plain and visit.may(Action.DECISION_OVERRIDE, "decision", author=record.actor),
        "correct": plain and record.sealed and visit.may(Action.DECISION_CORRECT, "decision", author=record.actor),
        "request": plain and visit.may(Action.REQUEST_OPEN, "request"),
        "custody": bool(record.subject) and visit.may(Action.SUBJECT_HOLD, "subject"),
    }


def override_form(visit: Visit) -> dict[str, Any]:
    """The form for another answer."""
    record = _allowed(visit, Action.DECISION_OVERRIDE)
    outcome = opened(visit, record).outcome
    with visit.house.index.reading() as connection:
        effects = known_effects(connection, record.facts.use_case, record.manifest, outcome)
        rules = rules_in_force(connection)
    tier = record.facts.tier or "critical"
    alone = [each for each, adverse in effects.items() if rules.eyes(tier, adverse, "change") == 1]
    whole = outcome is not None and outcome.value != outcome.effect
    return {
        **_head(record),
        "effect": record.facts.effect,
        "tier": tier,
        "effects": [
            {"effect": each, "adverse": effects[each]} for each in sorted(alone) if each != record.facts.effect
        ],
        "may_request": visit.may(Action.REQUEST_OPEN, "request"),
        "value": msgspec.json.format(msgspec.json.encode(outcome.value)).decode() if outcome and whole else "",
        "reasons": [each._asdict() for each in reasons(record.facts.use_case)["change"]],
    }


def override(visit: Visit) -> Goto:
    """Put a person's answer in the place of an automatic one."""
    record, form = find(visit, visit.path["id"]), visit.form
    value: Any = msgspec.UNSET
    if text := form.text("value"):
        try:
            value = msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            raise Problem(
                "The whole answer isn't JSON.", f"{error}.", "Keep its form and change only values.",
                code="form.json", where="value",
            ) from None  # fmt: skip
    visit.house.desk.override(
        visit.me, record.id, form.required("effect"), form.required("reason"), value=value, note=form.text("note")
    )
    return Goto(f"/decisions/{record.id}#people", "recorded")


def correct_form(visit: Visit) -> dict[str, Any]:
    """The form for right values; it shows recorded ones, so that somebody looked is recorded."""
    record = _allowed(visit, Action.DECISION_CORRECT)
    visit.require(Action.DECISION_READ_PRIVATE, "decision", author=record.actor)
    found = opened(visit, record)
    visit.read("decision.in", (record.id,), record.subject, why="correction")
    declared = record.manifest.inputs if record.manifest else {}
    fields = [
        {"name": f"{part}.{name}", "title": dict(case.title(declared, name)), "value": value}
        for part, values in (("inputs", found.inputs), ("aside", found.aside))
        for name, value in values.items()
    ]
    return {
        **_head(record),
        "state": found.state,
        "fields": fields,
        "reasons": [each._asdict() for each in reasons(record.facts.use_case)["change"]],
    }


def correct(visit: Visit) -> Goto:
    """Say which recorded field was wrong, and what is right."""
    record, form = find(visit, visit.path["id"]), visit.form
    name, text = form.required("field"), form.required("right")
    visit.house.desk.correct(
        visit.me, record.id, {name: _value(record, name, text)}, form.required("reason"), form.text("note")
    )
    return Goto(f"/decisions/{record.id}#people", "recorded")


def request_form(visit: Visit) -> dict[str, Any]:
    """The form for what a customer asks."""
    record = find(visit, visit.path["id"])
    visit.require(Action.REQUEST_OPEN, "request")
    return {
        **_head(record),
        "whats": list(WHATS),
        "channels": list(CHANNELS),
        "tongue": record.facts.language or "en",
    }


def request(visit: Visit) -> Goto:
    """Put a customer's question on the log; it enters the queue."""
    record, form = find(visit, visit.path["id"]), visit.form
    tongue = form.text("tongue")
    if tongue not in LANGUAGES:
        raise Problem(
            "This language isn't one of ours.", "Answers are given in English and both written Chinese.",
            "Choose one of the list.", code="form.language", where="tongue",
        )  # fmt: skip
    what: Any = form.required("what")
    language: Any = tongue
    visit.house.desk.request(
        visit.me, record.id, what, channel=form.required("channel"), language=language, note=form.text("note")
    )
    return Goto(f"/decisions/{record.id}#people", "recorded")


def _allowed(visit: Visit, action: Action) -> Record:
    record = find(visit, visit.path["id"])
    visit.require(action, "decision", author=record.actor)
    return record


def _head(record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "use_case": record.facts.use_case,
        "title": dict(record.manifest.title) if record.manifest else {"en": record.facts.use_case},
        "at_ms": record.leaf["at_ms"],
    }


def _value(record: Record, name: str, text: str) -> Any:
    """A typed value of the declared kind, so that a correction has the type of what it corrects."""
    spec = record.manifest.inputs.get(name.partition(".")[2]) if record.manifest else None
    kinds: dict[str, Any] = {"number": float, "integer": int, "boolean": bool, "list": list, "object": dict}
    kind = kinds.get(spec.type if spec else "text")
    if kind is None:
        return text
    try:
        return (
            msgspec.json.decode(text, type=kind) if kind in (list, dict) else msgspec.convert(text, kind, strict=False)
        )
    except msgspec.MsgspecError:
        raise Problem(
            f"{text[:60]!r} can't be the value of this field.",
            f"The manifest asks for: {spec.type if spec else 'text'}.",
            "Correct the value.", code="form.value", where="right",
        ) from None  # fmt: skip
