"""What a file of untrusted rows comes apart into: good rows and rejected ones, each exactly once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from waglan.core.problem import Problem

MAX_RECORD = 1 << 20
"""Bytes that one row may take in the file; the rest of a longer line is passed over, never kept."""

MAX_CELL = 128 << 10
"""Characters that one cell may hold."""

MAX_DEPTH = 32
"""How deep lists and objects may be nested in a row of JSON."""


class Row(NamedTuple):
    """A row that could be read.

    Attributes
    ----------
    number
        Counts data rows from 1; headers and blank lines don't count.
    line
        Where it begins in the file, from 1; equal to ``number`` where a format has no lines.
    values
        Name to text (delimited files) or to JSON value (the other formats).
    """

    number: int
    line: int
    values: Mapping[str, Any]


class Rejected(NamedTuple):
    r"""A row that could not be read, with what stood there.

    Attributes
    ----------
    number, line
        As in `Row`.
    values
        The cells that could be told apart, by column; empty when none could.
    raw
        The text as it stood, bytes that aren't text written as ``\xNN``, at most `SHOWN` characters.
    problem
        Why; its ``where`` reads ``row 12`` or ``row 12, field age``.
    """

    number: int
    line: int
    values: Mapping[str, Any]
    raw: str
    problem: Problem


SHOWN = 4_096
"""Characters of a rejected row that are kept to show."""


class Table(Protocol):
    """An open file of rows, whatever its format; read once, in order."""

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The names its header declares, or None where each row names its own."""
        ...

    @property
    def text(self) -> bool:
        """Whether values are text cells that the schema still has to convert."""
        ...

    def __iter__(self) -> Iterator[Row | Rejected]:
        """Every data row once, as a `Row` or a `Rejected`; only `Problem` is ever raised."""
        ...


def rejected(number: int, line: int, raw: str, fault: Fault, values: Mapping[str, Any] | None = None) -> Rejected:
    """A row that can't be read because of ``fault``."""
    where = f"row {number}" + (f", field {fault.field}" if fault.field else "")
    problem = Problem(fault.what, fault.why, fault.next, code=fault.code, where=where)
    return Rejected(number, line, values or {}, raw[:SHOWN], problem)


class Fault(NamedTuple):
    """What is wrong with a row, before anybody knows which row it is; the words are those of `Problem`."""

    code: str
    what: str
    why: str
    next: str
    field: str = ""


def at_row(problem: Problem, number: int) -> Problem:
    """The same problem, its place told as a row (and field) of the file."""
    fields = [e.where for e in problem.errors if e.where] or ([problem.where] if problem.where else [])
    place = f"row {number}" + (f", field {', '.join(fields)}" if fields else "")
    return Problem(
        problem.what,
        problem.why,
        problem.next,
        code=problem.code,
        where=place,
        status=problem.status,
        errors=problem.errors,
    )
