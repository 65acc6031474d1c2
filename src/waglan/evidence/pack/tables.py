"""The parts of a pack that are tables: registers, counter-examples by clause, and what each test asks."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from waglan.evidence.catalogue.catalogue import Catalogue
from waglan.evidence.pack.material import Row
from waglan.evidence.pack.redact import prose
from waglan.evidence.result import ClauseResult, Report
from waglan.registers.schema import SCHEMAS
from waglan.rules import Type

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")


def registers(rows: Mapping[str, Sequence[Row]]) -> dict[str, bytes]:
    """``registers/<name>.csv`` for every register, also for empty ones: that nothing is there is said too."""
    made = {}
    for name, fields in SCHEMAS.items():
        lines = ([_said(row.get(f), fields[f]) for f in fields] for row in rows.get(name, ()))
        made[f"registers/{name}.csv"] = sheet(tuple(fields), lines)
    return made


def examples(report: Report) -> dict[str, bytes]:
    """``clauses/<id>.csv`` for every obligation with counter-examples, the newest first."""
    columns = ("test", "over", "id", "log_index", "at", "use_case", "row")
    made = {}
    for clause in report.clauses:
        lines = [
            (test.id, test.over, e.id, e.log_index, _moment(e.at_ms), e.use_case, _json(e.row) if e.row else "")
            for test in clause.tests
            for e in test.examples
        ]
        if lines:
            made[f"clauses/{_file(clause)}.csv"] = sheet(columns, lines)
    return made


def queries(catalogue: Catalogue, report: Report) -> bytes:
    """What each test asks, word by word, with the digest of its expressions and those that judged in the window."""
    judged = {test.id: " ".join(test.digests) for clause in report.clauses for test in clause.tests}
    columns = ("test", "over", "scope", "holds", "current", "rate", "min_n", "freshness", "gate", "digest", "judged_by")
    lines = [
        (
            t.id, t.over, t.scope, t.holds, t.current, t.require.rate, t.require.min_n, t.freshness, t.gate,
            catalogue.compiled(t).digest if t.kind != "attestation" else "", judged.get(t.id, ""),
        )
        for clause in catalogue.clauses
        for t in clause.tests
    ]  # fmt: skip
    return sheet(columns, lines)


def sheet(columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> bytes:
    """CSV as RFC 4180 says, in UTF-8 with a mark so that spreadsheets read Chinese; no cell is taken for a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([[_cell(each) for each in line] for line in lines])
    return out.getvalue().encode("utf-8-sig")


def _file(clause: ClauseResult) -> str:
    """A file's name of a clause's id; ids with other characters than plain ones are spelt in hexadecimal."""
    return clause.id if _NAME.fullmatch(clause.id) else clause.id.encode().hex()


def _said(value: Any, kind: Type) -> Any:
    if value is None:
        return ""
    if kind is Type.TIME:
        return _moment(value)
    return " ".join(map(str, value)) if kind is Type.TEXTS else value


def _moment(value: int | dt.datetime | None) -> str:
    """A time of the record as ISO 8601 in Hong Kong."""
    if value is None:
        return ""
    at = value if isinstance(value, dt.datetime) else dt.datetime.fromtimestamp(value / 1000, dt.UTC)
    at = at if at.tzinfo else at.replace(tzinfo=dt.UTC)
    return at.astimezone(dt.timezone(dt.timedelta(hours=8))).isoformat(timespec="seconds")


def _json(row: Mapping[str, object]) -> str:
    masked = {name: prose(value) if isinstance(value, str) else value for name, value in row.items()}
    return msgspec.json.encode(masked, order="deterministic", enc_hook=str).decode()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return "" if value is None else value
    text = prose(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def masked(report: Report) -> Report:
    """The report with the prose in rows of registers masked: names of things stay, identifiers of people go."""
    return msgspec.structs.replace(report, clauses=tuple([_clause(each) for each in report.clauses]))


def _clause(clause: ClauseResult) -> ClauseResult:
    tests = tuple(
        [
            msgspec.structs.replace(
                test,
                examples=tuple(
                    [
                        msgspec.structs.replace(
                            e, row={k: prose(v) if isinstance(v, str) else v for k, v in e.row.items()}
                        )
                        for e in test.examples
                    ]
                ),
            )
            for test in clause.tests
        ]
    )
    return msgspec.structs.replace(clause, tests=tests)
