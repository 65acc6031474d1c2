"""A test's expressions, typed against the table that it asks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from waglan.core.problem import Problem, nearest
from waglan.evidence.catalogue.clause import Test
from waglan.rules import Expression, Type, parse, types

DECISIONS = "decisions"


class Compiled(NamedTuple):
    """What a test asks, ready to become a function or SQL.

    ``digest`` stands for all of it: SHA-256 of the digests of scope and holds, joined by line feeds, as in
    `waglan.core.events.RuleInForce`; a test with a condition of its own for ``current`` adds that one's.
    """

    scope: Expression
    holds: Expression
    current: Expression
    digest: str


def schema(over: str) -> Mapping[str, Type]:
    """The fields of a table that tests may ask: decisions, or a register.

    Raises
    ------
    Problem
        ``clause.table`` names the nearest one.
    """
    from waglan.facts.schema import TABLES  # the room loads its engine, which reading the catalogue doesn't need
    from waglan.registers.schema import SCHEMAS

    if over == DECISIONS:
        return types({field.name: field.type for field in TABLES[DECISIONS]})
    found = SCHEMAS.get(over)
    if found is None:
        known = (DECISIONS, *SCHEMAS)
        why = "Tests ask decisions or a register."
        raise Problem(f"There is no table {over!r}.", why, nearest(over, known), code="clause.table")
    return found


def compiled(test: Test) -> Compiled:
    """Parse and type a test's expressions.

    Raises
    ------
    Problem
        ``clause.table``, or what `waglan.rules.parse` says, with the test's id as place.
    """
    fields = schema(test.over)
    scope, holds, current = (
        parse(text, fields, where=f"{test.id} {part}")
        for part, text in (("scope", test.scope), ("holds", test.holds), ("current", test.current))
    )
    parts = (scope.digest, holds.digest) if test.current == "True" else (scope.digest, holds.digest, current.digest)
    return Compiled(scope, holds, current, hashlib.sha256("\n".join(parts).encode()).hexdigest())
