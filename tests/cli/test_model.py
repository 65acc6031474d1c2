"""``waglan model``: registered, validated, withdrawn – each on the log."""

from __future__ import annotations

import json

import pytest

from waglan.runtime import Workspace

READER = """

import hashlib
import json

from waglan import ModelCard
from waglan.core import formats


class Linear:
    def __init__(self, data):
        told = json.loads(data)
        self.card = ModelCard(id=told["id"], version=told["version"], digest=hashlib.sha256(data).hexdigest())

    def predict(self, inputs):
        return inputs["amount"]


if "test-linear" not in formats:
    formats.add("test-linear", Linear)
"""


@pytest.fixture
def bank(folder):
    with (folder / "triage.py").open("a") as code:
        code.write(READER)
    # a module is imported once per process and path, so this copy gets a name of its own
    (folder / "triage.py").rename(folder / "triage_models.py")
    settings = folder / "waglan.toml"
    settings.write_text(settings.read_text().replace("./triage.py", "./triage_models.py"))
    return folder


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "model.json"
    path.write_text(json.dumps({"format": "test-linear", "id": "bank.linear", "version": "3"}))
    return path


def test_the_life_of_a_model(run, bank, file):
    at = ("--workspace", bank, "--json")
    assert run("model", "list", *at).json == {"models": []}
    told = run("model", "register", file, "--owner", "Quant", "--by", "wong", *at).json
    assert [told[k] for k in ("id", "version", "state", "validation")] == [
        "bank.linear",
        "3",
        "in_use",
        "not validated",
    ]
    assert [p.read_bytes() for p in (bank / "models").glob("*.json")] == [file.read_bytes()]
    told = run("model", "validate", "bank.linear", "3", "--by", "chan", "--until", "2099-12-31", *at).json
    expected = ["valid", "chan", "2099-12-31T16:00:00.000Z"]
    assert [told[k] for k in ("validation", "validated_by", "valid_until")] == expected
    told = run("model", "withdraw", "bank.linear", "3", "--by", "chan", *at).json
    assert told["state"] == "withdrawn"
    (listed,) = run("model", "list", *at).json["models"]
    assert listed["state"] == "withdrawn" and listed["validated_by"] == "chan"
    with Workspace.open(bank) as workspace:
        rows = workspace.ledger.rows(0, workspace.ledger.head().size)
        kinds = [(leaf["kind"], leaf["actor"]) for leaf in (json.loads(row.leaf) for _, row in rows)]
    assert kinds == [("model", "wong"), ("model", "chan"), ("model", "chan")]
    assert "bank.linear" in run("model", "list", "--workspace", bank).out


def test_a_changed_model_needs_a_version_of_its_own(run, bank, file):
    assert run("model", "register", file, "--workspace", bank).code == 0
    assert run("model", "register", file, "--workspace", bank).code == 0
    assert len(list((bank / "models").glob("*.json"))) == 1
    file.write_text(file.read_text() + " ")
    changed = run("model", "register", file, "--workspace", bank)
    assert changed.code == 2 and changed.problem.code == "model.changed"


def test_what_isnt_there_is_named(run, bank, file, tmp_path):
    run("model", "register", file, "--workspace", bank)
    missing = run("model", "withdraw", "bank.linar", "3", "--by", "chan", "--workspace", bank)
    assert missing.code == 2 and "bank.linear 3" in missing.problem.why
    past = run("model", "validate", "bank.linear", "3", "--by", "c", "--until", "2020-01-01", "--workspace", bank)
    assert past.code == 2 and past.problem.code == "model.validation"
    assert run("model", "register", tmp_path / "no.json", "--workspace", bank).code == 2
    (tmp_path / "bad.json").write_text("{")
    assert run("model", "register", tmp_path / "bad.json", "--workspace", bank).problem.code == "model.file"


def test_what_people_say_of_a_model_and_how_it_lives(run, bank, file):
    at = ("--workspace", bank, "--json")
    told = run("model", "register", file, "--state", "proposed", "--origin", "own", "--builder", "Quant", *at).json
    assert told["state"] == "proposed"
    said = ("--state", "approved", "--approver", "p-1", "--limits", "No firms.", "--data-source", "bureau")
    assert run("model", "change", "bank.linear", "3", *said, *at).json["state"] == "approved"
    with Workspace.open(bank) as opened:
        found = opened.registers.model("bank.linear", "3")
    assert (found.origin, found.builder, found.approver, found.limits) == ("own", "Quant", "p-1", "No firms.")
    assert found.data_sources == ("bureau",)
    assert run("model", "change", "bank.linear", "3", "--limits", "No firms.", *at).problem.code == "model.same"
    for wrong in (("--prompt-digest", "abc"), ("--owner", "wong@bank.example"), ("--limits", "x" * 501)):
        assert run("model", "change", "bank.linear", "3", *wrong, *at).problem.code == "register.value"
    assert run("model", "change", "bank.linear", "4", "--state", "in_use", *at).problem.code == "model.unknown"
