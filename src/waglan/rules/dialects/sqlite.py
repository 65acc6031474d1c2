"""SQLite: lists and maps are JSON text, money is cents, times are milliseconds, dates are days since 1970."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from waglan.rules.dialects.base import Dialect
from waglan.rules.types import LARGEST, Type

_STEP = 52


class SQLite(Dialect):
    """Storage classes rule, not declared types: what overflows turns into a real, and NaN into NULL.

    The parser of releases before 3.46 has a stack of 100, so what is written here is flat rather than nested.
    """

    name: ClassVar[str] = "sqlite"
    double: ClassVar[str] = "REAL"

    def whole(self, value: int) -> str:
        return str(value) if value >= 0 else f"({value})"

    def real(self, value: float) -> str:
        """As whole mantissa and powers of two: SQLite's own reading of decimals can be wrong in the last bit."""
        if value == 0:
            return "0.0"
        fraction, exponent = math.frexp(value)
        mantissa, exponent = int(fraction * 2**53), exponent - 53
        while mantissa % 2 == 0:
            mantissa, exponent = mantissa // 2, exponent + 1
        sign, step = ("*", exponent) if exponent > 0 else ("/", -exponent)
        parts = [f"{mantissa}.0"]
        while step > 0:
            parts.append(f"{2 ** min(step, _STEP)}.0")
            step -= _STEP
        return f"({f' {sign} '.join(parts)})"

    def cents(self, column: str) -> str:
        return column

    def milliseconds(self, column: str) -> str:
        return column

    def days(self, column: str) -> str:
        return column

    def whole_sum(self, sign: str, a: str, b: str) -> str:
        made = f"{a} {sign} {b}"
        return f"CASE WHEN {made} BETWEEN {-LARGEST} AND {LARGEST} THEN {made} END"

    def extreme(self, op: str, args: Sequence[str]) -> str:
        return f"{'min' if op == 'least' else 'max'}({', '.join(args)})"

    def lower(self, x: str) -> str:
        return f"lower({x})"

    def startswith(self, x: str, part: str) -> str:
        return f"(substr({x}, 1, length({part})) = {part})"

    def endswith(self, x: str, part: str) -> str:
        return f"CASE {part} WHEN '' THEN length({x}) >= 0 ELSE substr({x}, -length({part})) = {part} END"

    def contains(self, x: str, part: str) -> str:
        return f"(instr({x}, {part}) > 0)"

    def size(self, x: str) -> str:
        return f"json_array_length({x})"

    def has(self, x: str, value: str) -> str:
        found = f"EXISTS (SELECT 1 FROM json_each({x}) WHERE json_each.value = {value})"
        return f"CASE WHEN {x} IS NOT NULL THEN {found} END"

    def item(self, x: str, name: str) -> str:
        return f"(SELECT json_each.value FROM json_each({x}) WHERE json_each.key = {self.text(name)})"

    def largest(self, held: str, variable: str, grade: str) -> str:
        """Two selects: json_each has columns that fields may be called, too, and a max() of outer columns is outer."""
        elements = f"(SELECT json_each.value AS {variable} FROM json_each({held}))"
        return f"(SELECT max(waglan_g) FROM (SELECT {grade} AS waglan_g FROM {elements}))"

    def among(self, x: str, members: Sequence[str], type: Type) -> str:
        return f"({x} IN ({', '.join(members)}))"
