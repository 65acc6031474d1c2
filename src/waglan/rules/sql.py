"""Expressions as SQL: one scalar expression over columns, for any engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from waglan.rules.dialects import ClickHouse, Dialect, DuckDB, PostgreSQL, Spark, SQLite
from waglan.rules.node import Node
from waglan.rules.types import WHOLE

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {d.name: d for d in (DuckDB(), SQLite(), PostgreSQL(), Spark(), ClickHouse())}
)

Column = Callable[[str], str]
"""From a field's name to the SQL that reads it."""

_COMPARE = MappingProxyType({"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="})
_SUMS = MappingProxyType({"add": "+", "sub": "-", "mul": "*"})


class Renderer:
    """Writes one lowered expression.

    Parameters
    ----------
    dialect
        The engine.
    column
        How a field is read.
    now
        The present time in milliseconds since 1970 UTC.
    """

    def __init__(self, dialect: Dialect, column: Column, now: int) -> None:
        self._dialect = dialect
        self._column = column
        self._now = now

    def render(self, node: Node) -> str:
        """The SQL of ``node``."""
        return _RENDER[node.op](self, node)

    def _args(self, node: Node) -> list[str]:
        return [self.render(a) for a in node.args]

    def _field(self, node: Node) -> str:
        return self._dialect.field(self._column(node.value), node.type)

    def _const(self, node: Node) -> str:
        return self._dialect.constant(node.type, node.value)

    def _var(self, node: Node) -> str:
        return self._dialect.element(node.value)

    def _present(self, node: Node) -> str:
        return self._dialect.whole(self._now)

    def _compare(self, node: Node) -> str:
        a, b = self._args(node)
        return f"({a} {_COMPARE[node.op]} {b})"

    def _logic(self, node: Node) -> str:
        return "(" + f" {node.op.upper()} ".join(self._args(node)) + ")"

    def _not(self, node: Node) -> str:
        return f"(NOT {self.render(node.args[0])})"

    def _isnull(self, node: Node) -> str:
        return f"({self.render(node.args[0])} IS NULL)"

    def _sum(self, node: Node) -> str:
        a, b = self._args(node)
        sign = _SUMS[node.op]
        return self._dialect.whole_sum(sign, a, b) if node.type in WHOLE else f"({a} {sign} {b})"

    def _div(self, node: Node) -> str:
        return self._dialect.quotient(*self._args(node))

    def _floordiv(self, node: Node) -> str:
        return self._dialect.floor(*self._args(node))

    def _mod(self, node: Node) -> str:
        return self._dialect.modulo(*self._args(node))

    def _neg(self, node: Node) -> str:
        return f"(- {self.render(node.args[0])})"

    def _abs(self, node: Node) -> str:
        return self._dialect.absolute(self.render(node.args[0]), node.type)

    def _number(self, node: Node) -> str:
        return self._dialect.as_number(self.render(node.args[0]))

    def _in(self, node: Node) -> str:
        type = node.args[0].type
        members = [self._dialect.constant(type, v) for v in node.value]
        return self._dialect.among(self.render(node.args[0]), members, type)

    def _has(self, node: Node) -> str:
        return self._dialect.has(self.render(node.args[0]), self._dialect.text(node.value))

    def _item(self, node: Node) -> str:
        return self._dialect.item(self.render(node.args[0]), node.value)

    def _any(self, node: Node) -> str:
        held, body = self._args(node)
        return self._dialect.any(held, node.value, body)

    def _coalesce(self, node: Node) -> str:
        return f"coalesce({', '.join(self._args(node))})"

    def _extreme(self, node: Node) -> str:
        return self._dialect.extreme(node.op, self._args(node))

    def _if(self, node: Node) -> str:
        return self._dialect.choose(*self._args(node))

    def _length(self, node: Node) -> str:
        return self._dialect.length(self.render(node.args[0]))

    def _size(self, node: Node) -> str:
        return self._dialect.size(self.render(node.args[0]))

    def _lower(self, node: Node) -> str:
        return self._dialect.lower(self.render(node.args[0]))

    def _startswith(self, node: Node) -> str:
        return self._dialect.startswith(*self._args(node))

    def _endswith(self, node: Node) -> str:
        return self._dialect.endswith(*self._args(node))

    def _contains(self, node: Node) -> str:
        return self._dialect.contains(*self._args(node))

    def _table(self, node: Node) -> str:
        *keys, day = self._args(node)
        rows = []
        for key, periods in node.value.rows.items():
            same = [f"{k} = {self._dialect.text(v)}" for k, v in zip(keys, key, strict=True)]
            for period in periods:
                during = [
                    f"{day} >= {self._dialect.whole(period.begins)}",
                    f"{day} < {self._dialect.whole(period.ends)}",
                ]
                rows.append((" AND ".join(same + during), self._dialect.constant(node.type, period.value)))
        return self._dialect.rows(rows)


_RENDER: Mapping[str, Callable[[Renderer, Node], str]] = MappingProxyType(
    {
        "field": Renderer._field,
        "const": Renderer._const,
        "var": Renderer._var,
        "now": Renderer._present,
        **dict.fromkeys(_COMPARE, Renderer._compare),
        **dict.fromkeys(_SUMS, Renderer._sum),
        "and": Renderer._logic,
        "or": Renderer._logic,
        "not": Renderer._not,
        "isnull": Renderer._isnull,
        "div": Renderer._div,
        "floordiv": Renderer._floordiv,
        "mod": Renderer._mod,
        "neg": Renderer._neg,
        "abs": Renderer._abs,
        "number": Renderer._number,
        "in": Renderer._in,
        "has": Renderer._has,
        "item": Renderer._item,
        "any": Renderer._any,
        "coalesce": Renderer._coalesce,
        "least": Renderer._extreme,
        "greatest": Renderer._extreme,
        "if": Renderer._if,
        "len": Renderer._length,
        "size": Renderer._size,
        "lower": Renderer._lower,
        "startswith": Renderer._startswith,
        "endswith": Renderer._endswith,
        "contains": Renderer._contains,
        "table": Renderer._table,
    }
)
