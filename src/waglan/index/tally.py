"""Adding a batch of decisions to what is counted: gathered in memory, then one statement for each table."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from waglan.index.buckets import latency_low, score_low
from waglan.index.combination import Book

V = TypeVar("V")
_ADD = "ON CONFLICT DO UPDATE SET n = n + excluded.n"


def add(connection: sqlite3.Connection, table: str, counted: Counter[tuple[object, ...]]) -> None:
    """Add counts to a table whose last column is ``n`` and whose key is all the others."""
    if counted:
        marks = ", ".join("?" * (len(next(iter(counted))) + 1))
        rows = [(*key, n) for key, n in counted.items()]
        connection.executemany(f"INSERT INTO {table} VALUES ({marks}) {_ADD}", rows)


def shapes(connection: sqlite3.Connection, rows: Sequence[tuple[object, ...]]) -> None:
    """Count rows of ``decision``, in log order, by shape and day; first and last of each shape."""
    counted: Counter[tuple[object, ...]] = Counter([(row[3], row[4]) for row in rows])
    add(connection, "count_shape", counted)
    spans: dict[object, list[int]] = {}
    for index, _, at_ms, _, shape, *_ in rows:
        assert isinstance(index, int) and isinstance(at_ms, int)
        span = spans.get(shape)
        if span is None:
            spans[shape] = [1, index, index, at_ms, at_ms]
            continue
        span[0] += 1
        span[2] = index
        if at_ms < span[3]:
            span[3] = at_ms
        elif at_ms > span[4]:
            span[4] = at_ms
    connection.executemany(
        "UPDATE shape SET n = n + ?2, last_index = ?4, first_index = CASE WHEN n THEN first_index ELSE ?3 END, "
        "first_ms = CASE WHEN n THEN min(first_ms, ?5) ELSE ?5 END, "
        "last_ms = CASE WHEN n THEN max(last_ms, ?6) ELSE ?6 END WHERE shape = ?1",
        [(shape, *span) for shape, span in spans.items()],
    )


def said(connection: sqlite3.Connection, book: Book, at: Sequence[tuple[int, int]]) -> None:
    """Count controls, models and traits of decisions given by combination and day."""
    controls: Counter[tuple[object, ...]] = Counter()
    models: Counter[tuple[object, ...]] = Counter()
    traits: Counter[tuple[object, ...]] = Counter()
    for (number, day), n in Counter(at).items():
        use_case, mode, tier, detail, verdicts, asked = book.combinations[number]
        for control, verdict in verdicts:
            controls[day, control, use_case, mode, verdict] += n
        for model, version, answered in asked:
            models[day, model, version, use_case, mode, answered] += n
        valued = [
            ("channel", detail.channel), ("disclosure", detail.disclosure_id), ("language", detail.language),
            ("failover", "yes" if detail.failover else "no"), ("phase", detail.phase), ("tier", tier),
            ("version", detail.use_case_version), *[("why", code) for code in detail.why],
        ]  # fmt: skip
        for trait, value in valued:
            traits[day, use_case, mode, trait, value] += n
    add(connection, "count_control", controls)
    add(connection, "count_model", models)
    add(connection, "count_trait", traits)


def measured(
    connection: sqlite3.Connection,
    book: Book,
    *,
    scores: Sequence[tuple[int, int, str | None]],
    confidences: Sequence[tuple[int, int, str | None]],
    latencies: Sequence[tuple[int, int, int]],
) -> None:
    """Count measures into buckets; each is given with the decision's combination and day."""
    counted: Counter[tuple[object, ...]] = Counter()
    _count(counted, book, "score", Counter(scores), score_low)
    _count(counted, book, "confidence", Counter(confidences), score_low)
    _count(counted, book, "latency", Counter(latencies), latency_low)
    add(connection, "count_bucket", counted)


def _count(
    into: Counter[tuple[object, ...]],
    book: Book,
    measure: str,
    values: Counter[tuple[int, int, V | None]],
    low: Callable[[V], int],
) -> None:
    for (number, day, value), n in values.items():
        if value is not None:
            combination = book.combinations[number]
            into[combination.use_case, measure, combination.mode, day, low(value)] += n
