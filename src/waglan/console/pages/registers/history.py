"""Who wrote what into a register and when, with what each entry changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from waglan.console.pages.decisions.actors import Actors
from waglan.console.pages.registers.field import Field
from waglan.console.pages.registers.tables import Table
from waglan.core.events import Event
from waglan.registers import Book, Kept


def kept(found: Book, table: Table, name: str) -> Kept[Any] | None:
    """What a register keeps under an id, in force or ended; None where it never did."""
    return next((each for each in getattr(found, table.register) if each.name == name), None)


def told(found: Kept[Any], fields: Iterable[Field], actors: Actors) -> list[dict[str, Any]]:
    """Every entry of one id, newest first, each with what it changed."""
    labels = {each.name: each for each in fields}
    rows: list[dict[str, Any]] = []
    for step, changes in found.changes():
        changed = {each.member: each for each in changes}
        rows.append(
            {
                "index": step.index,
                "id": step.id,
                "at_ms": step.at_ms,
                "actor": actors.of(step.actor),
                "what": _what(step is found.first, changed.get("state"), step.facts),
                "changes": [
                    {
                        "label": labels[name].label,
                        "sort": labels[name].sort,
                        "group": labels[name].group,
                        "before": msgspec.to_builtins(each.before),
                        "after": msgspec.to_builtins(each.after),
                    }
                    for name, each in changed.items()
                    if name in labels
                ],
            }
        )
    return rows


def _what(first: bool, state: object, facts: Event) -> str:
    if first:
        return "added"
    if state is None:
        return "changed"
    return "ended" if getattr(facts, "state", "") == "ended" else "returned"
