"""The fuzzer in small, as a command."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.conftest import ROOT


def test_rules_fuzz() -> None:
    command = [sys.executable, "bench/rules_fuzz.py", "--json", "--pairs", "12000", "--repeats", "200"]
    done = subprocess.run(
        [*command, "--engines", "duckdb", "sqlite", "spark"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    figures = json.loads(done.stdout)
    assert figures["live"]["rules"] == 20 and figures["live"]["p50_us"] > 0
    for name in ("duckdb", "sqlite"):
        assert figures[name]["pairs"] == 12_000 and figures[name]["differences"] == 0, figures[name]
        assert 0.02 < figures[name]["unknown_share"] < 0.6
    assert "skipped" in figures["spark"] or figures["spark"]["differences"] == 0
