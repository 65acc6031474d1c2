"""Decisions by id, their proofs, and the feed of leaves in the order of the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from waglan.api import problems
from waglan.api.caller import CALLER, Caller
from waglan.api.limits import Limits
from waglan.api.respond import encode
from waglan.core import Problem
from waglan.core.decision import DecisionFacts
from waglan.core.ids import to_bytes
from waglan.core.problem import nearest
from waglan.runtime import Workspace

_SCAN = 10_000
"""Entries looked at for one answer; the feed says where to go on."""
_POLL_S = 0.25
_BEAT_S = 15.0


class _Kind(msgspec.Struct):
    kind: str
    id: str


class Page(NamedTuple):
    """Decisions found, as (index, leaf bytes), the index to go on after, and the log's size."""

    found: list[tuple[int, bytes]]
    after: int
    size: int


class Records:
    """Reads the log for callers; never writes.

    Parameters
    ----------
    workspace
        Whose log.
    limits
        Length of a page, number of event streams.
    stopping
        Whether the server is going down; event streams then end.
    """

    def __init__(self, workspace: Workspace, limits: Limits, stopping: Callable[[], bool]) -> None:
        self._ledger = workspace.ledger
        self._limits = limits
        self._stopping = stopping
        self._streams = 0

    def decision(self, request: Request) -> Response:
        """``GET /decisions/{id}``: the leaf, and where it stands."""
        entry_id = request.path_params["id"]
        index, leaf = self._find(entry_id)
        return _json(
            {
                "id": entry_id,
                "index": index,
                "size": self._ledger.head().size,
                "leaf": msgspec.Raw(leaf),
                "proof": f"/decisions/{entry_id}/proof",
            }
        )

    def proof(self, request: Request) -> Response:
        """``GET /decisions/{id}/proof``: the receipt, closed (nothing personal)."""
        entry_id = request.path_params["id"]
        self._find(entry_id)
        return Response(self._ledger.receipt(entry_id).json(), media_type="application/json")

    async def feed(self, request: Request) -> Response:
        """``GET /decisions``: leaves after an index, as one page or as server-sent events."""
        events = "text/event-stream" in request.headers.get("accept", "")
        after, limit = self._window(request)
        if events:
            last = request.headers.get("last-event-id")
            start = after if last is None else _whole("Last-Event-ID", last, -1, 2**53)
            return self._open(start, request.scope[CALLER])
        page = await asyncio.to_thread(self._page, after, limit)
        entries = [{"index": index, "leaf": msgspec.Raw(leaf)} for index, leaf in page.found]
        return _json({"entries": entries, "next": page.after, "size": page.size})

    def _find(self, entry_id: str) -> tuple[int, bytes]:
        try:
            to_bytes(entry_id)
        except ValueError:
            raise problems.no_decision(entry_id) from None
        index = self._ledger.find(entry_id)
        if index is None:
            raise problems.no_decision(entry_id)
        leaf = next(row.leaf for _, row in self._ledger.rows(index, index + 1))
        if msgspec.json.decode(leaf, type=_Kind).kind != DecisionFacts.kind:
            raise problems.no_decision(entry_id)
        return index, leaf

    def _window(self, request: Request) -> tuple[int, int]:
        for name in request.query_params:
            if name not in ("after", "limit"):
                raise problems.query(name, nearest(name, ("after", "limit")), "Correct or remove it.")
        return (
            _whole("after", request.query_params.get("after", "-1"), -1, 2**53),
            _whole("limit", request.query_params.get("limit", "100"), 1, self._limits.page),
        )

    def _page(self, after: int, limit: int) -> Page:
        size = self._ledger.head().size
        found: list[tuple[int, bytes]] = []
        last = after
        for index, row in self._ledger.rows(after + 1, min(size, after + 1 + _SCAN)):
            last = index
            if msgspec.json.decode(row.leaf, type=_Kind).kind == DecisionFacts.kind:
                found.append((index, row.leaf))
                if len(found) == limit:
                    break
        return Page(found, last, size)

    def _open(self, after: int, caller: Caller) -> Response:
        if self._streams >= self._limits.streams:
            raise problems.busy(self._limits.streams)
        return StreamingResponse(self._events(after, caller), media_type="text/event-stream")

    async def _events(self, after: int, caller: Caller) -> AsyncIterator[bytes]:
        """Events as they are committed; the event id is the index, so that Last-Event-ID goes on after it."""
        self._streams += 1
        quiet = 0.0
        try:
            yield b"retry: 1000\n\n"
            while not self._stopping():
                try:
                    caller.still()
                    page = await asyncio.to_thread(self._page, after, self._limits.page)
                except Problem as problem:
                    yield b"event: problem\ndata: " + problems.body(problem) + b"\n\n"
                    return
                if page.found:
                    yield b"".join(
                        [b"id: %d\nevent: decision\ndata: %b\n\n" % (index, leaf) for index, leaf in page.found]
                    )
                    quiet = 0.0
                elif quiet >= _BEAT_S:
                    yield b": still here\n\n"
                    quiet = 0.0
                if page.after == after:
                    await asyncio.sleep(_POLL_S)
                    quiet += _POLL_S
                after = page.after
        finally:
            self._streams -= 1


def _whole(name: str, text: str, low: int, high: int) -> int:
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 16 or not low <= int(text) <= high:
        raise problems.query(name, f"It must be a whole number from {low} to {high}.", f"Correct {name!r}.")
    return int(text)


def _json(value: Any) -> Response:
    return Response(encode(value), media_type="application/json")
