"""An incident as pages show it: what happened, its clocks, its timeline, and the words that only some may read."""

from __future__ import annotations

from typing import Any

import msgspec

from waglan.access import Action
from waglan.console.pages.decisions.actors import Actors
from waglan.console.visit import Visit
from waglan.core.events import Incident
from waglan.core.problem import Problem
from waglan.registers import Book, IncidentRecord

_ORDER = ("critical", "high", "medium", "low")
STEPS = ("assessed", "contained", "root_cause", "fixed", "closed", "reopened")
"""What may be done about an incident beside telling an authority."""


def brief(book: Book, found: IncidentRecord) -> dict[str, Any]:
    """An incident in one line, with the clock that is most pressing."""
    facts = found.facts
    return {
        "id": found.id,
        "cause": facts.cause,
        "detail": facts.detail,
        "severity": facts.severity,
        "state": found.state,
        "closed": found.closed,
        "drill": found.drill,
        "automatic": found.automatic,
        "use_case": facts.use_case,
        "model": facts.model,
        "vendor": facts.vendor,
        "detected_at": facts.detected_at,
        "opened_at": found.opened.at_ms,
        "clock": pressing(clocked(book, found)),
    }


def clocked(book: Book, found: IncidentRecord) -> list[dict[str, Any]]:
    """Every reporting clock of an incident, the most urgent first."""
    answering = book.answering(found.facts.use_case)
    return [msgspec.to_builtins(each) for each in book.clocks.of(found, answering, book.now_ms)]


def pressing(found: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The clock that is most urgent among those that nobody stopped."""
    return next((each for each in found if each["stopped_ms"] is None and each["state"] != "none"), None)


def rank(found: dict[str, Any]) -> tuple[bool, bool, int, int]:
    """Open before closed, real before drills, the gravest first, then the newest."""
    return found["closed"], found["drill"], _ORDER.index(found["severity"]), -found["opened_at"]


def facts(found: Incident) -> dict[str, Any]:
    """The members of the public part as plain data."""
    return {name: msgspec.to_builtins(getattr(found, name)) for name in found.__struct_fields__}


def timeline(visit: Visit, found: IncidentRecord, actors: Actors) -> list[dict[str, Any]]:
    """What happened, in the order in which it happened: beginning, noticing, opening, every step."""
    happened: list[dict[str, Any]] = []
    if found.facts.occurred_at is not None:
        happened.append({"what": "occurred", "at_ms": found.facts.occurred_at})
    happened.append({"what": "detected", "at_ms": found.facts.detected_at})
    happened.append(
        {"what": "opened", "at_ms": found.opened.at_ms, "actor": actors.of(found.opened.actor), "entry": found.id,
         "index": found.opened.index}
    )  # fmt: skip
    for step in found.steps:
        happened.append(
            {
                "what": step.facts.step,
                "at_ms": step.facts.done_at,
                "recorded_ms": step.at_ms,
                "actor": actors.of(step.actor),
                "clock": step.facts.clock,
                "reference": step.facts.reference,
                "turned_out": _turned_out(step.facts),
                "note": note(visit, step.index),
                "entry": step.id,
                "index": step.index,
            }
        )
    empty: dict[str, Any] = {
        "recorded_ms": None, "actor": None, "clock": "", "reference": "", "turned_out": {}, "note": None, "entry": "",
        "index": None,
    }  # fmt: skip
    return sorted(({**empty, **each} for each in happened), key=lambda each: each["at_ms"])


def note(visit: Visit, index: int) -> dict[str, Any] | None:
    """The private words of an entry: ``text``, or ``erased``; None where there are none or one may not read them."""
    if not visit.may(Action.INCIDENT_READ, "incident"):
        return None
    try:
        opened = visit.house.workspace.ledger.opened(index)
    except Problem as problem:
        if problem.code != "vault.erased":
            raise
        return {"text": "", "erased": True}
    body = opened.get("note")
    return {"text": str(msgspec.json.decode(body)), "erased": False} if body else None


def _turned_out(step: Any) -> dict[str, Any]:
    names = ("affected", "cause", "core_function", "personal_data", "severity")
    found = {name: getattr(step, name) for name in names}
    return {name: value for name, value in found.items() if value not in (None, "")}
