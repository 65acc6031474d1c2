"""Vendors: how much depends on each, how concentrated that is, and what one vendor means for us."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from waglan.access import Action
from waglan.console.page import Shown
from waglan.console.pages import figures
from waglan.console.pages.incidents import stopping, told
from waglan.console.pages.registers import book as books
from waglan.console.pages.registers import lists
from waglan.console.pages.registers.tables import VENDORS
from waglan.console.visit import Visit
from waglan.index import counts
from waglan.registers import Book

DAYS = 30
_MOST = 10


def vendors(visit: Visit) -> Shown:
    """All vendors, and how concentrated the decisions are on them."""
    shown = lists.listed(VENDORS, visit)
    limit = books.registrar(visit).settings.concentration
    return {**shown, "concentration": concentration([each.get("share_30d") for each in shown["rows"]], limit)}


def vendor(visit: Visit) -> Shown:
    """One vendor: what the register says, its models, its decisions by day, its incidents and drills."""
    shown = lists.card(VENDORS, visit)
    name, now_ms = visit.path["id"], visit.house.workspace.clock.now_ms()
    wanted = figures.span(now_ms, DAYS)
    models = sorted({m.id for m in visit.house.workspace.registers.models() if m.vendor == name})
    found = books.book(visit)
    with visit.house.index.reading() as connection:
        days = _days(connection, wanted, models)
    incidents = [told.brief(found, each) for each in reversed(found.incidents) if _concerns(each.facts, name, models)]
    return {
        **shown,
        "models": models,
        "days": wanted.ticks,
        "by_day": days,
        "answered": sum(days["with"]),
        "incidents": incidents[:_MOST],
        "drills": _drills(found, {name, *models}),
        "stop": stopping.target(visit, found, "vendor", name),
    }


def new(visit: Visit) -> Shown:
    """The form for a vendor."""
    found = books.book(visit)
    return {**lists.form(VENDORS, visit, found, {}), "seen_unregistered": _unregistered(visit, found)}


def concentration(shares: Iterable[float | None], limit: float) -> dict[str, Any] | None:
    """The Herfindahl-Hirschman index of the decisions that vendors answered; None where they answered none.

    ``hhi`` runs from near 0 to 1, one vendor for everything; ``alike`` is how many vendors of equal size would give
    the same, ``high`` whether it reaches the firm's own limit.

    References
    ----------
    Hirschman (1964), *The Paternity of an Index*, American Economic Review 54(5).
    """
    known = [float(share) for share in shares if share]
    whole = sum(known)
    if not whole:
        return None
    hhi = sum((share / whole) ** 2 for share in known)
    return {
        "hhi": round(hhi, 4),
        "alike": round(1 / hhi, 1),
        "high": hhi >= limit,
        "limit": limit,
        "whole": min(whole, 1.0),
        "largest": max(known) / whole,
    }


def _days(connection: sqlite3.Connection, wanted: figures.Span, models: list[str]) -> dict[str, list[int]]:
    found = {"with": dict.fromkeys(wanted.days, 0), "other": dict.fromkeys(wanted.days, 0)}
    for each in counts.models(connection, *wanted.ends):
        found["with" if each.model in models else "other"][each.day] += each.answered
    return {name: list(days.values()) for name, days in found.items()}


def _concerns(facts: Any, name: str, models: list[str]) -> bool:
    return facts.vendor == name or bool(facts.model and facts.model in models)


def _drills(found: Book, targets: set[str]) -> list[Mapping[str, Any]]:
    rows = [books.plain(each) for each in found.rows("drills")]
    return [each for each in reversed(rows) if each.get("target") in targets][:_MOST]


def _unregistered(visit: Visit, found: Book) -> list[str]:
    """Vendors that models name and nobody registered."""
    if not visit.may(Action.MODEL_READ, "model"):
        return []
    known = {str(each["vendor"]) for each in found.rows("vendors")}
    return sorted({m.vendor for m in visit.house.workspace.registers.models() if m.vendor} - known)
