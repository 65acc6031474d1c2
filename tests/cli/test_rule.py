"""``waglan rule``: from a proposal to what it would have done; releasing isn't a command."""

import json

import pytest
from click.testing import CliRunner

from tests.runtime.test_gates import MANIFEST, MODULE, OUTCOMES, outcome
from waglan.cli.main import waglan
from waglan.runtime import Workspace


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "w"
    made.mkdir()
    (made / "told.py").write_text(MODULE)
    (made / "told.toml").write_text(MANIFEST)
    with Workspace.create(made, tenant="bank", modules=("./told.py",)) as workspace:
        for number, stakes in ((1, 10.0), (2, 5000.0)):
            OUTCOMES[number] = outcome(stakes_hkd=stakes)
            workspace.runtime.decide_sync("told", {"n": number})
    return made


def run(folder, *words, code=0):
    found = CliRunner().invoke(waglan, ["rule", *words, "--workspace", str(folder), "--json"])
    if code:
        return found.exception
    assert found.exit_code == 0, (found.output, found.exception)
    return json.loads(found.output)


def test_a_rule_is_proposed_replayed_shown_and_dropped(folder, tmp_path):
    tables = tmp_path / "limits.csv"
    tables.write_text("[limit] money\nsector,from,until,value,cites\nbanking,2020-01-01,,1000.00,Board 1\n")
    made = run(
        folder, "propose", "LIMIT", "--title", "Large sums", "--tables", str(tables), "--clause", "FSTB.12b.3",
        "--holds", "stakes_hkd <= table('limit', sector, on=date(decided_at))",
    )  # fmt: skip
    assert made["rule"] == "LIMIT" and made["proposer"] == "cli" and made["replay"] is None
    assert run(folder, "replay", made["id"], "--no-keep")["changed"] == 1
    assert run(folder, "show", made["id"])["replay"] is None
    shown = run(folder, "replay", made["id"])
    assert shown["all"]["looked_at"] == 2 and len(shown["examples"]) == 1
    assert run(folder, "show", made["id"])["replay"]["sha256"] == shown["sha256"]
    listed = run(folder, "list")
    assert listed["rules"] == [] and [p["id"] for p in listed["proposals"]] == [made["id"]]
    assert run(folder, "drop", made["id"])["state"] == "dropped"
    assert run(folder, "list")["proposals"] == []
    assert len(run(folder, "list", "--all")["proposals"]) == 1


def test_people_read_it_as_text(folder):
    def said(*words):
        return CliRunner().invoke(waglan, ["rule", *words, "--workspace", str(folder)]).output

    assert "No rule is in force" in said("list")
    told = said("propose", "LIMIT", "--title", "Large sums", "--holds", "stakes_hkd <= 1000")
    proposal = told.rpartition(" ")[2].strip()
    assert f"waglan rule replay {proposal}" in told
    assert "never replayed" in said("list") and "stakes_hkd <= 1000" in said("show", proposal)
    assert "1 of 2 decisions would have been treated otherwise" in said("replay", proposal)
    assert "Dropped: LIMIT" in said("drop", proposal)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("propose", "LIMIT", "--title", "x", "--holds", "stake_hkd <= 1"), "rule.field"),
        (("propose", "LIMIT", "--withdraw"), "rule.missing"),
        (("propose", "LIMIT", "--title", "x", "--holds", "adverse", "--tables", "/nowhere"), "usage.file"),
        (("replay", "nothing"), "rule.missing"),
        (("show", "nothing"), "rule.missing"),
        (("release", "nothing"), ""),
    ],
)
def test_a_mistake_is_a_problem(folder, words, code):
    found = run(folder, *words, code=2)
    assert getattr(found, "code", "") == code or code == ""
