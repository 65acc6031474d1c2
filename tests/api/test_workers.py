"""Workers that die and servers that are told to stop: what was answered counts, what is under way is answered."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.api.conftest import JSON, Server
from waglan.runtime import Workspace

BENCH = Path(__file__).parents[2] / "bench" / "faults" / "workers.py"
SLOW = """
import time
from pathlib import Path
from waglan import Outcome, Reason, load_plugin

class Slow:
    def decide(self, case, kit):
        Path(__file__).with_name("begun").touch()
        time.sleep(1.5)
        return Outcome(value=1, effect="done", adverse=False, confidence=0.9,
                       reasons=(Reason(code="slow", text={"en": "It took a while."}),))

plugin = load_plugin(Path(__file__).with_name("slow.toml"), Slow())
"""
MANIFEST = """
name = "slow"
version = "1"
owner = "Operations"
purposes = ["service"]
tier = "low"
phase = "production"
[title]
en = "Slow"
[inputs.customer]
type = "text"
role = "subject"
"""


def test_what_is_under_way_is_answered_before_the_server_ends(tmp_path: Path) -> None:
    folder = tmp_path / "bank"
    folder.mkdir()
    (folder / "slow.py").write_text(SLOW)
    (folder / "slow.toml").write_text(MANIFEST)
    Workspace.create(folder, tenant="testbank", modules=("./slow.py",)).close()
    server = Server(folder, "--workers", "2")
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(server.call("POST", "/decide/slow", {"customer": "C-1"}, {**JSON}))
    )
    asking.start()
    until = time.monotonic() + 20
    while not (folder / "begun").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    began = time.monotonic()
    assert server.stop() == 0, server.errors.read_text()
    assert time.monotonic() - began < 10
    asking.join(5)
    assert [answer.status for answer in answers] == [200], server.errors.read_text()
    with Workspace.open(folder) as workspace:
        assert workspace.ledger.find(answers[0].body["id"]) == answers[0].body["index"]


def test_nothing_acknowledged_is_lost_and_nothing_is_done_twice_when_a_worker_is_killed() -> None:
    done = subprocess.run(
        [sys.executable, str(BENCH), "--json", "--kills", "1", "--callers", "2", "--longest", "0.5"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    assert figures["decided"] > 10 and figures["judged"] > 0 and figures["kills"] == 1
    assert figures["stop_s"] < 12  # workers get ten seconds
