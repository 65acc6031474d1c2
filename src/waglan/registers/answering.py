"""People answer for obligations: they attest, say that one doesn't apply, and say what wording they have seen."""

from __future__ import annotations

from waglan.access.action import Action
from waglan.access.identity import Identity
from waglan.core.events import Attestation, Inapplicable, WordingSeen
from waglan.core.problem import Problem
from waglan.ledger.log import Recorded
from waglan.registers.book import Book
from waglan.registers.checks import check_code, check_until
from waglan.registers.office import Office


def attest(office: Office, who: Identity | None, facts: Attestation, note: str) -> Recorded:
    """Stand for an obligation's test, or take that back (``register.missing`` when nobody stands for it)."""
    person = office.may(who, Action.CLAUSE_ATTEST)
    with office.writing() as book:
        known = office.known(book)
        known.need("clause", _clause(facts.clause, office), "clause")
        _entity(office, book, facts.entity)
        if facts.document:
            known.need("document", facts.document, "document")
        if facts.state == "given":
            check_until(facts.until_ms, office.now_ms())
        elif not any(
            (a.facts.clause, a.facts.entity, a.facts.state) == (facts.clause, facts.entity, "given")
            for a in book.attestations
        ):
            raise _nothing(facts.clause, "Nobody stands for it now.")
        (recorded,) = office.record(office.entry(person.id, facts, note=note))
    return recorded


def inapplicable(office: Office, who: Identity | None, facts: Inapplicable, note: str) -> Recorded:
    """Say that an obligation doesn't apply to an institution until a day, or that it does again."""
    person = office.may(who, Action.CLAUSE_ATTEST)
    check_code(facts.reason, "reason")
    with office.writing() as book:
        office.known(book).need("clause", _clause(facts.clause, office), "clause")
        office.known(book).need("entity", facts.entity, "entity")
        if facts.active:
            check_until(facts.until_ms, office.now_ms())
        elif not any(
            (i.facts.clause, i.facts.entity, i.facts.active) == (facts.clause, facts.entity, True)
            for i in book.inapplicable
        ):
            raise _nothing(facts.clause, "It applies already.")
        (recorded,) = office.record(office.entry(person.id, facts, note=note))
    return recorded


def wording_seen(office: Office, who: Identity | None, facts: WordingSeen, note: str) -> Recorded:
    """Say what one saw of an obligation's source."""
    person = office.may(who, Action.CLAUSE_VERIFY)
    with office.writing() as book:
        known = office.known(book)
        known.need("clause", _clause(facts.clause, office), "clause")
        if facts.document:
            known.need("document", facts.document, "document")
        if facts.wording == "primary" and not facts.locator:
            raise Problem(
                "Primary wording needs its place.",
                "Others must be able to open the same paragraph.",
                "Give the paragraph or section as locator.",
                code="register.value",
                where="locator",
            )
        (recorded,) = office.record(office.entry(person.id, facts, note=note))
    return recorded


def _clause(test: str, office: Office) -> str:
    """The obligation that is meant: attestations may name one of its tests, which has a number behind it."""
    clause, _, number = test.rpartition(".")
    return clause if number.isdigit() and test not in office.clauses and clause in office.clauses else test


def _entity(office: Office, book: Book, name: str) -> None:
    if name:
        office.known(book).need("entity", name, "entity")


def _nothing(clause: str, why: str) -> Problem:
    return Problem(
        f"There is nothing to take back for {clause[:60]!r}.", why, "Look at the clause's page.",
        code="register.missing", where=clause[:60], status=404,
    )  # fmt: skip
