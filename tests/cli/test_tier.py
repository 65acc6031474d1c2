"""``waglan tier``, ``suspend``, ``resume``, ``drill``: on the log, in words, in three languages."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.registers.drills import made
from waglan.cli.main import waglan
from waglan.runtime import Workspace

CASES = tomllib.loads((Path(__file__).parents[1] / "tiers" / "use_cases.toml").read_text(encoding="utf-8"))["use_cases"]


@pytest.fixture
def bank(tmp_path):
    """A workspace with a use case that has a profile and two models; their ids."""
    workspace, names = made(tmp_path / "bank")
    workspace.close()
    return tmp_path / "bank", names


def leaves(folder, kind):
    with Workspace.open(folder) as workspace:
        size = workspace.ledger.head().size
        return [leaf for at in range(size) if (leaf := workspace.ledger.leaf(at))["kind"] == kind]


def test_a_use_case_s_tier_with_its_reasons(run, bank):
    folder, _ = bank
    body = run("tier", "triage", "--workspace", folder, "--json").json
    assert (body["tier"], body["why"], body["declared"], body["assessed"]) == ("medium", "declared", "medium", "medium")
    assert [t["id"] for t in body["triggers"]] == ["about_people"] and body["triggers"][0]["cites"]
    assert body["unknown"] == [] and body["best_case"] == "medium" and body["first"] == "none"
    shown = run("tier", "triage", "--workspace", folder, "--language", "zh-Hant")
    assert "其就個人作出的結果有實際影響" in shown.out.replace("\n", "").replace(" ", "")
    assert {row["use_case"] for row in run("tier", "--workspace", folder, "--json").json["use_cases"]} >= {"triage"}
    assert "triage" in run("tier", "--workspace", folder).out
    wrong = run("tier", "triag", "--workspace", folder)
    assert wrong.code == 2 and "triage" in wrong.problem.why


@pytest.mark.parametrize("each", CASES, ids=lambda each: each["id"])
def test_a_profile_in_chinese_gets_the_same_answer(run, tmp_path, each):
    english, chinese = tmp_path / "p.toml", tmp_path / "p.json"
    english.write_text("[profile]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in each["profile"].items()))
    chinese.write_text(json.dumps(each["profile_zh"], ensure_ascii=False), encoding="utf-8")
    one = run("tier", "--profile", english, "--json").json
    assert one == run("tier", "--profile", chinese, "--json").json
    assert one == run("tier", json.dumps(each["profile_zh"], ensure_ascii=False), "--json").json
    assert one["tier"] == each["tier"]


def test_what_is_unknown_and_what_would_lower_it(run):
    body = run("tier", '{"effect": "recommends"}', "--json").json
    assert body["tier"] == "critical" and "adverse" in body["unknown"] and "effect" not in body["unknown"]
    assert {"axis": "autonomy", "answer": "in_the_loop", "tier": "high"} in body["would_lower"]
    shown = run("tier", '{"effect": "recommends"}').out
    assert "counted as the worst" in shown and "autonomy = in_the_loop → high" in shown


def test_prohibited_uses_are_unacceptable(run):
    found = run("tier", '{"prohibited": ["社會評分"]}')
    assert found.code == 1 and "UNACCEPTABLE" in found.out
    assert run("tier", '{"prohibited": ["crime"]}', "--json").json["dpo"] == "unacceptable"


@pytest.mark.parametrize("text", ["{", "[1]", '{"efect": 1}', '{"effect": "dezides"}'])
def test_what_is_no_profile_gets_three_lines(run, tmp_path, text):
    file = tmp_path / "p.json"
    file.write_text(text)
    assert run("tier", "--profile", file).code == 2
    assert run("tier", "--profile", tmp_path / "none.toml").code == 2


def test_answers_are_asked_for():
    said = "\n".join(
        ["是", "提供資訊", "no", "none", "", "none", "yes", "none", "no", "no", "small", "none", "yes", ""]
    )
    found = CliRunner().invoke(waglan, ["tier", "--ask", "--language", "zh-Hant", "--json"], input=said)
    body = json.loads(found.stdout)
    assert body["tier"] == "medium" and body["unknown"] == ["autonomy"] and "結果作用" in found.stderr


def test_a_tier_is_raised_and_not_lowered(run, bank):
    folder, _ = bank
    at = ("--workspace", folder, "--json")
    body = run("tier", "triage", "--raise", "critical", "--reason", "pilot", *at).json
    assert (body["tier"], body["why"]) == ("critical", "raised")
    told = run("tier", "triage", *at).json
    assert told["tier"] == "critical" and told["first"] == "all" and told["drill_days"] == 30
    assert run("tier", "triage", "--raise", "low", "--reason", "wish", *at).json["tier"] == "critical"
    assert run("tier", "triage", "--raise", "high", *at).code == 2, "a reason is needed"
    assert run("tier", "triage", "--raise", "high", "--reason", "x", "--until", "2001-01-01", *at).code == 2
    assert [leaf["actor"] for leaf in leaves(folder, "tier_ruling")] == ["cli", "cli"]


def test_the_kill_switch_is_turned_once_and_back(run, bank):
    folder, names = bank
    at = ("--workspace", folder, "--json")
    assert run("suspend", *at).json == {"suspended": []}
    first = run("suspend", "use-case", "triage", "--reason", "complaints", *at).json
    assert first == {"target": "use_case", "id": "triage", "suspended": True, "changed": True}
    assert run("suspend", "use_case", "triage", "--reason", "again", *at).json["changed"] is False
    run("suspend", "model", names[0], "--reason", "drift", *at)
    assert [s["id"] for s in run("suspend", *at).json["suspended"]] == ["triage", names[0]]
    assert "triage" in run("suspend", "--workspace", folder).out
    with Workspace.open(folder) as workspace:
        assert workspace.runtime.decide_sync("triage", {"days": 1}).decision.why == ("suspended:use_case",)
    assert run("resume", "use_case", "triage", "--reason", "mended", *at).json["changed"] is True
    assert run("resume", "use_case", "triage", "--reason", "mended", *at).json["changed"] is False
    with Workspace.open(folder) as workspace:
        decision = workspace.runtime.decide_sync("triage", {"days": 1}).decision
        assert decision.failover and decision.findings[0].code == "suspended"
    assert len(leaves(folder, "suspension")) == 3


def test_a_mistyped_switch_says_so(run, bank):
    folder, names = bank
    at = ("--workspace", folder)
    for target, name, near in (
        ("use_case", "triagee", "triage"),
        ("model", names[0][:-1], names[0]),
        ("modl", "x", ""),
    ):
        found = run("suspend", target, name, "--reason", "r", *at)
        assert found.code == 2 and near in found.problem.why
    assert run("suspend", "vendor", "acme", "--reason", "r", *at).code == 2
    assert run("suspend", "use_case", "triage", *at).code == 2, "a reason is needed"
    assert run("resume", "use_case", "nobody", "--reason", "r", *at).code == 2
    assert leaves(folder, "suspension") == []


def test_a_vendor_is_stopped_by_the_name_its_models_have(run, bank):
    from waglan.core.events import ModelRegistration

    folder, names = bank
    with Workspace.open(folder) as workspace:
        workspace.register_model(ModelRegistration(id=names[0], version="1", digest="d" * 64, vendor="acme"))
    assert run("suspend", "vendor", "acme", "--reason", "outage", "--workspace", folder, "--json").json["changed"]
    with Workspace.open(folder) as workspace:
        assert workspace.runtime.decide_sync("triage", {"days": 1}).decision.models[-1].id == names[1]


def test_drills_run_are_listed_and_planned(run, bank):
    folder, names = bank
    at = ("--workspace", folder)
    assert "No drill was run" in run("drill", "list", *at).out
    assert run("drill", "due", *at, "--json").json == {"due": []}
    found = run("drill", "run", "triage", "--what", "kill_switch", "--cases", "3", *at, "--json").json
    assert found["passed"] and (found["asked"], found["queued"], found["uncontrolled"]) == (3, 3, 0)
    said = run("drill", "run", "triage", "--cases", "2", "--seed", "1", *at)
    assert said.code == 0 and said.out.startswith("Passed: failover of triage") and names[0] in said.out
    assert [d["what"] for d in run("drill", "list", *at, "--json").json["drills"]] == ["failover", "kill_switch"]
    assert "failover" in run("drill", "list", *at).out
    with Workspace.open(folder) as workspace:
        workspace.runtime.decide_sync("triage", {"days": 1})
    planned = run("drill", "due", *at, "--json").json["due"]
    assert {d["what"] for d in planned} == {"failover", "kill_switch"} and not any(d["overdue"] for d in planned)
    assert "triage" in run("drill", "due", *at).out
    assert run("drill", "due", "--run", *at, "--json").json == {"drills": []}
