"""The ASGI application: guard, the hot door, the router for the rest, and the boundary where errors become answers."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any, TextIO

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from waglan.access import Access, Action, Identity
from waglan.api import guard, problems, routes
from waglan.api.body import Disconnected
from waglan.api.caller import CALLER, Callers
from waglan.api.decide import PREFIX, Decide
from waglan.api.limits import DEFAULTS, Limits
from waglan.api.log import Log
from waglan.api.offered import Offered
from waglan.api.openapi import document
from waglan.api.records import Records
from waglan.api.respond import ASGIApp, Receive, Scope, Send, answer_problem, encode
from waglan.api.stream import Stream
from waglan.api.templates import DOOR_PATHS, METHODS, NONE, Templates
from waglan.core import Problem
from waglan.core.events import Read
from waglan.core.ids import LENGTH as ULID
from waglan.runtime import Workspace

Endpoint = Callable[[Request], Response | Awaitable[Response]]
_NO_STORE = (b"cache-control", b"no-store")


def create_app(
    workspace: Workspace,
    access: Access,
    *,
    public_url: str = "",
    limits: Limits = DEFAULTS,
    stopping: Callable[[], bool] = lambda: False,
    errors: TextIO = sys.stderr,
) -> ASGIApp:
    """The HTTP doors of a workspace.

    Parameters
    ----------
    workspace
        Open; whoever opened it closes it. The app closes only what it opened itself, at lifespan shutdown.
    access
        Open, of the same workspace: who may use which door.
    public_url
        Scheme and host under which the firm's proxy makes it reachable; empty for this machine alone.
    limits
        What one request may bring.
    stopping
        Whether the server is going down, so that long answers end.
    errors
        Where bugs are written.

    Returns
    -------
    ASGIApp
        For any ASGI 3 server, HTTP only.
    """
    guard.public_address(public_url)
    return App(
        workspace, Callers(access, limits, workspace.clock), public_url, limits, stopping=stopping, errors=errors
    )


class App:
    """See `create_app`."""

    def __init__(
        self,
        workspace: Workspace,
        callers: Callers,
        public_url: str,
        limits: Limits,
        *,
        stopping: Callable[[], bool],
        errors: TextIO,
    ) -> None:
        self._workspace = workspace
        self._callers = callers
        self._public_url = public_url
        self._errors = errors
        self._templates = Templates(DOOR_PATHS)
        self._decide = Decide(workspace, limits, Stream(workspace, limits, stopping))
        self._router = Router(self._routes(limits, stopping), redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        sent = Sent(send)
        try:
            await self._serve(scope, receive, sent)
        except Problem as problem:
            await self._refuse(problem, sent)
        except HTTPException as error:
            await self._refuse(_routed(scope, error), sent)
        except Disconnected:
            return
        except Exception as error:
            await self._refuse(self._bug(scope, error), sent)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        guard.check(scope, headers, self._public_url)
        path: str = scope["path"]
        if path.startswith(PREFIX) and "/" not in path[len(PREFIX) :]:
            if scope["method"] != "POST":
                raise problems.method(scope["method"], "POST")
            caller = self._callers.admit(scope, headers, Action.DECISION_MAKE)
            await self._decide(scope, receive, send, headers, caller)
            return
        scope["app"] = self
        await self._router(scope, receive, send)

    def _routes(self, limits: Limits, stopping: Callable[[], bool]) -> list[Route]:
        records = Records(self._workspace, limits, stopping)
        log = Log(self._workspace)
        offered = Offered(self._workspace)
        endpoints: dict[routes.Door, Endpoint] = {
            routes.DECISION: records.decision,
            routes.PROOF: records.proof,
            routes.FEED: records.feed,
            routes.USE_CASES: offered.all,
            routes.USE_CASE: offered.one,
            routes.CHECKPOINT: log.checkpoint,
            routes.TILE: log.tile,
            routes.HEALTH: _health,
            routes.READY: partial(_ready, self._workspace),
            routes.OPENAPI: partial(_openapi, self._workspace),
        }
        return [
            Route(door.path, endpoint if door.action is None else self._admitted(door.action, door.path, endpoint),
                  methods=[door.method])
            for door, endpoint in endpoints.items()
        ]  # fmt: skip

    def _admitted(self, action: Action, path: str, endpoint: Endpoint) -> Endpoint:
        """The endpoint, for callers who may do what it is for; an examiner's look is on the log before the answer."""

        async def admitted(request: Request) -> Response:
            caller = self._callers.admit(request.scope, dict(request.scope["headers"]), action)
            request.scope[CALLER] = caller
            if "examiner" in caller.identity.roles:
                await run_in_threadpool(self._record_read, caller.identity, path, request.path_params.get("id", ""))
            if inspect.iscoroutinefunction(endpoint):
                response: Response = await endpoint(request)
                return response
            return await run_in_threadpool(endpoint, request)  # type: ignore[arg-type] # it isn't a coroutine's

        return admitted

    def _record_read(self, identity: Identity, path: str, named: str) -> None:
        refs = (named,) if len(named) == ULID and named.isalnum() and named.isascii() else ()
        self._workspace.record(Read(what=f"GET {path}", why="examination"), refs=refs, actor=identity.id)

    async def _refuse(self, problem: Problem, sent: Sent) -> None:
        if not sent.started:
            await answer_problem(sent, problem)
        elif not sent.ended:
            await sent({"type": "http.response.body", "body": problems.body(problem) + b"\n", "more_body": False})

    def _bug(self, scope: Scope, error: Exception) -> Problem:
        """Write a bug down for the operator: where it happened, without values, which may be somebody's data."""
        incident = self._workspace.ids.new(self._workspace.clock.now_ms())
        trace = "".join(traceback.format_tb(error.__traceback__))
        method = scope["method"] if scope["method"] in METHODS else NONE
        route = self._templates.of(scope["path"])
        self._errors.write(f"{incident} {type(error).__name__} at {method} {route}\n{trace}")
        self._errors.flush()
        return problems.bug(incident)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._decide.close()
        await send({"type": "lifespan.shutdown.complete"})


class Sent:
    """A send that puts the security headers on the response and knows how far it is."""

    __slots__ = ("_send", "ended", "started")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        self.ended = False

    def __call__(self, message: MutableMapping[str, Any]) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.started = True
            headers = message["headers"]
            headers.extend(guard.SECURITY)
            if not any(name == b"cache-control" for name, _ in headers):
                headers.append(_NO_STORE)
        elif not message.get("more_body"):
            self.ended = True
        return self._send(message)


def _routed(scope: Scope, error: HTTPException) -> Problem:
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "GET")
        return problems.method(scope["method"], ", ".join(sorted(allowed.replace(",", " ").split())))
    return problems.not_found(scope["path"])


def _health(request: Request) -> Response:
    return Response(encode({"status": "live"}), media_type="application/json")


def _ready(workspace: Workspace, request: Request) -> Response:
    ledger = workspace.ledger
    if not ledger.available:
        raise ledger.problem or problems.unready()
    head = ledger.head()
    return Response(encode({"status": "ready", "size": head.size}), media_type="application/json")


def _openapi(workspace: Workspace, request: Request) -> Response:
    return Response(encode(document(workspace.catalogue)), media_type="application/json")
