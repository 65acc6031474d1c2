from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from waglan.cli.credit import credit
from waglan.core import Problem
from waglan.harbour import write_applicants
from waglan.runtime import Ask, Workspace


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bank")
    Workspace.create(folder).close()
    write_applicants(folder / "applicants.csv", 3000, seed=7)
    return folder


def run(*words):
    return CliRunner().invoke(credit, [str(w) for w in words], catch_exceptions=True)


def test_train_writes_registers_and_the_workspace_decides(place):
    said = ("--target", "default", "--protected", "sex,age", "--stakes", "requested_amount_hkd")
    result = run("train", place / "applicants.csv", *said, "--validator", "V", "--workspace", place, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.output)
    assert report["scorecard"]["holdout"]["auc"] > 0.65
    with Workspace.open(place) as workspace:
        current = workspace.registers.current("credit.scorecard")
        assert current is not None
        assert current.version == report["scorecard"]["version"]
        assert current.validator == "V"
        assert current.validation_expires_at > current.validated_at
        assert workspace.catalogue.get("credit").manifest.version == current.version
    model = place / "models" / report["scorecard"]["file"]
    shown = run("show", model)
    assert shown.exit_code == 0
    assert "late_payments_12m" in shown.output
    assert run("show", model, "--json").output.encode() == model.read_bytes()


def test_applicants_are_decided_through_the_runtime(place):
    if not (place / "usecases" / "credit.toml").is_file():
        run("train", place / "applicants.csv", "--target", "default", "--validator", "V", "--workspace", place)
    import csv

    with (place / "applicants.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:200]
    with Workspace.open(place) as workspace:
        replies = workspace.runtime.decide_many("credit", rows, Ask(channel="cli"), text=True)
    problems = [r for r in replies if isinstance(r, Problem)]
    assert problems == []
    routes = {(r.decision.outcome.effect, r.decision.route.value) for r in replies if r.decision.outcome}
    assert ("decline", "auto") not in routes
    assert ("decline", "human") in routes
    assert ("approve", "auto") in routes


def test_words_on_the_command_line_are_checked(place):
    file = place / "applicants.csv"
    base = ("train", file, "--target", "default", "--workspace", place)
    assert isinstance(run(*base, "--monotone", "term_months=up").exception, Problem)
    assert isinstance(run(*base, "--special", "term_months=x").exception, Problem)
    assert run(*base, "--family", "nonsense").exit_code == 2
    assert isinstance(run("train", file, "--target", "default", "--workspace", place / "no").exception, Problem)
    assert isinstance(run("show", place / "missing.json").exception, Problem)


def test_without_a_validator_it_says_so(place):
    result = run("train", place / "applicants.csv", "--target", "default", "--use-case", "other", "--workspace", place)
    assert result.exit_code == 0, result.output
    assert "Nobody has validated it" in result.output.replace("\n", " ")
    with Workspace.open(place) as workspace:
        assert workspace.registers.current("other.scorecard").validated_at is None
