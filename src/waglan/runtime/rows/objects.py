"""Rows as JSON: one object, a line of one, or an array of them; strict, and each bad row on its own.

References
----------
RFC 8259, *The JavaScript Object Notation (JSON) Data Interchange Format*; RFC 7493 (I-JSON) on duplicate names,
numbers and surrogates.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, NoReturn

from waglan.runtime.rows import faults
from waglan.runtime.rows.lines import blocks, lines
from waglan.runtime.rows.row import MAX_DEPTH, MAX_RECORD, Fault, Rejected, Row, rejected

_KINDS = {list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number", type(None): "null"}
_SPACE = re.compile(r"[ \t\r\n]*")
_MARK = re.compile(r'["\[\]{}]')
_IN_STRING = re.compile(r'["\\]')
_BARE_END = re.compile(r"[,\]\s]")


class _Refused(ValueError):  # noqa: N818 - a Fault on its way out of the json scanner
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.what)
        self.fault = fault


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        raise _Refused(faults.duplicate_key(next(n for n in names if names.count(n) > 1)))
    return made


def _constant(text: str) -> NoReturn:
    raise _Refused(faults.not_finite(text))


def _float(text: str) -> float:
    value = float(text)
    if value - value != 0.0:
        raise _Refused(faults.not_finite(text))
    return value


_decoder = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_float)


def parse_object(text: str) -> dict[str, Any] | Fault:
    """One object from a text that holds nothing else.

    Duplicate names, NaN, infinities, lone surrogates and nesting past `MAX_DEPTH` are faults, as everything is
    that isn't an object.
    """
    start = _SPACE.match(text).end()  # type: ignore[union-attr]
    try:
        value, end = _decoder.raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        return _fault(error)
    if _SPACE.match(text, end).end() != len(text):  # type: ignore[union-attr]
        return faults.json_syntax(f"More text follows after it, at character {end + 1}.")
    return _checked(value, text)


def _fault(error: ValueError | RecursionError) -> Fault:
    if isinstance(error, _Refused):
        return error.fault
    if isinstance(error, RecursionError):
        return faults.too_deep()
    if isinstance(error, json.JSONDecodeError):
        return faults.json_syntax(f"{error.msg} at character {error.pos + 1}.")
    return faults.not_finite("A whole number of thousands of digits")


def _checked(value: Any, text: str) -> dict[str, Any] | Fault:
    if not isinstance(value, dict):
        return faults.not_an_object(_KINDS.get(type(value), "something else"))
    for name, item in value.items():
        if isinstance(item, (dict, list)) and _deeper(item, MAX_DEPTH - 1):
            return faults.too_deep()
        if "\\u" in text and not _encodable(name, item):
            return faults.undecodable(b"\xff", "utf-8", "" if not name.isascii() else name[:60])
    return value


def _deeper(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True


def _encodable(*values: Any) -> bool:
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def parse_line(data: bytes, number: int, line: int, encoding: str = "utf-8") -> Row | Rejected:
    """One line of a JSON-lines file or of an ndjson request body."""
    if len(data) > MAX_RECORD:
        return rejected(number, line, data[:MAX_RECORD].decode(encoding, "backslashreplace"), faults.too_long())
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raw = data.decode(encoding, "backslashreplace")
        return rejected(number, line, raw, faults.undecodable(data, encoding))
    value = parse_object(text)
    return rejected(number, line, text, value) if isinstance(value, Fault) else Row(number, line, value)


class JsonLines:
    """One object per line; blank lines are passed over. Arguments and errors as for `Delimited`."""

    text = False
    columns = None

    def __init__(self, stream: BinaryIO, encoding: str = "auto") -> None:
        source, self.encoding = blocks(stream, encoding)
        self._lines = lines(source)

    def __iter__(self) -> Iterator[Row | Rejected]:
        number = 0
        for at, line in enumerate(self._lines, 1):
            if line.strip():
                number += 1
                yield parse_line(line, number, at, self.encoding)


class JsonArray:
    """One array of objects, read element by element. Arguments and errors as for `Delimited`.

    An element that can be delimited but not read is rejected alone; where the array itself breaks, the rest is
    one last rejected row, because nothing after it can be told apart.
    """

    text = False
    columns = None

    def __init__(self, stream: BinaryIO, encoding: str = "auto") -> None:
        source, self.encoding = blocks(stream, encoding)
        self._more = _texts(source, self.encoding)
        self._buffer, self._at, self._line, self._ended = "", 0, 1, False

    def __iter__(self) -> Iterator[Row | Rejected]:
        number = 0
        if self._token() != "[":
            yield self._broken(1, "An array begins with '['.")
            return
        self._move(1)
        if self._token() == "]":
            self._move(1)
        elif not self._token():
            yield self._broken(1, "The array isn't closed.")
        else:
            while True:
                number += 1
                self._token()
                line = self._line
                found = self._element()
                if found is None:
                    yield self._broken(number, "The element has no end.")
                    return
                value, text = found
                yield rejected(number, line, text, value) if isinstance(value, Fault) else Row(number, line, value)
                token = self._token()
                if token not in (",", "]"):
                    yield self._broken(
                        number + 1, f"Elements are parted by commas and the array ends in ']'; here is {token!r}."
                    )
                    return
                self._move(1)
                if token == "]":
                    break
        if self._token():
            yield self._broken(number + 1, "Text follows after the end of the array.")

    def _fill(self) -> bool:
        """Read on; whether there was more."""
        more = next(self._more, None)
        if more is None:
            self._ended = True
            return False
        self._buffer = self._buffer[self._at :] + more
        self._at = 0
        return True

    def _move(self, count: int) -> None:
        self._line += self._buffer.count("\n", self._at, self._at + count)
        self._at += count

    def _token(self) -> str:
        """The next character that isn't white space, not consumed; empty at the end."""
        while True:
            self._move(_SPACE.match(self._buffer, self._at).end() - self._at)  # type: ignore[union-attr]
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._fill():
                return ""

    def _element(self) -> tuple[dict[str, Any] | Fault, str] | None:
        while True:
            try:
                value, end = _decoder.raw_decode(self._buffer, self._at)
            except (ValueError, RecursionError) as error:
                fault = _fault(error)
            else:
                if end == len(self._buffer) and not isinstance(value, dict) and self._fill():
                    continue  # a bare number may go on in the next block
                text = self._buffer[self._at : end]
                self._move(end - self._at)
                if not _is_text(text):
                    return faults.undecodable(text.encode("utf-8", "surrogateescape"), self.encoding), text
                return _checked(value, text), text
            if len(self._buffer) - self._at <= MAX_RECORD and self._fill():
                continue
            size = _length(self._buffer, self._at) if self._at < len(self._buffer) else None
            if not size:
                return None
            text = self._buffer[self._at : self._at + size]
            self._move(size)
            return fault, text

    def _broken(self, number: int, why: str) -> Rejected:
        raw = self._buffer[self._at : self._at + MAX_RECORD].encode("utf-8", "surrogateescape")
        fault = faults.json_syntax(f"{why} What follows can't be told apart, so nothing after this was read.")
        return rejected(number, self._line, raw.decode("utf-8", "backslashreplace"), fault)


def _texts(source: Iterable[bytes], encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
    for block in source:
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _is_text(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _length(text: str, start: int) -> int | None:
    """How long the element is that begins here, by its brackets alone; None when it isn't closed in this text."""
    if text[start] not in "{[":
        end = _BARE_END.search(text, start)
        return None if end is None else end.start() - start
    depth, at = 0, start
    while (mark := _MARK.search(text, at)) is not None:
        at = mark.end()
        if mark[0] == '"':
            while (inner := _IN_STRING.search(text, at)) is not None and inner[0] == "\\":
                at = inner.end() + 1
            if inner is None:
                return None
            at = inner.end()
        else:
            depth += 1 if mark[0] in "[{" else -1
            if depth == 0:
                return at - start
    return None
