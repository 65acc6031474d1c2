"""All registers on one page: how much is in each, what is missing, and what ends within 60 days."""

from __future__ import annotations

from typing import Any

from waglan.console.marked import _
from waglan.console.page import Shown
from waglan.console.pages.registers import book as books
from waglan.console.pages.registers import due
from waglan.console.pages.registers.tables import TABLES, Table
from waglan.console.visit import Visit
from waglan.core.events import ModelRegistration, UseCaseRegistration
from waglan.registers import Book

MOST_DUE = 30


USES = Table(
    "use-cases", "use_cases", UseCaseRegistration, "", "use_case", _("Use cases"), "", "", "", (), (),
    {"owner": _("Owner"), "profile": _("Risk profile"), "purposes": _("Purposes")},
)  # fmt: skip
MODELS = Table(
    "models", "models", ModelRegistration, "", "model_id", _("Models"), "", "", "", (), (),
    {"validated_at": _("Validation"), "owner": _("Owner"), "intended_use": _("Intended use"), "limits": _("Limits"),
     "origin": _("Origin")},
    {"validation_expires_at": _("Validation ends")},
)  # fmt: skip
ELSEWHERE: tuple[tuple[str, str, str], ...] = (
    ("incidents", "/incidents", _("Incidents")),
    ("drills", "/drills", _("Drills")),
    ("suspensions", "/suspensions", _("Stopped now")),
    ("requests", "/reviews/requests", _("Customers' requests and complaints")),
    ("attestations", "/clauses", _("Attestations")),
    ("rules", "/rules", _("Rules")),
)
"""Registers whose pages are somewhere else: name, address, msgid."""
_OWN = {"use-cases": "/use-cases", "models": "/models"}


def registers(visit: Visit) -> Shown:
    """How every register stands."""
    now_ms = visit.house.workspace.clock.now_ms()
    found = books.book(visit)
    kept, ending, lacking = [], [], []
    for table in (USES, MODELS, *TABLES):
        rows = books.rows(found, table)
        short = [(row, due.missing(table, row)) for row in rows]
        near = due.due(table, rows, now_ms)
        ending += near
        kept.append(_counted(table, rows, [row for row, lacks in short if lacks], near))
        lacking += [_lack(table, row, lacks) for row, lacks in short if lacks and table.named]
    ending.sort(key=lambda each: each.at_ms)
    return {
        "registers": kept,
        "elsewhere": [{"key": key, "address": address, "title": title, "n": _many(found, key)}
                      for key, address, title in ELSEWHERE],
        "due": [each._asdict() for each in ending[:MOST_DUE]],
        "due_more": max(len(ending) - MOST_DUE, 0),
        "lacking": lacking[:MOST_DUE],
        "lacking_more": max(len(lacking) - MOST_DUE, 0),
    }  # fmt: skip


def _counted(table: Table, rows: list[Any], short: list[Any], near: list[due.Due]) -> dict[str, Any]:
    return {
        "key": table.key,
        "title": table.title,
        "address": _address(table),
        "n": len(rows),
        "missing": len(short),
        "past": sum(each.state == "past" for each in near),
        "soon": sum(each.state == "soon" for each in near),
    }


def _lack(table: Table, row: dict[str, Any], lacks: list[str]) -> dict[str, Any]:
    name = str(row[table.named])
    return {"title": table.title, "name": name, "address": f"{_address(table)}/{name}", "lacks": lacks}


def _address(table: Table) -> str:
    return _OWN.get(table.key, table.address)


def _many(found: Book, register: str) -> int:
    rows = found.rows(register)
    return sum(bool(row.get("active")) for row in rows) if register == "suspensions" else len(rows)
