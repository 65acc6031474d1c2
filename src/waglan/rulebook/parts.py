"""A rule taken apart: each condition in it with what it came to, so that one sees which part failed."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from waglan.core.clock import iso
from waglan.rules import Table, Type, parse

Join = Literal["", "all", "any", "not", "if"]


class Part(NamedTuple):
    """A condition of a rule.

    Attributes
    ----------
    text
        As it was written.
    depth
        How deep it stands: 0 is the whole rule.
    join
        How what stands below it belongs together: all of it, any of it, not it, or by a condition; empty for one that
        has nothing below.
    value
        What it came to: true, false, or None for unknown.
    fields
        The fields that it read, each with its value in words; only where nothing stands below.
    """

    text: str
    depth: int
    join: Join
    value: bool | None
    fields: tuple[tuple[str, str], ...]


def parts(
    text: str, row: Mapping[str, Any], now_ms: int, *, schema: Mapping[str, Type], tables: Mapping[str, Table]
) -> tuple[Part, ...]:
    """The conditions of a rule that is known to be right, from the whole to the smallest."""
    made: list[Part] = []

    def add(node: ast.expr, depth: int) -> None:
        join, below = _below(node)
        said = ast.unparse(node) if depth else text.strip()
        rule = parse(said, schema, tables=tables)
        names = () if below else rule.fields
        shown = tuple([(name, said_value(row.get(name), schema[name])) for name in names])
        made.append(Part(said, depth, join, rule.closure()(row, now_ms), shown))
        for each in below:
            add(each, depth + 1)

    add(ast.parse(text.strip(), mode="eval").body, 0)
    return tuple(made)


def _below(node: ast.expr) -> tuple[Join, list[ast.expr]]:
    if isinstance(node, ast.BoolOp):
        return ("all" if isinstance(node.op, ast.And) else "any"), node.values
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return "not", [node.operand]
    if isinstance(node, ast.IfExp):
        return "if", [node.test, node.body, node.orelse]
    return "", []


def said_value(value: Any, kind: Type) -> str:
    """A value of a row for people; an empty text where it isn't known."""
    if value is None:
        return ""
    if kind is Type.MONEY:
        return f"{value / 100:,.2f}"
    if kind is Type.TIME:
        return iso(value)
    if kind is Type.TEXTS:
        return ", ".join(value) or "[]"
    if kind is Type.VERDICTS:
        return ", ".join(f"{name}: {verdict}" for name, verdict in sorted(value.items())) or "{}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


class Line(NamedTuple):
    """A condition of a rule without values: what stands where."""

    text: str
    depth: int
    join: Join


def outline(text: str) -> tuple[Line, ...]:
    """The conditions of a rule that can be read, from the whole to the smallest."""
    made: list[Line] = []

    def add(node: ast.expr, depth: int) -> None:
        join, below = _below(node)
        made.append(Line(ast.unparse(node) if depth else text.strip(), depth, join))
        for each in below:
            add(each, depth + 1)

    add(ast.parse(text.strip(), mode="eval").body, 0)
    return tuple(made)
