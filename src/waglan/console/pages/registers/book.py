"""The registers as the log has them now, or had them on a day, for pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from waglan.console.pages.registers.field import Field
from waglan.console.pages.registers.tables import Table
from waglan.console.visit import Visit
from waglan.registers import Book, Registrar

ENDED = "ended"


def book(visit: Visit, at_ms: int | None = None) -> Book:
    """All registers, as of a time where one is given."""
    return registrar(visit).book(at_ms)


def registrar(visit: Visit) -> Registrar:
    """Who writes into them."""
    return visit.house.registrar


def rows(found: Book, table: Table) -> list[dict[str, Any]]:
    """The rows of a register as plain data, times in milliseconds since 1970 UTC."""
    if table.register == "entities":
        return [plain(msgspec.structs.asdict(e.facts)) for e in found.entities if e.facts.state != ENDED]
    return [plain(each) for each in found.rows(table.register)]


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as pages and JSON take it."""
    return {name: _plain(value) for name, value in row.items()}


def options(visit: Visit, found: Book, field: Field) -> list[dict[str, str]]:
    """What may be chosen for a field now, each with a label where it has one that people read."""
    workspace = visit.house.workspace
    match field.source:
        case "documents":
            return [_option(each["document"], each["title"] or "") for each in found.rows("documents")]
        case "vendors":
            return [_option(each["vendor"]) for each in found.rows("vendors")]
        case "models":
            return [_option(name) for name in sorted({m.id for m in workspace.registers.models()})]
        case "others":
            names = {each["vendor"] for each in found.rows("vendors")} | {m.id for m in workspace.registers.models()}
            return [_option(name) for name in sorted(names)]
        case "use_cases":
            return [_option(name) for name in workspace.catalogue]
        case _:
            return [_option(code) for code in field.codes]


def _option(value: str, label: str = "") -> dict[str, str]:
    return {"value": value, "label": label}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, tuple | frozenset | set):
        return list(value)
    return value
