"""One ASGI application: the console under ``/console``, the HTTP doors beside it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TextIO

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, Router

from waglan.api import guard, problems
from waglan.api.respond import ASGIApp, Receive, Scope, Send, answer_problem
from waglan.console import static
from waglan.console.door import Door
from waglan.console.headers import SECURITY
from waglan.console.house import House
from waglan.console.live import Live
from waglan.console.monitor import PATH
from waglan.console.pages import PAGES
from waglan.core.problem import Problem


class Site:
    """See `create_site`."""

    def __init__(
        self, house: House, doors: ASGIApp, monitor: ASGIApp | None, stopping: Callable[[], bool], errors: TextIO
    ) -> None:
        self._house = house
        self._doors = doors
        self._monitor = monitor
        self._door = Door(house, errors)
        self._router = Router(self._routes(stopping), redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path == PATH and self._monitor is not None:
            await self._monitor(scope, receive, send)
            return
        if scope["type"] != "http" or not (path in ("/", "/console") or path.startswith("/console/")):
            await self._doors(scope, receive, send)
            return
        try:
            guard.check(scope, dict(scope["headers"]), self._house.public_url)
        except Problem as problem:
            await answer_problem(send, problem)
            return
        scope["app"] = self  # so that the router says what it doesn't find
        try:
            await self._router(scope, receive, send)
        except HTTPException as error:
            request = Request(scope, receive)
            if error.status_code == 405:
                await answer_problem(send, problems.method(scope["method"], (error.headers or {}).get("Allow", "GET")))
                return
            await self._door.missing(request)(scope, receive, send)

    def _routes(self, stopping: Callable[[], bool]) -> list[Route]:
        routes = [
            Route("/", _home),
            Route("/console", _home),
            Route("/console/", _home),
            Route(static.PREFIX + "{name}", _static),
            Route("/console/live", Live(self._house, stopping).__call__),
        ]
        shown = [page for page in PAGES if page.method == "GET" and page.template]
        routes += [Route(f"/console{p.address}.json", self._door.endpoint(p, True)) for p in shown]
        routes += [Route(f"/console{p.address}", self._door.endpoint(p, False), methods=[p.method]) for p in PAGES]
        return routes


def create_site(
    house: House,
    doors: ASGIApp,
    *,
    monitor: ASGIApp | None = None,
    stopping: Callable[[], bool] = lambda: False,
    errors: TextIO = sys.stderr,
) -> ASGIApp:
    """The whole application.

    Parameters
    ----------
    house
        The open rooms; whoever opened them closes them.
    doors
        The HTTP API, `waglan.api.create_app`; it serves what isn't the console's.
    monitor
        Answers ``/metrics``, where anything does.
    stopping
        Whether the server is going down, so that live answers end.
    errors
        Where bugs are written.
    """
    return Site(house, doors, monitor, stopping, errors)


async def _home(request: Request) -> Response:
    return RedirectResponse("/console/overview", 303, headers=SECURITY)


async def _static(request: Request) -> Response:
    asset = static.assets().get(request.path_params["name"])
    if asset is None:
        raise HTTPException(404)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    kept = "public, max-age=31536000, immutable"
    headers = {**SECURITY, "content-type": asset.media, "cache-control": kept, "vary": "accept-encoding"}
    if packed:
        headers["content-encoding"] = "gzip"
    return Response(asset.packed if packed else asset.plain, 200, headers)
