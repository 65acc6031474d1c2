"""Spark SQL 3.5 and later: sums by try_add and its like; settings (ANSI mode, time zone, escapes) change nothing."""

from __future__ import annotations

from typing import ClassVar

from waglan.rules.dialects.base import Dialect
from waglan.rules.types import LARGEST

_SUMS = {"+": "try_add", "-": "try_subtract", "*": "try_multiply"}


class Spark(Dialect):
    """Columns STRING, ARRAY<STRING>, MAP, BOOLEAN, BIGINT, DOUBLE, DECIMAL(18, 2), TIMESTAMP_NTZ (UTC), DATE."""

    name: ClassVar[str] = "spark"
    integer_division: ClassVar[str] = "div"

    def quoted(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def text(self, value: str) -> str:
        """A literal with escapes; a dollar is one, too, or ${…} would be filled in from the settings."""
        escaped = "".join(f"\\u{ord(c):04x}" if c in "\\'$\n\r" else c for c in value)
        return f"'{escaped}'"

    def cents(self, column: str) -> str:
        return f"CAST({column} * 100 AS BIGINT)"

    def milliseconds(self, column: str) -> str:
        """From day and time of day: other ways go through the session's time zone."""
        clock = f"hour({column}) * 3600000 + minute({column}) * 60000"
        seconds = f"CAST(floor(extract(SECOND FROM {column}) * 1000) AS BIGINT)"
        return f"(CAST(unix_date(CAST({column} AS DATE)) AS BIGINT) * 86400000 + {clock} + {seconds})"

    def days(self, column: str) -> str:
        return f"CAST(unix_date({column}) AS BIGINT)"

    def whole_sum(self, sign: str, a: str, b: str) -> str:
        return f"NULLIF({_SUMS[sign]}({a}, {b}), {self.whole(-LARGEST)} - 1)"

    def length(self, x: str) -> str:
        return f"CAST(char_length({x}) AS BIGINT)"

    def startswith(self, x: str, part: str) -> str:
        return f"startswith({x}, {part})"

    def endswith(self, x: str, part: str) -> str:
        return f"endswith({x}, {part})"

    def size(self, x: str) -> str:
        return f"CASE WHEN {x} IS NOT NULL THEN CAST(size({x}) AS BIGINT) END"

    def has(self, x: str, value: str) -> str:
        return f"array_contains({x}, {value})"

    def item(self, x: str, name: str) -> str:
        return f"try_element_at({x}, {self.text(name)})"

    def largest(self, held: str, variable: str, grade: str) -> str:
        return f"array_max(transform({held}, {variable} -> {grade}))"
