"""The fault scripts of bench/faults, in small: nothing acknowledged is lost, no log is inconsistent, it recovers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import postgres

FAULTS = Path(__file__).resolve().parents[2] / "bench" / "faults"


def run(script: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(FAULTS / script), "--json", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert figures.get("acknowledged_lost", 0) == 0
    assert figures.get("inconsistent", 0) == 0
    return figures


def test_two_writers_killed_at_random_moments() -> None:
    figures = run("kill.py", "--rounds", "6", "--longest", "0.4")
    assert figures["acknowledged"] > 0


def test_two_writers_killed_at_random_moments_on_postgresql() -> None:
    with postgres.server() as server:
        figures = run("kill.py", "--rounds", "4", "--longest", "0.5", "--dsn", server.database())
    assert figures["acknowledged"] > 0


def test_damaged_write_ahead_log() -> None:
    figures = run("wal.py", "--trials", "10")
    assert figures["earlier"] > 0
    assert figures["went_on_unnoticed"] == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a tmpfs needs root")
def test_full_disk() -> None:
    if shutil.which("mount") is None:
        pytest.skip("there is no mount")
    probe = subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True)
    if probe.returncode:
        pytest.skip("this container may not mount")
    figures = run("full.py", "--rounds", "1")
    assert figures["acknowledged"] > 0
    assert figures["unavailable_after_ms"] < 100


def test_failing_syncs() -> None:
    figures = run("fsync.py", "--rounds", "4")
    if "skipped" in figures:
        pytest.skip(figures["skipped"])
    assert figures["failed_syncs"] > 0
    assert figures["refused"] > 0
    assert figures["still_available_while_failing"] == 0


def test_clock_steps() -> None:
    figures = run("clock.py", "--steps", "40")
    assert figures["told"] == figures["to_tell"] > 0
