"""One file for each engine."""

from waglan.rules.dialects.base import Dialect
from waglan.rules.dialects.clickhouse import ClickHouse
from waglan.rules.dialects.duckdb import DuckDB
from waglan.rules.dialects.postgresql import PostgreSQL
from waglan.rules.dialects.spark import Spark
from waglan.rules.dialects.sqlite import SQLite

__all__ = ["ClickHouse", "Dialect", "DuckDB", "PostgreSQL", "SQLite", "Spark"]
