"""The ways in which one row of a file can be unreadable."""

from __future__ import annotations

from waglan.runtime.rows.row import MAX_CELL, MAX_DEPTH, MAX_RECORD, Fault


def too_long() -> Fault:
    """A line or a record past `MAX_RECORD`."""
    return Fault(
        "row.too-long",
        f"The row takes more than {MAX_RECORD >> 10} KiB.",
        "A row of that size is nearly always two files run together, a binary file, or a missing line end.",
        "Split the row, or keep long documents in files of their own.",
    )


def cell_too_long(field: str = "") -> Fault:
    """A cell past `MAX_CELL`."""
    return Fault(
        "row.cell-too-long",
        f"A cell holds more than {MAX_CELL >> 10} Ki characters.",
        "Larger cells are refused so that one row can't take the memory of all.",
        "Shorten the cell, or keep long documents in files of their own.",
        field,
    )


def nul(field: str = "") -> Fault:
    """A NUL byte."""
    return Fault(
        "row.nul",
        "The row holds a NUL byte.",
        "Text has none: the file is binary, damaged, or UTF-16 without a byte-order mark.",
        "Export the file again as UTF-8; for UTF-16 without a mark pass --encoding utf-16-le.",
        field,
    )


def undecodable(raw: bytes, encoding: str, field: str = "") -> Fault:
    """Bytes that the encoding doesn't know; the advice names encodings that would read them."""
    fitting = [name for name in ("utf-8", "big5hkscs", "gb18030") if name != encoding and _decodes(raw, name)]
    advice = (
        f"It reads as {' or '.join(fitting)}: pass --encoding {fitting[0]} if the whole file is in it, "
        "or save the row as " + ("UTF-8." if encoding == "utf-8" else f"{encoding}.")
        if fitting
        else f"Correct the row, or export the file again as {encoding}."
    )
    return Fault(
        "row.encoding",
        f"The row isn't text in {encoding}.",
        "Some of its bytes stand for no character there; guessing would put wrong characters into the record.",
        advice,
        field,
    )


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def quotes(why: str) -> Fault:
    """Quotes that don't pair up."""
    return Fault(
        "row.quotes",
        "The quotes of the row don't pair up.",
        f"{why} Only this line is set aside; reading goes on with the next.",
        'Close the quote, and write a quote inside a quoted cell twice ("").',
    )


def ragged(found: int, expected: int, stretch: str = "") -> Fault:
    """More or fewer cells than the header has."""
    return Fault(
        "row.ragged",
        f"The row has {found} cells, the header has {expected}.",
        f"Which cell belongs to which column can't be told{stretch}.",
        "Correct the row: quote cells that hold the delimiter or a line end.",
    )


def json_syntax(why: str) -> Fault:
    """Not JSON."""
    return Fault("row.json", "The row isn't valid JSON.", why, "Correct the row: one object, UTF-8, double quotes.")


def not_an_object(kind: str) -> Fault:
    """JSON, but not an object."""
    return Fault(
        "row.not-an-object",
        f"The row is {kind}, not an object.",
        "A row gives each input by name.",
        'Write it as {"name": value, …}.',
    )


def duplicate_key(name: str) -> Fault:
    """One name twice in an object."""
    return Fault(
        "row.duplicate-key",
        f"The name {name[:60]!r} stands twice in one object.",
        "Readers disagree on which of the two counts.",
        "Keep one of them.",
        name[:60],
    )


def not_finite(text: str, field: str = "") -> Fault:
    """NaN, an infinity, or a number past what a double holds."""
    return Fault(
        "row.not-finite",
        f"{text[:40]} is not a number that can be recorded.",
        "NaN, infinities and numbers past the range of a double have no place in a decision.",
        "Leave the field out, or give null, where the value is missing.",
        field,
    )


def too_deep() -> Fault:
    """Nesting past `MAX_DEPTH`."""
    return Fault(
        "row.too-deep",
        f"Lists and objects are nested more than {MAX_DEPTH} deep.",
        "Deeper nesting serves to exhaust a reader, not to describe a case.",
        "Flatten the row.",
    )


def unsupported(kind: str, field: str) -> Fault:
    """A value of a column type that has no JSON form."""
    return Fault(
        "row.unsupported",
        f"The column holds {kind}.",
        "That has no form in the record.",
        "Convert the column to text, number, boolean, date or list before writing the file.",
        field,
    )
