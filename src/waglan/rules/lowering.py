"""From the language's operations to the few that every back end knows.

What is decided here is decided once for all engines: money is cents, times are milliseconds, a day begins at an
offset from UTC, ``all`` is ``not any not``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from waglan.rules.functions import SPANS
from waglan.rules.node import Node, const
from waglan.rules.types import DAY_MS, LARGEST, Type


def lower(node: Node, variables: Mapping[str, str] = MappingProxyType({})) -> Node:
    """The same meaning in core operations.

    Parameters
    ----------
    node
        As the checker made it.
    variables
        Name in the text to name in the lowered tree, for the loops around ``node``.
    """
    if node.op in {"any", "all"}:
        return _quantifier(node, variables)
    if node.op == "var":
        return Node("var", node.type, (), variables[node.value])
    lowered = Node(node.op, node.type, tuple([lower(a, variables) for a in node.args]), node.value)
    rewrite = _REWRITES.get(node.op)
    return lowered if rewrite is None else rewrite(lowered)


def _quantifier(node: Node, variables: Mapping[str, str]) -> Node:
    name = f"waglan_e{len(variables)}"
    held, body = node.args
    inner = lower(body, {**variables, node.value: name})
    if node.op == "all":
        return _not(Node("any", Type.BOOLEAN, (held, _not(inner)), name))
    return Node("any", Type.BOOLEAN, (held, inner), name)


def _member(node: Node) -> Node:
    held, sought = node.args
    name = "waglan_m"
    same = Node("eq", Type.BOOLEAN, (Node("var", Type.TEXT, (), name), sought))
    return Node("any", Type.BOOLEAN, (held, same), name)


def _not(node: Node) -> Node:
    return Node("not", Type.BOOLEAN, (node,))


def _times(node: Node, factor: int, type: Type) -> Node:
    if node.op == "const" and abs(node.value * factor) <= LARGEST:
        return const(type, node.value * factor)
    return Node("mul", type, (node, const(type, factor)))


def _money(node: Node) -> Node:
    return _times(node.args[0], 100, Type.MONEY)


def _number(node: Node) -> Node:
    whole = Node("number", Type.NUMBER, node.args)
    if node.args[0].type is not Type.MONEY:
        return whole
    return Node("div", Type.NUMBER, (whole, const(Type.NUMBER, 100.0)))


def _span(node: Node) -> Node:
    return _times(node.args[0], SPANS[node.value], Type.DURATION)


def _sub(node: Node) -> Node:
    return _times(node, DAY_MS, Type.DURATION) if node.args[0].type is Type.DATE else node


def _local(node: Node) -> Node:
    """Milliseconds on the clock of a place."""
    return Node("add", Type.INTEGER, (node.args[0], const(Type.INTEGER, node.value * 60_000)))


def _by(op: str, node: Node, divisor: int, type: Type = Type.INTEGER) -> Node:
    return Node(op, type, (node, const(Type.INTEGER, divisor)))


def _date(node: Node) -> Node:
    return _by("floordiv", _local(node), DAY_MS, Type.DATE)


def _hour(node: Node) -> Node:
    return _by("floordiv", _by("mod", _local(node), DAY_MS), 3_600_000)


def _weekday(node: Node) -> Node:
    day = Node("add", Type.INTEGER, (_by("floordiv", _local(node), DAY_MS), const(Type.INTEGER, 3)))  # 1970-01-01: 3
    return _by("mod", day, 7)


def _start(node: Node) -> Node:
    midnight = _times(node.args[0], DAY_MS, Type.TIME)
    return Node("sub", Type.TIME, (midnight, const(Type.DURATION, node.value * 60_000)))


def _table(node: Node) -> Node:
    """On the day of a moment: the periods as moments instead, so that no row computes the day again."""
    *keys, day = node.args
    if day.op != "floordiv":
        return node
    moment, offset = day.args[0].args
    return Node("table", node.type, (*keys, moment), node.value.shifted(DAY_MS, -offset.value))


_REWRITES: Mapping[str, Callable[[Node], Node]] = MappingProxyType(
    {
        "member": _member,
        "money": _money,
        "number": _number,
        "span": _span,
        "sub": _sub,
        "date": _date,
        "hour": _hour,
        "weekday": _weekday,
        "start": _start,
        "table": _table,
    }
)
