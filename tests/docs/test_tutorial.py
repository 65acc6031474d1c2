"""The tutorial is run as it stands: its files are written, checked and decided with."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from waglan.cli.main import waglan

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "tutorial-use-case.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", TEXT, re.M | re.S))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(waglan, ["init", "."], catch_exceptions=False).exit_code == 0
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_it_has_the_files_it_speaks_of() -> None:
    assert set(FILES) == {"travel_claims.toml", "travel_claims.py", "claims.csv"}


def test_the_module_is_under_fifty_lines() -> None:
    code = [line for line in FILES["travel_claims.py"].splitlines() if line.strip()]
    assert len(code) < 50


def test_the_module_passes_the_suite(folder: Path) -> None:
    result = CliRunner().invoke(waglan, ["check", "travel_claims.py", "--json"], catch_exceptions=False)
    answer = json.loads(result.output)
    assert answer["findings"] == []
    assert result.exit_code == 0
    assert {"runs", "decide.deterministic", "reasons.text", "outcome.json"} <= set(answer["checked"][0]["checks"])


def test_its_file_is_decided_as_it_says(folder: Path) -> None:
    settings = folder / "waglan.toml"
    named = settings.read_text(encoding="utf-8").replace("modules = []", 'modules = ["./travel_claims.py"]')
    settings.write_text(named, encoding="utf-8")
    arguments = ["decide", "travel_claims", "claims.csv", "--json"]
    result = CliRunner().invoke(waglan, arguments, catch_exceptions=False)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["decided"] == 3
    assert "lots" in (folder / "claims.csv.rejects.csv").read_text(encoding="utf-8")
    query = "select route, effect, reasons from live order by log_index"
    result = CliRunner().invoke(waglan, ["facts", "--sql", query, "--json"], catch_exceptions=False)
    rows = json.loads(result.stdout)["rows"]
    assert [row[1:] for row in rows] == [["pay", ["SMALL"]], ["refer", ["LARGE"]], ["refer", ["EARLY"]]]
    assert [row[0] for row in rows] == ["auto", "human", "human"]
