"""``waglan ledger`` on a real workspace: what it prints, what it proves, what it refuses."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from waglan.cli.ledger import WITNESSED, ledger
from waglan.core.problem import Problem
from waglan.ledger import witness
from waglan.runtime import Workspace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "bank"
    with Workspace.create(place, tenant="bank-a") as workspace:
        for i in range(3):
            workspace.opt_out(f"customer {i}")
    return place


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(ledger, [*arguments, "--workspace", str(folder)], catch_exceptions=True)


def told(folder: Path, *arguments: str) -> dict:
    result = run(folder, *arguments, "--json")
    assert result.exit_code == 0, result.output + repr(result.exception)
    return json.loads(result.stdout)


def refusal(folder: Path, *arguments: str) -> Problem:
    problem = run(folder, *arguments).exception
    assert isinstance(problem, Problem), problem
    return problem


def test_status_verify_and_export(folder: Path, tmp_path: Path) -> None:
    state = told(folder, "status")
    assert (state["log"], state["size"], state["available"], state["witnessed"]) == ("bank-a/decisions", 3, True, 0)
    assert "Entries    3" in run(folder, "status").output
    assert run(folder, "verify").exit_code == 0
    assert told(folder, "export", str(tmp_path / "out"))["size"] == 3
    (tmp_path / "out" / "tile/0/000.p/3").write_bytes(b"x")
    found = run(folder, "verify", "--export", str(tmp_path / "out"))
    assert (found.exit_code, "TAMPERED" in found.output) == (1, True)


def test_a_rewritten_history_is_found_by_a_kept_checkpoint(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "kept"
    other.write_text(run(folder, "checkpoint").output, encoding="utf-8")
    assert run(folder, "verify", "--old", str(other)).exit_code == 0
    other.write_text(other.read_text("utf-8").replace("\n3\n", "\n2\n"), encoding="utf-8")
    assert run(folder, "verify", "--old", str(other)).exit_code == 1


def test_receipts(folder: Path, tmp_path: Path) -> None:
    with Workspace.open(folder) as workspace:
        entry_id = next(row.id for _, row in workspace.ledger.rows(1, 2))
    assert json.loads(run(folder, "receipt", entry_id).output)["index"] == 1
    assert told(folder, "receipt", entry_id, "--out", str(tmp_path / "r.json"))["index"] == 1
    assert refusal(folder, "receipt", "01JD0000000000000000000000").code == "ledger.missing"


def test_rotated_keys_are_handed_over(folder: Path, tmp_path: Path) -> None:
    before = told(folder, "status")["vkeys"]
    kept = tmp_path / "kept"
    kept.write_text(run(folder, "checkpoint").output, encoding="utf-8")
    after = told(folder, "rotate-keys", "--reason", "yearly")
    assert (after["index"], after["vkeys"] != before) == (3, True)
    assert told(folder, "status")["vkeys"] == after["vkeys"]
    assert run(folder, "verify", "--old", str(kept)).exit_code == 0


@pytest.fixture
def audit(folder: Path, tmp_path: Path) -> Iterator[tuple[str, str]]:
    watching = witness.Witness(tmp_path / "audit", "audit.example/w1")
    watching.trust(told(folder, "status")["vkeys"])
    server = witness.server(watching, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", watching.vkey
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_witness_cosigns_over_the_network(folder: Path, audit: tuple[str, str]) -> None:
    url, vkey = audit
    for size in (3, 3):
        assert told(folder, "witness", "--url", url, "--vkey", vkey) == {"witnessed": size}
    assert told(folder, "status")["witnessed"] == 3
    assert run(folder, "verify").exit_code == 0
    other = vkey.replace(vkey.split("+")[1], "00000000")
    assert refusal(folder, "witness", "--url", url, "--vkey", other).code == "ledger.note"
    assert refusal(folder, "witness", "--url", "http://127.0.0.1:9", "--vkey", vkey).code == "ledger.witness"
    assert refusal(folder, "witness", "--url", url).code == "usage.witness"
    assert refusal(folder, "witness").code == "usage.witness"


def test_a_witness_cosigns_by_file(folder: Path, tmp_path: Path) -> None:
    watching = witness.Witness(tmp_path / "audit", "audit.example/w1")
    watching.trust(told(folder, "status")["vkeys"])
    request, answer = tmp_path / "request", tmp_path / "answer"
    told(folder, "witness", "--request", str(request))
    answered = watching.add(request.read_text("utf-8"), 1_795_272_000)
    answer.write_text(answered.body, encoding="utf-8")
    assert told(folder, "witness", "--answer", str(answer), "--vkey", watching.vkey) == {"witnessed": 3}
    assert (folder / WITNESSED).is_file()
    assert refusal(folder, "witness", "--request", str(request), "--old", "9").code == "usage.witness"
    answer.write_text("", encoding="utf-8")
    assert refusal(folder, "witness", "--answer", str(answer), "--vkey", watching.vkey).code == "ledger.witness"
