"""``waglan register`` and ``waglan incident``: what people keep, from the line and from files."""

from __future__ import annotations

import csv
import hashlib
import json

import pytest

from tests.cli.conftest import read
from waglan.cli.registry import KINDS, name_member
from waglan.registers.texts import members
from waglan.runtime import Workspace


@pytest.fixture
def at(folder):
    return ("--workspace", folder, "--json")


def test_a_vendor_is_kept_changed_and_ended(run, folder, at):
    made = run("register", "vendor", "add", "acme", "--service", "LLM", "--no-training", "yes",
               "--contract-until", "2027-03-31", "--sub-processors", "a", "--sub-processors", "b", *at)  # fmt: skip
    assert made.json["index"] == 0
    run("register", "vendor", "add", "acme", "--region", "SG", "--note", "Mrs Wong says so", *at)
    shown = run("register", "vendor", "show", "acme", *at).json
    assert shown["facts"] == {
        "id": "acme", "service": "LLM", "no_training": True, "region": "SG", "sub_processors": ["a", "b"],
        "contract_until": 1806508800000,
    }  # fmt: skip
    assert [each["changed"] for each in shown["history"]] == [{"region": ["", "SG"]}, {}]
    text = run("register", "vendor", "show", "acme", "--workspace", folder).out
    assert "2027-03-31" in text and "region - -> SG" in text and "Wong" not in text
    assert run("register", "vendor", "add", "acme", "--region", "SG", *at).problem.code == "register.same"
    run("register", "vendor", "add", "acme", "--region", "", *at)  # nothing is known of it any more
    assert "region" not in run("register", "vendor", "show", "acme", *at).json["facts"]
    run("register", "vendor", "end", "acme", *at)
    assert run("register", "vendor", "list", *at).json["rows"][0]["state"] == "ended"
    assert "(ended)" in run("register", "vendor", "list", "--workspace", folder).out
    run("register", "vendor", "add", "acme", *at)
    assert "state" not in run("register", "vendor", "list", *at).json["rows"][0]
    assert run("register", "vendor", "list", "--on", "2020-01-01", *at).json == {"rows": []}


def test_a_document_is_hashed_where_it_lies(run, folder, at, tmp_path):
    file = tmp_path / "政策.txt"
    file.write_text("Our policy.")
    run("register", "document", "add", "ai-policy", file, "--type", "policy", "--title", "AI 政策", "--clauses",
        "FSTB.12.1", "--approved", "2026-01-05", "--expires", "2027-01-04", *at)  # fmt: skip
    facts = run("register", "document", "show", "ai-policy", *at).json["facts"]
    assert facts["digest"] == hashlib.sha256(b"Our policy.").hexdigest() and facts["title"] == "AI 政策"
    assert run("register", "document", "add", "b", tmp_path / "none", *at).problem.code == "file.missing"
    assert run("register", "document", "add", "b", *at).problem.where == "digest"
    nearest = run("register", "document", "add", "b", file, "--clauses", "FSTB.12.11", *at).problem
    assert nearest.code == "register.reference" and "FSTB.12" in nearest.why


WRONG = (
    (("vendor", "add", "Acme Ltd"), "register.value", "id"),
    (("vendor", "add"), "usage.name", "NAME"),
    (("vendor", "show", "acme"), "register.missing", "acme"),
    (("vendor", "end", "acme"), "register.missing", "acme"),
    (("vendor", "add", "a", "--no-training", "maybe"), "register.value", "no-training"),
    (("vendor", "add", "a", "--reviewed", "yesterday"), "register.value", "reviewed"),
    (("vendor", "list", "--on", "yesterday"), "usage.date", "--until"),
    (("entity", "add", "a", "--licences", "bnak"), "register.value", "licences"),
    (("count", "add", "gw", "--counted", "many"), "register.value", "counted"),
    (("count", "add", "gw", "--counted", "1"), "register.value", "from"),
    (("test-run", "add", "drfit"), "register.value", "of"),
    (("competence", "add", "p-1", "--role", "r", "--topic", "t", "--completed", "2026-01-01"),
     "register.reference", "person"),
)  # fmt: skip


def test_what_is_wrong_is_named(run, at):
    for words, code, where in WRONG:
        problem = run("register", *words, *at).problem
        assert (problem.code, problem.where) == (code, where), words


def test_every_register_lists_and_has_options_for_all_it_holds(run, folder, at):
    for word, kind in KINDS.items():
        assert run("register", word, "list", *at).json == {"rows": []}
        assert f"waglan register {word} add" in run("register", word, "list", "--workspace", folder).out
        text = run("register", word, "--help").out
        for member in members(kind):
            assert (f"--{member.word} " in text) is (member.name != name_member(kind))


def test_counts_and_runs(run, at):
    run("register", "count", "add", "gateway", "--counted", "10", "--from", "2026-11-01", "--until", "2026-11-02", *at)
    (row,) = run("register", "count", "list", *at).json["rows"]
    assert (row["counted"], row["until_ms"] - row["from_ms"]) == (10, 2 * 86_400_000)
    run("register", "test-run", "add", "drift", "--passed", "no", "--metric", "psi", "--value", "0.31", *at)
    (row,) = run("register", "test-run", "list", *at).json["rows"]
    assert (row["name"], row["passed"], row["value"]) == ("drift psi", False, "0.31")


def test_a_file_of_vendors(run, folder, at, tmp_path):
    file = tmp_path / "vendors.csv"
    file.write_text(
        "id,Service,Sub Processors,no_training,reviewed_at,region\n"
        "acme,語言模型,a;b,yes,2026-01-05,HK\n"
        "Bad Name,x,,no,,\n"
        "bolt,y,,maybe,,\n"
        "cord,z,,,2026-01-05,\n",
        encoding="utf-8",
    )
    made = run("register", "import", file, "--as", "vendors", *at)
    assert (made.code, made.json["registered"], made.json["refused"]) == (1, 2, 2)
    rejects = read(tmp_path / "vendors.csv.rejects.csv")
    assert [(r["id"], r["row"]) for r in rejects] == [("Bad Name", "2"), ("bolt", "3")]
    assert "yes nor no" in rejects[1]["reason"] and rejects[1]["Service"] == "y"
    facts = run("register", "vendor", "show", "acme", *at).json["facts"]
    assert facts["sub_processors"] == ["a", "b"] and facts["service"] == "語言模型" and facts["no_training"] is True
    with (tmp_path / "again.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rejects[0].keys())
        writer.writeheader()
        writer.writerows([{**rejects[0], "id": "bad-name"}, {**rejects[1], "no_training": "unknown"}])
    again = run("register", "import", tmp_path / "again.csv", "--as", "vendor", *at)
    assert (again.code, again.json) == (0, {"registered": 2, "same": 0, "refused": 0, "rejects": ""})
    same = run("register", "import", tmp_path / "again.csv", "--as", "vendor", *at)
    assert same.json["same"] == 2 and same.code == 0
    text = run("register", "import", file, "--as", "vendor", "--rejects", tmp_path / "r.csv", "--workspace", folder)
    assert "0 registered, 2 as they were, 2 refused." in text.out and (tmp_path / "r.csv").exists()
    change = tmp_path / "change.jsonl"
    change.write_text(json.dumps({"id": "acme", "region": "SG", "audit_right": True}) + "\n")
    assert run("register", "import", change, "--as", "vendor", *at).json["registered"] == 1
    facts = run("register", "vendor", "show", "acme", *at).json["facts"]
    assert (facts["region"], facts["audit_right"], facts["no_training"]) == ("SG", True, True)


def test_files_that_are_none(run, at, tmp_path):
    file = tmp_path / "v.csv"
    file.write_text("id,serivce\na,b\n")
    problem = run("register", "import", file, "--as", "vendor", *at).problem
    assert problem.code == "register.member" and "service" in problem.why
    assert run("register", "import", file, "--as", "venders", *at).problem.code == "usage.register"
    assert run("register", "import", tmp_path / "none.csv", "--as", "vendor", *at).problem.code.startswith("file.")


def test_an_incident_from_end_to_end(run, folder, at):
    run("register", "entity", "add", "ins", "--licences", "insurer", *at)
    run("decide", "triage", _cases(folder), *at)
    made = run("incident", "open", "--cause", "cyber", "--severity", "high", "--personal-data", "no", "--route", "auto",
               "--note", "Somebody was in.", "--at", "2026-11-20T09:00", *at).json  # fmt: skip
    assert made["facts"]["decisions"] == 2 and len(made["decisions"]) == 2 and len(made["facts"]["query_sha256"]) == 64
    assert [clock["id"] for clock in made["clocks"]] == ["ia.gl20"]
    listed = run("incident", "list", "--workspace", folder)
    assert made["id"] in listed.out and "ia.gl20 ins" in listed.out
    shown = run("incident", "show", made["id"], *at).json
    assert shown["note"] == "Somebody was in." and shown["state"] == "open"
    step = run("incident", "step", made["id"], "notified", "--clock", "ia.gl20", "--at", "2026-11-20T10:00",
               "--reference", "IA-1", *at).json  # fmt: skip
    assert [clock["state"] for clock in step["clocks"]] == ["stopped"]
    run("incident", "step", made["id"], "assessed", "--severity", "critical", "--affected", "3", *at)
    assert "told 2026-11-20 10:00" in run("incident", "show", made["id"], "--workspace", folder).out
    run("incident", "step", made["id"], "closed", *at)
    assert run("incident", "list", *at).json == {"incidents": []}
    assert "No incident is open." in run("incident", "list", "--workspace", folder).out
    (closed,) = run("incident", "list", "--all", *at).json["incidents"]
    assert (closed["facts"]["severity"], closed["facts"]["affected"], closed["state"]) == ("critical", 3, "closed")
    assert run("incident", "step", made["id"], "fixed", *at).problem.code == "register.state"
    assert run("incident", "show", "I", *at).problem.code == "register.missing"
    assert run("incident", "open", "--at", "soon", *at).problem.code == "usage.time"


def test_a_missed_clock_is_a_finding(run, folder, at):
    run("register", "entity", "add", "ins", "--licences", "insurer", *at)
    run("incident", "open", "--cause", "cyber", "--personal-data", "no", "--at", "2026-01-05T09:00", *at)
    listed = run("incident", "list", "--workspace", folder)
    assert listed.code == 1 and "missed by" in listed.out
    settings = folder / "waglan.toml"
    settings.write_text(settings.read_text() + '\n[registers]\ntighten = {"ia.gl20" = 90}\n')
    assert run("incident", "list", *at).problem.code == "settings.invalid"


def _cases(folder):
    file = folder / "cases.csv"
    file.write_text("customer,amount,kind\nA,5,card\nB,7,loan\n")
    return file


def test_registers_are_the_logs(run, folder, at):
    """Deleting the index loses nothing."""
    run("register", "vendor", "add", "acme", *at)
    for each in folder.glob("index.db*"):
        each.unlink()
    assert run("register", "vendor", "list", *at).json["rows"][0]["name"] == "acme"
    with Workspace.open(folder) as opened:
        assert opened.ledger.leaf(0)["kind"] == "vendor"
