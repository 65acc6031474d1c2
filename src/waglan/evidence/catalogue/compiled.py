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


class Compiler:
    """Parses what tests ask, each text once for a table: a quarter of them say the same."""

    def __init__(self) -> None:
        self._schemas: dict[str, Mapping[str, Type]] = {}
        self._parsed: dict[tuple[str, str], Expression] = {}

    def compiled(self, test: Test) -> Compiled:
        """Parse and type a test's expressions.

        Raises
        ------
        Problem
            ``clause.table``, or what `waglan.rules.parse` says, with the test's id as place.
        """
        scope = self._one(test, "scope", test.scope)
        holds = self._one(test, "holds", test.holds)
        current = self._one(test, "current", test.current)
        parts = [scope.digest, holds.digest] + ([] if current.canonical == "True" else [current.digest])
        return Compiled(scope, holds, current, hashlib.sha256("\n".join(parts).encode()).hexdigest())

    def _one(self, test: Test, part: str, text: str) -> Expression:
        found = self._parsed.get((test.over, text))
        if found is None:
            if test.over not in self._schemas:
                self._schemas[test.over] = schema(test.over)
            found = parse(text, self._schemas[test.over], where=f"{test.id} {part}")
            self._parsed[test.over, text] = found
        return found
