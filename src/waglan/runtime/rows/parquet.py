"""Parquet files through DuckDB: typed columns, a chunk of rows at a time."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from waglan.core.problem import Problem
from waglan.runtime.rows import faults
from waglan.runtime.rows.row import Fault, Rejected, Row, rejected

if TYPE_CHECKING:
    import duckdb

CHUNK = 2_048


class Parquet:
    """An open Parquet file.

    Raises
    ------
    Problem
        ``file.parquet``: it can't be read as Parquet.
    """

    text = False

    def __init__(self, path: Path) -> None:
        import duckdb  # 0.3 s of import, wanted for this format alone

        self._path = path
        self._error = duckdb.Error
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": 1,
            "memory_limit": "256MB",
            "temp_directory": "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        self._duckdb: duckdb.DuckDBPyConnection = duckdb.connect(":memory:", config=settings)
        try:
            found = self._duckdb.execute("SELECT * FROM read_parquet(?) LIMIT 0", [str(path)]).description or []
        except duckdb.Error as error:
            raise _unreadable(path, error) from None
        self.columns = tuple(str(column[0]) for column in found)

    def __iter__(self) -> Iterator[Row | Rejected]:
        number = 0
        for chunk in self._chunks():
            for cells in chunk:
                number += 1
                values: dict[str, Any] = {}
                fault: Fault | None = None
                for name, cell in zip(self.columns, cells, strict=True):
                    plain = _plain(cell, name)
                    if isinstance(plain, Fault):
                        fault = fault or plain
                        plain = str(cell)[:256]
                    values[name] = plain
                if fault is None:
                    yield Row(number, number, values)
                else:
                    yield rejected(number, number, "", fault, values)

    def close(self) -> None:
        """Give the engine's memory back."""
        self._duckdb.close()

    def _chunks(self) -> Iterator[list[tuple[Any, ...]]]:
        """Rows as the engine streams them: it holds about one row group, and may not spill to disk."""
        done = 0
        try:
            result = self._duckdb.execute("SELECT * FROM read_parquet(?)", [str(self._path)])
            while rows := result.fetchmany(CHUNK):
                done += len(rows)
                yield rows
        except self._error as error:
            raise _unreadable(self._path, error, f"row {done + 1} and after") from None


def _unreadable(path: Path, error: Exception, where: str = "") -> Problem:
    return Problem(
        f"{path.name} can't be read as Parquet.",
        str(error).splitlines()[0][:300] if str(error) else type(error).__name__,
        "Write the file again, or export it as CSV.",
        code="file.parquet",
        where=where,
    )


def _plain(value: Any, name: str) -> Any:
    """The JSON form of a Parquet value, or a Fault."""
    match value:
        case None | str() | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else faults.not_finite(str(value), name)
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dt.datetime() if value.tzinfo is None and value.time() == dt.time(0):
            return value.date().isoformat()
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case UUID():
            return str(value)
        case list() | tuple():
            return _each([(name, item) for item in value], name, list)
        case dict():
            return _each([(str(key), item) for key, item in value.items()], name, dict)
        case _:
            return faults.unsupported(f"a {type(value).__name__}", name)


def _each(items: list[tuple[str, Any]], name: str, kind: type) -> Any:
    plain = [(key, _plain(item, name)) for key, item in items]
    bad = next((item for _, item in plain if isinstance(item, Fault)), None)
    if bad is not None:
        return bad
    return [item for _, item in plain] if kind is list else dict(plain)
