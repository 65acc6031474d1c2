"""Reading what came: bytes within limits, strict JSON, lines of a stream.

References
----------
RFC 8259 (JSON), RFC 7493 § 2.3 (I-JSON: no duplicate names), github.com/ndjson/ndjson-spec.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

import msgspec

from waglan.api import problems
from waglan.api.limits import Limits
from waglan.core import Problem

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

JSON = b"application/json"
NDJSON = b"application/x-ndjson"


class Disconnected(Exception):  # noqa: N818 - an event, not a fault
    """The caller is gone; there is nobody to answer."""


def media_type(headers: dict[bytes, bytes]) -> bytes:
    """`JSON` or `NDJSON`; a Problem 415 for anything else, other charsets and compressed bodies included."""
    raw = headers.get(b"content-type", b"")
    kind, _, rest = raw.partition(b";")
    kind = kind.strip().lower()
    if kind not in (JSON, NDJSON) or not _utf8(rest):
        raise problems.media_type(raw.decode("latin-1"))
    encoding = headers.get(b"content-encoding", b"identity").strip().lower()
    if encoding != b"identity":
        raise problems.media_type(encoding.decode("latin-1"), "Content-Encoding")
    return kind


def _utf8(parameters: bytes) -> bool:
    for parameter in parameters.split(b";"):
        name, _, value = parameter.strip().partition(b"=")
        if name.lower() == b"charset" and value.strip(b'"').lower() not in (b"utf-8", b"utf8"):
            return False
    return True


async def read(receive: Receive, headers: dict[bytes, bytes], limit: int) -> bytes:
    """The whole body, at most ``limit`` bytes.

    Raises
    ------
    Problem
        413 when it is longer. Up to eight times the limit the rest is thrown away first, because a plain client
        reads no answer before it has sent everything.
    Disconnected
        When the caller hangs up before the end.
    """
    message = await receive()
    raw: bytes = message.get("body", b"")
    if message["type"] != "http.request":
        raise Disconnected
    if not message.get("more_body") and len(raw) <= limit:
        return raw
    parts, size = [raw], len(raw)
    declared = int(headers.get(b"content-length", b"0"))
    over = declared > limit
    if declared > 8 * limit:
        raise problems.too_large("The body", f"{limit} bytes")
    while message.get("more_body") and size <= 8 * limit:
        message = await receive()
        if message["type"] != "http.request":
            raise Disconnected
        size += len(message.get("body", b""))
        over = over or size > limit
        if over:
            parts.clear()
        else:
            parts.append(message.get("body", b""))
    if over or size > limit:
        raise problems.too_large("The body", f"{limit} bytes")
    return b"".join(parts)


def parse(raw: bytes, limits: Limits) -> Any:
    """A JSON value, strictly: UTF-8, no NaN, no name twice in an object, bounded nesting; else a Problem 400.

    Counting makes the usual case cheap: a structural colon belongs to each name, so when there are as many colons
    as names decoded, no name came twice. Colons inside text make it look closer.
    """
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed(raw, error, limits) from None
    colons = raw.count(b":")
    if raw.count(b"{") + raw.count(b"[") > limits.depth and depth(value) > limits.depth:
        raise problems.too_deep(limits.depth)
    if not (type(value) is dict and len(value) == colons) and names(value) != colons:
        _search_duplicate(raw)
    return value


def _malformed(raw: bytes, error: Exception, limits: Limits) -> Problem:
    if isinstance(error, RecursionError):
        return problems.too_deep(limits.depth)
    try:
        raw.decode()
    except UnicodeDecodeError as wrong:
        return problems.malformed(f"Byte {wrong.start} isn't UTF-8: {wrong.reason}.", f"byte {wrong.start}")
    if raw.startswith(b"\xef\xbb\xbf"):
        return problems.malformed("It starts with a byte order mark, which JSON doesn't allow.", "byte 0")
    text = str(error)
    if "truncated" in text:
        why = "It ends before the value does, or a \\u escape is half of a surrogate pair."
        return problems.malformed(why if raw else "It is empty.", f"byte {len(raw)}")
    reason, _, rest = text.removeprefix("JSON is malformed: ").partition(" (byte ")
    at = int(rest[:-1]) if rest[:-1].isdigit() else None
    if at is None:
        return problems.malformed(f"{reason.partition(' - at ')[0]}.")
    line = raw.count(b"\n", 0, at) + 1
    column = at - raw.rfind(b"\n", 0, at)
    return problems.malformed(f"{reason[0].upper()}{reason[1:]}.", f"byte {at} (line {line}, column {column})")


def _search_duplicate(raw: bytes) -> None:
    def pairs(members: list[tuple[str, Any]]) -> None:
        seen = set()
        for name, _ in members:
            if name in seen:
                raise problems.duplicate(name)
            seen.add(name)

    json.loads(raw, object_pairs_hook=pairs)


def names(value: Any) -> int:
    """How many member names a decoded value holds in all."""
    total, open_ = 0, [value]
    while open_:
        each = open_.pop()
        if type(each) is dict:
            total += len(each)
            open_ += [v for v in each.values() if type(v) in (dict, list)]
        elif type(each) is list:
            open_ += [v for v in each if type(v) in (dict, list)]
    return total


def depth(value: Any) -> int:
    """How deeply objects and arrays are nested; 0 for a plain value."""
    level, row = 0, [value]
    while row := [v for v in row if type(v) in (dict, list)]:
        level += 1
        row = [inner for v in row for inner in (v.values() if type(v) is dict else v)]
    return level


class Line(NamedTuple):
    """A line of a stream that isn't blank: its number from 1, and its bytes, or None when over the limit."""

    number: int
    raw: bytes | None


class Splitter:
    """Cuts chunks into lines; holds at most one unfinished line, and of a line that is too long nothing."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._skipping = False
        self._number = 0

    def feed(self, chunk: bytes) -> list[Line]:
        """The lines that this chunk completes."""
        head, newline, tail = chunk.partition(b"\n")
        if not newline:
            self._keep(chunk)
            return []
        *middle, last = tail.split(b"\n")
        self._keep(head)
        found = self._finish()
        for raw in middle:
            self._number += 1
            if raw.strip():
                found.append(Line(self._number, raw if len(raw) <= self._limit else None))
        self._keep(last)
        return found

    def end(self) -> list[Line]:
        """What stands after the last newline, when the body is complete."""
        return self._finish() if self._rest or self._skipping else []

    def _keep(self, part: bytes) -> None:
        if self._skipping:
            return
        self._rest += part
        if len(self._rest) > self._limit:
            self._rest.clear()
            self._skipping = True

    def _finish(self) -> list[Line]:
        self._number += 1
        raw = None if self._skipping else bytes(self._rest)
        self._rest.clear()
        self._skipping = False
        return [Line(self._number, raw)] if raw is None or raw.strip() else []
