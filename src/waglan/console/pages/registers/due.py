"""What is missing in the registers, and what comes to an end within 60 days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from waglan.console.pages.registers.tables import Table

DAYS = 60
_SOON_MS = DAYS * 86_400_000


class Due(NamedTuple):
    """A day that is near or past; ``what`` is a msgid, ``state`` ``past`` or ``soon``."""

    register: str
    title: str
    name: str
    what: str
    at_ms: int
    state: str
    address: str


def missing(table: Table, row: Mapping[str, Any]) -> list[str]:
    """What a row lacks: msgids."""
    return [label for name, label in table.wanted.items() if row.get(name) in (None, "", [], ())]


def standing(at_ms: int | None, now_ms: int) -> str:
    """Where a day to come stands: ``none``, ``past``, ``soon`` or ``later``."""
    if at_ms is None:
        return "none"
    return "past" if at_ms <= now_ms else "soon" if at_ms - now_ms <= _SOON_MS else "later"


def due(table: Table, rows: Iterable[Mapping[str, Any]], now_ms: int) -> list[Due]:
    """The days of a register that are near or past, the earliest first."""
    found = []
    for row in rows:
        for member, what in table.ends.items():
            state = standing(row.get(member), now_ms)
            if state in ("past", "soon"):
                name = str(row.get(table.named) or row.get("topic") or "")
                address = f"{table.address}/{name}" if table.named else table.address
                found.append(Due(table.key, table.title, name, what, row[member], state, address))
    return sorted(found, key=lambda each: each.at_ms)
