"""How large an expression may be, so that each engine can take it: a rule that gates must also be able to prove."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from waglan.rules.node import Node
from waglan.rules.types import WHOLE, Type

MAX_DEPTH = 24
"""Levels, some of which count twice or more. The parser of SQLite before 3.46 is the narrowest."""

MAX_WEIGHT = 2_000
"""Parts of the SQL, counting what a guard repeats."""

MAX_COPIES = 128
"""Times that guards within guards may repeat one part: planners take longest over these."""

MAX_EXPONENT = 300
"""Decimal exponent that a computed number stays within on both sides; doubles reach 1e308 and 1e-308."""

_REPEATS: Mapping[str, int] = MappingProxyType(
    {"floordiv": 2, "least": 2, "greatest": 2, "if": 2, "any": 3, "startswith": 2, "endswith": 3}
)
_STEEP: Mapping[str, int] = MappingProxyType(
    {"any": 4, "endswith": 2, "if": 2, "table": 2, "coalesce": 2, "least": 2, "greatest": 2}
)
_ROUNDING = 16
"""Decimal digits of a double."""


class Bounds(NamedTuple):
    """A number is below 10**upper and a multiple of something of at least 10**-grain, or 0."""

    upper: float
    grain: float


_READ = Bounds(30, 30 + _ROUNDING)


def fits(node: Node) -> bool:
    """Whether a lowered expression is small enough for every engine."""
    small = depth(node) <= MAX_DEPTH and weight(node) <= MAX_WEIGHT and copies(node) <= MAX_COPIES
    return small and _exponents(node)


def depth(node: Node) -> int:
    """How deep the SQL of a lowered expression nests."""
    own = 2 if _sum(node) else _STEEP.get(node.op, 1)
    return own + max((depth(a) for a in node.args), default=0)


def weight(node: Node) -> int:
    """How many parts the SQL of a lowered expression has, on the engine that needs most."""
    repeats = _repeats(node)
    if node.op == "table":
        repeats = 2 * sum(len(periods) for periods in node.value.rows.values())
    own = 4 if node.op == "field" and node.type is Type.NUMBER else 1
    return own + repeats * sum(weight(a) for a in node.args)


def copies(node: Node) -> int:
    """How often the SQL repeats the part that it repeats most."""
    return _repeats(node) * max((copies(a) for a in node.args), default=1)


def bounds(node: Node) -> Bounds:
    """Within which exponents a number must lie, whatever the row holds."""
    if node.op == "const":
        return _constant(node.value)
    if node.op == "number":
        return Bounds(19, 0)
    parts = [bounds(a) for a in node.args if a.type is Type.NUMBER]
    if not parts or node.op == "table":
        return _READ
    upper, grain = max(p.upper for p in parts), max(p.grain for p in parts)
    if node.op in {"add", "sub"}:
        return Bounds(upper + 1, grain)
    if node.op == "mul":
        return Bounds(parts[0].upper + parts[1].upper, parts[0].grain + parts[1].grain + _ROUNDING)
    if node.op == "div":
        return Bounds(parts[0].upper + parts[1].grain, parts[0].grain + parts[1].upper + _ROUNDING)
    return Bounds(upper, grain)


def _constant(value: float) -> Bounds:
    if value == 0:
        return Bounds(0, 0)
    return Bounds(max(0.0, math.log10(abs(value))), math.log10(value.as_integer_ratio()[1]))


def _exponents(node: Node) -> bool:
    own = node.type is not Type.NUMBER or max(bounds(node)) <= MAX_EXPONENT
    return own and all(_exponents(a) for a in node.args)


def _repeats(node: Node) -> int:
    return 2 if _sum(node) else _REPEATS.get(node.op, 1)


def _sum(node: Node) -> bool:
    return node.op in {"add", "sub", "mul"} and node.type in WHOLE
