"""The pages of models."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import msgspec

from waglan.access import Action
from waglan.console.page import Goto, Page, Shown
from waglan.console.pages import figures
from waglan.console.pages.figures import Span
from waglan.console.pages.incidents import stopping
from waglan.console.pages.models import register
from waglan.console.pages.registers import book as books
from waglan.console.pages.registers import people
from waglan.console.visit import Visit
from waglan.core.events import ModelRegistration
from waglan.core.problem import Problem
from waglan.index import counts
from waglan.index.counts import ModelCount
from waglan.index.days import day_of, iso
from waglan.registers import Book

DAYS = 30
_HOME = "HK"


def models(visit: Visit) -> Shown:
    """Every model that one may see, with what its versions did."""
    now_ms = visit.house.workspace.clock.now_ms()
    seen, book = _seen(visit, "GET /models"), books.book(visit)
    with visit.house.index.reading() as connection:
        asked = counts.models(connection, *figures.span(now_ms, DAYS).ends, by_day=False)
    return {
        "models": [
            {
                "id": model_id,
                "suspended": _suspended(book, versions[-1]),
                "versions": [_row(each, asked, now_ms) for each in reversed(versions)],
            }
            for model_id, versions in register.by_id(seen).items()
        ]
    }


def _suspended(book: Book, found: ModelRegistration) -> bool:
    """Whether it answers no more: itself, or all models of its vendor or of who runs it."""
    vendors = {found.vendor, found.provider} - {""}
    return book.suspended("model", found.id) or any(book.suspended("vendor", each) for each in vendors)


def _row(found: ModelRegistration, asked: Iterable[ModelCount], now_ms: int) -> dict[str, Any]:
    own = [each for each in asked if (each.model, each.version) == (found.id, found.version)]
    return {
        **register.told(found, now_ms),
        "abroad": abroad(found.region),
        "answered": sum(each.answered for each in own),
        "failed": sum(each.failed for each in own),
    }


def model(visit: Visit) -> Shown:
    """One model: its versions, what it did, its history."""
    model_id, now_ms = visit.path["id"], visit.house.workspace.clock.now_ms()
    versions = register.by_id(_seen(visit, "GET /models/{id}")).get(model_id)
    if not versions:
        raise register.missing(model_id)
    wanted = figures.span(now_ms, DAYS)
    with visit.house.index.reading() as connection:
        days = _days(counts.models(connection, *wanted.ends, model=model_id), wanted)
        used_by = [_used(visit, connection, wanted, name) for name in _users(visit, model_id)]
        history = register.history(visit, connection, model_id)
        failover = _failovers(connection, wanted, [each["name"] for each in used_by])
    book = books.book(visit)
    current = visit.house.workspace.registers.current(model_id)
    answered, failed = sum(days["answered"]), sum(days["failed"])
    return {
        "id": model_id,
        "versions": [{**register.told(v, now_ms), "abroad": abroad(v.region)} for v in reversed(versions)],
        "current": register.told(current, now_ms) if current else None,
        "days": wanted.ticks,
        "by_day": days,
        "answered": answered,
        "failed": failed,
        "total": answered + failed,
        "failover": failover,
        "used_by": used_by,
        "history": history,
        "today": iso(day_of(now_ms)),
        "may_validate": visit.may(Action.MODEL_REGISTER, "model"),
        "may_withdraw": visit.may(Action.MODEL_WITHDRAW, "model"),
        "names": people.names(
            visit, map(msgspec.structs.asdict, versions), ("approver", "builder", "owner", "validator")
        ),
        "stop": stopping.target(visit, book, "model", model_id),
    }


def abroad(region: str) -> bool:
    """Whether data leave Hong Kong for it; ``HK`` and ``HK-…`` are at home, no region says nothing."""
    return bool(region) and region != _HOME and not region.startswith(f"{_HOME}-")


def _seen(visit: Visit, what: str) -> list[ModelRegistration]:
    """The registrations that one may see: all, or those of one's own firm, where one works for a vendor."""
    visit.house.workspace.runtime.refresh()
    registered = visit.house.workspace.registers.models()
    own = [m for m in registered if m.vendor and visit.may(Action.MODEL_READ, "model", author=f"vendor:{m.vendor}")]
    if not own:
        visit.require(Action.MODEL_READ, "model")
    if "examiner" in visit.me.roles:
        visit.read(what, why="examination")
    return list(registered) if visit.may(Action.MODEL_READ, "model") else own


def _days(asked: Iterable[ModelCount], wanted: Span) -> dict[str, list[int]]:
    found = {"answered": dict.fromkeys(wanted.days, 0), "failed": dict.fromkeys(wanted.days, 0)}
    for each in asked:
        found["answered"][each.day] += each.answered
        found["failed"][each.day] += each.failed
    return {name: list(days.values()) for name, days in found.items()}


def _users(visit: Visit, model_id: str) -> list[str]:
    """The use cases whose manifests name it."""
    found = []
    for name in visit.house.workspace.catalogue:
        try:
            manifest = visit.house.workspace.catalogue.get(name).manifest
        except Problem:
            continue  # a broken use case asks nobody; its own page says what is wrong
        if any(model_id in slot.use for slot in manifest.models.values()):
            found.append(name)
    return found


def _used(visit: Visit, connection: sqlite3.Connection, wanted: Span, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "title": visit.house.workspace.catalogue.get(name).manifest.title,
        "scores": figures.scores(connection, wanted, name),
        **figures.latency(connection, wanted, [name]),
    }


def _failovers(connection: sqlite3.Connection, wanted: Span, names: list[str]) -> int:
    found = counts.traits(connection, *wanted.ends, trait="failover")
    return sum(each.n for each in found if each.value == "yes" and each.use_case in names)


def validate(visit: Visit) -> Goto:
    """Put a validation on the log."""
    register.validate(visit, visit.path["id"])
    return Goto(_address(visit), "model_validated")


def withdraw(visit: Visit) -> Goto:
    """Take a version out of use."""
    register.withdraw(visit, visit.path["id"])
    return Goto(_address(visit), "model_withdrawn")


def _address(visit: Visit) -> str:
    """The model's page, by the id that is on the log."""
    return f"/models/{quote(register.version_of(visit, visit.path['id'], visit.form.text('version')).id)}"


_CARD = Page("/models/{id:path}", model, "models/card.html", nav="models")
PAGES: tuple[Page, ...] = (
    Page("/models", models, "models/list.html", nav="models"),
    Page("/models/{id:path}/validate", validate, "", Action.MODEL_REGISTER, "model", "POST", again=_CARD),
    Page("/models/{id:path}/withdraw", withdraw, "", Action.MODEL_WITHDRAW, "model", "POST", again=_CARD),
    _CARD,
)
