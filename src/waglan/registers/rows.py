"""The rows of each register, by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from waglan.registers import rows_events, rows_things

if TYPE_CHECKING:
    from waglan.registers.book import Book

Row = dict[str, Any]
_ROWS: Mapping[str, Callable[[Book], list[Row]]] = MappingProxyType(
    {
        "use_cases": rows_events.use_cases,
        "models": rows_things.models,
        "vendors": rows_things.vendors,
        "data_sources": rows_things.data_sources,
        "documents": rows_things.documents,
        "competences": rows_things.competences,
        "people": rows_things.people,
        "incidents": rows_events.incidents,
        "drills": rows_events.drills,
        "attestations": rows_things.attestations,
        "requests": rows_events.requests,
        "test_runs": rows_things.test_runs,
        "rules": rows_things.rules,
        "counts": rows_events.counts,
        "subject_events": rows_events.subject_events,
        "reads": rows_events.reads,
        "suspensions": rows_things.suspensions,
    }
)


def rows_of(book: Book, register: str) -> list[Row]:
    """The rows of a register of `waglan.registers.SCHEMAS`; empty text is unknown, an empty list is a list."""
    return [
        {
            name: None if value == "" else list(value) if isinstance(value, tuple) else value
            for name, value in row.items()
        }
        for row in _ROWS[register](book)
    ]
