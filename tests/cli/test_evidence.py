"""waglan evidence: headlines, what is breached, exit codes, and the pack."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.evidence import firm
from waglan.cli.main import waglan
from waglan.core.problem import Problem
from waglan.evidence.catalogue import force
from waglan.index import Decisions, Index
from waglan.runtime import Workspace


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("firm") / "bank"
    firm.make(folder)
    return folder


def run(bank: Path, *args: str) -> Any:
    return CliRunner().invoke(waglan, ["evidence", "--workspace", str(bank), *args])


def test_it_says_three_headlines_and_what_is_breached(bank: Path, tmp_path: Path) -> None:
    out = tmp_path / "pack"
    done = run(bank, "--out", str(out), "--zip", "--language", "zh-Hant", "--sample", "3")
    assert done.exit_code == 1, done.output
    for words in ("Live evidence", "Attested", "Wording", "of recorded decisions", "not legal advice", "Breached"):
        assert words in done.output
    assert (out / "MANIFEST").exists() and out.with_name("pack.zip").stat().st_mode & 0o077 == 0
    assert "項達到" in (out / "report.html").read_text() and " met</dd>" not in (out / "report.html").read_text()
    command = [sys.executable, "-I", "-S", str(out / "verify.py")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_as_json_it_is_one_object(bank: Path) -> None:
    done = run(bank, "--entity", "bank-a", "--window", "7d", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 1 and told["entity"] == "bank-a" and told["pack"] is None and told["of_recorded"]
    assert told["recorded"] == 12 and told["breached"] and sum(told["statuses"].values()) > 50
    one = next(t for c in told["breached"] for t in c["tests"] if t["failed"])
    assert one["failed"] <= one["of"] and one["example"]


def test_the_shipped_catalogue_is_put_in_force_and_said(tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "new", tenant="new"):
        pass
    done = run(tmp_path / "new")
    assert "No catalogue was in force" in done.output
    again = json.loads(run(tmp_path / "new", "--json").stdout)
    assert not again["put_in_force"] and again["recorded"] == 0
    with Workspace.open(tmp_path / "new") as workspace:
        index = Index.open(workspace.folder / "index.db", workspace.ledger, (Decisions(),))
        index.follow()
        with index.reading() as connection:
            assert len(force.periods(connection)) == 1
        index.close()


def test_an_entity_without_a_breach_ends_well(tmp_path: Path) -> None:
    """Nothing recorded and no licence: whatever is breached would have to come from nothing."""
    with Workspace.create(tmp_path / "new", tenant="new"):
        pass
    done = run(tmp_path / "new", "--json")
    assert (done.exit_code == 0) == (json.loads(done.stdout)["breached"] == [])
    assert done.exit_code == 0


@pytest.mark.parametrize("window", ["30", "0d", "x", "2026-01-01", "2026-02-01..2026-01-01", "99999d"])
def test_a_window_that_is_none_is_refused(bank: Path, window: str) -> None:
    done = run(bank, "--window", window)
    assert isinstance(done.exception, Problem) and done.exception.code == "evidence.window"


def test_days_may_be_given_from_and_to(bank: Path) -> None:
    told = json.loads(run(bank, "--window", "2020-01-01..2020-01-31", "--json").stdout)
    assert told["window"] == {"since": "2020-01-01", "until": "2020-01-31"} and told["recorded"] == 0
