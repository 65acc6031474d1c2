"""A person's rights on a real ledger: found, held, restricted, erased - and erased for good whatever crashes."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from tests.ledger.vaults import DAY_MS, PRIVATE, MovableClock, entry, everything, workplace
from waglan.cli.subject import subject
from waglan.core import Problem
from waglan.ledger import erasure, merkle
from waglan.ledger.log import Ledger
from waglan.runtime import Workspace

PERSON = "A123456(3)"
ROOT = Path(__file__).resolve().parents[2]


def decide(ledger: Ledger, who: str, count: int = 1) -> list[int]:
    entries = [entry(ledger.vault.subject(who)) for _ in range(count)]
    return [recorded.index for recorded in ledger.submit(entries).result()]


def kinds(ledger: Ledger) -> list[str]:
    return [str(json.loads(row.leaf)["kind"]) for _, row in ledger.rows(0, ledger.head().size)]


def code(act: Callable[[], object]) -> str:
    with pytest.raises(Problem) as caught:
        act()
    return caught.value.code


def test_erasure_changes_nothing_that_was_proven(tmp_path: Path) -> None:
    with workplace(tmp_path) as ledger:
        mine, other = decide(ledger, PERSON, 3), decide(ledger, "B")
        pseudonym = ledger.vault.known(PERSON)
        before, size = list(ledger.rows(0, ledger.head().size)), ledger.head().size
        root = merkle.root(merkle.Frontier(size, ledger.head().peaks))
        recorded = erasure.erase(ledger, PERSON, "request 7", "dpo")
        assert list(ledger.rows(0, size)) == before
        hashes = [merkle.leaf_hash(row.leaf) for _, row in before]
        assert merkle.root(merkle.extend(merkle.Frontier(), hashes)[0]) == root
        event = ledger.leaf(recorded.index)
        assert event["kind"] == "erasure" and event["subject"] == pseudonym and event["actor"] == "dpo"
        assert event["facts"] == {"basis": "request 7", "erased_kid": ledger.leaf(mine[0])["kid"]}
        for index in mine:
            assert code(lambda index=index: ledger.opened(index)) == "vault.erased"
        assert ledger.opened(other[0]) == PRIVATE
        assert ledger.vault.known(PERSON) is None
        assert code(lambda: erasure.erase(ledger, PERSON, "again", "dpo")) == "vault.unknown"
        assert code(lambda: erasure.find(ledger, PERSON, "look", "dpo")) == "vault.unknown"
        again = ledger.vault.subject(PERSON)
        assert again != pseudonym and ledger.opened(decide(ledger, PERSON)[0]) == PRIVATE
        assert ledger.vault.known(PERSON) == again


def test_a_decision_under_way_while_the_person_is_erased_is_refused_alone(tmp_path: Path) -> None:
    with workplace(tmp_path) as ledger:
        decide(ledger, PERSON)
        waiting = entry(ledger.vault.subject(PERSON))
        erasure.erase(ledger, PERSON, "request", "dpo")
        refused, fine = ledger.submit([waiting]), ledger.submit([entry(ledger.vault.subject("B"))])
        assert code(refused.result) == "vault.erased" and fine.result()


def test_a_pseudonym_in_memory_goes_with_the_person(tmp_path: Path) -> None:
    with workplace(tmp_path) as ledger, workplace(tmp_path) as other:
        decide(ledger, PERSON)
        before = ledger.vault.subject(PERSON)
        assert other.vault.subject(PERSON) == before
        erasure.erase(ledger, PERSON, "request", "dpo")
        assert ledger.vault.subject(PERSON) != before
        assert code(lambda: decide(other, PERSON)) == "vault.erased"  # its memory is a moment behind: refused, once
        assert decide(other, PERSON) and other.vault.known(PERSON) != before


def test_find_opens_and_is_recorded_first(tmp_path: Path) -> None:
    with workplace(tmp_path) as ledger:
        mine = decide(ledger, PERSON, 2)
        decide(ledger, "B", 2)
        pseudonym = ledger.vault.known(PERSON)
        assert pseudonym is not None
        for who in (PERSON, pseudonym):
            found = erasure.find(ledger, who, "access request 3", "dpo")
            assert [f.index for f in found if f.leaf.kind == "decision"] == mine
            assert all(f.opened == PRIVATE for f in found if f.leaf.kind == "decision")
        reads = [ledger.leaf(i) for i, kind in enumerate(kinds(ledger)) if kind == "read"]
        assert [(r["subject"], r["facts"], r["actor"]) for r in reads] == [
            (pseudonym, {"what": "entries", "why": "access request 3"}, "dpo")
        ] * 2


def test_find_leaves_out_what_only_mentions_the_person(tmp_path: Path) -> None:
    with workplace(tmp_path) as ledger:
        mine = decide(ledger, PERSON)
        pseudonym = ledger.vault.known(PERSON)
        other = msgspec.structs.replace(entry(ledger.vault.subject("B")), facts={"linked_to": pseudonym})
        ledger.submit([other]).result()
        assert [found.index for found in erasure.find(ledger, PERSON, "access request 3", "dpo")] == mine


def test_hold_and_retention_come_before_erasure(tmp_path: Path) -> None:
    clock = MovableClock()
    with workplace(tmp_path, clock) as ledger:
        (index,) = decide(ledger, PERSON)
        erasure.hold(ledger, PERSON, "HCA 12/2026", "legal")
        assert code(lambda: erasure.erase(ledger, PERSON, "request", "dpo")) == "vault.held"
        assert code(lambda: erasure.release_hold(ledger, PERSON, "HCA 13/2026", "legal")) == "vault.hold"
        erasure.release_hold(ledger, PERSON, "HCA 12/2026", "legal")
        erasure.retain(ledger, PERSON, clock.now_ms() + DAY_MS, "Cap. 615 s. 20", "legal")
        assert code(lambda: erasure.erase(ledger, PERSON, "request", "dpo")) == "vault.retained"
        assert ledger.opened(index) == PRIVATE and "erasure" not in kinds(ledger)
        clock.added_ms += 2 * DAY_MS
        erasure.erase(ledger, PERSON, "request", "dpo")
        said = [kind for kind in kinds(ledger) if kind != "clock_step"]
        assert said == ["decision", "hold", "hold", "retention", "erasure"]


def test_restriction(tmp_path: Path) -> None:
    with workplace(tmp_path) as ledger:
        (index,) = decide(ledger, PERSON)
        erasure.restrict(ledger, PERSON, "dispute 4", "dpo")
        assert code(lambda: ledger.opened(index)) == "vault.restricted"
        assert code(lambda: erasure.find(ledger, PERSON, "look", "dpo")) == "vault.restricted"
        assert code(lambda: erasure.restrict(ledger, PERSON, "dispute 4", "dpo")) == "vault.state"
        erasure.restrict(ledger, PERSON, "settled", "dpo", active=False)
        assert ledger.opened(index) == PRIVATE
        assert kinds(ledger) == ["decision", "restriction", "restriction"]


def test_an_entry_without_a_person_is_erased_by_its_key(tmp_path: Path) -> None:
    with workplace(tmp_path) as ledger:
        ((index, _),) = ledger.submit([entry()]).result()
        erasure.erase(ledger, ledger.leaf(index)["kid"], "sent by mistake", "dpo")
        assert code(lambda: ledger.opened(index)) == "vault.erased"
        assert "subject" not in ledger.leaf(index + 1)


CRASH = """
import os, sys
from pathlib import Path
from tests.ledger.vaults import entry, workplace
from waglan.ledger import erasure
from waglan.ledger.custody import Custody
from waglan.ledger.vault_backup import Backups
from waglan.ledger.vault_file import VaultFile

step, folder = sys.argv[1], Path(sys.argv[2])
def die(*args, **kwargs):
    os._exit(9)
with workplace(folder) as ledger:
    ledger.submit([entry(ledger.vault.subject("A123456(3)"))]).result()
    ledger.vault.backup(folder / "backups" / "copy.db")
    if step == "before the event":
        erasure._append = die
    elif step == "after the event":
        Custody.done = die
    elif step == "before the log is emptied":
        VaultFile.truncate = die
    elif step == "before backups":
        Backups.purge = die
    erasure.erase(ledger, "A123456(3)", "request", "dpo")
"""


@pytest.mark.parametrize("step", ["before the event", "after the event", "before the log is emptied", "before backups"])
def test_a_crash_only_delays_an_erasure(tmp_path: Path, step: str) -> None:
    run = subprocess.run([sys.executable, "-c", CRASH, step, str(tmp_path)], cwd=ROOT, timeout=60, check=False)
    assert run.returncode == 9
    copy = sqlite3.connect(tmp_path / "backups" / "copy.db")
    secrets = copy.execute("SELECT lookup, wrapped FROM dek").fetchone()
    copy.close()
    assert any(secret in everything(tmp_path) for secret in secrets)
    with workplace(tmp_path) as ledger:
        erasure.finish_pending(ledger)
        assert kinds(ledger) == ["decision", "erasure"]
        assert code(lambda: ledger.opened(0)) == "vault.erased"
        assert ledger.vault.known(PERSON) is None and ledger.vault.custody.intents() == ()
        assert not any(secret in everything(tmp_path) for secret in secrets)
        assert erasure.finish_pending(ledger) == ()
        assert kinds(ledger) == ["decision", "erasure"]


def test_a_failing_log_only_delays_an_erasure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with workplace(tmp_path) as ledger:
        decide(ledger, PERSON)

        def full(*_: object) -> None:
            raise Problem("full", "no space", "free some", code="ledger.unavailable")

        with monkeypatch.context() as patch:
            patch.setattr(ledger, "submit", full)
            assert code(lambda: erasure.erase(ledger, PERSON, "request", "dpo")) == "ledger.unavailable"
        assert ledger.vault.known(PERSON) is None and len(ledger.vault.custody.intents()) == 1
        assert code(lambda: ledger.opened(0)) == "vault.erased"  # unreadable at once; only the event is late
        decide(ledger, "B")
        erasure.erase(ledger, "B", "request 2", "dpo")  # finishes the other first
        assert kinds(ledger) == ["decision", "decision", "erasure", "erasure"]
        assert ledger.vault.known(PERSON) is None


def test_a_vault_restored_from_before_the_erasure_is_reconciled(tmp_path: Path) -> None:
    with workplace(tmp_path) as ledger:
        mine, other = decide(ledger, PERSON), decide(ledger, "B")
        assert erasure.reconcile(ledger) == ()
    shutil.copy(tmp_path / "vault.db", tmp_path.parent / "restored.db")
    with workplace(tmp_path) as ledger:
        erasure.erase(ledger, PERSON, "request", "dpo")
        assert erasure.reconcile(ledger) == ()
    shutil.copy(tmp_path.parent / "restored.db", tmp_path / "vault.db")
    with workplace(tmp_path) as ledger:
        assert ledger.opened(mine[0]) == PRIVATE  # resurrected …
        assert len(erasure.reconcile(ledger)) == 1
        assert code(lambda: ledger.opened(mine[0])) == "vault.erased"  # … and gone again
        assert ledger.opened(other[0]) == PRIVATE and ledger.vault.known(PERSON) is None
        assert erasure.reconcile(ledger) == ()


def test_reconciling_keeps_how_far_it_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "_BLOCK", 2)
    with workplace(tmp_path) as ledger:
        for who in "ABC":
            decide(ledger, who)
        ledger.vault.close()
        shutil.copy(tmp_path / "vault.db", tmp_path.parent / "older.db")
        for who in "ABC":
            erasure.erase(ledger, who, "request", "dpo")
    shutil.copy(tmp_path.parent / "older.db", tmp_path / "vault.db")
    with workplace(tmp_path) as ledger:
        size, read = ledger.head().size, ledger.rows

        def failing(start: int, stop: int) -> Any:
            if start >= 4:
                raise Problem("no", "no", "no", code="ledger.unavailable")
            return read(start, stop)

        with monkeypatch.context() as patch:
            patch.setattr(ledger, "rows", failing)
            assert code(lambda: erasure.reconcile(ledger)) == "ledger.unavailable"
        assert ledger.vault.custody.reconciled() == 4 and ledger.vault.known("A") is None
        assert len(erasure.reconcile(ledger)) == 2 and ledger.vault.custody.reconciled() == size
        assert [ledger.vault.known(who) for who in "ABC"] == [None] * 3


def test_an_erased_person_is_in_no_file(tmp_path: Path) -> None:
    with workplace(tmp_path) as ledger:
        decide(ledger, PERSON, 3)
        decide(ledger, "B")
        lookup = ledger.vault._lookup(PERSON)
        assert lookup in everything(tmp_path)
        erasure.erase(ledger, PERSON, "request", "dpo")
        for data in (everything(tmp_path),):
            assert lookup not in data and b"A123456" not in data and b"52000" not in data


def test_the_command_line(tmp_path: Path) -> None:
    Workspace.create(tmp_path / "w").close()

    def run(*words: str) -> Any:
        result = CliRunner().invoke(subject, [*words, "--workspace", str(tmp_path / "w"), "--actor", "dpo", "--json"])
        if result.exception is not None:
            raise result.exception
        return json.loads(result.output)

    assert run("opt-out", PERSON)["done"] == "opted out"
    assert run("opt-in", PERSON)["index"] == 1
    assert run("hold", PERSON, "--basis", "case 1")["done"] == "held"
    assert code(lambda: run("erase", PERSON, "--basis", "request")) == "vault.held"
    assert run("release", PERSON, "--basis", "case 1")["done"] == "released"
    assert run("restrict", PERSON, "--basis", "x")["done"] == "restricted"
    assert run("restrict", PERSON, "--basis", "x", "--lift")["done"] == "restriction lifted"
    assert [e["kind"] for e in run("find", PERSON)["entries"]][:3] == ["opt_out", "opt_out", "hold"]
    assert run("retain", PERSON, "--until", "2020-01-01", "--basis", "over")["done"] == "retained"
    assert code(lambda: run("retain", PERSON, "--until", "soon", "--basis", "x")) == "usage.date"
    assert code(lambda: run("opt-out", PERSON, "--use-case", "no-such")) != ""
    assert run("erase", PERSON, "--basis", "request")["done"] == "erased"
    assert code(lambda: run("find", PERSON)) == "vault.unknown"
    plain = CliRunner().invoke(subject, ["opt-out", "B", "--workspace", str(tmp_path / "w")])
    assert plain.output.startswith("Opted out. Recorded as entry ")
    shown = CliRunner().invoke(subject, ["find", "B", "--workspace", str(tmp_path / "w")])
    assert "opt_out" in shown.output and "That you looked is recorded." in shown.output
