"""The catalogue as one value: its sources, its clauses, and the digest that evidence names."""

from __future__ import annotations

import datetime as dt
import hashlib
from functools import cached_property
from typing import NamedTuple

import msgspec

from waglan.core.problem import Problem, nearest
from waglan.evidence.catalogue.clause import Clause, Source, Test
from waglan.evidence.catalogue.compiled import Compiled, Compiler


class Stated(NamedTuple):
    """A test together with the clause that it shows."""

    clause: Clause
    test: Test


class Catalogue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """Obligations in one version.

    Attributes
    ----------
    id, version, as_of
        Which catalogue this is, and the day up to which its sources were looked at.
    sources
        Papers by id.
    clauses
        In the order of the files.
    """

    id: str
    version: str
    as_of: dt.date
    sources: dict[str, Source]
    clauses: tuple[Clause, ...]

    def canonical(self) -> bytes:
        """Its JSON with sorted keys and without defaults: what is kept in a workspace and digested."""
        return msgspec.json.encode(self, order="sorted")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of `canonical`, hexadecimal."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def tests(self) -> tuple[Stated, ...]:
        """Every test with its clause, in order."""
        return tuple([Stated(clause, test) for clause in self.clauses for test in clause.tests])

    def clause(self, clause_id: str) -> Clause:
        """A clause by its id; a Problem ``clause.unknown`` names the nearest one."""
        found = self._by_id.get(clause_id)
        if found is None:
            what = f"The catalogue has no clause {clause_id!r}."
            why = nearest(clause_id, self._by_id)
            raise Problem(what, why, "Run 'waglan clauses' for the list.", code="clause.unknown", status=404)
        return found

    def source_of(self, clause: Clause) -> Source:
        """The paper that a clause comes from."""
        return self.sources[clause.source]

    def compiled(self, test: Test) -> Compiled:
        """A test's expressions, parsed and typed when first asked for. Raises as `Compiler.compiled`."""
        return self._compiler.compiled(test)

    @cached_property
    def _by_id(self) -> dict[str, Clause]:
        return {clause.id: clause for clause in self.clauses}

    @cached_property
    def _compiler(self) -> Compiler:
        return Compiler()
