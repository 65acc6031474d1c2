"""The server's log: one object per line, and nothing of anybody in it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import CASE, JSON, Direct, new_workspace
from waglan.api import create_app
from waglan.api.access_log import ACTOR, AccessLog, LibraryLines, Lines, Traffic, places
from waglan.api.routes import DOORS
from waglan.api.templates import DOOR_PATHS, NONE, Templates
from waglan.core import SystemClock
from waglan.core.ids import Ids
from waglan.runtime import Workspace

KEYS = ["time", "level", "event", "method", "route", "status", "ms", "request", "actor", "worker"]
CANARIES = ("陳大文", "Chan Tai Man", "A123456(3)", "chan@example.test", "wgl_bank_SECRETSECRET", "98765432", "canary")
DIRTY = "/".join(CANARIES)


class Logged:
    """The application behind the log, with every byte that it or the application writes."""

    def __init__(self, workspace: Workspace, form: Any = "json") -> None:
        self.raw: list[bytes] = []
        self.errors = io.StringIO()
        clock = SystemClock()
        self.lines = Lines(form, clock, write=self.raw.append, worker=7)
        self.traffic = Traffic(clock.now_ms(), 7)
        self.direct = Direct(workspace)
        self.direct.app = AccessLog(
            create_app(workspace, self.direct.access, errors=self.errors), self.lines, self.traffic, clock=clock,
            ids=Ids(), templates=["/console/reviews/{id}"],
        )  # fmt: skip

    def call(self, *arguments: Any, **named: Any) -> Any:
        return self.direct.call(*arguments, **named)

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.raw]

    def everything(self) -> str:
        return b"".join(self.raw).decode() + self.errors.getvalue()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with Workspace.open(new_workspace(tmp_path_factory.mktemp("logged") / "bank")) as opened:
        yield opened


def test_a_line_for_each_answer(workspace: Workspace) -> None:
    log = Logged(workspace)
    answer = log.call("POST", "/decide/triage", [json.dumps(CASE).encode()], JSON)
    log.call("GET", f"/decisions/{answer.body['id']}/proof?secret=1")
    log.call("GET", "/nowhere")
    log.call("BREW", "/health")
    first, proof, nowhere, brewed = log.told
    assert list(first) == KEYS and all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in log.raw)
    assert first["route"] == "/decide/{use_case}" and first["status"] == 200 and first["worker"] == 7
    assert (
        first["request"] == answer.headers["x-request-id"]
        and first["actor"].startswith("k-")
        and first["level"] == "info"
    )
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["time"]) and 0 < first["ms"] < 60_000
    assert proof["route"] == "/decisions/{id}/proof" and "secret" not in log.everything()
    assert (nowhere["route"], nowhere["status"]) == (NONE, 404) and (brewed["method"], brewed["status"]) == (NONE, 405)
    assert log.traffic.answers["/decide/{use_case}", "POST", 200] == 1 and log.traffic.answers.total() == 4


def test_nothing_of_anybody_in_any_line(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Logged(workspace)
    case = {**CASE, "customer": CANARIES[2], "text": DIRTY}
    headers = {**JSON, "X-Name": "chan@example.test", "Authorization": f"Bearer {CANARIES[4]}", "Cookie": "a=canary"}
    encoded = [json.dumps(case).encode()]
    assert log.call("POST", "/decide/triage", encoded, headers).status == 401
    headers["Authorization"] = f"Bearer {log.direct.secret}"
    assert log.call("POST", "/decide/triage", encoded, headers).status == 200
    for path in (f"/decisions/{CANARIES[1]}", f"/{DIRTY}", f"/decisions?after={CANARIES[5]}", f"/use-cases/{DIRTY}"):
        for method in ("GET", "POST", "canary", "DELETE"):
            log.call(method, path, [DIRTY.encode()], headers)
    log.call("POST", "/decide/triage", [b'{"chan@example.test": canary'], headers)
    log.call("GET", "/health\r\n" + CANARIES[3], headers={"Host": "canary.example"})
    log.call("GET", "/health", headers={"X-Request-Id": "canary"})

    def broken(*_: Any) -> None:
        raise RuntimeError(DIRTY)

    monkeypatch.setattr(workspace.catalogue, "get", broken)
    assert log.call("GET", f"/use-cases/{CANARIES[1]}").status == 500
    monkeypatch.undo()
    monkeypatch.setattr(workspace.runtime, "decide", broken)
    assert log.call("POST", "/decide/triage", encoded, headers).status == 500
    monkeypatch.undo()
    said = log.everything()
    assert "RuntimeError" in said and "at GET /use-cases/{name}" in said
    assert [canary for canary in (*CANARIES, log.direct.secret) if canary in said] == []
    assert all(list(line) == KEYS for line in log.told) and log.told[-1]["level"] == "error"


def test_only_an_id_is_an_actor(workspace: Workspace) -> None:
    ident = "p-01JD0000000000000000000000"
    for given, shown in ((ident, ident), ("cli", "cli"), ("k" + ident[1:], "k" + ident[1:]), ("Chan", NONE), (7, NONE),
                         (ident + "\n", NONE), ("", NONE)):  # fmt: skip
        log = Logged(workspace)

        async def app(scope: Any, receive: Any, send: Any, who: Any = given) -> None:
            scope[ACTOR] = who
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        log.direct.app = AccessLog(
            app, log.lines, log.traffic, clock=SystemClock(), ids=Ids(), templates=["/console/reviews/{id}"]
        )
        log.call("GET", "/console/reviews/01JD0000000000000000000000")
        assert (log.told[0]["actor"], log.told[0]["route"]) == (shown, "/console/reviews/{id}")


def test_an_application_that_fails_is_counted_and_told(workspace: Workspace) -> None:
    log = Logged(workspace)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("canary")

    log.direct.app = AccessLog(app, log.lines, log.traffic, clock=SystemClock(), ids=Ids())
    with pytest.raises(ValueError, match="canary"):
        log.call("GET", "/health")
    assert log.told[0]["status"] == 0 and log.traffic.answers["/health", "GET", 0] == 1


def test_what_is_no_request_passes(workspace: Workspace) -> None:
    log, seen = Logged(workspace), []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    asyncio.run(
        AccessLog(app, log.lines, log.traffic, clock=SystemClock(), ids=Ids())({"type": "lifespan"}, None, None)
    )  # type: ignore[arg-type]
    assert seen == ["lifespan"] and log.raw == []


@pytest.mark.parametrize(("form", "lines"), [("text", 2), ("off", 1)])
def test_other_forms(workspace: Workspace, form: str, lines: int) -> None:
    log = Logged(workspace, form)
    log.call("GET", "/health")
    try:
        raise KeyError("canary")
    except KeyError as error:
        log.lines.bug("01JD", error, "/health", "GET")
    assert len(log.raw) == lines and "canary" not in log.everything()
    if form == "text":
        assert re.match(rb"\S+Z info http GET /health 200 \S+ \S{26} -\n", log.raw[0])
    assert b"KeyError" in log.raw[-1] and b"test_access_log.py:" in log.raw[-1]


def test_libraries_speak_in_the_same_form_and_without_values(workspace: Workspace) -> None:
    log = Logged(workspace)
    logger = logging.Logger("server")
    logger.addHandler(LibraryLines(log.lines))
    logger.warning("of %s", "canary")
    logger.error("canary in the message itself")
    try:
        raise OSError("canary")
    except OSError:
        logger.exception("failed for %s", DIRTY)
    assert [line["level"] for line in log.told] == ["warning", "error", "error"]
    assert log.told[0]["said"] == "of %s" and log.told[2]["error"] == "OSError" and "canary" not in log.everything()
    assert places(None) == "" and Path(sys.executable).parts[1] not in log.told[2]["where"].split("/")[0]


def test_every_door_has_its_template_in_the_routers_order() -> None:
    known = Templates(DOOR_PATHS)
    for door in DOORS:
        plain = re.sub(r":[a-z]+\}", "}", door.path)
        assert known.of(re.sub(r"\{[^}]*\}", "x", door.path)) == plain
    assert known.of("/ledger/bank/decisions/tile/0/000") == "/ledger/{log}/tile/{path}"
    for path in ("", "/", "//", "/decide", "/decide/", "/decide/a/b", "/ledger", "x", "/\n"):
        assert known.of(path) == NONE
