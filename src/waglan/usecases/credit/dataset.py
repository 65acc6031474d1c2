"""A firm's own file as columns: read in bounded memory, every cell once, types told from the values.

Cells are kept as positions in the column's distinct texts, so a type is told (and a number parsed) once per distinct
text. What can be read here is what ``waglan decide`` reads later: the same reader, the same meaning of an empty cell.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import re
from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from waglan.core import Problem
from waglan.core.inputs import LARGEST
from waglan.core.problem import nearest
from waglan.kit.scorecard.metrics import Bools
from waglan.kit.scorecard.table import Column, Ints
from waglan.runtime.rows import Rejected, open_rows

MAX_CELLS = 50_000_000
MAX_REJECTED_SHARE = 0.05
ABSENT = frozenset({"na", "n/a", "nan", "null", "none", "#n/a"})
Told = Literal["number", "integer", "boolean", "category", "date", "text"]
_WHOLE = re.compile(r"[+-]?(0|[1-9]\d{0,15})")
_SPECIAL_NAME = re.compile(r"(^|_)(id|no|ref|key|uuid|number|row|index)$", re.IGNORECASE)


class Texts(NamedTuple):
    """One column as read: per row a position in ``known``; an empty cell is the empty text."""

    name: str
    codes: Ints
    known: tuple[str, ...]


class Dataset(NamedTuple):
    """A file as read.

    Attributes
    ----------
    columns
        Name to cells.
    rows
        Rows that could be read.
    rejected
        The first of those that couldn't, and how many there were.
    sha256
        Of the file's bytes.
    """

    columns: Mapping[str, Texts]
    rows: int
    rejected: tuple[Rejected, ...]
    rejected_count: int
    sha256: str


def read_dataset(path: Path) -> Dataset:
    """Read a CSV, JSON-lines or Parquet file.

    Raises
    ------
    Problem
        ``file.…`` when it can't be opened or has no usable header; ``training.too_large`` beyond `MAX_CELLS` cells;
        ``training.rejects`` when more than `MAX_REJECTED_SHARE` of the rows can't be read.
    """
    codes: dict[str, array[int]] = {}
    places: dict[str, dict[str, int]] = {}
    rejected: list[Rejected] = []
    bad = rows = 0
    with open_rows(path) as opened:
        for row in opened.table:
            if isinstance(row, Rejected):
                bad += 1
                rejected += [row] if len(rejected) < 10 else []
                continue
            for name in row.values.keys() - codes.keys():
                codes[name], places[name] = array("i", bytes(4 * rows)), {"": 0}
            for name, column in codes.items():
                place = places[name]
                column.append(place.setdefault(_text(row.values.get(name)), len(place)))
            rows += 1
            if rows * len(codes) > MAX_CELLS:
                raise _too_large(rows, len(codes))
    _enough(path, rows, bad, rejected)
    order = [n for n in (opened.table.columns or codes) if n in codes]
    columns = {n: Texts(n, np.frombuffer(codes[n], dtype=np.int32).astype(np.int64), tuple(places[n])) for n in order}
    return Dataset(columns, rows, tuple(rejected), bad, _sha256(path))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _too_large(rows: int, columns: int) -> Problem:
    return Problem(
        f"The file holds more than {MAX_CELLS:,} cells.",
        f"{rows:,} rows of {columns} columns are read; training keeps them all in memory.",
        "Take a random sample of the rows, or leave out columns; a million rows teach a scorecard nothing more.",
        code="training.too_large",
    )


def _enough(path: Path, rows: int, bad: int, rejected: list[Rejected]) -> None:
    if rows == 0 and not rejected:
        raise Problem(f"{path} has no rows.", "There is a header and nothing else.", "Export the applicants again.",
                      code="training.empty", where=str(path))  # fmt: skip
    if bad > MAX_REJECTED_SHARE * (rows + bad):
        first = rejected[0].problem
        raise Problem(
            f"{bad:,} of {rows + bad:,} rows can't be read; the first: {first.what}",
            first.why,
            first.next,
            code="training.rejects",
            where=first.where,
            errors=[r.problem for r in rejected],
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def texts(dataset: Dataset, name: str) -> Texts:
    """A column by name; a Problem names the nearest when there is none."""
    if name not in dataset.columns:
        raise Problem(
            f"There is no column {name!r}.", nearest(name, dataset.columns), "Correct the name.",
            code="training.column", where=name,
        )  # fmt: skip
    return dataset.columns[name]


class Kinds(NamedTuple):
    """What a column holds, how many cells say it is absent in words (``NA``), and whether it names rows."""

    told: Told
    absent_words: int
    identifies: bool


def tell(column: Texts, rows: int) -> Kinds:
    """Tell a column's type from its distinct texts."""
    there = [t for t in column.known if t]
    words = {t for t in there if t.lower() in ABSENT}
    kept = [t for t in there if t not in words]
    told = _told(kept, rows)
    counted = int(np.isin(column.codes, [at for at, t in enumerate(column.known) if t in words]).sum()) if words else 0
    if told in ("category", "text") and words:
        told, counted = _told(there, rows), 0
    return Kinds(told, counted, _identifies(column, kept, told, rows))


def _told(known: list[str], rows: int) -> Told:
    if not known:
        return "text"
    if all(t.lower() in ("true", "false") for t in known):
        return "boolean"
    if all(_WHOLE.fullmatch(t) and abs(int(t)) <= LARGEST for t in known):
        return "integer"
    if all(_is_number(t) for t in known):
        return "number"
    if all(_is_date(t) for t in known):
        return "date"
    return "category" if len(known) <= max(20, min(200, rows // 20)) else "text"


def _is_number(text: str) -> bool:
    if text[:1] == "0" and text[1:2].isdigit():
        return False
    try:
        return math.isfinite(value := float(text)) and abs(value) <= LARGEST and "_" not in text
    except ValueError:
        return False


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and bool(dt.date.fromisoformat(text))
    except ValueError:
        return False


def _identifies(column: Texts, known: list[str], told: Told, rows: int) -> bool:
    """Whether every row has its own value, and these look like names of rows rather than amounts."""
    if rows < 20 or len(known) < rows or told not in ("integer", "text"):
        return False
    if told == "text":
        return not any(" " in t for t in known)
    values = sorted(int(t) for t in known)
    return values[-1] - values[0] < 2 * rows or bool(_SPECIAL_NAME.search(column.name))


def as_column(column: Texts, kind: Literal["number", "integer", "boolean", "category"]) -> Column:
    """The cells as training sees them; words for absence count as absent in ordered columns."""
    if kind in ("number", "integer"):
        values = np.array([float(t) if t and t.lower() not in ABSENT else math.nan for t in column.known])
        return Column(column.name, kind, values[column.codes])
    if kind == "boolean":
        values = np.array([{"true": 1.0, "false": 0.0}.get(t.lower(), -1.0) for t in column.known])
        return Column(column.name, kind, values[column.codes], ("false", "true"))
    levels = tuple(sorted(t for t in column.known if t))
    place = {t: float(at) for at, t in enumerate(levels)}
    return Column(column.name, kind, np.array([place.get(t, -1.0) for t in column.known])[column.codes], levels)


class Target(NamedTuple):
    """The outcome: whether it is known, whether it is bad, and which text means bad."""

    known: Bools
    bad: Bools
    value: str


def target(column: Texts, *, bad: str = "", good: str = "") -> Target:
    """Which rows went bad.

    Parameters
    ----------
    bad, good
        The value that means bad, or the one that means good (then every other is bad). With neither, 0/1, true/false
        and good/bad are understood.
    """
    there = {t for t in column.known if t and t.lower() not in ABSENT}
    if bad or good:
        named = next((t for t in there if _same(t, bad or good)), None)
        if named is None:
            raise Problem(
                f"No row has {column.name} = {bad or good!r}.",
                nearest(bad or good, list(there)[:50]),
                "Give the value as it stands in the file.",
                code="training.target",
                where=column.name,
            )
        wanted = {named} if bad else there - {named}
        value = named if bad else f"not {named}"
    else:
        value = _usual(column.name, there)
        wanted = {value}
    known = np.array([t in there for t in column.known])[column.codes]
    return Target(known, np.array([t in wanted for t in column.known])[column.codes], value)


def _same(text: str, wanted: str) -> bool:
    return text == wanted or (_is_number(text) and _is_number(wanted) and float(text) == float(wanted))


def _usual(name: str, there: Iterable[str]) -> str:
    found = {t.lower(): t for t in there}
    for good, bad in (("0", "1"), ("0.0", "1.0"), ("false", "true"), ("good", "bad"), ("no", "yes")):
        if set(found) == {good, bad}:
            return found[bad]
    shown = ", ".join(repr(t) for t in sorted(there)[:8])
    raise Problem(
        f"Which value of {name!r} is the bad one?",
        f"It holds {shown or 'nothing'}; only 0/1, true/false, no/yes and good/bad speak for themselves.",
        "Say it: --bad VALUE (or --good VALUE).",
        code="training.target",
        where=name,
    )
