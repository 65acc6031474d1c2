"""A register's list, an entry's card, and putting either on the log: the same for every register."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from waglan.access import Action
from waglan.access.refusals import missing as not_there
from waglan.console.marked import _
from waglan.console.page import Goto, Shown
from waglan.console.pages.decisions.actors import Actors
from waglan.console.pages.registers import book as books
from waglan.console.pages.registers import due, field, history, people
from waglan.console.pages.registers.digest import kept_digest, with_digest
from waglan.console.pages.registers.field import Field
from waglan.console.pages.registers.tables import Table
from waglan.console.visit import Visit
from waglan.core.events import Event
from waglan.core.problem import Problem
from waglan.registers import Book, Kept

PAGE = 50


def listed(table: Table, visit: Visit) -> Shown:
    """A register's rows, now or as they stood on a day, and the form for one more."""
    now_ms, as_of = visit.house.workspace.clock.now_ms(), _as_of(visit)
    found = books.book(visit, as_of)
    rows = books.rows(found, table)
    if not table.named:
        rows.reverse()
    at = _page(visit)
    shown = rows[at : at + PAGE]
    for row in shown:
        row["missing"] = due.missing(table, row)
        row["standing"] = {name: due.standing(row.get(name), as_of or now_ms) for name in table.ends}
    return {
        **form(table, visit, found, {}),
        "rows": shown,
        "n": len(rows),
        "ended": _ended(found, table),
        "older": _pages(table, visit, at + PAGE) if at + PAGE < len(rows) else "",
        "newer": _pages(table, visit, max(at - PAGE, 0)) if at else "",
        "names": people.names(visit, shown, ("person", "approver")),
        "as_of": visit.query.get("as_of", ""),
        "keeps": visit.may(Action.REGISTER_KEEP, "register"),
    }


def competence(table: Table, visit: Visit) -> Shown:
    """Trainings, and beside them everybody who may act."""
    return {**listed(table, visit), "people": people.everybody(visit, books.book(visit, _as_of(visit)))}


def card(table: Table, visit: Visit) -> Shown:
    """One entry: all members, who changed what and when, and the form to change it."""
    now_ms = visit.house.workspace.clock.now_ms()
    found = books.book(visit)
    kept = _kept(found, table, visit)
    facts = msgspec.structs.asdict(kept.facts)
    row = next((each for each in books.rows(found, table) if each.get(table.named) == visit.path["id"]), None)
    return {
        **form(table, visit, found, facts),
        "id": visit.path["id"],
        "facts": msgspec.to_builtins(facts),
        "row": row,
        "ended": facts.get("state") == books.ENDED,
        "missing": due.missing(table, row) if row else [],
        "standing": {name: due.standing(row.get(name), now_ms) for name in table.ends} if row else {},
        "history": history.told(kept, table.fields, Actors(visit)),
        "names": people.names(visit, [facts], ("approver",)),
        "keeps": visit.may(Action.REGISTER_KEEP, "register"),
        "approves": table.upload and _may_approve(visit, kept),
        "seen": kept.last.index,
    }


def form(table: Table, visit: Visit, found: Book, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a form shows: its fields, what may be chosen, and what they hold."""
    values = field.written(facts, table.fields)
    fields = [
        {**each._asdict(), "options": _options(visit, found, each, values.get(each.name, ""))} for each in table.fields
    ]
    return {
        "table": {"key": table.key, "register": table.register, "address": table.address, "title": table.title,
                  "lead": table.lead, "empty": table.empty, "add": table.add, "named": table.named,
                  "upload": table.upload, "columns": [each._asdict() for each in table.columns]},
        "fields": fields,
        "values": values,
        "digest": kept_digest(visit) if table.upload else "",
    }  # fmt: skip


def add(table: Table, visit: Visit) -> Goto:
    """A new entry; an id that is taken is refused, so that nobody overwrites what they haven't seen."""
    made = _made(table, with_digest(visit))
    name = str(getattr(made, "id", ""))
    if table.named and history.kept(books.book(visit), table, name) is not None:
        raise Problem(
            _("This id is taken."), _("An entry of that name is on the register already."),
            _("Change that entry, or choose another id."), code="register.taken", where="id", status=409,
        )  # fmt: skip
    keep(table, visit, made)
    return Goto(f"{table.address}/{quote(name)}" if table.named else table.address, "register_kept")


def change(table: Table, visit: Visit) -> Goto:
    """An entry's members as the form gives them, or its end."""
    name = visit.path["id"]
    kept = _kept(books.book(visit), table, visit)
    _unchanged(visit, kept)
    match visit.form.text("act"):
        case "end":
            books.registrar(visit).end(visit.me, table.event, name)
        case "return":
            keep(table, visit, msgspec.structs.replace(kept.facts, state="in_force"))
        case "approve":
            keep(table, visit, _approved(visit, kept))
        case _:
            keep(table, visit, _made(table, with_digest(visit), id=name))
    return Goto(f"{table.address}/{quote(name)}", "register_kept")


def keep(table: Table, visit: Visit, made: Event) -> None:
    """Put it on the log, in this visitor's name."""
    getattr(books.registrar(visit), table.verb)(visit.me, made)


def _made(table: Table, visit: Visit, **members: Any) -> Event:
    fields = [each for each in table.fields if each.name not in members]
    return table.event(**{**field.read(visit.form, fields), **members})


def _kept(found: Book, table: Table, visit: Visit) -> Kept[Any]:
    kept = history.kept(found, table, visit.path["id"])
    if kept is None:
        raise not_there("entry")
    return kept


def _approved(visit: Visit, kept: Kept[Any]) -> Event:
    if not _may_approve(visit, kept):
        raise Problem(
            _("Somebody else has to approve it."), _("You wrote this entry, or it is approved already."),
            _("Ask a colleague who keeps registers."), code="register.four_eyes", status=403,
        )  # fmt: skip
    made: Event = msgspec.structs.replace(
        kept.facts, approver=visit.me.id, approved_at=visit.house.workspace.clock.now_ms()
    )
    return made


def _may_approve(visit: Visit, kept: Kept[Any]) -> bool:
    """Whether the visitor may approve a document: it isn't, and somebody else wrote it as it stands."""
    return (
        visit.may(Action.REGISTER_KEEP, "register")
        and kept.facts.approved_at is None
        and kept.facts.state != books.ENDED
        and kept.last.actor != visit.me.id
    )


def _unchanged(visit: Visit, kept: Kept[Any]) -> None:
    """Refuse to write over what somebody else wrote since the form was opened."""
    if visit.form.text("seen") != str(kept.last.index):
        raise Problem(
            _("Somebody changed this entry meanwhile."), _("Your form was made before their change."),
            _("Look at the history below and send the form again if it still holds."),
            code="register.changed", status=409,
        )  # fmt: skip


def _options(visit: Visit, found: Book, each: Field, now: str) -> list[dict[str, str]]:
    if each.sort not in ("choice", "choices"):
        return []
    made = people.options(visit, found) if each.source == "people" else books.options(visit, found, each)
    known = {option["value"] for option in made}
    return made if not now or now in known else [*made, {"value": now, "label": ""}]


def _ended(found: Book, table: Table) -> list[str]:
    """The ids of entries that were ended; their history stays."""
    if not table.named:
        return []
    return [each.name for each in getattr(found, table.register) if each.facts.state == books.ENDED]


def _as_of(visit: Visit) -> int | None:
    """The end of the day that is asked for, in Hong Kong; None for now."""
    asked = Field("as_of", _("As of"), "until")
    typed = visit.query.get("as_of", "")
    return field.read_one(asked, typed) if typed else None


def _page(visit: Visit) -> int:
    text = visit.query.get("from", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _pages(table: Table, visit: Visit, start: int) -> str:
    as_of = visit.query.get("as_of", "")
    return f"/console{table.address}?from={start}" + (f"&as_of={quote(as_of)}" if as_of else "")
