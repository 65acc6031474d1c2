"""A register from a file: good rows are registered, the others come back with the reason, each row exactly once."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from waglan.access.identity import Identity
from waglan.core.events import Event
from waglan.core.problem import Problem
from waglan.registers.keeping import keep, things
from waglan.registers.registrar import Registrar
from waglan.registers.texts import facts_of, member_of, members
from waglan.runtime.rows import Rejected, Row, open_rows

_ENDED_BY = "ledger."
_OURS = ("row", "reason")
"""Columns of a file of refused rows, which may come back corrected."""


class Refused(NamedTuple):
    """A row that wasn't registered: its number from 1, what stood in it, and why."""

    number: int
    values: Mapping[str, Any]
    problem: Problem


class Taken(NamedTuple):
    """What became of a file's rows: registered, the same as before, refused."""

    registered: int
    same: int
    refused: tuple[Refused, ...]


def import_rows(registrar: Registrar, who: Identity | None, kind: type[Event], path: Path, note: str = "") -> Taken:
    """Register every row of a CSV, JSON-lines or Parquet file; columns are members or their words.

    A row that names something registered changes only what its filled cells say. Doing it again registers nothing new.

    Raises
    ------
    Problem
        ``file.…`` for a file that is no table, ``register.member`` for a column that isn't one, and the ledger's when
        it can't record: rows before that stand.
    """
    registered = same = 0
    refused: list[Refused] = []
    words = {word for each in members(kind) for word in (each.name, each.word)}
    with open_rows(path, known=words) as opened:
        for column in opened.table.columns or ():
            if column not in _OURS:
                member_of(kind, column)
        for row in opened.table:
            if isinstance(row, Rejected):
                refused.append(Refused(row.number, row.values, row.problem))
                continue
            try:
                keep(registrar.office, who, _facts(registrar, kind, row), note)
                registered += 1
            except Problem as problem:
                if problem.code.startswith((_ENDED_BY, "access.")):
                    raise
                if problem.code == "register.same":
                    same += 1
                else:
                    refused.append(Refused(row.number, row.values, problem))
    return Taken(registered, same, tuple(refused))


def write_refused(path: Path, refused: tuple[Refused, ...]) -> None:
    """The refused rows as CSV, each with its number and the reason, to be corrected and imported again."""
    names = list(dict.fromkeys(name for each in refused for name in each.values))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*names, "row", "reason"])
        for each in refused:
            problem = each.problem
            reason = f"{problem.what} {problem.why} {problem.next}"
            writer.writerow([*(each.values.get(name, "") for name in names), each.number, reason])


def _facts(registrar: Registrar, kind: type[Event], row: Row) -> Event:
    filled = {name: _text(value) for name, value in row.values.items() if value not in (None, "") and name not in _OURS}
    named = filled.get("id", "")
    earlier: Event | None = next((each.facts for each in things(registrar.book(), kind) if each.name == named), None)
    return facts_of(kind, filled, earlier)


def _text(value: Any) -> str | tuple[str, ...]:
    if isinstance(value, list):
        return tuple(str(each) for each in value)
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
