"""Bytes to physical lines, in bounded memory, whatever the encoding and however the lines end."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from waglan.core.problem import Problem, nearest
from waglan.runtime.rows.row import MAX_RECORD

BLOCK = 1 << 18

ENCODINGS = (
    "auto", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "big5hkscs", "cp950", "gb18030", "gbk", "cp1252", "latin-1",
)  # fmt: skip
"""Encodings in which quote, comma, semicolon, tab and line ends never occur inside another character, and UTF-16."""

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


def detect(head: bytes, encoding: str) -> tuple[str, int]:
    """Which encoding a file is in, and how many bytes its byte-order mark takes.

    Parameters
    ----------
    head
        The first four bytes or more.
    encoding
        One of `ENCODINGS`; ``auto`` is UTF-8 unless a mark says otherwise.

    Raises
    ------
    Problem
        ``file.encoding``: unknown, contradicted by the file's mark, or UTF-32.
    """
    wanted = encoding.lower().replace("_", "-")
    if wanted not in ENCODINGS:
        raise Problem(
            f"Encoding {encoding!r} is not one that files of rows are read in.",
            nearest(wanted, ENCODINGS),
            "Pass one of these, or save the file as UTF-8.",
            code="file.encoding",
        )
    for mark, name in _MARKS:
        if not head.startswith(mark):
            continue
        if name == "utf-32" or (wanted not in ("auto", name) and not (wanted == "utf-16" and name.startswith(wanted))):
            raise Problem(
                f"The file says it is {name.upper()}" + ("." if name == "utf-32" else f", but {wanted} was asked for."),
                "Its first bytes are the byte-order mark of that encoding.",
                "Save the file as UTF-8." if name == "utf-32" else f"Leave the encoding out, or pass {name}.",
                code="file.encoding",
            )
        return name, len(mark)
    return {"auto": "utf-8", "utf-16": "utf-16-le"}.get(wanted, wanted), 0


def blocks(stream: BinaryIO, encoding: str) -> tuple[Iterator[bytes], str]:
    """The file in blocks of bytes without its mark, UTF-16 rewritten as UTF-8, and the encoding of those bytes.

    A lone surrogate or half a character comes out as bytes that are not UTF-8, so that its row alone is refused.
    Raises as `detect`.
    """
    head = stream.read(BLOCK)
    name, mark = detect(head, encoding)
    plain = _blocks(stream, head[mark:])
    return (_utf8(plain, name), "utf-8") if name.startswith("utf-16") else (plain, name)


def _blocks(stream: BinaryIO, first: bytes) -> Iterator[bytes]:
    block = first
    while block:
        yield block
        block = stream.read(BLOCK)


def _utf8(source: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    for block in source:
        yield decoder.decode(block).encode("utf-8", "surrogatepass")
    try:
        rest = decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        rest = b"\xff"
    if rest:
        yield rest


def lines(source: Iterable[bytes]) -> Iterator[bytes]:
    """Physical lines with their ends (LF, CRLF or CR).

    A line longer than `MAX_RECORD` comes with more than that many bytes, not necessarily all of it.
    """
    tail, returned = b"", False
    for block in source:
        if not block:
            continue
        if returned:
            end = b"\r\n" if block.startswith(b"\n") else b"\r"
            yield tail + end
            tail, returned, block = b"", False, block[len(end) - 1 :]  # noqa: PLW2901 - a CRLF across two blocks
        pieces = block.splitlines(keepends=True)
        if not pieces:
            continue
        rest = b"" if pieces[-1].endswith(b"\n") else pieces.pop()
        if pieces and tail:
            pieces[0], tail = tail + pieces[0], b""
        yield from pieces
        if rest:
            returned = rest.endswith(b"\r")
            tail = (tail + rest.removesuffix(b"\r"))[: MAX_RECORD + 1]
    if tail or returned:
        yield tail + (b"\r" if returned else b"")
