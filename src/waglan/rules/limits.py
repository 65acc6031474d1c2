"""How large an expression may be, so that each engine can take it: a rule that gates must also be able to prove."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from waglan.rules.node import Node
from waglan.rules.types import WHOLE, Type

MAX_DEPTH = 24
"""Levels, a few of which count twice. The parser of SQLite before 3.46 is the narrowest."""

MAX_WEIGHT = 4_000
"""Parts of the SQL, counting what a guard repeats."""

_REPEATS: Mapping[str, int] = MappingProxyType(
    {"range": 3, "floordiv": 2, "least": 2, "greatest": 2, "if": 2, "any": 3, "startswith": 2, "endswith": 3}
)
_STEEP: Mapping[str, int] = MappingProxyType({"range": 2, "any": 4, "endswith": 2, "if": 2, "table": 2})


def depth(node: Node) -> int:
    """How deep the SQL of a lowered expression nests."""
    own = 2 if _sum(node) else _STEEP.get(node.op, 1)
    return own + max((depth(a) for a in node.args), default=0)


def weight(node: Node) -> int:
    """How many parts the SQL of a lowered expression has, on the engine that needs most."""
    repeats = 2 if _sum(node) else _REPEATS.get(node.op, 1)
    if node.op == "table":
        repeats = 2 * sum(len(periods) for periods in node.value.rows.values())
    own = 4 if node.op == "field" and node.type is Type.NUMBER else 1
    return own + repeats * sum(weight(a) for a in node.args)


def _sum(node: Node) -> bool:
    return node.op in {"add", "sub", "mul"} and node.type in WHOLE
