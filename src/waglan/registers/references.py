"""What an entry of a register points at must be there: vendors, documents, people, models, use cases, obligations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from waglan.core.events import (
    Competence,
    Count,
    DataSource,
    Document,
    Entity,
    Event,
    Incident,
    ModelRegistration,
    TestRun,
    Vendor,
)
from waglan.core.problem import Problem, nearest

if TYPE_CHECKING:
    from waglan.registers.book import Book

_POINTS: Mapping[type[Event], tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        Entity: (("use_cases", "use case"),),
        Vendor: (("exit_plan", "document"), ("substitute", "vendor or model")),
        DataSource: (("vendor", "vendor"),),
        Document: (("approver", "person"), ("clauses", "clause")),
        Competence: (("person", "person"), ("document", "document")),
        TestRun: (("use_case", "use case"), ("model", "model"), ("report", "document")),
        Count: (("use_case", "use case"),),
        Incident: (("use_case", "use case"), ("model", "model"), ("vendor", "vendor"), ("clauses", "clause")),
        ModelRegistration: (("data_sources", "data source"),),
    }
)


class Known:
    """The names that entries may point at.

    Parameters
    ----------
    book
        What is registered.
    use_cases
        What is installed: a use case is registered at its first decision only.
    clauses
        The obligations of the catalogue in force; empty when nobody gave it, then they aren't checked.
    """

    def __init__(self, book: Book, use_cases: Collection[str], clauses: Collection[str] = ()) -> None:
        models = {each.facts.id for each in book.models}
        vendors = {each.name for each in book.vendors if each.facts.state == "in_force"}
        self._names: dict[str, Collection[str]] = {
            "use case": {*use_cases, *(each.name for each in book.use_cases)},
            "model": models,
            "vendor": vendors,
            "vendor or model": vendors | models,
            "document": {each.name for each in book.documents if each.facts.state == "in_force"},
            "data source": {each.name for each in book.data_sources if each.facts.state == "in_force"},
            "person": {each.name for each in book.people},
            "entity": {each.name for each in book.entities if each.facts.state == "in_force"},
            "clause": clauses,
        }
        self._names["supplier"] = vendors | {each.facts.vendor for each in book.models if each.facts.vendor}

    def check(self, facts: Event) -> None:
        """Refuse facts that point at what isn't there (``register.reference`` with the nearest name)."""
        for member, what in _POINTS.get(type(facts), ()):
            value = getattr(facts, member)
            for name in value if isinstance(value, tuple) else (value,):
                if name:
                    self.need(what, name, member)

    def need(self, what: str, name: str, where: str) -> None:
        """Refuse one name that isn't there."""
        known = self._names[what]
        if name in known or (what == "clause" and not known):
            return
        raise Problem(
            f"There is no {what} {name[:60]!r}.",
            nearest(name, known),
            f"Register the {what} first, or correct the name." if what != "clause" else "Correct the name.",
            code="register.reference",
            where=where,
        )
