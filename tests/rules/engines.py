"""Engines that answer rules in SQL, all by the same door."""

from __future__ import annotations

import datetime
import importlib.util
import json
import math
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from tests.rules.grammar import SCHEMA
from waglan.rules import DIALECTS, Type

EPOCH = datetime.datetime(1970, 1, 1)


class Engine(Protocol):
    """Holds rows and evaluates expressions over all of them, in order."""

    name: str

    def load(self, rows: Sequence[dict[str, Any]]) -> None: ...

    def ask(self, expressions: Sequence[str]) -> list[tuple[Any, ...]]: ...

    def close(self) -> None: ...


def columns(types: dict[Type, str], name: str, schema: dict[str, Type] = SCHEMA) -> str:
    quoted = DIALECTS[name].quoted
    return ", ".join(f"{quoted(field)} {types[kind]}" for field, kind in schema.items())


def when(ms: int) -> datetime.datetime:
    return EPOCH + datetime.timedelta(milliseconds=ms)


def _db(kind: Type, value: Any) -> Any:
    if value is None:
        return None
    if kind is Type.TIME:
        return when(value)
    return list(value) if kind is Type.TEXTS else value


class DuckDB:
    name = "duckdb"
    types: ClassVar = {
        Type.TEXT: "VARCHAR", Type.BOOLEAN: "BOOLEAN", Type.INTEGER: "BIGINT", Type.NUMBER: "DOUBLE",
        Type.MONEY: "DECIMAL(18,2)", Type.TIME: "TIMESTAMP", Type.DATE: "DATE", Type.DURATION: "BIGINT",
        Type.TEXTS: "VARCHAR[]", Type.VERDICTS: "MAP(VARCHAR, VARCHAR)",
    }  # fmt: skip

    def __init__(self) -> None:
        import duckdb

        self._db = duckdb.connect(config={"threads": 1})

    def load(self, rows: Sequence[dict[str, Any]]) -> None:
        self._db.execute(f"CREATE OR REPLACE TABLE t (n INTEGER, {columns(self.types, self.name)})")
        marks = ", ".join("CAST(? AS MAP(VARCHAR, VARCHAR))" if k is Type.VERDICTS else "?" for k in SCHEMA.values())
        values = [(n, *(self._cell(SCHEMA[f], v) for f, v in row.items())) for n, row in enumerate(rows)]
        self._db.executemany(f"INSERT INTO t VALUES (?, {marks})", values)

    def _cell(self, kind: Type, value: Any) -> Any:
        if kind is Type.VERDICTS and value is not None:
            return {"key": list(value), "value": list(value.values())}
        return _db(kind, value)

    def ask(self, expressions: Sequence[str]) -> list[tuple[Any, ...]]:
        return self._db.execute(f"SELECT {', '.join(expressions)} FROM t ORDER BY n").fetchall()

    def close(self) -> None:
        self._db.close()


class SQLite:
    name = "sqlite"
    types: ClassVar = {
        Type.TEXT: "TEXT", Type.BOOLEAN: "INTEGER", Type.INTEGER: "INTEGER", Type.NUMBER: "REAL",
        Type.MONEY: "INTEGER", Type.TIME: "INTEGER", Type.DATE: "INTEGER", Type.DURATION: "INTEGER",
        Type.TEXTS: "TEXT", Type.VERDICTS: "TEXT",
    }  # fmt: skip

    def __init__(self) -> None:
        self._db = sqlite3.connect(":memory:")

    def load(self, rows: Sequence[dict[str, Any]]) -> None:
        self._db.execute("DROP TABLE IF EXISTS t")
        self._db.execute(f"CREATE TABLE t (n INTEGER PRIMARY KEY, {columns(self.types, self.name)})")
        values = [(n, *(self._cell(SCHEMA[f], v) for f, v in row.items())) for n, row in enumerate(rows)]
        self._db.executemany(f"INSERT INTO t VALUES (?{', ?' * len(SCHEMA)})", values)

    def _cell(self, kind: Type, value: Any) -> Any:
        if value is None:
            return None
        if kind is Type.MONEY:
            return int(value * 100)
        if kind is Type.DATE:
            return (value - EPOCH.date()).days
        return json.dumps(value, ensure_ascii=False) if kind in (Type.TEXTS, Type.VERDICTS) else value

    def value(self, query: str) -> Any:
        return self._db.execute(query).fetchone()[0]

    def ask(self, expressions: Sequence[str]) -> list[tuple[Any, ...]]:
        return self._db.execute(f"SELECT {', '.join(expressions)} FROM t ORDER BY n").fetchall()

    def close(self) -> None:
        self._db.close()


class PostgreSQL:
    """Columns whose own collation isn't by code point, so that the guard has something to guard against."""

    name = "postgresql"
    types: ClassVar = {
        Type.TEXT: 'text COLLATE "en-x-icu"', Type.BOOLEAN: "boolean", Type.INTEGER: "bigint",
        Type.NUMBER: "double precision",
        Type.MONEY: "numeric(18, 2)", Type.TIME: "timestamp", Type.DATE: "date", Type.DURATION: "bigint",
        Type.TEXTS: 'text[] COLLATE "en-x-icu"', Type.VERDICTS: "jsonb",
    }  # fmt: skip

    def __init__(self, dsn: str) -> None:
        import psycopg

        self._db = psycopg.connect(dsn, autocommit=True)

    def load(self, rows: Sequence[dict[str, Any]]) -> None:
        self._db.execute("DROP TABLE IF EXISTS t")
        self._db.execute("CREATE TEMP TABLE t (n integer, " + columns(self.types, self.name) + ")")  # type: ignore[arg-type]
        values = [(n, *(self._cell(SCHEMA[f], v) for f, v in row.items())) for n, row in enumerate(rows)]
        with self._db.cursor() as cursor:
            cursor.executemany(f"INSERT INTO t VALUES (%s{', %s' * len(SCHEMA)})", values)  # type: ignore[arg-type]

    def _cell(self, kind: Type, value: Any) -> Any:
        if kind is Type.VERDICTS and value is not None:
            return json.dumps(value, ensure_ascii=False)
        return _db(kind, value)

    def ask(self, expressions: Sequence[str]) -> list[tuple[Any, ...]]:
        return self._db.execute(f"SELECT {', '.join(expressions)} FROM t ORDER BY n").fetchall()  # type: ignore[arg-type]

    def close(self) -> None:
        self._db.close()


class Spark:
    """In a time zone that isn't UTC."""

    name = "spark"
    types: ClassVar = {
        Type.TEXT: "STRING", Type.BOOLEAN: "BOOLEAN", Type.INTEGER: "BIGINT", Type.NUMBER: "DOUBLE",
        Type.MONEY: "DECIMAL(18,2)", Type.TIME: "TIMESTAMP_NTZ", Type.DATE: "DATE", Type.DURATION: "BIGINT",
        Type.TEXTS: "ARRAY<STRING>", Type.VERDICTS: "MAP<STRING, STRING>",
    }  # fmt: skip

    def __init__(self) -> None:
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master("local[2]").appName("rules")
        for key, value in {
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "1",
            "spark.sql.session.timeZone": "Asia/Hong_Kong",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.log.level": "ERROR",
        }.items():
            builder = builder.config(key, value)
        self._db = builder.getOrCreate()

    def load(self, rows: Sequence[dict[str, Any]]) -> None:
        values = [(n, *(_db(SCHEMA[f], v) for f, v in row.items())) for n, row in enumerate(rows)]
        frame = self._db.createDataFrame(values, f"n INT, {columns(self.types, self.name)}").coalesce(1).cache()
        frame.createOrReplaceTempView("t")

    def ask(self, expressions: Sequence[str]) -> list[tuple[Any, ...]]:
        named = ", ".join(f"{e} AS e{i}" for i, e in enumerate(expressions))
        return [tuple(row) for row in self._db.sql(f"SELECT {named} FROM t ORDER BY n").collect()]

    def close(self) -> None:
        self._db.stop()


class ClickHouse:
    name = "clickhouse"
    types: ClassVar = {
        Type.TEXT: "Nullable(String)", Type.BOOLEAN: "Nullable(Bool)", Type.INTEGER: "Nullable(Int64)",
        Type.NUMBER: "Nullable(Float64)", Type.MONEY: "Nullable(Decimal(18, 2))",
        Type.TIME: "Nullable(DateTime64(3, 'UTC'))", Type.DATE: "Nullable(Date32)", Type.DURATION: "Nullable(Int64)",
        Type.TEXTS: "Nullable(String)", Type.VERDICTS: "Nullable(String)",
    }  # fmt: skip

    def __init__(self) -> None:
        from chdb.session import Session

        self._folder = tempfile.TemporaryDirectory()
        self._db = Session(self._folder.name)

    def load(self, rows: Sequence[dict[str, Any]]) -> None:
        self._db.query("CREATE DATABASE IF NOT EXISTS rules ENGINE = Atomic")
        self._db.query("DROP TABLE IF EXISTS rules.t")
        shape = columns(self.types, self.name)
        self._db.query(f"CREATE TABLE rules.t (n Int32, {shape}) ENGINE = MergeTree ORDER BY n")
        for first in range(0, len(rows), 200):
            values = []
            for n, row in enumerate(rows[first : first + 200], first):
                values.append(f"({n}, {', '.join(self._cell(SCHEMA[f], v) for f, v in row.items())})")
            self._db.query(f"INSERT INTO rules.t VALUES {', '.join(values)}")

    def _cell(self, kind: Type, value: Any) -> str:
        text = DIALECTS[self.name].text
        if value is None:
            return "NULL"
        if kind in (Type.TEXTS, Type.VERDICTS):
            return text(json.dumps(value, ensure_ascii=False))
        if kind is Type.TIME:
            return text(when(value).isoformat(sep=" ", timespec="milliseconds"))
        if kind in (Type.TEXT, Type.MONEY, Type.DATE):
            return text(str(value))
        return str(value).lower() if kind is Type.BOOLEAN else repr(value)

    def ask(self, expressions: Sequence[str]) -> list[tuple[Any, ...]]:
        listed = ", ".join(f"{e} AS e{i}" for i, e in enumerate(expressions))
        options = "output_format_json_quote_64bit_integers = 0, output_format_json_quote_denormals = 1"
        answer = self._db.query(f"SELECT {listed} FROM rules.t ORDER BY n SETTINGS {options}", "JSONCompactEachRow")
        return [tuple(json.loads(line)) for line in answer.bytes().decode().splitlines()]

    def close(self) -> None:
        self._db.close()
        self._folder.cleanup()


def same(kind: Type, python: Any, sql: Any) -> bool:
    """Whether an engine's answer is the closure's."""
    if python is None or sql is None:
        return python is None and sql is None
    if kind is Type.BOOLEAN:
        return isinstance(python, bool) and sql in (0, 1) and bool(sql) == python
    if kind is Type.NUMBER:
        return float(sql) == python and not math.isnan(python)
    if kind is Type.TEXT:
        return bool(sql == python)
    return isinstance(sql, (int, Decimal)) and int(sql) == python


_ALONE = {engine.name: engine for engine in (DuckDB, SQLite, Spark, ClickHouse)}
NAMES = (*_ALONE, "postgresql")

_LIBRARIES = {"duckdb": "duckdb", "postgresql": "psycopg", "spark": "pyspark", "clickhouse": "chdb"}

HERE = tuple(n for n in NAMES if n not in _LIBRARIES or importlib.util.find_spec(_LIBRARIES[n]) is not None)
"""Those whose library the lock installs, or somebody did: what the tests ask. bench/rules_fuzz.py names the others."""


@contextmanager
def opened(name: str) -> Iterator[Engine | str]:
    """The engine, or in words why it can't be asked here."""
    library = _LIBRARIES.get(name)
    if library and importlib.util.find_spec(library) is None:
        yield f"{library} is not installed"
    elif name in _ALONE:
        with closing(_ALONE[name]()) as engine:
            yield engine
    elif importlib.util.find_spec("pytest") is None:
        yield "the PostgreSQL server is started by tests/postgres.py, which needs pytest"
    else:
        from tests import postgres

        if postgres.binaries() is None and os.environ.get("CI") != "true":  # under CI the server must be there
            yield "no PostgreSQL server is installed"
            return
        with postgres.server() as server, closing(PostgreSQL(server.database())) as engine:
            yield engine
