"""A stream of cases: ndjson in, ndjson out in the same order, with bounded memory.

A reader cuts what arrives into lines and waits when enough lie ready; TCP then slows the caller down. Whatever lies
ready is decided in one commit, so a fast caller gets large commits and a slow one quick answers. A line is written
only after its decision is on the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

import msgspec

from waglan.api import body, problems
from waglan.api.body import Disconnected, Line, Splitter
from waglan.api.caller import Caller
from waglan.api.limits import Limits
from waglan.api.many import decide_rows, placed, rendered
from waglan.api.respond import Receive, Send
from waglan.core import Problem
from waglan.runtime import Ask, Reply, Workspace

_READY_CHUNKS = 2
_LOOK_S = 0.5
"""How often a waiting stream looks whether the server is going down."""


class Answered(NamedTuple):
    """What became of a batch: answers in order, and the Problem that ends the stream there, if one does."""

    results: list[Reply | Problem]
    broken: Problem | None


class Stream:
    """Answers ndjson requests.

    Parameters
    ----------
    workspace
        Where cases are decided.
    limits
        Length of a line and of a batch.
    stopping
        Whether the server is going down; open streams then end with a Problem.
    """

    def __init__(self, workspace: Workspace, limits: Limits, stopping: Callable[[], bool]) -> None:
        self._workspace = workspace
        self._limits = limits
        self._stopping = stopping

    async def __call__(self, use_case: str, ask: Ask, receive: Receive, send: Send, caller: Caller) -> None:
        """Answer one stream, as long as its caller may ask.

        An unavailable log before the first answer is raised; later it ends the stream.
        """
        ready: asyncio.Queue[list[Line] | None] = asyncio.Queue(_READY_CHUNKS)
        reader = asyncio.create_task(self._read(receive, ready))
        try:
            await self._answer(partial(self._decide, use_case, caller), ask, ready, reader, send)
        finally:
            reader.cancel()

    async def _answer(
        self,
        decide: Callable[[Ask, list[Line]], Awaitable[Answered]],
        ask: Ask,
        ready: asyncio.Queue[list[Line] | None],
        reader: asyncio.Task[None],
        send: Send,
    ) -> None:
        started, answered = False, 0
        while (lines := await self._next(ready, reader)) is not None:
            for start in range(0, len(lines), self._limits.batch):
                batch = lines[start : start + self._limits.batch]
                results, broken = await decide(_advanced(ask, answered), batch)
                if broken is not None and not started and not results:
                    raise broken
                if not started:
                    await _start(send, ask)
                    started = True
                await _write(send, results if broken is None else [*results, broken])
                answered += len(results)
                if broken is not None:
                    await _end(send)
                    return
        if not started:
            await _start(send, ask)
        if not reader.done():
            await _write(send, [problems.stopping()])
        await _end(send)

    async def _decide(self, use_case: str, caller: Caller, ask: Ask, batch: list[Line]) -> Answered:
        rows = [(line.number, self._value(line)) for line in batch]
        try:
            caller.still()
            results = await decide_rows(self._workspace, use_case, rows, ask, "line")
        except Problem as problem:
            return Answered([], placed(problem, f"line {rows[0][0]}"))
        for at, result in enumerate(results):
            if isinstance(result, Problem) and result.status >= 500:
                return Answered(results[:at], result)
        return Answered(results, None)

    def _value(self, line: Line) -> Any:
        if line.raw is None:
            return problems.too_large("The line", f"{self._limits.line_bytes} bytes")
        try:
            return body.parse(line.raw, self._limits)
        except Problem as problem:
            return problem

    async def _next(self, ready: asyncio.Queue[list[Line] | None], reader: asyncio.Task[None]) -> list[Line] | None:
        """All lines that lie ready, waiting for the first; None at the end."""
        while True:
            try:
                lines = await asyncio.wait_for(ready.get(), _LOOK_S)
                break
            except TimeoutError:
                if self._stopping():
                    return None
        if lines is None:
            await reader
            return None
        while not ready.empty() and len(lines) < self._limits.batch:
            more = ready.get_nowait()
            if more is None:
                ready.put_nowait(None)
                break
            lines = lines + more
        return lines

    async def _read(self, receive: Receive, ready: asyncio.Queue[list[Line] | None]) -> None:
        splitter = Splitter(self._limits.line_bytes)
        try:
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise Disconnected
                if lines := splitter.feed(message.get("body", b"")):
                    await ready.put(lines)
                if not message.get("more_body"):
                    break
            if lines := splitter.end():
                await ready.put(lines)
        except Exception:
            await ready.put(None)
            raise
        await ready.put(None)


def _advanced(ask: Ask, by: int) -> Ask:
    return ask if ask.source_seq is None else msgspec.structs.replace(ask, source_seq=ask.source_seq + by)


async def _start(send: Send, ask: Ask) -> None:
    headers = [(b"content-type", body.NDJSON), (b"content-language", ask.language.encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _write(send: Send, results: list[Reply | Problem]) -> None:
    payload = b"".join([rendered(result) + b"\n" for result in results])
    await send({"type": "http.response.body", "body": payload, "more_body": True})


async def _end(send: Send) -> None:
    await send({"type": "http.response.body", "body": b"", "more_body": False})
