"""A small real bank, its people, and two ways to its console: straight through the application, or by a browser."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

from tests.api.conftest import free_port
from waglan.access import PEOPLE_ROLES, Access, Cost
from waglan.console import House, create_site
from waglan.harbour import write_applicants
from waglan.runtime import Workspace
from waglan.runtime.ask import Ask
from waglan.usecases.credit.declare import Wishes
from waglan.usecases.credit.training import Options, registrations, save, train

PASSWORD = "correct horse battery staple 9"
ORIGIN = "http://localhost:8420"
CHEAP = Cost(passes=1, memory_kib=64, lanes=1)
"""So that signing in costs tests nothing; the product's own cost is tested in tests/access."""
YEAR_MS = 365 * 86_400_000


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    cookies: list[str]
    raw: bytes

    @property
    def text(self) -> str:
        return self.raw.decode()

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


class Bank:
    """A workspace with a trained scorecard, some hundred decisions, and a person for every role."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace = Workspace.open(folder)
        self.house = House.open(self.workspace)
        self.site = create_site(self.house, _nothing, errors=sys.stderr)
        self.people = {p.name.partition(" ")[0]: p for p in self.house.access.people.all()}
        self._cookies: dict[str, str] = {}

    def cookie(self, who: str) -> str:
        """The session cookie of somebody by role name, or ``reviewer2`` and ``approver2``."""
        if who not in self._cookies:
            self._cookies[who] = self.house.access.sessions.start(self.people[who], "password").cookie
        return self._cookies[who]

    def identity(self, who: str) -> Any:
        return self.house.access.sessions.resume(self.cookie(who))

    def get(self, path: str, as_: str = "", lang: str = "", headers: dict[str, str] | None = None) -> Answer:
        """A page; ``path`` is below ``/console`` unless it begins with it."""
        return self.call("GET", path, b"", as_, lang, headers)

    def post(
        self,
        path: str,
        fields: dict[str, str] | None = None,
        as_: str = "",
        lang: str = "",
        headers: dict[str, str] | None = None,
        files: dict[str, tuple[str, bytes]] | None = None,
    ) -> Answer:
        """A form as a browser sends it, from a page of the same site."""
        media, body = _multipart(fields or {}, files) if files else _urlencoded(fields or {})
        sent = {"content-type": media, "origin": ORIGIN, "sec-fetch-site": "same-origin", **(headers or {})}
        return self.call("POST", path, body, as_, lang, {k: v for k, v in sent.items() if v})

    def call(self, method: str, path: str, body: bytes, as_: str, lang: str, headers: dict[str, str] | None) -> Answer:
        sent = {"host": urlsplit(ORIGIN).netloc}
        cookies = [f"__Host-waglan={self.cookie(as_)}"] if as_ else []
        if lang:
            cookies.append(f"waglan-language={lang}")
        if cookies:
            sent["cookie"] = "; ".join(cookies)
        sent |= headers or {}
        address = path if path.startswith("/console") else f"/console{path}"
        work = _exchange(self.site, method, address, body, sent)
        with ThreadPoolExecutor(1) as apart:  # a browser in the same test keeps this thread's event loop
            return apart.submit(asyncio.run, work).result()

    def close(self) -> None:
        self.house.close()
        self.workspace.close()


def _urlencoded(fields: dict[str, str]) -> tuple[str, bytes]:
    return "application/x-www-form-urlencoded", urlencode(fields).encode()


def _multipart(fields: dict[str, str], files: dict[str, tuple[str, bytes]]) -> tuple[str, bytes]:
    mark = "waglan-boundary"
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in fields.items()
    ]
    for name, (filename, data) in files.items():
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        parts.append(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + data + b"\r\n")
    return f"multipart/form-data; boundary={mark}", b"".join(parts) + f"--{mark}--\r\n".encode()


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def _exchange(site: Any, method: str, address: str, body: bytes, headers: dict[str, str]) -> Answer:
    path, _, query = address.partition("?")
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()], "scheme": "http",
        "server": ("localhost", 8420), "client": ("127.0.0.1", 40000), "root_path": "", "http_version": "1.1",
    }  # fmt: skip
    waiting = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Any] = []

    async def receive() -> Any:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await site(scope, receive, send)
    fields = [(k.decode().lower(), v.decode()) for k, v in sent[0]["headers"]]
    cookies = [v for k, v in fields if k == "set-cookie"]
    return Answer(sent[0]["status"], dict(fields), cookies, b"".join(m.get("body", b"") for m in sent[1:]))


@pytest.fixture(scope="session")
def bank_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once per process of the tests; copy it, never write to it."""
    folder = tmp_path_factory.mktemp("console") / "bank"
    past, new = folder.with_name("past.csv"), folder.with_name("new.csv")
    write_applicants(past, 1_500, 11)
    write_applicants(new, 300, 12)
    with Workspace.create(folder, tenant="testbank") as workspace:
        now_ms = workspace.clock.now_ms()
        wishes = Wishes(protected=("sex", "age"), subject="applicant_id")
        trained = train(past, Options(target="default", wishes=wishes, stakes="requested_amount_hkd"), now_ms)
        save(trained, folder)
        for registration in registrations(trained, now_ms, validator="tests"):
            workspace.register_model(registration, actor="tests")
        with Access.open(folder, tenant="testbank", clock=workspace.clock, ids=workspace.ids, cost=CHEAP) as access:
            for name in (*PEOPLE_ROLES, "reviewer2", "approver2"):
                role = name.rstrip("2")
                until_ms = now_ms + YEAR_MS if role == "examiner" else None
                vendor = "Waglan" if role == "provider" else ""
                person = access.people.add(
                    f"{name} 陳大文", f"{name}@bank.example", (role,), until_ms=until_ms, vendor=vendor
                )
                access.people.accept(access.people.invite(person.id), PASSWORD)
    with Workspace.open(folder) as workspace, new.open(newline="", encoding="utf-8") as file:
        rows = [{k: v for k, v in row.items() if k != "default"} for row in csv.DictReader(file)]
        answers = workspace.runtime.decide_many("credit", rows, Ask(channel="cli", actor="tests"), text=True)
        assert not [a for a in answers if isinstance(a, Exception)]
    return folder


@pytest.fixture(scope="module")
def bank(bank_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """A bank of this test module's own; what one test does the next one sees."""
    folder = tmp_path_factory.mktemp("bank") / "bank"
    shutil.copytree(bank_folder, folder)
    found = Bank(folder)
    yield found
    found.close()


# ---- a real browser on a real server


class Served(NamedTuple):
    """``waglan serve`` on a bank of its own."""

    url: str
    folder: Path
    cookies: dict[str, str]


@pytest.fixture(scope="module")
def served(bank_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served") / "bank"
    shutil.copytree(bank_folder, folder)
    with Workspace.open(folder) as workspace, contextlib.closing(House.open(workspace)) as house:
        people = {p.name.partition(" ")[0]: p for p in house.access.people.all()}
        cookies = {name: house.access.sessions.start(p, "password").cookie for name, p in people.items()}
    port = free_port()
    errors = (folder.parent / "stderr").open("w")
    command = [sys.executable, "-m", "waglan", "serve", "--workspace", str(folder), "--port", str(port), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, (folder.parent / "stderr").read_text()
    yield Served(f"http://localhost:{port}", folder, cookies)
    process.terminate()
    process.wait(timeout=20)
    errors.close()


def chromium() -> str:
    """The browser's path; skips where there is none, except in CI, which installs it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has to install a browser: see .ci/run")
        pytest.skip("there is no Chromium here: apt-get install chromium")
    return found


@pytest.fixture(scope="module")
def chrome() -> Iterator[Any]:
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def browser_page(chrome: Any, served: Served) -> Iterator[Any]:
    """``browser_page(role, lang=…, **options)``: a page of somebody signed in; options are a Playwright context's."""
    contexts = []

    def open_page(role: str = "", lang: str = "", **options: Any) -> Any:
        context = chrome.new_context(base_url=served.url, **options)
        contexts.append(context)
        here = {"domain": "localhost", "path": "/"}
        cookies = []
        if role:
            cookies.append({"name": "__Host-waglan", "value": served.cookies[role], **here, "secure": True})
        if lang:
            cookies.append({"name": "waglan-language", "value": lang, **here})
        context.add_cookies(cookies)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
