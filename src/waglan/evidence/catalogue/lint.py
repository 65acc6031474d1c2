"""What is wrong with a catalogue: findings as values, each with its clause and where it stands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import waglan.controls  # noqa: F401 - registers ours, so that their names are known
from waglan.core.control import controls
from waglan.evidence.catalogue.catalogue import Catalogue
from waglan.evidence.catalogue.clause import Clause
from waglan.evidence.catalogue.lint_source import source_faults
from waglan.evidence.catalogue.lint_test import test_faults
from waglan.evidence.catalogue.lint_wording import text_faults, wording_faults

_ASKED = re.compile(r"controls\[[\"']([^\"']+)[\"']\]")
_RUNTIME = ("door.", "record.", "rule.", "model.")
"""Findings that the runtime itself writes beside those of controls."""
_OURS = ("data.", "model.", "output.", "people.", "privacy.", "purpose.")
"""Areas of the controls that ship with Waglan; a firm's own may serve clauses of its own."""
CLAUSE_ID = re.compile(r"[A-Z][A-Z0-9]*(\.[A-Za-z0-9]+)+")


class Fault(NamedTuple):
    """A finding of the linter.

    Attributes
    ----------
    code
        ``part.what``, such as ``wording.locator``; docs/clauses.md lists all.
    subject
        The id of the clause, test, source or control.
    what
        One sentence.
    where
        File and line, where known.
    """

    code: str
    subject: str
    what: str
    where: str = ""


def lint(
    catalogue: Catalogue, *, places: Mapping[str, str] | None = None, retired: Iterable[str] = ()
) -> tuple[Fault, ...]:
    """Every fault of a catalogue, in the order of its clauses; none is a precondition of another.

    Parameters
    ----------
    places
        File and line by id, as `open_folder` gives them.
    retired
        Ids that mustn't be used any more.
    """
    known = places or {}
    return tuple(
        [Fault(code, subject, what, known.get(subject, "")) for code, subject, what in _all(catalogue, retired)]
    )


def _all(catalogue: Catalogue, retired: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    yield from source_faults(catalogue)
    yield from _identities(catalogue, frozenset(retired))
    for clause in catalogue.clauses:
        yield from _clause_faults(catalogue, clause)
        yield from wording_faults(catalogue, clause)
        yield from text_faults(clause)
        for test in clause.tests:
            yield from test_faults(clause, test, catalogue.compiled)
    yield from _served(catalogue)


def _identities(catalogue: Catalogue, retired: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    clauses = [clause.id for clause in catalogue.clauses]
    tests = [stated.test.id for stated in catalogue.tests()]
    for each, n in Counter([*clauses, *tests]).items():
        if n > 1:
            yield "id.twice", each, f"{n} clauses or tests have this id."
        if each in retired:
            yield "id.retired", each, "This id was in use for something else and never comes back."
    for clause in catalogue.clauses:
        if not CLAUSE_ID.fullmatch(clause.id):
            yield "id.form", clause.id, "An id is the source's letters, a dot, and letters or digits, such as SFC.5b."
        for test in clause.tests:
            if not re.fullmatch(re.escape(clause.id) + r"\.[1-9]\d*", test.id):
                yield "id.form", test.id, f"A test's id is its clause's and a number: {clause.id}.1."


def _clause_faults(catalogue: Catalogue, clause: Clause) -> Iterator[tuple[str, str, str]]:
    if not clause.owner_role.strip():
        yield "clause.owner", clause.id, "Nobody in the firm is named to answer for it."
    if clause.duty and not clause.tests:
        yield "clause.untested", clause.id, "It counts as a duty but nothing shows it; a placeholder has duty = false."
    for test in clause.tests:
        for name in sorted(set(_ASKED.findall(f"{test.scope} {test.holds}"))):
            if name not in controls and not name.startswith(_RUNTIME):
                yield "test.control", test.id, f"It asks for the verdict of {name!r}, and there is no such control."
    for name in clause.controls:
        if name not in controls:
            yield "clause.control", clause.id, f"There is no control {name!r}."
    source = catalogue.sources.get(clause.source)
    if source is None:
        return
    if source.applies_to and set(clause.applies_to) - set(source.applies_to):
        yield "clause.addressee", clause.id, "It binds licences that its source isn't addressed to."
    if clause.until is not None and clause.until <= clause.since:
        yield "clause.dates", clause.id, "It ends before it begins."
    if clause.since < source.date:
        yield "clause.dates", clause.id, "It is in force before its source was published."
    if source.superseded_by and clause.until is None:
        yield "clause.superseded", clause.id, f"Its source was replaced by {source.superseded_by}, but it has no end."


def _served(catalogue: Catalogue) -> Iterator[tuple[str, str, str]]:
    """Controls and clauses that name each other must both exist."""
    known = {clause.id for clause in catalogue.clauses}
    for name in controls:
        if not name.startswith(_OURS):
            continue
        for clause in controls.get(name).clauses:
            if clause not in known:
                yield "control.clause", name, f"The control serves {clause!r}, which the catalogue doesn't have."
