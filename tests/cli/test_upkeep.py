"""``waglan doctor`` about people, keys, backups, the index and the queue."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from waglan.access import Access
from waglan.cli import upkeep as module
from waglan.cli.looked import Check
from waglan.cli.upkeep import upkeep
from waglan.console.house import open_index
from waglan.core.clock import SystemClock
from waglan.core.problem import Problem
from waglan.ledger import erasure
from waglan.runtime import Ask, Workspace

DAY_MS = 86_400_000


class Clock(SystemClock):
    """The machine's, so many days ahead."""

    def __init__(self, days: int = 0) -> None:
        self.days = days

    def now_ms(self) -> int:
        return super().now_ms() + self.days * DAY_MS


def checks(folder: Path, days: int = 0) -> list[Check]:
    with Workspace.open(folder, clock=Clock(days)) as workspace:
        return list(upkeep(workspace))


def told(found: list[Check], name: str) -> list[tuple[str, str]]:
    return [(each.state, each.told) for each in found if each.name == name]


@pytest.fixture
def admin(run, folder) -> str:
    return run("user", "add", "Boss", "boss@bank.example", "--role", "admin", "--workspace", folder, "--json").json[
        "id"
    ]


def test_a_new_workspace_is_told_what_is_missing_and_nothing_is_wrong(folder):
    found = checks(folder)
    assert [each.state for each in found] == ["note", "note"]
    assert "none is known" in found[0].told and "one-time link" in found[1].next
    assert not (folder / "access.db").exists()


def test_people(run, folder, admin):
    def add(name: str, *words: str) -> str:
        ran = run("user", "add", name, f"{name}@bank.example", *words, "--workspace", folder, "--json")
        return ran.json["id"]

    approver = add("a", "--role", "approver")
    ends = add("b", "--role", "examiner", "--until", "2031-01-01")
    found = checks(folder)
    assert told(found, "people") == [("ok", "3 of 3 may act")]
    ((state, weak),) = told(found, "second factor")
    assert state == "note" and admin in weak and approver in weak and ends not in weak
    assert not any("bank.example" in each.told or "Boss" in each.told for each in found)
    later = checks(folder, days=3_000)
    assert ("note", f"access has ended: {ends}") in told(later, "people")
    with Access.open(folder, tenant="bank") as access:
        access._database._open().execute(
            "UPDATE person SET state = 'disabled' WHERE id = ?", (admin,)
        ).connection.commit()
    assert told(checks(folder), "people")[0] == ("finding", "nobody can manage people and keys")


def test_keys_that_end_soon_or_have_ended(run, folder, admin):
    used = run(
        "key", "create", "core", "--scope", "decision.make", "--days", "10", "--workspace", folder, "--json"
    ).json
    idle = run("key", "create", "idle", "--scope", "ledger.read", "--days", "10", "--workspace", folder, "--json").json
    with Access.open(folder, tenant="bank") as access:
        assert access.keys.check(used["secret"])
    assert told(checks(folder), "keys of machines") == [("ok", "2 count")]
    assert told(checks(folder, days=5), "keys of machines") == [
        ("finding", f"in use and at an end within 7 days: {used['id']}")
    ]
    ((state, said),) = told(checks(folder, days=11), "keys of machines")
    assert state == "note" and used["id"] in said and idle["id"] in said
    run("key", "revoke", "core", "--workspace", folder)
    run("key", "revoke", "idle", "--workspace", folder)
    assert told(checks(folder, days=11), "keys of machines") == [("ok", "0 count")]


def test_backups(run, folder, tmp_path):
    with Workspace.open(folder) as workspace:
        workspace.opt_out("C-1")
    run("backup", tmp_path / "sets", "--workspace", folder)
    ((state, said),) = told(checks(folder), "backups")
    assert state == "ok" and said.startswith("newest of 20")
    ((state, said),) = told(checks(folder, days=3), "backups")
    assert state == "finding" and "3 days ago" in said
    (tmp_path / "sets").rename(tmp_path / "away")
    with Workspace.open(folder) as workspace, pytest.raises(Problem, match="backups of the vault"):
        erasure.erase(workspace.ledger, "C-1", "request", "dpo")
    assert ("finding", "A backup that couldn't be reached still holds keys of people who were erased.") in told(
        checks(folder), "backups"
    )
    (tmp_path / "away").rename(tmp_path / "sets")
    assert [state for state, _ in told(checks(folder), "backups")] == ["ok"]  # opening the workspace settled it


def test_the_queue_and_the_index(run, folder, admin, monkeypatch):
    assert told(checks(folder), "index") == [("note", "not made yet; the server makes it")]
    with Workspace.open(folder) as workspace, closing(open_index(workspace)):
        rows = [{"customer": f"C-{n}", "amount": 13, "kind": "card"} for n in range(3)]
        workspace.runtime.decide_many("triage", rows, Ask(channel="test"))
    found = checks(folder)
    assert told(found, "index") == [("ok", "has all of the log")]
    assert told(found, "reviews") == [("ok", "3 wait, 0 to be released, 0 past their time")]
    assert told(checks(folder, days=30), "reviews") == [("finding", "3 wait, 0 to be released, 3 past their time")]
    with Workspace.open(folder) as workspace:
        workspace.runtime.decide_many("triage", rows, Ask(channel="test"))
    monkeypatch.setattr(module, "MOST_FOLLOWED", 2)
    assert told(checks(folder), "index") == [("finding", "3 entries behind the log")]
    monkeypatch.undo()
    (folder / "index.db").write_bytes(b"no database" * 500)
    assert told(checks(folder), "index") == [("ok", "has all of the log")]  # it was made anew


def test_what_can_not_be_looked_at_is_a_finding(run, folder, admin, monkeypatch):
    with Workspace.open(folder) as workspace:
        open_index(workspace).close()

    def refused(*_: object, **__: object) -> None:
        raise Problem("Gone.", "Away.", "Wait.", code="index.unavailable")

    monkeypatch.setattr("waglan.ledger.vault_backup.Backups.newest", refused)
    monkeypatch.setattr(module, "open_index", refused)
    found = checks(folder)
    assert told(found, "backups") == told(found, "index") == [("finding", "Gone. Away.")]
    monkeypatch.setattr(Access, "open", refused)
    assert ("finding", "Gone. Away.") in told(checks(folder), "people")


def test_an_older_copy_of_who_may_act_is_noticed(run, folder, admin):
    who = run("user", "add", "X", "x@bank.example", "--role", "reviewer", "--workspace", folder, "--json").json["id"]
    with Workspace.open(folder) as workspace:
        open_index(workspace).close()
    shutil.copy(folder / "access.db", folder / "older.db")
    run("user", "disable", who, "--workspace", folder)
    assert len(told(checks(folder), "people")) == 1
    for extra in ("", "-wal", "-shm"):
        (folder / f"access.db{extra}").unlink(missing_ok=True)
    (folder / "older.db").rename(folder / "access.db")
    ((_, _), (state, said)) = told(checks(folder), "people")
    assert state == "finding" and who in said and admin not in said
    ran = run("doctor", "--workspace", folder, "--json")
    assert ran.code == 1 and ran.json["findings"] == 1
