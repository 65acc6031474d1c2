from __future__ import annotations

import json
import subprocess
import sys

from tests.conftest import ROOT


def test_the_benchmark_in_small_reaches_its_figures(data):
    words = [sys.executable, str(ROOT / "bench" / "credit.py"), "--json", "--splits", "1", "--rows", "1500"]
    done = subprocess.run(words, check=True, capture_output=True, text=True, env={"WAGLAN_DATA": str(data), "PATH": ""})
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    taiwan, checks = figures["taiwan"], figures["taiwan"]["checks"]
    assert taiwan["auc"] >= 0.764
    assert taiwan["calibration_error"] < 0.02
    assert checks["declines"] == checks["recourse_found"] + checks["recourse_none"] > 100
    for wrong in ("declines_without_good_reason", "recourse_wrong", "protected_in_reasons", "batch_differs"):
        assert checks[wrong] == 0
    assert figures["german"]["iv_differs"] == []
