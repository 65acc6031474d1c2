"""DuckDB: native lists and maps; sums are made in 128 bits."""

from __future__ import annotations

from typing import ClassVar

from waglan.rules.dialects.base import Dialect
from waglan.rules.types import LARGEST


class DuckDB(Dialect):
    """Columns as `waglan.facts` writes them."""

    name: ClassVar[str] = "duckdb"
    integer_division: ClassVar[str] = "//"

    def cents(self, column: str) -> str:
        return f"CAST(CAST({column} AS DECIMAL(38, 2)) * 100 AS BIGINT)"

    def milliseconds(self, column: str) -> str:
        return f"epoch_ms({column})"

    def days(self, column: str) -> str:
        return f"CAST({column} - DATE '1970-01-01' AS BIGINT)"

    def whole_sum(self, sign: str, a: str, b: str) -> str:
        made = f"TRY_CAST(CAST({a} AS HUGEINT) {sign} CAST({b} AS HUGEINT) AS BIGINT)"
        return f"NULLIF({made}, {self.whole(-LARGEST)} - 1)"
