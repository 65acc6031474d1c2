"""A filled workspace of release v0.1.0, opened and worked on by this one. `make_v0_1_0.py` made it."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from waglan.access import Identity
from waglan.console.house import open_index
from waglan.core.problem import Problem
from waglan.facts import Facts
from waglan.index import decisions
from waglan.ledger import erasure, vault_file
from waglan.ledger.export import VERIFIER, export
from waglan.ledger.vault import Vault
from waglan.review import Desk, Filter, Judgement
from waglan.review.state import State
from waglan.runtime import Ask, Workspace
from waglan.runtime.backup import make, restore

HERE = Path(__file__).parent
ROOMS = HERE.parents[1] / "src" / "waglan"
RELEASED = {
    "ledger/postgres_1.sql": "5b7c3070a35c31c68a842b44288dfea8f0ea83c888a0d68e5d93d9ddb17ca38e",
    "ledger/sqlite_1.sql": "e398b57a260aa6411b1fd9bf605c38e52c22235f8515b5b5b20ccccccd158bda",
    "ledger/vault_1.sql": "2906cdeec6e7cd492c80bcbda71fd83e1b25564c520893a6bc55142085a5f58c",
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    with tarfile.open(HERE / "v0_1_0.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    for path in (tmp_path / "bank" / "keys").iterdir():
        assert path.stat().st_mode & 0o077 == 0
    return tmp_path


@pytest.fixture
def told(place: Path) -> dict[str, Any]:
    return json.loads((place / "told.json").read_text())


def verify(place: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """This release's verifier over this release's export, with the verifier keys and proofs of the old one."""
    with Workspace.open(place / "bank") as workspace:
        log = workspace.ledger
        export(log.store, log.signer, place / "out", log.signed())
    kept = place / "kept"
    keys = (kept / "vkeys").read_text().split()
    command = [sys.executable, "-I", "-S", str(VERIFIER), str(place / "out"), "--vkey", *keys]
    proofs = [str(kept / f"{which}.receipt") for which in ("auto", "human", "opened")]
    command += ["--old", str(kept / "middle.checkpoint"), str(kept / "end.checkpoint"), "--proof", *proofs, *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_opens_decides_and_old_proofs_still_hold(place: Path, told: dict[str, Any]) -> None:
    row = {"customer": "SYN-0005", "amount_hkd": 90, "kind": "fee"}
    with Workspace.open(place / "bank") as workspace:
        assert workspace.ledger.available and workspace.ledger.head().size == told["size"]
        assert workspace.vault.known("SYN-0005") == told["known"] and workspace.vault.known("SYN-0004") is None
        (reply,) = workspace.runtime.decide_many("triage", [row], Ask(channel="cli"))
        assert reply.decision.case.subject == told["known"]
        assert workspace.registers.opted_out(workspace.vault.known("SYN-0001") or "", "triage")
        assert workspace.registers.model("card", "2") is not None
        with pytest.raises(Problem, match="legal hold"):
            erasure.erase(workspace.ledger, "SYN-0002", "request", "dpo")
        with pytest.raises(Problem, match="must be kept"):
            erasure.erase(workspace.ledger, "SYN-0003", "request", "dpo")
        size = workspace.ledger.head().size
    with Workspace.open(place / "bank") as workspace:  # and a restart finds it as it was left
        assert workspace.ledger.head().size == size and workspace.ledger.find(reply.decision.id) == reply.index
        assert json.loads(workspace.ledger.opened(workspace.ledger.find(told["human"][0]))["in"])["inputs"]
        erasure.erase(workspace.ledger, "SYN-0006", "request", "dpo")
    done = verify(place)
    assert done.returncode == 0, done.stderr
    assert "Nothing is wrong" in done.stdout and told["human"][0] in done.stdout


def test_its_facts_are_built(place: Path, told: dict[str, Any]) -> None:
    folder = place / "bank"
    with Workspace.open(folder) as workspace, Facts.open(folder / "facts", workspace.ledger) as facts:
        facts.update()
        (row,) = facts.query("SELECT count(*), count(*) FILTER (route = 'human') FROM decisions").fetchall()
    assert row == (len(told["auto"]) + len(told["human"]), len(told["human"]))


def test_people_review_what_was_sent_to_them_then(place: Path, told: dict[str, Any]) -> None:
    """The queue is made of the old log; a verdict on an old decision is proven beside the old proofs."""
    folder = place / "bank"
    with Workspace.open(folder) as workspace, closing(open_index(workspace)) as index:
        assert index.follow() == 0
        with index.reading() as connection:
            assert decisions.total(connection) == len(told["auto"]) + len(told["human"])
            assert decisions.total(connection, decisions.Filter(route="human")) == len(told["human"])
        desk = Desk.open(workspace, index)
        now_ms = workspace.clock.now_ms()
        rita, ann = (
            Identity(
                id=f"p-{name}", tenant="bank-v010", roles=(role,), kind="person", authenticator=f"password:{name}",
                authenticated_ms=now_ms, at_ms=now_ms,
            )
            for name, role in (("rita", "reviewer"), ("ann", "approver"))
        )  # fmt: skip
        waiting = desk.queue(rita, Filter(stage="open", cause="route")).items
        assert {each.id for each in waiting} == set(told["human"])
        item = desk.take(rita, told["human"][0])
        shown = desk.show(rita, item.id)
        item = desk.judge(rita, item.id, Judgement(verdict="agree"), shown=shown.sha256)
        if item.state is State.JUDGED:
            item = desk.release(ann, item.id, shown=desk.show(ann, item.id).sha256)
        assert item.state is State.RELEASED
        assert item.id not in {each.id for each in desk.queue(rita, Filter(stage="open")).items}
    with Workspace.open(folder) as workspace, closing(open_index(workspace)) as index:
        assert Desk.open(workspace, index).item(rita, item.id).state is State.RELEASED
    assert verify(place).returncode == 0


def test_it_is_backed_up_and_restored(place: Path, told: dict[str, Any]) -> None:
    with Workspace.open(place / "bank") as workspace:
        made = make(workspace, place / "sets")
        clock = workspace.clock
    kept = (place / "kept" / "middle.checkpoint").read_text()  # signed by keys that were retired since
    restored = restore(made.folder, place / "back", place / "bank" / "keys", checkpoint=kept, clock=clock, environ={})
    assert restored.behind == 0 and restored.manifest.size == told["size"] and not restored.rekeyed


def test_a_vault_of_an_older_format_is_brought_up_by_numbered_steps(place: Path, monkeypatch) -> None:
    """The mechanism, with a second step of this test's own: there is none yet."""
    real = vault_file.resources.files("waglan.ledger")

    class Files:
        def joinpath(self, name: str) -> Path:
            return place / name if name == "vault_2.sql" else Path(str(real)) / name

    (place / "vault_2.sql").write_text(
        "CREATE TABLE later (x) ;\nUPDATE meta SET value = 77 WHERE name = 'reconciled';\nPRAGMA user_version = 2;"
    )
    monkeypatch.setattr(vault_file, "VERSION", 2)
    monkeypatch.setattr(vault_file.resources, "files", lambda room: Files())
    with Workspace.open(place / "bank") as workspace:
        assert workspace.vault.custody.reconciled() == 77 and workspace.vault.known("SYN-0005")
    Vault.open(place / "new.db", place / "new.key", clock=workspace.clock).close()  # a new one takes both steps
    for path in (place / "bank" / "vault.db", place / "new.db"):
        assert sqlite3.connect(path).execute("PRAGMA user_version").fetchone() == (2,)
    monkeypatch.undo()
    with pytest.raises(Problem, match="newer Waglan"):
        Workspace.open(place / "bank")


@pytest.mark.parametrize("name", RELEASED)
def test_a_released_migration_is_never_edited(name: str) -> None:
    """A file of that number has run somewhere: a change of it would never reach those databases."""
    text = (ROOMS / name).read_bytes()
    assert hashlib.sha256(text).hexdigest() == RELEASED[name], f"put the change into {re.sub('_1', '_2', name)}"
