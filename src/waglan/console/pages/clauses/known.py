"""What pages of clauses know: the catalogue in force, what people said of its clauses, and which rules gate."""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from waglan.console.marked import _
from waglan.console.pages.decisions.actors import Actors
from waglan.console.visit import Visit
from waglan.core.events import Attestation, Inapplicable, RuleInForce, WordingSeen
from waglan.core.problem import Problem
from waglan.evidence.catalogue import Catalogue, Clause, load
from waglan.evidence.catalogue.force import of
from waglan.index import events
from waglan.registers.history import Kept, Step, fold, steps


class Said(NamedTuple):
    """What people said of one clause, oldest first: what they saw of it, stood for, and declared not to apply."""

    wordings: tuple[Step[WordingSeen], ...]
    attestations: tuple[Kept[Attestation], ...]
    inapplicable: tuple[Kept[Inapplicable], ...]


def catalogue(visit: Visit) -> Catalogue:
    """The catalogue that judges now, with the wordings that people checked since it was written."""
    return visit.house.evidence.catalogue()


@lru_cache(maxsize=8)
def kept(folder: Path, digest: str) -> Catalogue:
    """A catalogue that was in force, by its digest: it never changes."""
    return of(folder, digest)


@lru_cache(maxsize=1)
def shipped() -> Catalogue:
    """The catalogue of this release."""
    return load()


def clause(found: Catalogue, clause_id: str) -> Clause:
    """A clause by its id; a Problem 404 otherwise."""
    for each in found.clauses:
        if each.id == clause_id:
            return each
    raise Problem(
        _("There is no such clause."),
        _("The catalogue in force doesn't have it."),
        _("Look for it in the list of clauses."),
        code="clause.unknown",
        where=clause_id[:64],
        status=404,
    )


def said(connection: sqlite3.Connection, clause_id: str) -> Said:
    """What people said of a clause."""
    rows = events.raw(connection, (WordingSeen.kind, Attestation.kind, Inapplicable.kind))
    wordings = steps((row for row in rows if row.kind == WordingSeen.kind), WordingSeen)
    attested = steps((row for row in rows if row.kind == Attestation.kind), Attestation)
    excused = steps((row for row in rows if row.kind == Inapplicable.kind), Inapplicable)
    return Said(
        tuple([each for each in wordings if each.facts.clause == clause_id]),
        _by_entity(attested, clause_id),
        _by_entity(excused, clause_id),
    )


def gates(connection: sqlite3.Connection) -> dict[str, RuleInForce]:
    """The rules that gate now, by id; those made from a test have the test's id."""
    rows = events.raw(connection, (RuleInForce.kind,))
    newest = fold(steps(rows, RuleInForce), lambda each: each.id)
    return {each.name: each.facts for each in newest if each.facts.state == "in_force"}


def who(visit: Visit, actor: str) -> dict[str, str] | None:
    """Who stands behind an id on the log."""
    return Actors(visit).of(actor)


def plain(value: Any) -> Any:
    """A value as JSON takes it."""
    return msgspec.to_builtins(value)


def _by_entity(found: Iterable[Step[Any]], clause_id: str) -> tuple[Kept[Any], ...]:
    def entity(each: Any) -> Hashable:
        return str(each.entity)

    return fold([each for each in found if each.facts.clause == clause_id], entity)
