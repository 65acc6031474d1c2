"""Facts of a real workspace: decisions through the runtime, the real ledger, an erasure, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.docs.test_tutorial import FILES
from waglan.cli.facts import facts as command
from waglan.core.problem import Problem
from waglan.facts import Facts
from waglan.ledger import erasure
from waglan.runtime import Ask, Workspace

PERSON = "A123456(3)"
REMARK = "Lost near Tai Long Wan, a very particular sentence."


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    Workspace.create(tmp_path, tenant="bank", modules=("./travel_claims.py",)).close()
    return tmp_path


def decide(workspace: Workspace, *amounts: float) -> None:
    rows = [{"policy_no": PERSON, "amount_hkd": amount, "days_since_start": 9, "note": REMARK} for amount in amounts]
    results = workspace.runtime.decide_many("travel_claims", rows, Ask(source="tests", source_seq=7))
    assert not [result for result in results if isinstance(result, Problem)]


def test_what_the_runtime_recorded(bank: Path) -> None:
    with Workspace.open(bank) as workspace, Facts.open(bank / "facts", workspace.ledger) as facts:
        decide(workspace, 100.0, 9_000.0)
        facts.update()
        found = facts.query(
            "SELECT use_case, sector, customer_facing, effect, adverse, route, source_seq, stakes_hkd::INTEGER, "
            "controls['output.explanation'], language, tier FROM live ORDER BY log_index"
        ).fetchall()
        known = ("travel_claims", "insurance", True)
        assert found == [
            (*known, "pay", False, "auto", 7, 100, "pass", "en", "medium"),
            (*known, "refer", True, "human", 7, 9_000, "pass", "en", "medium"),
        ]
        decide(workspace, 200.0)
        assert facts.update() == 1
        assert facts.size == workspace.ledger.head().size


def test_after_an_erasure_nothing_points_to_the_person(bank: Path) -> None:
    with Workspace.open(bank) as workspace, Facts.open(bank / "facts", workspace.ledger) as facts:
        decide(workspace, 100.0)
        facts.update()
        assert facts.query("SELECT erased FROM decisions").fetchall() == [(False,)]
        erasure.erase(workspace.ledger, PERSON, "request", "tests")
        facts.update()
        assert facts.query("SELECT erased FROM decisions").fetchall() == [(True,)]
        everything = "\n".join(repr(facts.frame(n).fetchall()) for n in ("decisions", "events", "later"))
    for secret in (PERSON, PERSON[:7], REMARK):
        assert secret not in everything
        for file in (bank / "facts").rglob("*"):
            assert not file.is_file() or secret.encode() not in file.read_bytes()


def test_the_command(bank: Path) -> None:
    with Workspace.open(bank) as workspace:
        decide(workspace, 100.0, 200.0)
    asked = ["--workspace", str(bank), "--json"]
    first = json.loads(CliRunner().invoke(command, asked, catch_exceptions=False).stdout)
    assert first["taken"] == first["size"] == 3
    query = "SELECT effect, count(*) AS n, max(decided_at) AS last_at FROM live GROUP BY effect"
    result = CliRunner().invoke(command, [*asked, "--rebuild", "--sql", query], catch_exceptions=False)
    answer = json.loads(result.stdout)
    assert answer["taken"] == 3
    assert answer["columns"] == ["effect", "n", "last_at"]
    assert answer["rows"][0][:2] == ["pay", 2]
    shown = CliRunner().invoke(
        command, ["--workspace", str(bank), "--sql", "SELECT '[b]' AS x"], catch_exceptions=False
    )
    assert "[b]" in shown.stdout


@pytest.mark.parametrize("query", ["SELECT missing FROM live", "SELECT 1/0 = error('late')", "DELETE FROM live"])
def test_a_question_that_cannot_be_answered(bank: Path, query: str) -> None:
    with pytest.raises(Problem) as raised:
        CliRunner().invoke(command, ["--workspace", str(bank), "--sql", query], catch_exceptions=False)
    assert raised.value.code == "facts.query"
