"""The console over a large workspace: server time of every page, its size, and the first paint in a real browser.

    python bench/million.py /tmp/million
    python bench/console.py /tmp/million --json

Serves the workspace as ``waglan serve`` does, signs in a person of every role made for this, asks each page in each
language by turns, and reads the server's own time from the answer's ``Server-Timing``. First paint is Chromium's.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.sort(key=lambda each: Path(each).resolve() == Path(__file__).resolve().parent)
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.common import finish, parser, percentile, say
from tests.console.addresses import Address, addresses

from waglan.access import PEOPLE_ROLES
from waglan.console import House, static
from waglan.runtime import Workspace

LANGUAGES = ("en", "zh-Hant", "zh-Hans")
DAY_MS = 86_400_000


class Seen(NamedTuple):
    """One answer: the server's own milliseconds, the client's, and how large it was."""

    server_ms: float
    client_ms: float
    size: int


def people(folder: Path) -> dict[str, str]:
    """A session cookie per role, of people made for the measurement."""
    with Workspace.open(folder) as workspace, contextlib.closing(House.open(workspace)) as house:
        cookies = {}
        for role in PEOPLE_ROLES:
            until_ms = workspace.clock.now_ms() + DAY_MS if role == "examiner" else None
            email = f"bench-{role}@example.com"
            person = house.access.people.find(email) or house.access.people.add(
                f"Bench {role}", email, (role,), until_ms=until_ms, vendor="Bench" if role == "provider" else ""
            )
            cookies[role] = house.access.sessions.start(person, "password").cookie
    return cookies


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[tuple[int, float]]:
    """The port of a server on the workspace, and how long it took to answer, seconds."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.perf_counter()
    command = [sys.executable, "-m", "waglan", "serve", "--workspace", str(folder), "--port", str(port), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline()
    try:
        yield port, time.perf_counter() - started
    finally:
        process.terminate()
        process.wait(timeout=30)


def asked(port: int, place: Address, lang: str, cookies: dict[str, str]) -> Seen:
    """One page."""
    cookie = f"waglan-language={lang}" + (f"; __Host-waglan={cookies[place.role]}" if place.role else "")
    connection = http.client.HTTPConnection("localhost", port, timeout=60)
    with contextlib.closing(connection):
        started = time.perf_counter()
        connection.request("GET", place.address, headers={"Cookie": cookie, "Host": f"localhost:{port}"})
        answer = connection.getresponse()
        body = answer.read()
        client_ms = 1000 * (time.perf_counter() - started)
    if answer.status != 200:
        raise SystemExit(f"{place.address}: {answer.status}\n{body[:400]!r}")
    return Seen(float(answer.headers["server-timing"].partition("dur=")[2]), client_ms, len(body))


def painted(port: int, cookies: dict[str, str], path: str, times: int) -> list[float]:
    """First paint of a page in milliseconds, style sheet and scripts already kept, as on a working day."""
    browser = shutil.which("chromium")
    if browser is None:
        return []
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        context = chromium.new_context(base_url=f"http://localhost:{port}")
        cookie = {"name": "__Host-waglan", "value": cookies["auditor"], "domain": "localhost", "path": "/"}
        context.add_cookies([{**cookie, "secure": True}])
        page = context.new_page()
        for _ in range(times + 1):
            page.goto(path, wait_until="load")
            page.wait_for_timeout(200)
            found += page.evaluate("performance.getEntriesByName('first-paint').map(e => e.startTime)")
        chromium.close()
    return found[1:]


def arguments() -> argparse.Namespace:
    made = parser(__doc__ or "")
    made.add_argument("folder", type=Path, help="a workspace, as bench/million.py makes it")
    made.add_argument("--rounds", type=int, default=20, help="how often each page is asked in each language")
    return made.parse_args()


def main() -> None:
    args = arguments()
    cookies = people(args.folder)
    places = addresses(args.folder)
    figures: dict[str, Any] = {}
    with serving(args.folder) as (port, start_s):
        for place in places:
            asked(port, place, "en", cookies)
        seen: dict[str, list[Seen]] = {place.address: [] for place in places}
        for _ in range(args.rounds):
            for lang in LANGUAGES:
                for place in places:
                    seen[place.address].append(asked(port, place, lang, cookies))
        first = {p: painted(port, cookies, p, 5) for p in ("/console/overview", "/console/decisions")}
    for address, each in seen.items():
        figures[address] = {
            "server_ms_p50": round(percentile([s.server_ms for s in each], 0.5), 1),
            "server_ms_p95": round(percentile([s.server_ms for s in each], 0.95), 1),
            "html_kb": round(max(s.size for s in each) / 1000, 1),
        }
        say(args, f"{address}: {json.dumps(figures[address])}")
    scripts = sum(len(static.assets()[name].packed) for name in ("console.js", "htmx.min.js"))
    finish(
        {
            "pages": figures,
            "worst_server_ms_p95": max(f["server_ms_p95"] for f in figures.values()),
            "largest_html_kb": max(f["html_kb"] for f in figures.values()),
            "javascript_kb": round(scripts / 1000, 2),
            "start_s": round(start_s, 2),
            "first_paint_ms": {p: round(percentile(each, 0.5)) for p, each in first.items() if each},
        }
    )


if __name__ == "__main__":
    main()
