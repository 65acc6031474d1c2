"""ClickHouse: columns are Nullable, and lists and maps JSON text, because an Array or Map can't be NULL there."""

from __future__ import annotations

from typing import ClassVar

from waglan.rules.dialects.base import Dialect
from waglan.rules.types import LARGEST, Type


class ClickHouse(Dialect):
    """Columns Nullable of String, Bool, Int64, Float64, Decimal(18, 2), DateTime64(3, 'UTC'), Date32."""

    name: ClassVar[str] = "clickhouse"

    def quoted(self, name: str) -> str:
        return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"

    def text(self, value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def whole(self, value: int) -> str:
        return f"toInt64({value})"

    def real(self, value: float) -> str:
        return f"toFloat64('{value!r}')"

    def cents(self, column: str) -> str:
        return f"CAST(CAST({column} AS Nullable(Decimal(38, 2))) * 100 AS Nullable(Int64))"

    def milliseconds(self, column: str) -> str:
        return f"toUnixTimestamp64Milli({column})"

    def days(self, column: str) -> str:
        return f"toInt64(toInt32({column}))"

    def whole_sum(self, sign: str, a: str, b: str) -> str:
        made = f"accurateCastOrNull(toInt128({a}) {sign} toInt128({b}), 'Int64')"
        return f"nullIf({made}, {self.whole(-LARGEST)} - 1)"

    def quotient(self, a: str, b: str) -> str:
        return f"({a} / nullIf({b}, {self.real(0.0)}))"

    def floor(self, a: str, b: str) -> str:
        return f"(intDiv({a}, {b}) - (({a} % {b}) < 0))"

    def absolute(self, x: str, type: Type) -> str:
        return f"abs({x})" if type is Type.NUMBER else f"toInt64(abs({x}))"

    def as_number(self, x: str) -> str:
        return f"toFloat64({x})"

    def choose(self, condition: str, then: str, otherwise: str) -> str:
        return f"multiIf(isNull({condition}), NULL, {condition}, {then}, {otherwise})"

    def length(self, x: str) -> str:
        return f"toInt64(lengthUTF8({x}))"

    def lower(self, x: str) -> str:
        return f"lower({x})"

    def startswith(self, x: str, part: str) -> str:
        return f"startsWith({x}, {part})"

    def endswith(self, x: str, part: str) -> str:
        return f"endsWith({x}, {part})"

    def contains(self, x: str, part: str) -> str:
        return f"(position({x}, {part}) > 0)"

    def size(self, x: str) -> str:
        return f"if(isNull({x}), NULL, toInt64(length({_list(x)})))"

    def has(self, x: str, value: str) -> str:
        return f"if(isNull({x}), NULL, has({_list(x)}, {value}))"

    def item(self, x: str, name: str) -> str:
        return f"JSONExtract(assumeNotNull({x}), {self.text(name)}, 'Nullable(String)')"

    def any(self, held: str, variable: str, body: str) -> str:
        """Unknown elements count as 1; a NULL list reads as an empty one and is taken out first."""
        largest = f"arrayMax(arrayMap({variable} -> ifNull(toUInt8({body}) * 2, 1), {_list(held)}))"
        empty = f"empty({_list(held)})"
        return f"multiIf(isNull({held}), NULL, {empty}, FALSE, {largest} = 2, TRUE, {largest} = 0, FALSE, NULL)"


def _list(x: str) -> str:
    return f"JSONExtract(ifNull({x}, '[]'), 'Array(String)')"
