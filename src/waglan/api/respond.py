"""Sending answers as raw ASGI messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import msgspec

from waglan.api import problems
from waglan.core import Problem

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

encode = msgspec.json.Encoder().encode
JSON = (b"content-type", b"application/json")


async def answer(send: Send, status: int, body: bytes, headers: Headers = (JSON,)) -> None:
    """One whole response."""
    fields = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


async def answer_problem(send: Send, problem: Problem) -> None:
    """A Problem as ``application/problem+json``."""
    await answer(send, problem.status, problems.body(problem), problems.headers(problem))
