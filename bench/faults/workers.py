"""Two workers of a real server and two reviewers at work, while a worker is killed with SIGKILL again and again.

Programs decide over HTTP with an API key, reviewers work through the console's own addresses. Each reply is noted as
it arrives. Afterwards the server is stopped by SIGTERM and the log read anew: whatever was acknowledged must be there,
no case may be judged or decided twice, and the log must verify in a Python that knows nothing of Waglan.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import scene

from common import finish, parser, say
from waglan.access import COOKIE, Access
from waglan.ledger.export import VERIFIER, export
from waglan.runtime import Workspace

TENANT = "bank"
MANIFEST = """
name = "triage"
version = "1"
owner = "Operations"
purposes = ["service"]
tier = "low"
phase = "production"
[title]
en = "Triage"
[inputs.customer]
type = "text"
role = "subject"
[inputs.amount]
type = "number"
"""
CODE = """
from pathlib import Path
from waglan import Outcome, Reason, load_plugin

class Triage:
    inline = True
    def decide(self, case, kit):
        reason = Reason(code="amount", weight=1.0, text={"en": "The amount.", "zh-Hant": "金額。", "zh-Hans": "金额。"})
        return Outcome(value="pay", effect="pay", adverse=False, confidence=0.9, score=1.0, reasons=(reason,),
                       flags=("odd",) if case.inputs["amount"] % 3 == 0 else ())

plugin = load_plugin(Path(__file__).with_name("triage.toml"), Triage())
"""
FAULTS = (OSError, http.client.HTTPException)


class Verdict(NamedTuple):
    """A verdict that the console acknowledged."""

    decision: str
    person: str


class Notes:
    """What was acknowledged, and what went wrong on the way; shared by the threads."""

    def __init__(self) -> None:
        self.decided: dict[str, int] = {}
        self.judged: list[Verdict] = []
        self.met: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.stop = threading.Event()

    def meet(self, what: str) -> None:
        with self.lock:
            self.met[what] += 1


class Client:
    """One connection after the other; whatever breaks one is passed on."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self._port = port
        self._headers = {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}", **headers}
        self._connection: http.client.HTTPConnection | None = None

    def call(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, Any, str]:
        """Status, decoded body (text where it isn't JSON), and where it leads."""
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
            self._connection.request(method, path, body.encode(), {**self._headers, **headers})
            answer = self._connection.getresponse()
            raw, leads = answer.read(), answer.headers.get("Location") or ""
            json_like = "json" in (answer.headers.get("Content-Type") or "")
            return answer.status, json.loads(raw) if json_like else raw.decode(), leads
        except FAULTS:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            raise


def decider(number: int, port: int, secret: str, notes: Notes) -> None:
    """Send cases one after the other; what wasn't answered is asked again under the same key."""
    client = Client(port, {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"})
    at = 0
    while not notes.stop.is_set():
        at += 1
        body = json.dumps({"customer": f"C-{number}-{at}", "amount": at})
        for _ in range(20):
            try:
                status, answer, _ = client.call(
                    "POST", "/decide/triage", body, **{"Idempotency-Key": f"k-{number:04d}-{at:012d}"}
                )
            except FAULTS:
                notes.meet("decide.broken")
                time.sleep(0.02)
                continue
            if status == 200:
                with notes.lock:
                    notes.decided[answer["id"]] = answer["index"]
                break
            notes.meet(f"decide.{status}")
            if status == 409:  # its worker died with it; the key is free again after a minute
                break
            time.sleep(0.02)


def reviewer(person: str, port: int, cookie: str, notes: Notes) -> None:
    """Take the next case, look at it, agree."""
    client = Client(port, {"Cookie": f"{COOKIE}={cookie}", "Content-Type": "application/x-www-form-urlencoded"})
    while not notes.stop.is_set():
        try:
            status, _, leads = client.call("POST", "/console/reviews/next")
            case = leads.partition("?")[0]
            if status != 303 or case.rstrip("/").endswith("/reviews"):
                notes.meet(f"next.{status if status != 303 else 'none'}")
                time.sleep(0.05)
                continue
            status, page, _ = client.call("GET", f"{case}.json")
            if status != 200 or not page.get("evidence"):
                notes.meet(f"look.{status}")
                continue
            reason = page["form"]["reasons"]["agree"][0]["code"]
            fields = {"verdict": "agree", "reason_agree": reason, "shown": page["evidence"]["sha256"], "then": "stay"}
            status, _, _ = client.call("POST", f"{case}/verdict", urlencode(fields))
            if status == 303:
                with notes.lock:
                    notes.judged.append(Verdict(case.rpartition("/")[2], person))
            else:
                notes.meet(f"judge.{status}")
        except FAULTS:
            notes.meet("review.broken")
            time.sleep(0.02)


class Server:
    """``waglan serve`` with two workers."""

    def __init__(self, folder: Path, errors: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        command = [sys.executable, "-m", "waglan", "serve", "--workspace", str(folder), "--port", str(self.port)]
        with errors.open("w") as out:
            self.process = subprocess.Popen(
                [*command, "--workers", "2", "--json"],
                stdout=subprocess.PIPE,
                stderr=out,
                text=True,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        if not self.process.stdout.readline():
            raise RuntimeError(f"the server didn't start: {errors.read_text()}")

    def workers(self) -> list[int]:
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children if b"resource_tracker" not in _cmdline(child)]

    def kill_one(self) -> None:
        """Kill a worker, and wait until another process is there in its place."""
        scene.seconds_until(lambda: len(self.workers()) == 2, 30)
        before = self.workers()
        os.kill(random.choice(before), signal.SIGKILL)
        scene.seconds_until(lambda: len(set(self.workers())) == 2 and set(self.workers()) != set(before), 30)

    def stop(self) -> tuple[int, float]:
        """SIGTERM; gives the exit status and how long it took, seconds."""
        began = time.perf_counter()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60), time.perf_counter() - began

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=20)


def _cmdline(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has ended
        return b""


def prepared(folder: Path) -> tuple[str, dict[str, str]]:
    """A workspace with a use case, a key's secret, and the session cookies of two reviewers."""
    folder.mkdir()
    (folder / "triage.py").write_text(CODE, encoding="utf-8")
    (folder / "triage.toml").write_text(MANIFEST, encoding="utf-8")
    Workspace.create(folder, tenant=TENANT, modules=("./triage.py",)).close()
    cookies = {}
    with Access.open(folder, tenant=TENANT) as access:
        for name in ("rita", "sam"):
            person = access.people.add(name, f"{name}@bank.example", ["reviewer"])
            cookies[person.id] = access.sessions.start(person, "password").cookie
        secret = access.keys.create("core", ["decision.make"], 1, "cli").secret
    return secret, cookies


def run(
    given: argparse.Namespace, folder: Path, server: Server, started: tuple[str, dict[str, str]]
) -> tuple[Notes, list[float]]:
    """Everybody works while workers are killed."""
    secret, cookies = started
    notes = Notes()
    work: list[Callable[[], None]] = [
        lambda number=number: decider(number, server.port, secret, notes)
        for number in range(given.callers)  # type: ignore[misc]
    ]
    work += [
        lambda who=who, cookie=cookie: reviewer(who, server.port, cookie, notes) for who, cookie in cookies.items()
    ]  # type: ignore[misc]
    threads = [threading.Thread(target=each, daemon=True) for each in work]
    for thread in threads:
        thread.start()
    back: list[float] = []
    for number in range(given.kills):
        time.sleep(random.uniform(given.longest / 4, given.longest))
        server.kill_one()
        answered = len(notes.decided)
        back.append(scene.seconds_until(lambda answered=answered: len(notes.decided) > answered + given.callers, 60))
        say(
            given,
            f"kill {number + 1}: {len(notes.decided)} decided, {len(notes.judged)} judged, then {back[-1]:.2f} s",
        )
    time.sleep(given.longest)
    notes.stop.set()
    for thread in threads:
        thread.join(60)
    return notes, back


def judged_on(folder: Path, notes: Notes) -> dict[str, Any]:
    """What the log says of it all, against the notes."""
    with Workspace.open(folder) as workspace:
        log = workspace.ledger
        audit = scene.Audit(log.signer.vkeys)
        audit.look(log.store, notes.decided)
        subjects: Counter[str] = Counter()
        verdicts: Counter[str] = Counter()
        stand: set[tuple[str, str]] = set()
        void: Counter[str] = Counter()
        for _, row in log.rows(0, log.head().size):
            leaf = json.loads(row.leaf)
            if leaf["kind"] == "decision":
                subjects[leaf["subject"]] += 1
            elif leaf["kind"] == "review":
                verdicts[leaf["refs"][0]] += 1
                stand.add((leaf["refs"][0], leaf["actor"]))
            elif leaf["kind"] == "void":
                void[leaf["refs"][0]] += 1
        with tempfile.TemporaryDirectory() as out:
            export(log.store, log.signer, Path(out), log.signed())
            command = [sys.executable, "-I", "-S", str(VERIFIER), out, "--vkey", *log.signer.vkeys]
            verified = subprocess.run(command, capture_output=True, check=False).returncode
    return {
        **audit.figures(),
        "verdicts_lost": sum((each.decision, each.person) not in stand for each in notes.judged),
        "judged_twice": sum(n - void[decision] > 1 for decision, n in verdicts.items()),
        "decided_twice": sum(n > 1 for n in subjects.values()),
        "verified": verified,
    }


def main() -> int:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--kills", type=int, default=10)
    arguments.add_argument("--callers", type=int, default=4)
    arguments.add_argument(
        "--longest", type=float, default=3.0, help="seconds between two kills, at most; at least a quarter of it"
    )
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="waglan-workers-") as name:
        folder, errors = Path(name) / "bank", Path(name) / "errors"
        started = prepared(folder)
        server = Server(folder, errors)
        try:
            notes, back = run(given, folder, server, started)
            status, stop_s = server.stop()
        except TimeoutError:
            print(errors.read_text(), file=sys.stderr)
            raise
        finally:
            server.end()
        figures = {
            "kills": given.kills,
            "decided": len(notes.decided),
            "judged": len(notes.judged),
            **judged_on(folder, notes),
            "met": dict(sorted(notes.met.items())),
            "answered_again_s_max": round(max(back, default=0.0), 2),
            "stop_status": status,
            "stop_s": round(stop_s, 2),
            "stderr": sorted(set(errors.read_text().splitlines()))[:5],
        }
    finish(figures)
    zero = (
        "acknowledged_lost",
        "inconsistent",
        "verdicts_lost",
        "judged_twice",
        "decided_twice",
        "verified",
        "stop_status",
    )
    return scene.failed(figures, zero)


if __name__ == "__main__":
    sys.exit(main())
