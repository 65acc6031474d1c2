"""The sample year and the bench over it, in small."""

import json
import subprocess
import sys

from tests.conftest import ROOT
from waglan.index import Decisions, Filter, Index, decisions
from waglan.runtime import Workspace


def run(*command):
    done = subprocess.run([sys.executable, *command, "--json"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_a_sample_year_is_made_once_and_every_query_is_timed(tmp_path):
    folder = tmp_path / "year"
    made = run("bench/million.py", str(folder), "--decisions", "600", "--complete", "200", "--days", "6")
    assert made["decisions"] == 600 and made["entries"] > 700
    figures = run("bench/index.py", "--log", str(folder), "--rounds", "2")
    assert figures["decisions"] == 600 and figures["entries"] == made["entries"] and figures["entries_per_s"] > 0
    assert len(figures["queries"]) > 40 and figures["bytes"] > 100_000
    with (
        Workspace.open(folder) as workspace,
        Index.open(folder / "index.db", workspace.ledger, (Decisions(),)) as index,
    ):
        assert index.missing() == 0
        with index.reading() as connection:
            newest = decisions.latest(connection, limit=20).rows
            assert {"auto", "human"} <= {row.route for row in decisions.latest(connection, limit=500).rows}
            assert decisions.total(connection, Filter(mode="live")) > 500
        for row in newest:
            assert set(workspace.ledger.opened(row.index)) == {"in", "out"}
