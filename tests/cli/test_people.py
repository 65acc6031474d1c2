"""``waglan user`` and ``waglan key``: who may act, told once, recorded without a name."""

from __future__ import annotations

import json

import pytest

from waglan.access import Access, Action, Resource, ruling
from waglan.core.problem import Problem
from waglan.runtime import Workspace

BOSS = ("Boss Au", "boss@bank.example", "--role", "admin")


@pytest.fixture
def ask(run, folder):
    return lambda *words: run(*words, "--workspace", folder, "--json")


def leaves(folder, kind: str) -> list[dict]:
    with Workspace.open(folder) as workspace:
        found = [workspace.ledger.leaf(i) for i in range(workspace.ledger.head().size)]
    return [leaf for leaf in found if leaf["kind"] == kind]


def test_somebody_comes_in_changes_and_goes(run, folder, ask):
    assert "one-time link" in run("user", "list", "--workspace", folder).out
    boss = ask("user", "add", *BOSS).json
    added = ask("user", "add", "陳大文", "Chan@bank.example", "--role", "reviewer", "--role", "user",
                "--language", "zh-Hant", "--url", "https://waglan.bank.example/").json  # fmt: skip
    assert added["roles"] == ["user", "reviewer"] and added["state"] == "active"
    link, token = added["link"].rsplit("/", 1)
    assert link == "https://waglan.bank.example/console/join"
    with Access.open(folder, tenant="bank") as access:
        assert access.people.accept(token, "correct horse battery staple").id == added["id"]
    again = ask("user", "invite", "CHAN@bank.example").json["link"]
    assert again.rsplit("/", 1)[1] != token
    changed = ask("user", "change", added["id"], "--role", "approver", "--until", "2031-12-31", "--name", "D. M. Chan")
    assert changed.json["roles"] == ["approver"] and changed.json["until"] == "2031-12-31T16:00:00.000Z"
    assert ask("user", "change", added["id"], "--language", "en", "--until", "never").json["until"] == ""
    assert ask("user", "disable", added["id"]).json["state"] == "disabled"
    assert ask("user", "change", added["id"], "--enable").json["state"] == "active"
    listed = {row["id"]: row for row in ask("user", "list").json["people"]}
    assert set(listed) == {boss["id"], added["id"]} and listed[added["id"]]["name"] == "D. M. Chan"
    told = [(x["facts"]["person"], x["facts"].get("state", "active"), x["actor"]) for x in leaves(folder, "person")]
    assert told == [
        (boss["id"], "active", "cli"), (added["id"], "active", "cli"), (added["id"], "active", "cli"),
        (added["id"], "active", "cli"), (added["id"], "disabled", "cli"), (added["id"], "active", "cli"),
    ]  # fmt: skip
    raw = json.dumps(leaves(folder, "person"), ensure_ascii=False)
    assert not any(word in raw for word in ("陳", "Chan", "bank.example", "Boss"))
    assert f"{boss['id']}  Boss Au <boss@bank.example>: admin; active" in run("user", "list", "--workspace", folder).out


def test_a_new_name_alone_is_nothing_for_the_log(folder, ask):
    boss = ask("user", "add", *BOSS).json["id"]
    ask("user", "change", boss, "--name", "Boss Au-Yeung", "--language", "zh-Hans")
    assert len(leaves(folder, "person")) == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("add", "X", "no-address", "--role", "user"), "access.person"),
        (("add", "X", "x@bank.example"), "access.person"),
        (("add", "X", "boss@bank.example", "--role", "user"), "access.person"),
        (("add", "X", "x@bank.example", "--role", "examiner"), "access.person"),
        (("add", "X", "x@bank.example", "--role", "user", "--until", "31.12.2031"), "usage.date"),
        (("change", "p-01JD0000000000000000000000", "--role", "user"), "access.missing"),
        (("invite", "x@bank.example"), "access.missing"),
        (("disable", "boss@bank.example"), "access.person"),
    ],
)
def test_refusals(folder, ask, words, code):
    ask("user", "add", *BOSS)
    ran = ask("user", *words)
    assert ran.problem is not None and ran.problem.code == code and ran.code == 2
    assert len(leaves(folder, "person")) == 1


def test_a_key_is_shown_once_and_acts_within_its_scopes(run, folder, ask):
    made = ask(
        "key", "create", "core-banking", "--scope", "decision.make", "--scope", "metrics.read", "--days", "7"
    ).json
    secret = made.pop("secret")
    with Access.open(folder, tenant="bank") as access:
        identity = access.keys.check(secret)
        assert identity is not None and identity.id == made["id"]
        assert ruling(identity, Action.METRICS_READ, Resource("metrics", "bank")).allowed
        assert not ruling(identity, Action.LEDGER_READ, Resource("ledger", "bank")).allowed
    (row,) = ask("key", "list").json["keys"]
    assert row["state"] == "open" and row["made_by"] == "cli" and row["used"]
    assert secret not in run("key", "list", "--workspace", folder).out
    every = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
    assert secret.encode() not in every and secret.rsplit("_", 1)[1].encode() not in every
    text = run("key", "create", "core-banking", "--scope", "ledger.read", "--workspace", folder).out
    assert "shown this once" in text
    ran = ask("key", "revoke", "core-banking")
    assert ran.problem is not None and "2 keys" in ran.problem.what
    assert ask("key", "revoke", made["id"]).json["state"] == "revoked"
    with Access.open(folder, tenant="bank") as access:
        assert access.keys.check(secret) is None
    assert "counts no more" in run("key", "revoke", "core-banking", "--workspace", folder).out
    told = [(x["facts"]["key"], x["facts"].get("state", "active")) for x in leaves(folder, "api_key")]
    assert told[0] == (made["id"], "active") and told[2] == (made["id"], "revoked") and len(told) == 4


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("create", "core", "--scope", "decision.mkae"), "access.key"),
        (("create", "core", "--scope", "review.judge"), "access.key"),
        (("create", "x@y", "--scope", "decision.make"), "access.key"),
        (("revoke", "core"), "access.missing"),
    ],
)
def test_keys_that_can_not_be(folder, ask, words, code):
    ran = ask("key", *words)
    assert ran.problem is not None and ran.problem.code == code
    assert leaves(folder, "api_key") == []


def test_no_key_counts_that_the_log_does_not_know(run, folder, ask, monkeypatch):
    assert "No key yet" in run("key", "list", "--workspace", folder).out

    def refused(*_: object, **__: object) -> None:
        raise Problem("No.", "Not now.", "Wait.", code="ledger.unavailable")

    monkeypatch.setattr(Workspace, "record", refused)
    assert ask("key", "create", "core", "--scope", "ledger.read").problem.code == "ledger.unavailable"
    assert [row["state"] for row in ask("key", "list").json["keys"]] == ["revoked"]


def test_the_words_for_people(run, folder):
    text = run("user", "add", "Rita", "rita@bank.example", "--role", "reviewer", "--workspace", folder).out
    assert "Rita: reviewer." in text and "http://localhost:8420/console/join/" in text and "shown this once" in text
    toml = folder / "waglan.toml"
    toml.write_text(toml.read_text() + '\n[server]\npublic_url = "https://waglan.bank.example"\n')
    text = run("user", "invite", "rita@bank.example", "--workspace", folder).out
    assert "https://waglan.bank.example/console/join/" in text


def test_nothing_is_done_that_the_log_could_not_take_in(folder, ask):
    ask("user", "add", *BOSS)
    with Workspace.open(folder) as workspace:
        workspace.opt_out("C")
    ledger = folder / "ledger.db"
    ledger.rename(folder / "aside.db")
    for extra in ("-wal", "-shm"):
        (folder / f"ledger.db{extra}").unlink(missing_ok=True)
    for words in (
        ("user", "add", "X", "x@bank.example", "--role", "user"),
        ("key", "create", "k", "--scope", "ledger.read"),
    ):
        ran = ask(*words)
        assert ran.code == 3 and ran.problem.code == "ledger.rollback"
    with Access.open(folder, tenant="bank") as access:
        assert len(access.people.all()) == 1 and access.keys.all() == []
