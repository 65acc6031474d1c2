"""What was counted while the log was read: by day, use case, route, control, model, trait and bucket.

Days are those of Hong Kong, written ``2026-11-21``; both ends of a span are included. ``mode`` is ``live`` unless told
otherwise: drills, replays and imported decisions never count as live.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import Any, Literal

import msgspec

from waglan.index import days
from waglan.index.buckets import Bar, latency_bar, score_bar
from waglan.index.combination import Mode

Trait = Literal["channel", "disclosure", "failover", "language", "phase", "tier", "version", "why"]
Measure = Literal["score", "confidence", "latency"]


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many decisions; ``day`` is empty where days were added up."""

    day: str
    use_case: str
    route: str
    effect: str
    adverse: bool | None
    n: int


class ControlCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often a control judged so; ``day`` is empty where days were added up."""

    day: str
    control: str
    use_case: str
    verdict: str
    n: int


class ModelCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often a model version was asked, and answered or failed."""

    day: str
    model: str
    version: str
    use_case: str
    answered: int
    failed: int


class TraitCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many decisions have a value of a trait. Of ``why`` a decision may have several."""

    day: str
    use_case: str
    trait: str
    value: str
    n: int


class LaterCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many events of a kind spoke of decisions; ``what`` is the verdict, outcome, reason or label."""

    day: str
    use_case: str
    kind: str
    what: str
    n: int


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """The first and the newest decision on the log, of a use case or of a model version, in every mode.

    Places are log indexes, times milliseconds since 1970 UTC.
    """

    name: str
    version: str
    n: int
    first_index: int
    first_ms: int
    last_index: int
    last_ms: int


def decisions(
    connection: sqlite3.Connection,
    since: str,
    until: str,
    *,
    use_case: str = "",
    mode: Mode = "live",
    by_day: bool = True,
) -> tuple[Count, ...]:
    """Decisions by use case, route, effect and adverse."""
    where, values = _where([("use_case", use_case), ("mode", mode)])
    shaped = f"SELECT shape, use_case, route, effect, adverse FROM shape WHERE 1 {where}"
    shapes = {number: rest for number, *rest in connection.execute(shaped, values)}
    query = (
        "SELECT day, shape, n FROM count_shape WHERE day BETWEEN ? AND ? "
        "AND shape IN (SELECT value FROM json_each(?)) ORDER BY day"
    )
    counted: Counter[tuple[Any, ...]] = Counter()  # in Python: SQLite would sort a year's rows by five columns
    asked = (*_span(since, until), msgspec.json.encode(list(shapes)).decode())
    for day, shape, n in connection.execute(query, asked):
        counted[(day if by_day else None, *shapes[shape])] += n
    named = {day: _day(day) for day in {each[0] for each in counted}}
    return tuple(
        [
            Count(day=named[day], use_case=name, route=route, effect=effect, adverse=_truth(adverse), n=n)
            for (day, name, route, effect, adverse), n in counted.items()
        ]
    )


def controls(
    connection: sqlite3.Connection,
    since: str,
    until: str,
    *,
    control: str = "",
    use_case: str = "",
    mode: Mode = "live",
    by_day: bool = True,
) -> tuple[ControlCount, ...]:
    """Verdicts by control and use case."""
    where, values = _where([("control", control), ("use_case", use_case), ("mode", mode)])
    query = (
        f"SELECT {'day' if by_day else 'NULL'} AS d, control, use_case, verdict, sum(n) FROM count_control "
        f"WHERE day BETWEEN ? AND ? {where} GROUP BY 1, 2, 3, 4"
    )
    return tuple(
        [
            ControlCount(day=_day(day), control=name, use_case=of, verdict=verdict, n=n)
            for day, name, of, verdict, n in connection.execute(query, (*_span(since, until), *values))
        ]
    )


def models(
    connection: sqlite3.Connection,
    since: str,
    until: str,
    *,
    model: str = "",
    use_case: str = "",
    mode: Mode = "live",
    by_day: bool = True,
) -> tuple[ModelCount, ...]:
    """How often each model version was asked: all that were, not only the one that gave the answer."""
    where, values = _where([("model", model), ("use_case", use_case), ("mode", mode)])
    query = (
        f"SELECT {'day' if by_day else 'NULL'} AS d, model, model_version, use_case, "
        "sum(CASE WHEN answered THEN n ELSE 0 END), sum(CASE WHEN answered THEN 0 ELSE n END) FROM count_model "
        f"WHERE day BETWEEN ? AND ? {where} GROUP BY 1, 2, 3, 4"
    )
    return tuple(
        [
            ModelCount(day=_day(day), model=name, version=version, use_case=of, answered=answered, failed=failed)
            for day, name, version, of, answered, failed in connection.execute(query, (*_span(since, until), *values))
        ]
    )


def traits(
    connection: sqlite3.Connection,
    since: str,
    until: str,
    *,
    trait: Trait | None = None,
    use_case: str = "",
    mode: Mode = "live",
    by_day: bool = False,
) -> tuple[TraitCount, ...]:
    """Decisions by channel, language, failover, tier and so on, one trait or all of them."""
    where, values = _where([("use_case", use_case), ("mode", mode), ("trait", trait)])
    query = (
        f"SELECT {'day' if by_day else 'NULL'} AS d, use_case, trait, value, sum(n) FROM count_trait "
        f"WHERE day BETWEEN ? AND ? {where} GROUP BY 1, 2, 3, 4"
    )
    return tuple(
        [
            TraitCount(day=_day(day), use_case=of, trait=name, value=value, n=n)
            for day, of, name, value, n in connection.execute(query, (*_span(since, until), *values))
        ]
    )


def later(
    connection: sqlite3.Connection,
    since: str,
    until: str,
    *,
    basis: Literal["done", "made"] = "done",
    use_case: str = "",
    kind: str = "",
    mode: Mode = "live",
    by_day: bool = True,
) -> tuple[LaterCount, ...]:
    """Reviews, releases, overrides, labels and so on.

    Parameters
    ----------
    basis
        ``done``: every event, on its own day. ``made``: the first of its kind for each decision, on the day of the
        decision, so that it can be divided by the number of decisions.
    """
    where, values = _where([("basis", basis), ("use_case", use_case), ("mode", mode), ("kind", kind)])
    query = (
        f"SELECT {'day' if by_day else 'NULL'} AS d, use_case, kind, what, sum(n) FROM count_later "
        f"WHERE day BETWEEN ? AND ? {where} GROUP BY 1, 2, 3, 4"
    )
    return tuple(
        [
            LaterCount(day=_day(day), use_case=of, kind=name, what=what, n=n)
            for day, of, name, what, n in connection.execute(query, (*_span(since, until), *values))
        ]
    )


def histogram(
    connection: sqlite3.Connection, use_case: str, measure: Measure, since: str, until: str, *, mode: Mode = "live"
) -> tuple[Bar, ...]:
    """Scores or confidences as they are, latencies in microseconds, in the buckets of `waglan.index.buckets`."""
    query = (
        "SELECT low, sum(n) FROM count_bucket WHERE use_case = ? AND measure = ? AND mode = ? AND day BETWEEN ? AND ? "
        "GROUP BY low ORDER BY low"
    )
    bar = latency_bar if measure == "latency" else score_bar
    found = connection.execute(query, (use_case, measure, mode, *_span(since, until)))
    return tuple([bar(low, n) for low, n in found])


def use_cases(connection: sqlite3.Connection) -> tuple[Extent, ...]:
    """First and newest decision of each use case."""
    return _extents(connection, "use_case", "''")


def model_versions(connection: sqlite3.Connection) -> tuple[Extent, ...]:
    """First and newest decision that each model version answered."""
    return _extents(connection, "model", "model_version")


def choices(connection: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    """The values that decisions on the log have, for each member of a filter that offers a choice."""
    names = ("use_case", "route", "effect", "model", "model_version", "mode", "tier")
    found = connection.execute(f"SELECT DISTINCT {', '.join(names)} FROM shape").fetchall()
    return {name: tuple(sorted({row[at] for row in found} - {""})) for at, name in enumerate(names)}


def _extents(connection: sqlite3.Connection, name: str, version: str) -> tuple[Extent, ...]:
    query = (
        f"SELECT {name}, {version} AS version, sum(n), min(first_index), min(first_ms), max(last_index), max(last_ms) "
        f"FROM shape WHERE {name} != '' GROUP BY 1, 2 ORDER BY 1, 4"
    )
    return tuple([Extent(**dict(zip(Extent.__struct_fields__, row, strict=True))) for row in connection.execute(query)])


def _where(wanted: list[tuple[str, Any]]) -> tuple[str, list[Any]]:
    given = [(name, value) for name, value in wanted if value]
    return "".join([f" AND {name} = ?" for name, _ in given]), [value for _, value in given]


def _span(since: str, until: str) -> tuple[int, int]:
    return days.number(since), days.number(until)


def _day(day: int | None) -> str:
    return "" if day is None else days.iso(day)


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)
