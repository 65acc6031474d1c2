"""Incidents: what is open with its clocks running, one incident with all that was done, and opening one."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from waglan.access import Action
from waglan.access.refusals import missing
from waglan.console.marked import _
from waglan.console.page import Goto, Shown
from waglan.console.pages.decisions.actors import Actors
from waglan.console.pages.incidents import told
from waglan.console.pages.incidents.fields import OPENING, STEP
from waglan.console.pages.registers import book as books
from waglan.console.pages.registers import field
from waglan.console.visit import Visit
from waglan.core.events import Incident, IncidentStep
from waglan.core.events.incidents import Cause
from waglan.core.problem import Problem
from waglan.index import decisions
from waglan.registers import Book, IncidentRecord

PAGE = 50
MOST_DECISIONS = 50
FILTERS = ("state", "severity", "cause", "use_case", "by", "drill")


def incidents(visit: Visit) -> Shown:
    """Incidents, the open and grave ones first."""
    found = books.book(visit)
    asked = {name: visit.query.get(name, "") for name in FILTERS}
    rows = [told.brief(found, each) for each in found.incidents]
    wanted = sorted((row for row in rows if _wanted(row, asked)), key=told.rank)
    text = visit.query.get("from", "0")
    at = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    return {
        "incidents": wanted[at : at + PAGE],
        "n": len(wanted),
        "open": sum(not row["closed"] and not row["drill"] for row in rows),
        "late": sum(_late(row) for row in rows),
        "alone": sum(row["automatic"] and not row["closed"] and not row["drill"] for row in rows),
        "asked": asked,
        "causes": get_args(Cause),
        "use_cases": sorted({row["use_case"] for row in rows if row["use_case"]}),
        "older": at + PAGE if at + PAGE < len(wanted) else None,
        "newer": max(at - PAGE, 0) if at else None,
        "may_open": visit.may(Action.INCIDENT_OPEN, "incident"),
    }


def incident(visit: Visit) -> Shown:
    """One incident: clocks, timeline, what it concerns, and what can be done next."""
    now_ms = visit.house.workspace.clock.now_ms()
    book = books.book(visit)
    found = _found(visit, book)
    refs = found.opened.refs
    with visit.house.index.reading() as connection:
        known = {ref: decisions.one(connection, ref) for ref in refs[:MOST_DECISIONS]}
    actors = Actors(visit)
    return {
        **told.brief(book, found),
        "facts": told.facts(found.facts),
        "description": told.note(visit, found.opened.index),
        "actor": actors.of(found.opened.actor),
        "clocks": told.clocked(book, found),
        "clock_titles": {each.duty.id: each.duty.title for each in book.clocks.duties},
        "timeline": told.timeline(visit, found, actors),
        "decisions": [
            {"id": ref, "use_case": row.use_case if row else "", "at_ms": row.at_ms if row else None}
            for ref, row in known.items()
        ],
        "decisions_more": max(len(refs) - MOST_DECISIONS, 0),
        "targets": _targets(found),
        "fields": _fields(STEP),
        "values": {"done_at": field.moment(now_ms)},
        "steps": [each for each in told.STEPS if (each == "reopened") == found.closed],
        "may_act": visit.may(Action.INCIDENT_ACT, "incident"),
        "may_stop": visit.may(Action.SUSPENSION_BEGIN, "suspension"),
    }


def new(visit: Visit) -> Shown:
    """The form for an incident; an address may bring what it is about."""
    now_ms = visit.house.workspace.clock.now_ms()
    book = books.book(visit)
    values = {"detected_at": field.moment(now_ms), "severity": "medium"}
    values |= {each.name: visit.query.get(each.name, "") for each in OPENING if each.name in visit.query}
    return {"fields": _fields(OPENING, visit, book), "values": values}


def begin(visit: Visit) -> Goto:
    """Open an incident."""
    made = field.read(visit.form, OPENING)
    note, refs = made.pop("note", ""), made.pop("refs", ())
    _past(visit, made, ("detected_at", "occurred_at"))
    _known(visit, refs)
    made_id = books.registrar(visit).open_incident(visit.me, Incident(**made), note=note, refs=refs)
    return Goto(f"/incidents/{made_id}", "incident_open")


def step(visit: Visit) -> Goto:
    """Something was done about it, or an authority was told."""
    found = _found(visit, books.book(visit))
    given = field.read(visit.form, STEP)
    note = given.pop("note", "")
    _past(visit, given, ("done_at",))
    clock = visit.form.text("clock")
    given["step"] = "notified" if clock else visit.form.required("step")
    made = msgspec.convert({**given, "clock": clock}, IncidentStep)
    books.registrar(visit).step(visit.me, found.id, made, note=note)
    return Goto(f"/incidents/{found.id}", "incident_step")


def _found(visit: Visit, book: Book) -> IncidentRecord:
    found = book.incident(visit.path["id"])
    if found is None:
        raise missing("incident")
    return found


def _wanted(row: dict[str, Any], asked: dict[str, str]) -> bool:
    state = {"open": not row["closed"], "closed": row["closed"]}.get(asked["state"], True)
    by = {"itself": row["automatic"], "person": not row["automatic"]}.get(asked["by"], True)
    drill = {"yes": row["drill"], "no": not row["drill"]}.get(asked["drill"], True)
    same = all(row[name] == asked[name] for name in ("severity", "cause", "use_case") if asked[name])
    return state and by and drill and same


def _late(row: dict[str, Any]) -> bool:
    return not row["drill"] and row["clock"] is not None and row["clock"]["state"] == "missed"


def _targets(found: IncidentRecord) -> list[dict[str, str]]:
    """What could be stopped because of it."""
    facts = found.facts
    named = (("use_case", facts.use_case), ("model", facts.model), ("vendor", facts.vendor))
    return [{"target": target, "id": name} for target, name in named if name]


def _fields(
    fields: tuple[field.Field, ...], visit: Visit | None = None, book: Book | None = None
) -> list[dict[str, Any]]:
    return [
        {**each._asdict(), "options": books.options(visit, book, each)
         if visit is not None and book is not None and each.sort in ("choice", "choices")
         else [{"value": code, "label": ""} for code in each.codes]}
        for each in fields
    ]  # fmt: skip


def _past(visit: Visit, given: dict[str, Any], names: tuple[str, ...]) -> None:
    """Refuse what is said to have happened later than now."""
    now_ms = visit.house.workspace.clock.now_ms()
    for name in names:
        if given.get(name, 0) > now_ms:
            raise Problem(
                _("This time is still to come."),
                _("An incident's times say what happened, so that its clocks are right."),
                _("Give the time at which it happened, in Hong Kong."), code="incident.time", where=name,
            )  # fmt: skip


def _known(visit: Visit, refs: tuple[str, ...]) -> None:
    """Refuse ids that are on no entry of the log."""
    for ref in refs:
        if len(ref) != 26 or not ref.isalnum() or visit.house.workspace.ledger.find(ref) is None:
            raise Problem(
                _("There is no such decision."), _("An incident points at entries of the log by their ids."),
                _("Copy the id from the decision's page."), code="incident.decision", where="refs",
            )  # fmt: skip
