"""The tamper bench in small: every attack class is found, and nothing honest is accused."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.ledger.logs import ROOT


def test_every_attack_is_found_and_no_honest_log_accused() -> None:
    command = [
        sys.executable,
        "bench/tamper.py",
        "--json",
        "--each",
        "1",
        "--logs",
        "3",
        "--entries",
        "0",
        "--seed",
        "7",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["classes"] >= 28
    assert figures["attacks"] == figures["classes"]
    assert (figures["missed"], figures["false_alarms"], figures["honest_logs"]) == ([], [], 3)
    assert figures["honest_entries"] > 0
