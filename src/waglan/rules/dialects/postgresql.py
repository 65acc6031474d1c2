"""PostgreSQL: texts compare as in collation C whatever the database has; sums are made in numeric."""

from __future__ import annotations

from typing import ClassVar

from waglan.rules.dialects.base import Dialect
from waglan.rules.types import LARGEST, Type


class PostgreSQL(Dialect):
    """Columns text, text[], jsonb, boolean, bigint, double precision, numeric(18, 2), timestamp (UTC), date."""

    name: ClassVar[str] = "postgresql"
    double: ClassVar[str] = "double precision"

    def text(self, value: str) -> str:
        """A literal whose meaning no setting changes, compared by code point."""
        plain = value.replace("'", "''")
        if "\\" in plain:
            return "E'" + plain.replace("\\", "\\\\") + '\' COLLATE "C"'
        return f"'{plain}' COLLATE \"C\""

    def field(self, column: str, type: Type) -> str:
        return f'{column} COLLATE "C"' if type is Type.TEXT else super().field(column, type)

    def whole(self, value: int) -> str:
        return f"CAST('{value}' AS bigint)"

    def cents(self, column: str) -> str:
        return f"CAST({column} * 100 AS bigint)"

    def milliseconds(self, column: str) -> str:
        return f"CASE WHEN isfinite({column}) THEN CAST(floor(extract(epoch FROM {column}) * 1000) AS bigint) END"

    def days(self, column: str) -> str:
        return f"CASE WHEN isfinite({column}) THEN CAST({column} - DATE '1970-01-01' AS bigint) END"

    def whole_sum(self, sign: str, a: str, b: str) -> str:
        beyond = LARGEST + 1
        made = f"CAST({a} AS numeric) {sign} CAST({b} AS numeric)"
        clamped = f"least(greatest({made}, -{beyond}), {beyond})"
        return f"CAST(nullif(nullif({clamped}, -{beyond}), {beyond}) AS bigint)"

    def length(self, x: str) -> str:
        return f"CAST(char_length({x}) AS bigint)"

    def endswith(self, x: str, part: str) -> str:
        return f"(right({x}, char_length({part})) = {part})"

    def contains(self, x: str, part: str) -> str:
        return f"(strpos({x}, {part}) > 0)"

    def size(self, x: str) -> str:
        return f"CAST(cardinality({x}) AS bigint)"

    def has(self, x: str, value: str) -> str:
        return f"({value} = ANY ({x}))"

    def item(self, x: str, name: str) -> str:
        return f'(({x} ->> {self.text(name)}) COLLATE "C")'

    def element(self, name: str) -> str:
        return f'{name} COLLATE "C"'

    def largest(self, held: str, variable: str, grade: str) -> str:
        """The grade has a select of its own: a max() that names only outer columns belongs to the outer query."""
        graded = f"SELECT {grade} AS waglan_g FROM unnest({held}) AS waglan_list({variable})"
        return f"(SELECT max(waglan_g) FROM ({graded}) AS waglan_graded)"
