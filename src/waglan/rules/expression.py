"""One rule: parsed and typed once, then a function that gates and the SQL that proves."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from waglan.core.problem import Problem, nearest
from waglan.rules.canonical import canonical, digest
from waglan.rules.check import Checker
from waglan.rules.limits import fits
from waglan.rules.lowering import lower
from waglan.rules.node import Node, walk
from waglan.rules.python import Closure, compiled
from waglan.rules.sql import DIALECTS, Column, Renderer
from waglan.rules.syntax import Source
from waglan.rules.table import Table
from waglan.rules.types import Named, Type, types

NO_TABLES: Mapping[str, Table] = MappingProxyType({})


class Expression(msgspec.Struct, frozen=True, gc=False):
    """A rule.

    Attributes
    ----------
    text
        As it was written.
    type
        What it gives; a rule that gates or counts gives true, false or unknown.
    canonical
        The same rule written in the one canonical way.
    digest
        SHA-256 of its meaning: canonical text, types of its fields, contents of its tables, version of the language.
    fields, tables
        What it reads, sorted by name.
    uses_now
        Whether the answer depends on the present time.
    """

    text: str
    type: Type
    canonical: str
    digest: str
    fields: tuple[str, ...]
    tables: tuple[str, ...]
    uses_now: bool
    _core: Node

    def closure(self) -> Closure:
        """A function of a row and the present time (milliseconds since 1970 UTC).

        It never raises on a row made by `waglan.rules.row.row`, and gives None for unknown.
        """
        return compiled(self._core, self.digest[:12])

    def sql(self, dialect: str, *, column: Column | None = None, now: int | None = None) -> str:
        """A scalar SQL expression with exactly the meaning of the closure; unknown is NULL.

        Parameters
        ----------
        dialect
            ``duckdb``, ``sqlite``, ``postgresql``, ``spark`` or ``clickhouse``.
        column
            How a field is read; the quoted name if not given. What types columns must have stands in ``docs/rules.md``.
        now
            The present time in milliseconds since 1970 UTC; needed when `uses_now`.
        """
        engine = DIALECTS.get(dialect)
        if engine is None:
            why = "Rules become SQL for these engines only."
            raise Problem(f"There is no dialect {dialect!r}.", why, nearest(dialect, DIALECTS), code="rule.dialect")
        if self.uses_now and now is None:
            why = "What was true at one time needn't be at another, so a query must say for which it asks."
            raise Problem("The rule asks for the present time.", why, "Pass now in milliseconds.", code="rule.now")
        return Renderer(engine, column or engine.quoted, now or 0).render(self._core)


def parse(
    text: str,
    schema: Mapping[str, Named],
    *,
    tables: Mapping[str, Table] = NO_TABLES,
    wanted: Type | None = Type.BOOLEAN,
    where: str = "",
) -> Expression:
    """Read and type one expression.

    Parameters
    ----------
    text
        Python syntax; ``docs/rules.md`` lists what may be written.
    schema
        Types by field: `Type`, or any enum with the same names, such as ``FactType``.
    tables
        Date-aware tables by name, for ``table()``.
    wanted
        The type it must give; None accepts any.
    where
        Where the text stands; named in every Problem.

    Raises
    ------
    Problem
        ``rule.syntax``, ``rule.field``, ``rule.function``, ``rule.table``, ``rule.type``, ``rule.literal`` or
        ``rule.limit``, with the place and, for a name, the nearest valid one.
    """
    source = Source(text, where)
    tree = source.tree()
    node = Checker(source, types(schema), tables).typed(tree)
    if wanted is not None and node.type is not wanted:
        what = f"The rule gives a value of type {node.type}, not {wanted}."
        raise source.problem(tree, what, "It is used where that is needed.", "Compare the value.", "type")
    core = lower(node)
    if not fits(core):
        why = "Not every engine could count what the rule decides."
        raise source.problem(None, "The expression is too deep or too large.", why, "Split it into rules.", "limit")
    parts = tuple(walk(node))
    return Expression(
        text=source.text,
        type=node.type,
        canonical=canonical(node),
        digest=digest(node),
        fields=tuple(sorted({n.value for n in parts if n.op == "field"})),
        tables=tuple(sorted({n.value.name for n in parts if n.op == "table"})),
        uses_now=any(n.op == "now" for n in parts),
        _core=core,
    )
