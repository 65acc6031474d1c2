"""The way of a request to a page: who is it, may they, what do they see, and what went wrong."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any, TextIO
from urllib.parse import quote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from waglan.access import COOKIE, Identity
from waglan.access.oidc import COOKIE as BINDING
from waglan.access.oidc import LASTS_MS
from waglan.api import problems
from waglan.api.access_log import ACTOR
from waglan.console import forms, language
from waglan.console.headers import SECURITY
from waglan.console.house import House
from waglan.console.navigation import frame
from waglan.console.page import Download, Goto, Leave, Page
from waglan.console.render import render
from waglan.console.visit import Visit
from waglan.core.case import Language
from waglan.core.problem import Problem

FOLLOW = 4_000
"""So many entries a page takes in before it is shown; what remains is said on it and taken in behind it."""
JSON = "application/json"
HTML = "text/html; charset=utf-8"
_encode = msgspec.json.Encoder(enc_hook=str).encode


class Door:
    """Serves pages of one house.

    Parameters
    ----------
    house
        The open rooms.
    errors
        Where bugs are written, without values.
    """

    def __init__(self, house: House, errors: TextIO = sys.stderr) -> None:
        self._house = house
        self._errors = errors

    def endpoint(self, page: Page, as_json: bool) -> Callable[[Request], Any]:
        """The Starlette endpoint of a page or of its twin."""

        async def serve(request: Request) -> Response:
            started = time.perf_counter()
            body = b""
            try:
                if page.method == "POST":
                    body = await _body(request, page.upload_bytes)
            except Problem as problem:
                return self._refused(request, None, _language(request, None), as_json, problem)
            response = await run_in_threadpool(self._serve, page, request, body, as_json)
            response.headers["server-timing"] = f"app;dur={1000 * (time.perf_counter() - started):.1f}"
            return response

        return serve

    def missing(self, request: Request) -> Response:
        """404 in the console's own clothes."""
        identity = self._identity(request)
        path = request.url.path
        return self._refused(request, identity, _language(request, identity), path.endswith(".json"),
                             problems.not_found(path))  # fmt: skip

    def _serve(self, page: Page, request: Request, body: bytes, as_json: bool) -> Response:
        try:
            return self._tried(page, request, body, as_json)
        except Exception as error:
            return self._refused(request, None, _language(request, None), as_json, self._bug(page, error))

    def _tried(self, page: Page, request: Request, body: bytes, as_json: bool) -> Response:
        identity, spoken, visit = None, _language(request, None), None
        try:
            identity = self._identity(request)
            if identity is not None:
                request.scope[ACTOR] = identity.id
            spoken = _language(request, identity)
            visit = self._visit(page, request, body, identity, spoken)
            return self._shown(page, visit, as_json)
        except Problem as problem:
            if visit is not None and page.again is not None and problem.status < 500:
                shown = self._again(page.again, visit, problem)
                if shown is not None:
                    return shown
            return self._refused(request, identity, spoken, as_json, problem)

    def _shown(self, page: Page, visit: Visit, as_json: bool) -> Response:
        if page.action is not None:
            visit.require(page.action, page.kind)
            self._record_read(visit, page)
        behind = self._house.index.follow(FOLLOW) if self._house.workspace.ledger.available else 0
        answer = page.show(visit)
        if isinstance(answer, Goto):
            return _gone_to(answer)
        if isinstance(answer, Leave):
            return _left_for(answer)
        if isinstance(answer, Download):
            return _file(answer)
        if as_json:
            return _response(_encode(answer), JSON)
        return _response(render(page.template, visit.language, {**frame(visit, page, behind), **answer}), HTML)

    def _again(self, page: Page, visit: Visit, problem: Problem) -> Response | None:
        """The form that was sent, with what is wrong at its top; None when this visitor may not see even that."""
        try:
            if page.action is not None:
                visit.require(page.action, page.kind)
                self._record_read(visit, page)
            answer = page.show(visit)
        except Problem:
            return None
        if not isinstance(answer, Mapping):
            return None
        data = {**frame(visit, page, 0), **answer, "fault": problem.as_dict()}
        return _response(render(page.template, visit.language, data), HTML, problem.status)

    def _identity(self, request: Request) -> Identity | None:
        cookie = request.cookies.get(COOKIE, "")
        return self._house.access.sessions.resume(cookie) if cookie else None

    def _visit(self, page: Page, request: Request, body: bytes, identity: Identity | None, spoken: Language) -> Visit:
        return Visit(
            house=self._house,
            identity=identity,
            language=spoken,
            path=request.path_params,
            query=request.query_params,
            form=forms.parse(request.headers.get("content-type", ""), body) if page.method == "POST" else forms.Form(),
            cookie=request.cookies.get(COOKIE, ""),
            origin=self._house.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}",
            client=request.client.host if request.client else "",
            binding=request.cookies.get(BINDING, ""),
            here=request.url.path + (f"?{request.url.query}" if request.url.query and page.method == "GET" else ""),
        )

    def _record_read(self, visit: Visit, page: Page) -> None:
        """An examiner's every look is an event of its own, durable before anything is shown."""
        if visit.identity is not None and "examiner" in visit.identity.roles:
            named = visit.path.get("id", "")
            visit.read(f"{page.method} {page.address}", (named,) if len(named) == 26 else (), why="examination")

    def _refused(
        self, request: Request, identity: Identity | None, spoken: Language, as_json: bool, problem: Problem
    ) -> Response:
        if as_json or JSON in request.headers.get("accept", ""):
            return _response(problems.body(problem), "application/problem+json", problem.status)
        if problem.status == 401 and request.method in ("GET", "HEAD"):
            query = f"?{request.url.query}" if request.url.query else ""
            return _gone_to(Goto(f"/sign-in?next={quote(request.url.path + query, safe='')}"))
        visit = Visit(self._house, identity, spoken, {}, {}, forms.Form(), here=request.url.path)
        data = {**frame(visit, None, 0), "problem": problem.as_dict()}
        response = _response(render("frame/problem.html", spoken, data), HTML, problem.status)
        if problem.status in (429, 503):
            response.headers["retry-after"] = str(problems.RETRY_AFTER_S)
        return response

    def _bug(self, page: Page, error: Exception) -> Problem:
        workspace = self._house.workspace
        incident = workspace.ids.new(workspace.clock.now_ms())
        trace = "".join(traceback.format_tb(error.__traceback__))
        self._errors.write(f"{incident} {type(error).__name__} at {page.method} {page.address}\n{trace}")
        self._errors.flush()
        return problems.bug(incident)


async def _body(request: Request, most: int) -> bytes:
    _same_site(request)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise Problem(
                "What was sent is too large.",
                f"This page takes {most // 1024:,} KiB at most.",
                "Send a smaller file, or use the command line: waglan decide.",
                code="form.too_large",
                status=413,
            )
        parts.append(part)
    return b"".join(parts)


def _same_site(request: Request) -> None:
    """Refuse an action that no page of ours sent: browsers say where a POST comes from, in one header or the other.

    References
    ----------
    OWASP *Cross-Site Request Forgery Prevention*: verifying origin, fetch metadata.
    """
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    if origin is None and site is None:
        raise problems.origin("nowhere: the request has neither Origin nor Sec-Fetch-Site")
    if site not in (None, "same-origin"):
        raise problems.origin(site or "")


def _language(request: Request, identity: Identity | None) -> Language:
    chosen = language.known(request.query_params.get("lang", "")) or language.known(
        request.cookies.get(language.COOKIE, "")
    )
    if chosen:
        return chosen
    if identity is not None:
        return identity.language or "en"
    return language.negotiate(request.headers.get("accept-language", ""))


def _gone_to(goto: Goto) -> Response:
    mark = "&" if "?" in goto.address else "?"
    notice = f"{mark}notice={quote(goto.notice, safe='')}" if goto.notice else ""
    address, hash_mark, fragment = goto.address.partition("#")
    response = Response(
        status_code=303, headers={**SECURITY, "location": f"/console{address}{notice}{hash_mark}{fragment}"}
    )
    if goto.cookie == "-":
        response.headers.append("set-cookie", f"{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
    elif goto.cookie:
        response.headers.append("set-cookie", f"{COOKIE}={goto.cookie}; Path=/; Secure; HttpOnly; SameSite=Lax")
    if goto.language:
        kept = "Path=/console; Max-Age=31536000; SameSite=Lax; HttpOnly"
        response.headers.append("set-cookie", f"{language.COOKIE}={goto.language}; {kept}")
    return response


def _left_for(leave: Leave) -> Response:
    response = Response(status_code=303, headers={**SECURITY, "location": leave.url})
    kept = f"Path=/; Max-Age={LASTS_MS // 1000}; Secure; HttpOnly; SameSite=Lax"
    response.headers.append("set-cookie", f"{BINDING}={leave.binding}; {kept}")
    return response


def _file(download: Download) -> Response:
    way = "inline" if download.inline else "attachment"
    name = quote(download.name, safe="")
    extra = {"content-disposition": f"{way}; filename*=UTF-8''{name}"}
    return _response(download.body, download.media, extra=extra)


def _response(body: bytes, media: str, status: int = 200, extra: Mapping[str, str] | None = None) -> Response:
    return Response(body, status, {**SECURITY, "content-type": media, **(extra or {})})
