"""``waglan check`` on module files and names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.postgres import server
from waglan.cli.check import check
from waglan.core import Problem, models

CONTROL = '''
"""A control without a clause."""
from waglan import Finding, Verdict, control
WORDS = {"en": "Words.", "zh-Hant": "字句。", "zh-Hans": "字句。"}
@control(name="tests.from_file", stage="before", clauses=(), summary=WORDS, messages={}, inline=True)
def check(case, context):
    return Finding(control="tests.from_file", verdict=Verdict.PASS)
'''


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(check, [*arguments, "--json"], catch_exceptions=False)
    return result.exit_code, json.loads(result.stdout)


def test_a_module_that_registers_a_control(tmp_path: Path) -> None:
    file = tmp_path / "controls_of_ours.py"
    file.write_text(CONTROL, encoding="utf-8")
    code, answer = run(str(file))
    assert code == 1
    assert [f["check"] for f in answer["findings"]] == ["control.clauses"]


def test_a_name() -> None:
    code, answer = run("output.explanation")
    assert (code, answer["findings"]) == (0, [])
    assert answer["checked"][0]["subject"] == "control output.explanation"


def test_a_table_for_people(tmp_path: Path) -> None:
    file = tmp_path / "again.py"
    file.write_text(CONTROL.replace("tests.from_file", "tests.again"), encoding="utf-8")
    result = CliRunner().invoke(check, [str(file)])
    assert result.exit_code == 1
    assert "1 findings" in result.stdout
    assert "control.clauses" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["output.explanations"], "check.unknown"),
        (["missing.py"], "plugin.import"),
        (["output.explanation", "--store", "postgresql"], "usage.dsn"),
        (["credit", "--samples", "missing.jsonl"], "file.unreadable"),
    ],
)
def test_what_cannot_be_checked_is_a_problem(
    arguments: list[str], code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WAGLAN_LEDGER__DSN", raising=False)
    with pytest.raises(Problem) as raised:
        CliRunner().invoke(check, arguments, catch_exceptions=False)
    assert raised.value.code == code


def test_a_module_with_nothing_in_it(tmp_path: Path) -> None:
    file = tmp_path / "empty.py"
    file.write_text("plugin = None\n", encoding="utf-8")
    with pytest.raises(Problem) as raised:
        CliRunner().invoke(check, [str(file)], catch_exceptions=False)
    assert raised.value.code == "check.empty"


class Halves:
    """A model for `--samples`."""

    def __init__(self, card: Any) -> None:
        self.card = card

    def predict(self, inputs: Any) -> float:
        return float(inputs["amount"]) / 2


def test_a_model_with_samples_from_a_file(tmp_path: Path) -> None:
    from waglan.core import ModelCard

    if "tests.halves" not in models:
        models.add("tests.halves", Halves(ModelCard(id="tests.halves", version="1", digest="cd" * 32)))
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"amount": 3}\n{"amount": 4.5}\n', encoding="utf-8")
    code, answer = run("tests.halves", "--samples", str(rows))
    assert (code, answer["findings"]) == (0, [])


def test_samples_from_a_file_of_text_cells(tmp_path: Path) -> None:
    from tests.docs.test_tutorial import FILES

    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    rows = tmp_path / "rows.csv"
    rows.write_text("policy_no,amount_hkd,days_since_start,note,extra\nSYN-1,950,12,,x\nSYN-2,99999,0,遺失,\n")
    code, answer = run(str(tmp_path / "travel_claims.py"), "--samples", str(rows))
    assert (code, answer["findings"]) == (0, [])
    rows.write_text("policy_no,amount_hkd,days_since_start,note\nSYN-1,lots,12,\n")
    with pytest.raises(Problem) as raised:
        CliRunner().invoke(check, [str(tmp_path / "travel_claims.py"), "--samples", str(rows)], catch_exceptions=False)
    assert raised.value.where == "amount_hkd"


def test_the_same_decisions_on_postgresql(tmp_path: Path) -> None:
    from tests.docs.test_tutorial import FILES

    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with server() as postgresql:
        dsn = postgresql.database()
        code, answer = run(str(tmp_path / "travel_claims.py"), "--store", "postgresql", "--dsn", dsn)
    assert answer["findings"] == []
    assert code == 0
    assert "store.same" in answer["checked"][0]["checks"]
