"""What + - * / // % mean between two types."""

from __future__ import annotations

import ast

from waglan.rules.node import Node
from waglan.rules.types import Type
from waglan.rules.unify import NUMERIC, number, unify

MAX_DIVISOR = 10**9

_T = Type
_SPANS = {
    (ast.Add, _T.TIME, _T.DURATION): _T.TIME,
    (ast.Add, _T.DURATION, _T.TIME): _T.TIME,
    (ast.Add, _T.DURATION, _T.DURATION): _T.DURATION,
    (ast.Sub, _T.TIME, _T.DURATION): _T.TIME,
    (ast.Sub, _T.TIME, _T.TIME): _T.DURATION,
    (ast.Sub, _T.DATE, _T.DATE): _T.DURATION,
    (ast.Sub, _T.DURATION, _T.DURATION): _T.DURATION,
    (ast.Mult, _T.DURATION, _T.INTEGER): _T.DURATION,
    (ast.Mult, _T.INTEGER, _T.DURATION): _T.DURATION,
    (ast.Mult, _T.MONEY, _T.INTEGER): _T.MONEY,
    (ast.Mult, _T.INTEGER, _T.MONEY): _T.MONEY,
    (ast.Div, _T.DURATION, _T.DURATION): _T.NUMBER,
}
_NAMES: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
}


def combine(operator: type[ast.operator], left: Node, right: Node) -> Node | None:
    """The operation, or None where it has no meaning.

    ``/`` always gives a number. ``//`` and ``%`` round down as in Python and take a constant from 1 to `MAX_DIVISOR`
    on their right. Money times money, or a time plus a time, has no meaning.
    """
    op = _NAMES.get(operator)
    if op is None:
        return None
    given = _SPANS.get((operator, left.type, right.type))
    if given is not None:
        both = (number(left), number(right)) if given is Type.NUMBER else (left, right)
        return Node(op, given, both)
    if not {left.type, right.type} <= NUMERIC:
        return None
    if op in {"floordiv", "mod"}:
        divisible = left.type is right.type is Type.INTEGER and right.op == "const" and 1 <= right.value <= MAX_DIVISOR
        return Node(op, Type.INTEGER, (left, right)) if divisible else None
    if op == "div":
        return Node(op, Type.NUMBER, (number(left), number(right)))
    if op == "mul" and Type.MONEY in {left.type, right.type}:
        return None if left.type is right.type else Node(op, Type.NUMBER, (number(left), number(right)))
    both_alike = unify((left, right))
    return None if both_alike is None else Node(op, both_alike[0].type, both_alike)
