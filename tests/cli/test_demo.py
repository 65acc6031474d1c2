import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from waglan.cli.demo import demo
from waglan.core import Problem


def ran(folder, *options):
    done = CliRunner().invoke(demo, ["--folder", str(folder), "--json", *options], catch_exceptions=False)
    return json.loads(done.stdout)


def test_the_main_job_twice_in_one_folder(tmp_path):
    first = ran(tmp_path / "w", "--generated", "--applicants", "600")
    assert first["decided"] == first["facts"] == 600 and first["rejected"] == 0 and first["verified"]
    assert first["auto"] + first["human"] + first["blocked"] == 600 and first["auto"] > 0 < first["human"]
    assert 0.6 < first["auc"] < 0.95
    with Path(first["results"]).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["id"] for row in rows}) == 600
    assert all((row["effect"] == "approve") == (row["route"] == "auto") for row in rows), "declines go to a person"

    second = ran(tmp_path / "w", "--generated", "--applicants", "600")
    assert second["facts"] == 1200 and second["entries"] > first["entries"] + 600

    proof = tmp_path / "w" / "proof"
    tile = next((proof / "tile" / "entries").rglob("000*"))
    data = bytearray(tile.read_bytes())
    data[100] ^= 1
    tile.write_bytes(bytes(data))
    keys = [part for key in (proof / "vkeys").read_text().split() if "+" in key for part in ("--vkey", key)]
    done = subprocess.run(
        [sys.executable, "-I", str(proof / "verify.py"), str(proof), *keys], capture_output=True, check=False
    )
    assert done.returncode == 1, "one flipped bit is found"


def test_real_applicants_where_there_are_any(tmp_path, data):
    told = ran(tmp_path / "w", "--data", str(data), "--applicants", "1000")
    assert "Taiwan" in told["data"] and told["decided"] == 1000 and told["auc"] > 0.74


def test_a_folder_without_the_data_is_named(tmp_path):
    with pytest.raises(Problem, match="UCI_Credit_Card"):
        ran(tmp_path / "w", "--data", str(tmp_path))
