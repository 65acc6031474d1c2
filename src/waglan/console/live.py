"""What changes while one looks: a few figures as server-sent events.

References
----------
html.spec.whatwg.org § 9.2, *Server-sent events*.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from waglan.access import COOKIE, Action, Identity
from waglan.console.forms import Form
from waglan.console.headers import SECURITY
from waglan.console.house import House
from waglan.console.visit import Visit, sign_in_first
from waglan.core.problem import Problem

PAUSE_S = 2.0
HEARTBEAT = 10
"""After so many pauses without news an empty comment shows that the line is alive."""
MOST = 64
"""So many pages may listen to one process."""


class Live:
    """``GET /console/live``.

    Parameters
    ----------
    house
        The open rooms.
    stopping
        Whether the server is going down.
    """

    def __init__(self, house: House, stopping: Callable[[], bool]) -> None:
        self._house = house
        self._stopping = stopping
        self._open = 0

    async def __call__(self, request: Request) -> Response:
        cookie = request.cookies.get(COOKIE, "")
        identity = await run_in_threadpool(self._house.access.sessions.resume, cookie) if cookie else None
        if identity is None or self._open >= MOST:
            return Response(sign_in_first().what, 401 if identity is None else 503, SECURITY)
        return StreamingResponse(self._events(cookie), 200, SECURITY, "text/event-stream")

    async def _events(self, cookie: str) -> AsyncIterator[bytes]:
        self._open += 1
        try:
            last, quiet = b"", 0
            while not self._stopping():
                now = await run_in_threadpool(self._figures, cookie)
                if now is None:
                    return
                quiet = 0 if now != last else quiet + 1
                if now != last:
                    yield b"data: " + now + b"\n\n"
                elif quiet % HEARTBEAT == 0:
                    yield b":\n\n"
                last = now
                await asyncio.sleep(PAUSE_S)
        finally:
            self._open -= 1

    def _figures(self, cookie: str) -> bytes | None:
        """The figures a person may see; None when the session has ended or the log can't be read."""
        identity = self._house.access.sessions.resume(cookie, touch=False)
        if identity is None:
            return None
        try:
            self._house.index.follow(1_000)
            return msgspec.json.encode(self._counts(identity))
        except Problem:
            return None

    def _counts(self, identity: Identity) -> dict[str, int]:
        visit = Visit(self._house, identity, "en", {}, {}, Form())
        found = {"entries": self._house.workspace.ledger.head().size}
        if visit.may(Action.REVIEW_READ, "review"):
            found["reviews"] = self._house.desk.counts(identity).open
        return found
