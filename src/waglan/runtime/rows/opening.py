"""One door for every format: which one a file is in, and its rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, get_args

from waglan.core.problem import Problem, nearest
from waglan.runtime.rows.delimited import Delimited
from waglan.runtime.rows.lines import detect
from waglan.runtime.rows.objects import JsonArray, JsonLines
from waglan.runtime.rows.parquet import Parquet
from waglan.runtime.rows.row import Table

Format = Literal["auto", "csv", "jsonl", "parquet"]

_SUFFIXES = (
    ((".csv", ".tsv", ".txt", ".psv"), "csv"),
    ((".jsonl", ".ndjson", ".json"), "jsonl"),
    ((".parquet", ".pq"), "parquet"),
)
_FOREIGN = (
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive", "Save the sheet as CSV UTF-8, or unpack the archive."),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word document", "Save the sheet as CSV UTF-8."),
    (b"\x1f\x8b", "compressed with gzip", "Unpack it first: gunzip FILE."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it first: zstd -d FILE."),
    (b"%PDF", "a PDF document", "Export the table as CSV."),
)


class Opened(NamedTuple):
    """A file of rows, open.

    Attributes
    ----------
    table
        Its rows.
    format
        ``csv``, ``jsonl`` or ``parquet``.
    size
        Of the file, bytes.
    position
        How many bytes have been read so far, for progress; 0 for Parquet.
    """

    table: Table
    format: str
    size: int
    position: Callable[[], int]


@contextmanager
def open_rows(
    path: Path, *, wanted: str = "auto", encoding: str = "auto", known: Collection[str] = ()
) -> Iterator[Opened]:
    """Open a file of untrusted rows.

    Parameters
    ----------
    wanted
        One of `Format`; ``auto`` goes by the first bytes and the name. ``jsonl`` also reads a JSON array.
    encoding
        One of `waglan.runtime.rows.ENCODINGS`; Parquet has its own.
    known
        Names that a header may hold; they help to tell a CSV's delimiter.

    Raises
    ------
    Problem
        ``file.…``: the file can't be opened or isn't a table.
    """
    if wanted not in get_args(Format):
        raise Problem(
            f"There is no format {wanted!r}.",
            nearest(wanted, get_args(Format)),
            "Leave the format out to have it told by the file.",
            code="file.format",
        )
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size
            head = stream.read(64)
            kind = wanted if wanted != "auto" else _format(path, head, encoding)
            stream.seek(0)
            if kind == "parquet":
                table = Parquet(path)
                try:
                    yield Opened(table, kind, size, lambda: 0)
                finally:
                    table.close()
            else:
                yield Opened(_text_table(stream, kind, head, encoding, known), kind, size, stream.tell)
    except OSError as error:
        raise Problem(
            f"{path} can't be read.",
            f"{error.strerror or error}.",
            "Check the name and whether this user may read it.",
            code="file.unreadable",
        ) from None


def _text_table(stream: BinaryIO, kind: str, head: bytes, encoding: str, known: Collection[str]) -> Table:
    if kind == "csv":
        return Delimited(stream, encoding, known)
    return JsonArray(stream, encoding) if _begins(head, encoding) == "[" else JsonLines(stream, encoding)


def _format(path: Path, head: bytes, encoding: str) -> str:
    for magic, what, advice in _FOREIGN:
        if head.startswith(magic):
            raise Problem(
                f"{path.name} is {what}.",
                "Rows are read from CSV, JSON lines and Parquet files.",
                advice,
                code="file.format",
            )
    if head.startswith(b"PAR1"):
        return "parquet"
    for suffixes, kind in _SUFFIXES:
        if path.suffix.lower() in suffixes:
            return kind
    return "jsonl" if _begins(head, encoding) in ("{", "[") else "csv"


def _begins(head: bytes, encoding: str) -> str:
    name, mark = detect(head, encoding)
    return head[mark:].decode(name, "ignore").lstrip()[:1]
