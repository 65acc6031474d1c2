"""Tables of values that hold for a time, each with its citation."""

from __future__ import annotations

import datetime
import hashlib
import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from waglan.core.problem import Problem, nearest
from waglan.rules.row import cents, number
from waglan.rules.types import GREATEST_MAGNITUDE, LARGEST, Type

EPOCH = datetime.date(1970, 1, 1).toordinal()
ENDLESS = 10**9
MAX_ROWS = 200

_KINDS: dict[str, Type] = {t.value: t for t in (Type.TEXT, Type.BOOLEAN, Type.INTEGER, Type.NUMBER, Type.MONEY)}
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Period(msgspec.Struct, frozen=True):
    """A value, the days on which it holds (from the first to before the last, in days since 1970), and its source."""

    begins: int
    ends: int
    value: Any
    cites: str


class Table(msgspec.Struct, frozen=True):
    """Values by key and day.

    Attributes
    ----------
    name, keys, type
        Its name, the names of its keys, and the type of its values.
    rows
        The periods of each key, earliest first, none overlapping another.
    """

    name: str
    keys: tuple[str, ...]
    type: Type
    rows: dict[tuple[str, ...], tuple[Period, ...]]

    def period(self, key: tuple[str, ...], day: int) -> Period | None:
        """The period that holds for ``key`` on ``day`` (days since 1970), if any does. Its ``cites`` is the source."""
        periods = self.rows.get(key, ())
        place = bisect_right(periods, day, key=lambda p: p.begins)
        if place and day < periods[place - 1].ends:
            return periods[place - 1]
        return None

    def at(self, key: tuple[str, ...], day: int) -> Any:
        """The value that holds for ``key`` on ``day``, or None."""
        period = self.period(key, day)
        return None if period is None else period.value

    def shifted(self, factor: int, offset: int) -> Table:
        """The same values by another count of time: periods times ``factor`` plus ``offset``."""
        rows = {
            key: tuple(Period(p.begins * factor + offset, p.ends * factor + offset, p.value, p.cites) for p in periods)
            for key, periods in self.rows.items()
        }
        return Table(self.name, self.keys, self.type, rows)

    def digest(self) -> str:
        """SHA-256 of all that can change an answer; a citation can't."""
        rows = [[*key, p.begins, p.ends, p.value] for key in sorted(self.rows) for p in self.rows[key]]
        return hashlib.sha256(msgspec.json.encode([self.name, self.keys, self.type, rows])).hexdigest()


def load_tables(path: Path) -> dict[str, Table]:
    """The tables of a TOML file; see `tables`."""
    return tables(path.read_text(encoding="utf-8"), str(path))


def tables(text: str, where: str = "tables") -> dict[str, Table]:
    """Read tables from TOML.

    Each ``[tables.<name>]`` has ``keys`` (names), ``value`` (text, boolean, integer, number or money) and ``rows``; a
    row has each key as text, ``from`` and, unless it still holds, ``until`` as dates (the first day on which it holds
    no more), ``value`` and ``cites``.

    Raises
    ------
    Problem
        ``rule.table`` with the place, for whatever doesn't fit; also when two rows hold for one key on one day.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _fault(where, "The file isn't TOML.", str(error), "Correct the line.") from None
    _known(document, ("tables",), where)
    made = {}
    for name, raw in document.get("tables", {}).items():
        made[name] = _table(name, raw, f"{where}: {name}")
    return made


def _table(name: str, raw: Any, where: str) -> Table:
    if not _NAME.fullmatch(name):
        raise _fault(where, f"A table can't be called {name!r}.", "It isn't a word.", "Use a-z, 0-9 and _.")
    if not isinstance(raw, dict):
        raise _fault(where, "That isn't a table.", "It has no keys, value and rows.", "Write [tables.name].")
    _known(raw, ("keys", "value", "rows"), where)
    keys = raw.get("keys", [])
    if not (isinstance(keys, list) and keys and all(isinstance(k, str) and _NAME.fullmatch(k) for k in keys)):
        raise _fault(where, "keys must be a list of words.", f"It is {keys!r}.", 'Write keys = ["sector"].')
    kind = raw.get("value")
    if kind not in _KINDS:
        raise _fault(where, f"value can't be {kind!r}.", "It says what the values are.", nearest(str(kind), _KINDS))
    given = raw.get("rows", [])
    if not isinstance(given, list) or not 0 < len(given) <= MAX_ROWS:
        raise _fault(where, f"rows must be 1 to {MAX_ROWS} rows.", "They go into every query.", "Split the table.")
    rows: dict[tuple[str, ...], list[Period]] = {}
    for place, row in enumerate(given, 1):
        key, period = _row(row, tuple(keys), _KINDS[kind], f"{where}, row {place}")
        rows.setdefault(key, []).append(period)
    return Table(name, tuple(keys), _KINDS[kind], {key: _sorted(key, rows[key], where) for key in rows})


def _row(row: Any, keys: tuple[str, ...], kind: Type, where: str) -> tuple[tuple[str, ...], Period]:
    if not isinstance(row, dict):
        raise _fault(where, "That isn't a row.", f"It is {row!r}.", "Write [[tables.name.rows]].")
    _known(row, (*keys, "from", "until", "value", "cites"), where)
    for name in (*keys, "cites"):
        if not isinstance(row.get(name), str) or not row[name]:
            raise _fault(where, f"{name} must be a text.", f"It is {row.get(name)!r}.", f'Write {name} = "…".')
    begins = _day(row.get("from"), "from", where)
    ends = _day(row["until"], "until", where) if "until" in row else ENDLESS
    if begins >= ends:
        raise _fault(where, "It ends before it begins.", "until is the first day without it.", "Correct the dates.")
    return tuple(row[k] for k in keys), Period(begins, ends, _value(row.get("value"), kind, where), row["cites"])


def _sorted(key: tuple[str, ...], periods: list[Period], where: str) -> tuple[Period, ...]:
    ordered = sorted(periods, key=lambda p: p.begins)
    for one, other in pairwise(ordered):
        if other.begins < one.ends:
            day = datetime.date.fromordinal(EPOCH + other.begins)
            raise _fault(where, f"Two rows hold for {', '.join(key)} on {day}.", "One value is meant.", "Set until.")
    return tuple(ordered)


def _day(value: Any, name: str, where: str) -> int:
    if isinstance(value, datetime.datetime) or not isinstance(value, datetime.date):
        raise _fault(where, f"{name} must be a date.", f"It is {value!r}.", f"Write {name} = 2026-01-01.")
    return value.toordinal() - EPOCH


def _value(value: Any, kind: Type, where: str) -> Any:
    plain = isinstance(value, int) and not isinstance(value, bool)
    if kind is Type.TEXT and isinstance(value, str) and "\0" not in value:
        return value
    if kind is Type.BOOLEAN and isinstance(value, bool):
        return value
    if kind is Type.INTEGER and plain and abs(value) <= LARGEST:
        return value
    if kind is Type.NUMBER and _real(value):
        return float(value) + 0.0
    if kind is Type.MONEY and (plain or isinstance(value, str)):
        exact = cents(value)
        if exact is not None:
            return exact
    example = {Type.MONEY: '"500000.00"', Type.TEXT: '"…"', Type.BOOLEAN: "true"}.get(kind, "1")
    raise _fault(where, f"value must be of type {kind}.", f"It is {value!r}.", f"Write value = {example}.")


def _real(value: Any) -> bool:
    plain = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= GREATEST_MAGNITUDE
    return plain and number(float(value)) is not None


def _known(raw: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    for name in raw:
        if name not in names:
            raise _fault(where, f"There is no key {name!r} here.", "It would be ignored.", nearest(name, names))


def _fault(where: str, what: str, why: str, next: str) -> Problem:
    return Problem(what, why, next, code="rule.table", where=where)
