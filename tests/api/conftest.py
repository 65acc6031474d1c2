"""A real server in a process of its own, and plain clients for it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from waglan.access import SCOPES, Access, Cost
from waglan.api import create_app
from waglan.runtime import Workspace

FIRM = Path(__file__).parent / "firm" / "triage.py"
CASE = {"customer": "SYN-0001", "amount_hkd": 120.5, "kind": "fee"}
JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def code(self) -> str:
        """The problem's code, after checking that it is a whole Problem."""
        assert self.headers["content-type"] == "application/problem+json", self
        body = self.body
        assert body["status"] == self.status and body["title"] and body["detail"] and body["next"]
        return str(body["type"]).removeprefix("urn:waglan:problem:")


def new_workspace(folder: Path) -> Path:
    Workspace.create(folder, tenant="testbank", modules=(str(FIRM),)).close()
    return folder


def open_access(folder: Path, tenant: str = "testbank") -> Access:
    """The access room of a workspace, with cheap password hashes."""
    return Access.open(folder, tenant=tenant, cost=Cost(1, 8, 1))


def new_key(folder: Path, *scopes: str, tenant: str = "testbank") -> str:
    """The secret of a new key; of every scope when none is named."""
    with open_access(folder, tenant) as access:
        return access.keys.create("test", scopes or tuple(SCOPES), 30, "cli").secret


def with_key(headers: dict[str, str] | None, secret: str) -> dict[str, str]:
    """Headers that carry the key, unless they say who asks themselves (an empty Authorization: nobody)."""
    found = {k.lower(): v for k, v in (headers or {}).items()}
    if not {"authorization", "cookie"} & found.keys():
        found["authorization"] = f"Bearer {secret}"
    return {name: value for name, value in found.items() if value or name != "authorization"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """``waglan serve`` as a user runs it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.secret = new_key(folder)
        self.errors = folder.with_name(folder.name + ".stderr")
        command = [sys.executable, "-m", "waglan", "serve", "--workspace", str(folder), "--port", str(self.port)]
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [*command, "--json", *options], stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.errors.read_text()
        self.told = json.loads(line)

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            return exchange(connection, method, path, body, with_key(headers, self.secret))

    def decide(self, case: Any, headers: dict[str, str] | None = None) -> Answer:
        return self.call("POST", "/decide/triage", case, {**JSON, **(headers or {})})

    def workers(self) -> list[int]:
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=20)


def exchange(
    connection: http.client.HTTPConnection, method: str, path: str, body: Any = None, headers: Any = None
) -> Answer:
    payload = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, path, payload, headers or {})
    response = connection.getresponse()
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())


def raw_exchange(port: int, request: bytes) -> bytes:
    """Bytes in, bytes out, until the server closes or is silent for a second."""
    with socket.create_connection(("127.0.0.1", port), timeout=1) as conversation:
        conversation.sendall(request)
        found = b""
        with contextlib.suppress(TimeoutError):
            while chunk := conversation.recv(65536):
                found += chunk
        return found


class Direct:
    """The application called as a server would, without one: for fuzzing and injected faults."""

    def __init__(self, workspace: Workspace, access: Access | None = None, **options: Any) -> None:
        tenant = workspace.settings.workspace.tenant
        self.workspace = workspace
        self.access = access or open_access(workspace.folder, tenant)
        self.secret = new_key(workspace.folder, tenant=tenant)
        self.app = create_app(workspace, self.access, **options)

    def call(
        self,
        method: str,
        path: str,
        chunks: Sequence[bytes] = (b"",),
        headers: dict[str, str] | None = None,
    ) -> Answer:
        return asyncio.run(self._call(method, path, chunks, headers or {}))

    async def _call(self, method: str, path: str, chunks: Sequence[bytes], headers: dict[str, str]) -> Answer:
        waiting = [
            {"type": "http.request", "body": chunk, "more_body": at < len(chunks)} for at, chunk in enumerate(chunks, 1)
        ]
        sent: list[Any] = []

        async def receive() -> Any:
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        fields = {"host": "localhost", **with_key(headers, self.secret)}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "path": path.partition("?")[0],
            "raw_path": path.encode(),
            "query_string": path.partition("?")[2].encode(),
            "root_path": "",
            "scheme": "http",
            "server": ("127.0.0.1", 8420),
            "client": ("127.0.0.1", 1),
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in fields.items()],
        }
        await self.app(scope, receive, send)
        start, *rest = sent
        assert start["type"] == "http.response.start" and not rest[-1].get("more_body")
        found = {k.decode(): v.decode("latin-1") for k, v in start["headers"]}
        return Answer(start["status"], found, b"".join(m["body"] for m in rest))


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(new_workspace(tmp_path_factory.mktemp("served") / "bank"))
    yield running
    running.kill()


@pytest.fixture(scope="package")
def direct(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Direct]:
    folder = new_workspace(tmp_path_factory.mktemp("direct") / "bank")
    with Workspace.open(folder) as workspace:
        yield Direct(workspace)
