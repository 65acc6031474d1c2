"""Keeping a register: something is added, changed or ended; nothing is ever deleted."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from waglan.access.action import Action
from waglan.access.identity import Identity
from waglan.core.events import Competence, Count, DataSource, Document, Entity, Event, TestRun, Vendor
from waglan.core.problem import Problem, nearest
from waglan.ledger.log import Recorded
from waglan.registers.book import Book
from waglan.registers.history import Kept, fold
from waglan.registers.office import Office
from waglan.registers.references import Known

E = TypeVar("E", bound=Event)
REGISTERED: tuple[type[Event], ...] = (Entity, Vendor, DataSource, Document, Competence, TestRun, Count)
"""What people put into registers by hand."""
ENDING: tuple[type[Event], ...] = (Entity, Vendor, DataSource, Document)
"""What can be ended: the newest event says so, the history stays."""


def keep(office: Office, who: Identity | None, facts: Event, note: str) -> Recorded:
    """Put something into its register, or change what is said of it.

    Raises
    ------
    Problem
        ``register.value``, ``register.reference``, and ``register.same`` (409) when nothing would change.
    """
    person = office.may(who, Action.REGISTER_KEEP)
    with office.writing() as book:
        entry = office.entry(person.id, facts, note=note)
        check(book, office.known(book), facts)
        (recorded,) = office.record(entry)
    return recorded


def check(book: Book, known: Known, facts: Event) -> None:
    """Refuse what points nowhere, and what is said already."""
    known.check(facts)
    earlier = newest(book, facts)
    if earlier is not None and earlier == facts and not isinstance(facts, TestRun | Count):
        raise Problem(
            "Nothing would change.",
            "The register says exactly this already.",
            "Change something, or leave it as it is.",
            code="register.same",
            status=409,
        )


def end(office: Office, who: Identity | None, kind: type[E], name: str, note: str) -> Recorded:
    """End something in a register; a Problem (``register.missing``, 404) names the nearest that is there."""
    person = office.may(who, Action.REGISTER_KEEP)
    with office.writing() as book:
        known = {each.name: each.facts for each in things(book, kind)}
        if name not in known or getattr(known[name], "state", "") != "in_force":
            raise missing(kind.kind, name, [each for each in known if getattr(known[each], "state", "") == "in_force"])
        facts = msgspec.structs.replace(known[name], state="ended")
        (recorded,) = office.record(office.entry(person.id, facts, note=note))
    return recorded


def things(book: Book, kind: type[Event]) -> tuple[Kept[Any], ...]:
    """The register that a kind of event is kept in."""
    if kind is Count:
        return fold(book.events(Count), lambda each: (each.source, each.use_case))
    found: dict[type[Event], tuple[Kept[Any], ...]] = {
        Entity: book.entities,
        Vendor: book.vendors,
        DataSource: book.data_sources,
        Document: book.documents,
        Competence: book.competences,
        TestRun: book.test_runs,
    }
    return found.get(kind, ())


def newest(book: Book, facts: Event) -> Event | None:
    """What the register says now of the thing that these facts speak of."""
    wanted = getattr(facts, "id", "")
    if isinstance(facts, Competence):
        wanted = f"{facts.person} {facts.role} {facts.topic}"
    return next((each.facts for each in things(book, type(facts)) if each.name == wanted), None)


def missing(what: str, name: str, known: list[str]) -> Problem:
    """What is asked for isn't in the register."""
    return Problem(
        f"There is no {what.replace('_', ' ')} {name[:60]!r} in force.",
        nearest(name, known),
        "Correct the name.",
        code="register.missing",
        where=name[:60],
        status=404,
    )
