"""The benchmark of evidence, in small: its figures are there, and both ways of counting agree."""

from __future__ import annotations

from pathlib import Path

from bench.evidence import USE_CASES, measured

from tests.evidence.scene import bank, decision, decisions, use_case


def test_the_benchmark_in_small(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    with bank(folder) as made:
        made.put(use_case(), *decisions(40), decision(notice_id="", adverse=None), at_ms=1_795_000_000_000)
        made.clock.at_ms += 86_400_000
    found = measured(folder, rounds=1, colds=1)
    assert found["same"] is True and found["tests"] > 50
    assert found["new"] == 41 and found["wide"]["rows"] % USE_CASES == 0
    for name in ("update", "facts_of_it", "report_30", "report_365"):
        assert found[name]["p50_ms"] > 0
