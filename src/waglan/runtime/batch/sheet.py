"""The two files that a run over a file leaves: results, one line per recorded row, and rejects, with the reason.

Both are appended to and flushed chunk by chunk, readable by their owner only. A row stands in exactly one of them.
"""

from __future__ import annotations

import csv
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from waglan.core.problem import Problem
from waglan.runtime.rows import Delimited, Rejected, Row

RESULT = ("row", "id", "index", "route", "effect", "value", "score", "confidence", "reasons", "note")
LONGEST_VALUE = 32_000
"""Characters; spreadsheets cut cells at 32,767, and our own reader must be able to read results again."""

REJECT = ("_row", "_line", "_code", "_where", "_what", "_next", "_raw")
"""They begin with ``_`` so that a corrected rejects file can be given to the same command again."""


class Sheet:
    """A CSV file that grows.

    Parameters
    ----------
    path
        Made with mode 0600.
    header
        Its columns.
    resume
        Go on with an existing file instead of refusing it.

    Raises
    ------
    Problem
        ``file.exists`` when it is there and ``resume`` is False; ``file.unwritable``.
    """

    def __init__(self, path: Path, header: Sequence[str], *, resume: bool) -> None:
        self.path = path
        self._begun = resume and path.exists() and path.stat().st_size > 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (0 if resume else os.O_EXCL)
        try:
            descriptor = os.open(path, flags, 0o600)
        except FileExistsError:
            raise Problem(
                f"{path} exists already.",
                "Results of an earlier run are never overwritten.",
                "Pass --resume to go on with that run, or name other files with --out and --rejects.",
                code="file.exists",
            ) from None
        except OSError as error:
            raise _unwritable(path, error) from None
        self._file: TextIO = os.fdopen(descriptor, "w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        if not self._begun:
            self.write([header])

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Append rows and hand them to the system, so that a killed process loses none of them."""
        try:
            self._writer.writerows(rows)
            self._file.flush()
        except OSError as error:
            raise _unwritable(self.path, error) from None

    def close(self) -> None:
        """Make it durable and give it back."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _unwritable(self.path, error) from None
        finally:
            self._file.close()


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep a second run from writing the same results while this one does.

    Raises
    ------
    Problem
        ``file.busy`` when another process is at it.
    """
    lock = path.with_name(path.name + ".lock")
    try:
        stream = lock.open("w")
    except OSError as error:
        raise _unwritable(lock, error) from None
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(lock.stat(), os.fstat(stream.fileno())):
                raise BlockingIOError
        except OSError:
            raise Problem(
                f"Another run is writing {path}.",
                "Two runs over one file would decide rows twice.",
                "Wait for it, or name another --out.",
                code="file.busy",
            ) from None
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> Problem:
    return Problem(
        f"{path} can't be written.",
        f"{error.strerror or error}. What was decided is on the log all the same.",
        "Make room or correct the path, then run the same command with --resume.",
        code="environment.file",
    )


def chunks(rows: Iterable[Row | Rejected], size: int) -> Iterator[list[Row | Rejected]]:
    """Rows in lists of at most ``size``."""
    source = iter(rows)
    while chunk := list(islice(source, size)):
        yield chunk


def result_line(number: int, body: Mapping[str, Any], note: str) -> tuple[Any, ...]:
    """One line of the results: what the reply's body releases, and nothing else."""
    reasons = ";".join(each["code"] for each in body.get("reasons", ()))
    value = json.dumps(body["outcome"], ensure_ascii=False, sort_keys=True) if "outcome" in body else ""
    if len(value) > LONGEST_VALUE:
        value, note = "", "; ".join(filter(None, (note, "value too long for a cell, see the log")))
    return (
        number,
        body["id"],
        body["index"],
        body["route"],
        _flat(body.get("effect")),
        value,
        _flat(body.get("score")),
        _flat(body.get("confidence")),
        _flat(reasons),
        note,
    )


def _flat(value: Any) -> Any:
    return " ".join(value.splitlines()) if isinstance(value, str) else value


def reject_header(columns: Sequence[str]) -> tuple[str, ...]:
    """The columns of a rejects file for a file with these."""
    return (*(c for c in columns if not c.startswith("_")), *REJECT)


def reject_line(columns: Sequence[str], item: Row | Rejected, problem: Problem, *, text: bool) -> list[Any]:
    """The original cells (of rows that aren't text also their JSON), and what was wrong with them."""
    raw = item.raw if isinstance(item, Rejected) else "" if text else json.dumps(item.values, ensure_ascii=False)
    cells = [_cell(item.values.get(c)) for c in columns if not c.startswith("_")]
    told = " ".join(e.what for e in problem.errors) if len(problem.errors) > 1 else problem.what
    return [
        *cells,
        item.number,
        item.line,
        problem.code,
        problem.where,
        _clean(told),
        _clean(problem.next),
        _clean(raw),
    ]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return _clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _clean(text: str) -> str:
    """Text that a UTF-8 file can hold; NUL and lone surrogates are written as escapes."""
    if "\0" in text:
        text = text.replace("\0", "\\x00")
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def mend(path: Path, key: str, header: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Take a file that a killed run left back to its last whole line, reading it on the way.

    Yields
    ------
    Mapping
        Its rows, those with a number in the column ``key``. The file is replaced when all have been taken.

    Raises
    ------
    Problem
        ``resume.other-file`` when its header isn't ``header``.
    """
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        torn = stream.read(1) != b"\n"
        stream.seek(0)
        if torn and b"\n" not in stream.read(1 << 20):
            path.unlink()
            return
        stream.seek(0)
        table = Delimited(stream)
        if table.columns != tuple(header):
            raise Problem(
                f"{path} isn't a file of such a run.",
                f"Its columns are {', '.join(table.columns)[:200]}.",
                "Give the files of the first run, or name others with --out and --rejects.",
                code="resume.other-file",
            )
        fresh = path.with_name(path.name + ".mending")
        fresh.unlink(missing_ok=True)
        sheet = Sheet(fresh, table.columns, resume=False)
        last: Mapping[str, str] | None = None
        for item in table:
            if last is not None:
                sheet.write([tuple(last.values())])
                yield last
            last = item.values if isinstance(item, Row) and item.values.get(key, "").isdigit() else None
        if last is not None and not torn:
            sheet.write([tuple(last.values())])
            yield last
        sheet.close()
    fresh.replace(path)
