"""What decisions say of use cases and models: first and newest live decision, the last 30 days, who was asked what."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from waglan.index.days import day_of

DAYS = 30
"""``decisions_30d`` and ``share_30d`` count so many days in Hong Kong, today included."""
_LIVE = "SELECT shape, use_case, model, model_version, first_ms, last_ms FROM shape WHERE mode = 'live'"
_RECENT = "SELECT shape, sum(n) FROM count_shape WHERE day > ? AND day <= ? GROUP BY shape"
_LAST_DAY = "SELECT shape, max(day) FROM count_shape WHERE day <= ? GROUP BY shape"
_LAST = "SELECT max(at_ms) FROM decision INDEXED BY decision_day WHERE day = ? AND shape = ? AND at_ms <= ?"
_ASKED = "SELECT DISTINCT model, use_case FROM count_model WHERE mode = 'live' AND day <= ?"
_OF = (
    "SELECT asked.value, shape.use_case FROM json_each(?) AS asked CROSS JOIN decision ON decision.id = asked.value "
    "JOIN shape USING (shape)"
)


class Span(msgspec.Struct, frozen=True, gc=False):
    """The first and newest live decision, milliseconds since 1970 UTC, and how many in the last 30 days."""

    first_ms: int
    last_ms: int
    recent: int


class Usage(msgspec.Struct, frozen=True):
    """What live decisions say, as of a time.

    Attributes
    ----------
    use_cases
        By name.
    models
        By id and version: those that the model answered.
    asked
        Model id to the use cases that ever asked it, whether it answered or not.
    answered
        How many decisions of the last 30 days some model answered.
    """

    use_cases: Mapping[str, Span]
    models: Mapping[tuple[str, str], Span]
    asked: Mapping[str, tuple[str, ...]]
    answered: int


def usage(connection: sqlite3.Connection, now_ms: int, at_ms: int | None = None) -> Usage:
    """What live decisions say now, or as of an earlier time; never looks at single decisions but for the latter."""
    day = day_of(now_ms if at_ms is None else at_ms)
    recent = dict(connection.execute(_RECENT, (day - DAYS, day)).fetchall())
    last = _last(connection, day, at_ms) if at_ms is not None else None
    uses: dict[str, Span] = {}
    models: dict[tuple[str, str], Span] = {}
    answered = 0
    for shape, use_case, model, version, first_ms, last_ms in connection.execute(_LIVE).fetchall():
        if last is not None and (shape not in last or (at_ms is not None and first_ms > at_ms)):
            continue
        span = Span(first_ms, last_ms if last is None else last[shape], recent.get(shape, 0))
        uses[use_case] = _joined(uses.get(use_case), span)
        if model:
            models[model, version] = _joined(models.get((model, version)), span)
            answered += span.recent
    asked: dict[str, list[str]] = defaultdict(list)
    for model, use_case in connection.execute(_ASKED, (day,)):
        asked[model].append(use_case)
    return Usage(uses, models, {model: tuple(sorted(names)) for model, names in asked.items()}, answered)


def use_cases_of(connection: sqlite3.Connection, decisions: Sequence[str]) -> dict[str, str]:
    """The use case of each decision that is there, by the decision's id."""
    found = connection.execute(_OF, (msgspec.json.encode(list(dict.fromkeys(decisions))).decode(),))
    return dict(found.fetchall())


def _joined(before: Span | None, span: Span) -> Span:
    if before is None:
        return span
    return Span(min(before.first_ms, span.first_ms), max(before.last_ms, span.last_ms), before.recent + span.recent)


def _last(connection: sqlite3.Connection, day: int, at_ms: int) -> dict[int, int]:
    """The newest decision of each shape up to a time."""
    found: dict[int, int] = {}
    for shape, newest in connection.execute(_LAST_DAY, (day,)).fetchall():
        at = connection.execute(_LAST, (newest, shape, at_ms)).fetchone()[0]
        if at is None:  # all of that day came later: the day before it has one, if any
            before = connection.execute("SELECT max(day) FROM count_shape WHERE shape = ? AND day < ?", (shape, newest))
            earlier = before.fetchone()[0]
            if earlier is None:
                continue
            at = connection.execute(_LAST, (earlier, shape, at_ms)).fetchone()[0]
        found[shape] = int(at)
    return found
