"""A typed expression as a tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from waglan.rules.types import Type


class Node(msgspec.Struct, frozen=True, gc=False):
    """One operation.

    Attributes
    ----------
    op
        ``field``, ``const``, ``eq``, ``and``, … as in the table of `design/rules.md`.
    type
        What it gives.
    args
        What it works on.
    value
        What isn't an argument: a field's name, a constant, an offset in minutes, a table.
    """

    op: str
    type: Type
    args: tuple[Node, ...] = ()
    value: Any = None


def const(type: Type, value: Any) -> Node:
    """A constant as all engines hold it; zero has no sign."""
    return Node("const", type, (), value + 0.0 if type is Type.NUMBER else value)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    for arg in node.args:
        yield from walk(arg)
