"""One line per request on standard error: what was asked of which route, by which id, and how it ended.

Nothing of a request that its sender chose is written: no address, query, header or body, only the route's template,
a method that HTTP knows, and the id of a person or key that was checked. So no name, identity card number or secret
can get into a log, whatever somebody puts into a request.

References
----------
OWASP *Logging Cheat Sheet* § Data to exclude; CWE-117 (a line break in a value would be a line of the log) and CWE-532.
"""

from __future__ import annotations

import logging
import os
import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, MutableMapping
from functools import partial
from types import TracebackType
from typing import Any, Literal

import msgspec

from waglan.api.respond import ASGIApp, Receive, Scope, Send
from waglan.api.templates import DOOR_PATHS, METHODS, NONE, Templates
from waglan.core.clock import Clock, iso
from waglan.core.ids import Ids

Form = Literal["json", "text", "off"]
Write = Callable[[bytes], object]

ACTOR = "waglan.actor"
"""The key of the ASGI scope under which whoever identifies the caller leaves the id."""
REQUEST = "waglan.request"
"""The key of the scope that holds the request's own id; the answer has it as ``X-Request-Id``."""
_ACTOR = re.compile(r"[pk]-[0-9A-HJKMNP-TV-Z]{26}|cli")
_encode = msgspec.json.Encoder().encode

to_stderr: Write = partial(os.write, 2)
"""Each line in one write, so that the lines of several workers don't mix."""


class Traffic:
    """What one worker has answered since it started, for `waglan.api.metrics`."""

    def __init__(self, started_ms: int, worker: int) -> None:
        self.started_ms = started_ms
        self.worker = worker
        self.answers: Counter[tuple[str, str, int]] = Counter()


class Lines:
    """Writes lines of the log.

    Parameters
    ----------
    form
        ``json``: one object per line; ``text``: for eyes; ``off``: only what is an error, as JSON.
    clock
        For the time of a line.
    write
        Takes a line's bytes with its end.
    worker
        The process that speaks.
    """

    def __init__(self, form: Form, clock: Clock, *, write: Write = to_stderr, worker: int | None = None) -> None:
        self._form = form
        self._clock = clock
        self._write = write
        self.worker = os.getpid() if worker is None else worker

    def say(self, level: Literal["info", "warning", "error"], event: str, **told: str | int | float) -> None:
        """Write a line. ``told`` must not hold anything that somebody outside chose."""
        if self._form == "off" and level != "error":
            return
        time = iso(self._clock.now_ms())
        if self._form == "text":
            words = " ".join(str(value) for value in told.values())
            self._write(f"{time} {level} {event} {words}\n".encode())
            return
        self._write(_encode({"time": time, "level": level, "event": event, **told, "worker": self.worker}) + b"\n")

    def bug(self, incident: str, error: BaseException, route: str, method: str) -> None:
        """A bug, under the id that its victim was told: its kind and where it happened, without a value."""
        self.say(
            "error", "bug", incident=incident, error=type(error).__name__, method=method, route=route,
            where=places(error.__traceback__),
        )  # fmt: skip


def places(trace: TracebackType | None) -> str:
    """File, line and function of each frame, innermost last; no source lines, which can hold literals."""
    return " > ".join(f"{_file(f.filename)}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace))


class AccessLog:
    """ASGI middleware; put it outermost.

    Parameters
    ----------
    app
        What it stands before.
    lines
        Where it writes.
    traffic
        What it counts for.
    clock, ids
        For durations and the requests' ids.
    templates
        Addresses beside those of the HTTP doors, such as the console's, in the router's order.
    """

    def __init__(
        self, app: ASGIApp, lines: Lines, traffic: Traffic, *, clock: Clock, ids: Ids, templates: Iterable[str] = ()
    ) -> None:
        self._app = app
        self._lines = lines
        self._traffic = traffic
        self._clock = clock
        self._ids = ids
        self._templates = Templates((*DOOR_PATHS, *templates))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._clock.monotonic_ns()
        request = self._ids.new(self._clock.now_ms())
        scope[REQUEST] = request
        path, method = scope["path"], scope["method"] if scope["method"] in METHODS else NONE
        status = 0

        async def sent(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request.encode())]
            await send(message)

        try:
            await self._app(scope, receive, sent)
        finally:
            route = self._templates.of(path)
            self._traffic.answers[route, method, status] += 1
            self._lines.say(
                "error" if status >= 500 else "info", "http", method=method, route=route, status=status,
                ms=(self._clock.monotonic_ns() - began) // 100_000 / 10, request=request, actor=_actor(scope),
            )  # fmt: skip


class LibraryLines(logging.Handler):
    """Lines of libraries (the server's own) in the same form: level, logger and place, never their message.

    A library's message may hold what a request held, so only its template stands here, without its arguments.
    """

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        level: Literal["info", "warning", "error"] = "error" if record.levelno >= logging.ERROR else "warning"
        trace = record.exc_info[2] if record.exc_info else None
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        template = record.msg if isinstance(record.msg, str) and record.args else ""
        self._lines.say(level, "library", logger=record.name, said=template, error=kind, where=places(trace))


def _actor(scope: Scope) -> str:
    found = scope.get(ACTOR, "")
    return found if isinstance(found, str) and _ACTOR.fullmatch(found) else NONE


def _file(name: str) -> str:
    """The end of a path, which says enough and nothing about the machine."""
    return "/".join(name.replace("\\", "/").split("/")[-3:])
