"""DuckDB, closed: one folder, no extension, no network, settings locked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def connect(folder: Path, *, memory: str = "1GB") -> duckdb.DuckDBPyConnection:
    """An in-memory database that may read and write below ``folder`` and nowhere else.

    Extensions are neither installed nor loaded, by name or on demand: in a closed network that would fail, in
    an open one it would be code from elsewhere. The JSON and Parquet readers are linked into the library.

    Parameters
    ----------
    folder
        Where the tables lie; larger-than-memory work spills there too.
    memory
        DuckDB's limit.
    """
    import duckdb  # here alone: those who write SQL needn't load it

    inside = folder.resolve()
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "memory_limit": memory,
            "temp_directory": str(inside / "tmp"),
        },
    )
    both = ", ".join(quoted(f"{name}/") for name in (str(inside), _literal(str(inside))))
    connection.execute(f"SET allowed_directories = [{both}]")  # permission is judged by the pattern, too
    connection.execute("SET enable_external_access = false")
    connection.execute("SET enable_progress_bar = false")  # it would be drawn into what a command prints
    connection.execute("SET lock_configuration = true")
    return connection


def quoted(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def column(name: str) -> str:
    """A quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def parquet(files: Sequence[Path]) -> str:
    """The expression that reads these files in this order, whatever characters their path has."""
    names = ", ".join(quoted(_literal(str(file.resolve()))) for file in files)
    return f"read_parquet([{names}], hive_partitioning = false)"


def _literal(path: str) -> str:
    """A path in which nothing is a wildcard."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in path)
