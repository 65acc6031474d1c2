"""Which types meet, and the conversions that are put in where they do."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from waglan.rules.node import Node, const
from waglan.rules.row import cents
from waglan.rules.types import LARGEST, Type

NUMERIC = frozenset({Type.INTEGER, Type.NUMBER, Type.MONEY})


def number(node: Node) -> Node:
    """The same amount as a double; money in dollars."""
    if node.type is Type.NUMBER:
        return node
    if node.op == "const":
        return const(Type.NUMBER, node.value / 100.0 if node.type is Type.MONEY else float(node.value))
    return Node("number", Type.NUMBER, (node,))


def unify(nodes: Sequence[Node]) -> tuple[Node, ...] | None:
    """All nodes as one type, or None where that has no meaning.

    Integers and numbers meet as numbers. A constant beside money is read as money, and so is an integer; a number
    that was computed makes money a number.
    """
    kinds = {node.type for node in nodes}
    if len(kinds) == 1:
        return tuple(nodes)
    if not kinds <= NUMERIC:
        return None
    if Type.MONEY not in kinds or any(n.type is Type.NUMBER and n.op != "const" for n in nodes):
        return tuple(number(n) for n in nodes)
    moneys = [_money(n) for n in nodes]
    return None if None in moneys else tuple(n for n in moneys if n is not None)


def _money(node: Node) -> Node | None:
    if node.type is Type.MONEY:
        return node
    if node.op != "const":
        return Node("money", Type.MONEY, (node,))
    exact = cents(Decimal(repr(node.value)))
    return None if exact is None or abs(exact) > LARGEST else const(Type.MONEY, exact)
