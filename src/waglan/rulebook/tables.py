"""Decision tables as people write them: lines with commas under a heading, or TOML; and back.

    [limit] money
    sector, from, until, value, cites
    banking, 2026-01-01, , 500000.00, Board minute 12/2025

Columns beside ``from``, ``until``, ``value`` and ``cites`` are keys. A row holds from its first day until the day
before ``until``; empty means that it still holds.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterable, Mapping

from waglan.core.problem import Problem
from waglan.rules import Table, Type, tables
from waglan.rules.table import ENDLESS, EPOCH
from waglan.runtime.gates import read_tables, table_json

_HEADING = re.compile(r"\[([a-z][a-z0-9_]*)\]\s+(text|boolean|integer|number|money)")
_OWN = ("from", "until", "value", "cites")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_PLAIN: Mapping[str, re.Pattern[str]] = {
    "boolean": re.compile(r"true|false"),
    "integer": re.compile(r"-?(0|[1-9][0-9]*)"),
    "number": re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"),
}


def read(text: str) -> tuple[tuple[str, str], ...]:
    """The tables of a text: name and canonical JSON, sorted by name; nothing for an empty text.

    Raises
    ------
    Problem
        ``rule.table`` with the table and the row.
    """
    if not text.strip():
        return ()
    found = tables(text if "[tables." in text else _toml(text))
    return tuple(sorted((name, table_json(table)) for name, table in found.items()))


def write(pairs: Iterable[tuple[str, str]]) -> str:
    """Tables in the form with commas, as `read` takes them."""
    return "\n".join(_written(table) for table in read_tables(pairs).values())


def rows(table: Table) -> list[dict[str, str]]:
    """The rows of a table for people: keys, first day, first day without it, value, source."""
    return [
        {**dict(zip(table.keys, key, strict=True)), "from": _day(p.begins), "until": _day(p.ends),
         "value": _said(table.type, p.value), "cites": p.cites}
        for key in sorted(table.rows)
        for p in table.rows[key]
    ]  # fmt: skip


def _written(table: Table) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = (*table.keys, *_OWN)
    writer.writerow(columns)
    for each in rows(table):
        writer.writerow([each[name] for name in columns])
    return f"[{table.name}] {table.type.value}\n{out.getvalue()}"


def _day(day: int) -> str:
    return "" if day >= ENDLESS else dt.date.fromordinal(EPOCH + day).isoformat()


def _said(kind: Type, value: object) -> str:
    if kind is Type.MONEY:
        assert isinstance(value, int)
        return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _toml(text: str) -> str:
    """The same tables as TOML."""
    made: list[str] = []
    name, kind, count = "", "", 0
    columns: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        heading = _HEADING.fullmatch(line.strip())
        if heading:
            name, kind, columns, count = heading[1], heading[2], [], 0
        elif not name:
            raise _refused(f"line {number}", "The table has no heading.", f"The line says {line.strip()[:60]!r}.",
                         "Begin with a line such as: [limit] money")  # fmt: skip
        elif not columns:
            columns = _columns(line, f"{name}, line {number}")
            keys = [c for c in columns if c not in _OWN]
            made.append(f"[tables.{name}]\nkeys = {json.dumps(keys)}\nvalue = {json.dumps(kind)}")
        else:
            count += 1
            made.append(_row(name, kind, columns, line, f"{name}, row {count} (line {number})"))
    return "\n".join(made)


def _columns(line: str, where: str) -> list[str]:
    found = [cell.strip() for cell in next(csv.reader([line], skipinitialspace=True))]
    lacking = [name for name in ("from", "value", "cites") if name not in found]
    if lacking or len(set(found)) < len(found) or all(c in _OWN for c in found):
        raise _refused(
            where, "The columns can't be read.",
            f"There is no {lacking[0]}." if lacking else "A key is missing or doubled.",
            "Name the keys, then: from, until, value, cites",
        )  # fmt: skip
    return found


def _row(name: str, kind: str, columns: list[str], line: str, where: str) -> str:
    cells = [cell.strip() for cell in next(csv.reader([line], skipinitialspace=True))]
    if len(cells) != len(columns):
        raise _refused(
            where, f"The row has {len(cells)} values for {len(columns)} columns.", "A comma is missing or too many.",
            'Put a value that has a comma in "quotation marks".',
        )  # fmt: skip
    parts = [
        f"{c} = {_cell(c, cell, kind, where)}" for c, cell in zip(columns, cells, strict=True) if c != "until" or cell
    ]
    return f"[[tables.{name}.rows]]\n" + "\n".join(parts)


def _cell(column: str, cell: str, kind: str, where: str) -> str:
    if column in ("from", "until"):
        try:
            dt.date.fromisoformat(cell if _DATE.fullmatch(cell) else "")
        except ValueError:
            raise _refused(where, f"{column} must be a date.", f"It is {cell[:40]!r}.", "Write 2026-01-31.") from None
        return cell
    pattern = _PLAIN.get(kind) if column == "value" else None
    if pattern is None:
        return json.dumps(cell, ensure_ascii=False)
    if not pattern.fullmatch(cell):
        raise _refused(where, f"The value must be of type {kind}.", f"It is {cell[:40]!r}.", "Correct it.")
    return cell


def _refused(where: str, what: str, why: str, next: str) -> Problem:
    return Problem(what, why, next, code="rule.table", where=f"tables: {where}")
