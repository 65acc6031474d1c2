"""Adding a batch of decisions to what is counted: gathered in memory, then one statement for each table."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence

from waglan.index.buckets import latency_low, score_low
from waglan.index.combination import Book

Row = tuple[int, str, int, int, int, int, int | None, str, str | None, str | None, int]
"""A row of ``decision``, in the order of its columns."""
Measures = tuple[list[str | None], list[str | None], list[int]]
"""Scores, confidences and latencies of some decisions."""
_ADD = "ON CONFLICT DO UPDATE SET n = n + excluded.n"


def add(connection: sqlite3.Connection, table: str, counted: Counter[tuple[object, ...]]) -> None:
    """Add counts to a table whose last column is ``n`` and whose key is all the others."""
    if counted:
        marks = ", ".join("?" * (len(next(iter(counted))) + 1))
        rows = [(*key, n) for key, n in counted.items()]
        connection.executemany(f"INSERT INTO {table} VALUES ({marks}) {_ADD}", rows)


def shapes(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Count rows of ``decision``, in log order, by shape, day and detail; first and last of each shape."""
    counted: Counter[tuple[object, ...]] = Counter([(row[3], row[4]) for row in rows])
    add(connection, "count_shape", counted)
    add(connection, "pair", Counter([(row[5], row[4]) for row in rows]))
    sizes = Counter([row[4] for row in rows])
    last = {row[4]: row for row in rows}
    first = {row[4]: row for row in reversed(rows)}
    connection.executemany(
        "UPDATE shape SET first_index = CASE WHEN n THEN first_index ELSE ?3 END, "
        "first_ms = CASE WHEN n THEN first_ms ELSE ?4 END, n = n + ?2, last_index = ?5, last_ms = ?6 WHERE shape = ?1",
        [(shape, n, *first[shape][0:3:2], *last[shape][0:3:2]) for shape, n in sizes.items()],
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


def measured(connection: sqlite3.Connection, book: Book, measures: Mapping[tuple[int, int], Measures]) -> None:
    """Count scores, confidences and latencies into buckets; each list stands under its group and day."""
    counted: Counter[tuple[object, ...]] = Counter()
    for (group, day), (scores, confidences, latencies) in measures.items():
        use_case, mode = book.groups[group]
        for measure, texts in (("score", scores), ("confidence", confidences)):
            for text, n in Counter(texts).items():
                if text is not None:
                    counted[use_case, measure, mode, day, score_low(text)] += n
        for us, n in Counter(latencies).items():
            counted[use_case, "latency", mode, day, latency_low(us)] += n
    add(connection, "count_bucket", counted)
