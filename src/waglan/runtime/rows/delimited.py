"""CSV and its relatives: one header, then rows of text cells, read strictly and in bounded memory.

A broken quote rejects its own line and reading resumes on the next line, so that it can't swallow what follows.
Text after a closing quote, a quote that is still open at the end of the file or after `MAX_RECORD` characters
count as broken. A well-formed record over several lines with the wrong number of cells is one rejected row: its
inner lines are never taken for rows.

References
----------
RFC 4180, *Common Format and MIME Type for CSV Files*.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Collection, Iterator
from enum import Enum
from typing import BinaryIO, NamedTuple

from waglan.core.problem import Problem
from waglan.runtime.rows import faults
from waglan.runtime.rows.lines import blocks, lines
from waglan.runtime.rows.row import MAX_CELL, MAX_RECORD, Fault, Rejected, Row, rejected

DELIMITERS = (",", ";", "\t", "|")


class _Quote(Enum):
    CLOSED = 0
    OPEN = 1
    BROKEN = 2


class _Record(NamedTuple):
    cells: list[str]
    raw: str
    fault: Fault | None
    line: int


class Delimited:
    """An open delimited file.

    Parameters
    ----------
    stream
        Bytes from the start of the file.
    encoding
        One of `waglan.runtime.rows.ENCODINGS`.
    known
        Names the header may hold; they help to tell the delimiter.

    Raises
    ------
    Problem
        ``file.encoding``, ``file.empty`` or ``file.header``: the file as a whole can't be read.
    """

    text = True

    def __init__(self, stream: BinaryIO, encoding: str = "auto", known: Collection[str] = ()) -> None:
        source, self.encoding = blocks(stream, encoding)
        self._lines = lines(source)
        self._back: deque[bytes] = deque()
        self._line = 0
        self.columns: tuple[str, ...] = ()
        self.delimiter, self.columns = self._header(frozenset(known))

    def __iter__(self) -> Iterator[Row | Rejected]:
        columns, number = self.columns, 0
        expected = len(columns)
        while (record := self._record(self.delimiter)) is not None:
            number += 1
            cells, raw, fault, line = record
            if fault is None and len(cells) == expected:
                yield Row(number, line, dict(zip(columns, cells, strict=True)))
                continue
            if fault is None:
                inner = self._line - line
                fault = faults.ragged(len(cells), expected, f" (lines {line} to {self._line})" if inner else "")
            yield rejected(number, line, raw, fault, dict(zip(columns, cells, strict=False)))

    def _header(self, known: frozenset[str]) -> tuple[str, tuple[str, ...]]:
        first = self._next()
        while first is not None and not first.strip(b" \r\n"):
            first = self._next()
        if first is None:
            raise Problem(
                "The file is empty.",
                "The first line has to name the columns.",
                "Export the file again, with a header.",
                code="file.empty",
            )
        best: tuple[int, int, str, tuple[str, ...]] = (-1, 0, ",", ())
        at, problem = self._line, None
        for delimiter in DELIMITERS:
            record = self._parse(first, at, delimiter)
            taken = self._line - at
            names = tuple(cell.strip() for cell in record.cells)
            rank = (len(known.intersection(names)), len(names))
            if record.fault is None and rank > best[:2]:
                best, kept = (*rank, delimiter, names), taken
            problem = problem or record.fault
            self._unread(self._taken)
        if best[0] < 0:
            assert problem is not None
            raise Problem(problem.what, problem.why, problem.next, code="file.header", where=f"line {at}, the header")
        for _ in range(kept):
            self._next()
        _check_names(best[3], at)
        return best[2], best[3]

    def _next(self) -> bytes | None:
        line = self._back.popleft() if self._back else next(self._lines, None)
        if line is not None:
            self._line += 1
        return line

    def _unread(self, taken: list[bytes]) -> None:
        self._back.extendleft(reversed(taken))
        self._line -= len(taken)

    def _record(self, delimiter: str) -> _Record | None:
        while (first := self._next()) is not None:
            if first.strip(b" \r\n"):
                return self._parse(first, self._line, delimiter)
        return None

    def _parse(self, first: bytes, at: int, delimiter: str) -> _Record:
        """The record that begins with this line; ``_taken`` then holds the further lines it used."""
        self._taken: list[bytes] = []
        if len(first) > MAX_RECORD:
            return _Record([], first[:MAX_CELL].decode(self.encoding, "backslashreplace"), faults.too_long(), at)
        try:
            text = first.decode(self.encoding)
        except UnicodeDecodeError:
            text = first.decode(self.encoding, "backslashreplace")
        else:
            if '"' not in text and "\0" not in text and len(text) <= MAX_CELL:
                return _Record(_split(text, delimiter), text, None, at)
        texts, fault = self._whole(text, delimiter)
        raw = "".join(texts)
        if fault is not None:
            return _Record([], raw, fault, at)
        try:
            quoted = '"' in raw
            cells = next(csv.reader(texts, delimiter=delimiter, strict=True)) if quoted else _split(text, delimiter)
        except csv.Error:
            return _Record([], raw, faults.cell_too_long(), at)
        return _Record(cells, raw, self._content([first, *self._taken], cells, delimiter), at)

    def _whole(self, first: str, delimiter: str) -> tuple[list[str], Fault | None]:
        """The lines of a record whose first line may leave a quote open."""
        texts, size = [first], len(first)
        state = _scan(first, delimiter, inside=False)
        while state is _Quote.OPEN:
            line = self._next()
            if line is None or size + len(line) > MAX_RECORD:
                end = "the file ends" if line is None else f"{MAX_RECORD >> 10} KiB have gone by"
                self._give_back([] if line is None else [line])
                return [first], faults.quotes(f"A quote is opened and {end} before it is closed.")
            self._taken.append(line)
            texts.append(line.decode(self.encoding, "backslashreplace"))
            size += len(line)
            state = _scan(texts[-1], delimiter, inside=True)
        if state is _Quote.BROKEN:
            why = "Text follows a closing quote."
            if len(texts) > 1:
                why = f"A quote is opened that seems to end on line {self._line}, where text follows it."
            self._give_back([])
            return [first], faults.quotes(why)
        return texts, None

    def _give_back(self, more: list[bytes]) -> None:
        self._unread([*self._taken, *more])
        self._taken = []

    def _content(self, raw: list[bytes], cells: list[str], delimiter: str) -> Fault | None:
        """What is wrong inside a record whose cells are told apart, naming the column."""
        before: list[str] = []
        for line in raw:
            try:
                before.append(line.decode(self.encoding))
            except UnicodeDecodeError as error:
                before.append(line[: error.start].decode(self.encoding, "backslashreplace"))
                return faults.undecodable(b"".join(raw), self.encoding, self._column(before, delimiter))
        for at, cell in enumerate(cells):
            if "\0" in cell:
                return faults.nul(self._name(at))
            if len(cell) > MAX_CELL:
                return faults.cell_too_long(self._name(at))
        return None

    def _column(self, before: list[str], delimiter: str) -> str:
        try:
            return self._name(len(next(csv.reader(before, delimiter=delimiter), [""])) - 1)
        except csv.Error:
            return ""

    def _name(self, at: int) -> str:
        return self.columns[at] if 0 <= at < len(self.columns) else ""


def _split(text: str, delimiter: str) -> list[str]:
    return text.rstrip("\r\n").split(delimiter)


def _scan(text: str, delimiter: str, *, inside: bool) -> _Quote:
    """Whether a record is closed, still open or broken after one more physical line."""
    body = text.rstrip("\r\n")
    at, end = 0, len(body)
    while True:
        if inside:
            quote = body.find('"', at)
            if quote < 0:
                return _Quote.OPEN
            if body.startswith('"', quote + 1):
                at = quote + 2
                continue
            at, inside = quote + 1, False
            if at == end:
                return _Quote.CLOSED
            if body[at] != delimiter:
                return _Quote.BROKEN
            at += 1
        if body.startswith('"', at):
            at, inside = at + 1, True
            continue
        found = body.find(delimiter, at)
        if found < 0:
            return _Quote.CLOSED
        at = found + 1


def _check_names(names: tuple[str, ...], line: int) -> None:
    empty = [at for at, name in enumerate(names, 1) if not name]
    double = sorted({name for name in names if name and names.count(name) > 1})
    if not empty and not double:
        return
    found = []
    if empty:
        found.append(f"column {', '.join(map(str, empty[:10]))} has no name")
    if double:
        found.append(f"{', '.join(repr(d) for d in double[:10])} stands more than once")
    raise Problem(
        f"The header can't be used: {'; '.join(found)}.",
        "Each column needs one name of its own, or cells can't be told apart.",
        "Name every column once in the first line; remove empty columns.",
        code="file.header",
        where=f"line {line}",
    )
