"""Backup sets from within: what can be wrong with one, and with the place that it is restored to."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from waglan.access import Access
from waglan.core.clock import SystemClock
from waglan.core.events import OptOut
from waglan.core.problem import Problem
from waglan.ledger import erasure
from waglan.ledger.chunk import Chunk, pack
from waglan.ledger.log import Ledger
from waglan.ledger.merkle import EMPTY_ROOT
from waglan.ledger.sqlite import SqliteStore
from waglan.ledger.store import Batch, Head, Row
from waglan.runtime import Workspace
from waglan.runtime.backup import expire, make, read_manifest, restore
from waglan.runtime.backup import manifest as manifests
from waglan.runtime.backup.check import check_log, vault_is_whole
from waglan.runtime.backup.manifest import FILE, Manifest, digest_of, measure, write_manifest
from waglan.runtime.backup.restoring import _batch, write_log_into
from waglan.runtime.backup.segments import ENTRIES, read_log, write_log

DAY_S = 86_400


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "bank", tenant="bank") as opened:
        for n in range(5):
            opened.opt_out(f"C-{n}")
        yield opened


@pytest.fixture
def made(workspace: Workspace, tmp_path: Path) -> Path:
    return make(workspace, tmp_path / "sets").folder


@pytest.fixture
def back(made: Path, workspace: Workspace, tmp_path: Path) -> Callable[..., Any]:
    keys = workspace.folder / "keys"
    return lambda source=made, **named: restore(
        source, tmp_path / "back", keys, **{"checkpoint": "", "clock": SystemClock(), "environ": {}, **named}
    )


def told(call: Callable[[], Any]) -> Problem:
    with pytest.raises(Problem) as caught:
        call()
    return caught.value


def rewritten(made: Path, **changes: Any) -> Manifest:
    manifest = msgspec.structs.replace(read_manifest(made), **changes)
    write_manifest(made, manifest)
    return manifest


# ---- what comes along


def test_people_keys_and_the_witnessed_head_come_along(workspace, tmp_path, back):
    with Access.open(workspace.folder, tenant="bank") as access:
        person = access.people.add("Rita", "rita@bank.example", ["reviewer"])
        cookie = access.sessions.start(person, "password").cookie
        secret = access.keys.create("core", ["decision.make"], 7, "cli").secret
    (workspace.folder / "witnessed.checkpoint").write_text(workspace.ledger.signed().note)
    (workspace.folder / "keys" / "old").mkdir()
    (workspace.folder / "models" / ".draft").write_text("half")
    done = make(workspace, tmp_path / "sets", tmp_path / "safe")
    assert not list(done.folder.rglob(".draft"))
    restored = back(done.folder)
    assert restored.manifest.log == "bank/decisions"
    with Access.open(tmp_path / "back", tenant="bank") as access:
        assert access.people.find("rita@bank.example") == person and access.keys.check(secret)
        assert access.sessions.resume(cookie) is None  # but whoever was signed in signs in anew
    with Workspace.open(tmp_path / "back") as opened:
        assert opened.ledger.available and (opened.folder / "witnessed.checkpoint").read_text()
    assert {p.name for p in done.keys.iterdir()} >= {"access.pepper", "signing.json", "tenant.key"}


def test_every_key_that_goes_with_a_set_is_needed(workspace, tmp_path):
    with Access.open(workspace.folder, tenant="bank") as access:
        access.people.add("Rita", "rita@bank.example", ["reviewer"])
    done = make(workspace, tmp_path / "sets", tmp_path / "safe")
    assert set(done.manifest.keys) >= {"access.pepper", "signing.json", "tenant.key"}
    for name in done.manifest.keys:
        aside = (done.keys / name).rename(tmp_path / name)
        problem = told(
            lambda: restore(done.folder, tmp_path / "b", done.keys, checkpoint="", clock=SystemClock(), environ={})
        )
        assert problem.code == "backup.keys" and name in problem.why
        aside.rename(done.keys / name)


def test_a_log_that_can_not_be_written_is_backed_up_as_far_as_it_is_signed(workspace, tmp_path, monkeypatch):
    size = workspace.ledger.signed().size
    monkeypatch.setattr(Ledger, "available", property(lambda self: False))
    assert make(workspace, tmp_path / "sets").manifest.size == size


# ---- sets that are wrong


def test_a_manifest_with_a_name_twice_or_too_large(made, back, monkeypatch):
    files = read_manifest(made).files
    rewritten(made, files=(*files, files[0]))
    assert "twice" in told(back).why
    monkeypatch.setattr(manifests, "MOST_BYTES", 10)
    assert "larger" in told(back).why


def test_what_is_no_regular_file_is_no_file(made, back, tmp_path):
    (made / "waglan.toml").unlink()
    os.mkfifo(made / "waglan.toml")  # reading it would wait for ever
    assert "not a regular file" in told(back).errors[0].why
    with pytest.raises(FileNotFoundError):
        digest_of(tmp_path / "none")


def test_a_log_under_other_ids_or_another_size_is_refused(made, back):
    path = made / "log/000000000000.rows"
    raw = path.read_bytes()
    ids = msgspec.msgpack.decode(raw[4:], type=Chunk).ids
    other = ids[:25] + ("0" if ids[25] == "Z" else "Z")
    path.write_bytes(raw.replace(ids[:26].encode(), other.encode(), 1))
    files = tuple(measure(made, made / each.name) for each in read_manifest(made).files)
    manifest = rewritten(made, files=files)
    assert "isn't its own" in told(back).why
    rewritten(made, size=manifest.size - 1)
    assert "another log or size" in told(back).why


def test_a_checkpoint_of_another_log_under_the_same_keys(made, back, workspace):
    foreign = workspace.ledger.signer._sign("bank/other", 3, EMPTY_ROOT, 0, dual=True)
    assert told(lambda: back(checkpoint=foreign)).code == "backup.checkpoint"


def test_a_vault_that_lost_more_than_erasures_took(workspace, made, back):
    erasure.erase(workspace.ledger, "C-1", "request", "dpo")
    manifest, keys = read_manifest(made), workspace.folder / "keys"
    assert vault_is_whole(made / "vault.db", manifest, keys)
    with sqlite3.connect(made / "vault.db") as connection:
        connection.execute("UPDATE dek SET wrapped = zeroblob(60) WHERE kid = (SELECT min(kid) FROM dek)")
    assert not vault_is_whole(made / "vault.db", manifest, keys)
    with sqlite3.connect(made / "vault.db") as connection:
        connection.execute("DELETE FROM dek WHERE kid = (SELECT min(kid) FROM dek)")
    assert not vault_is_whole(made / "vault.db", manifest, keys)
    assert told(back).code == "backup.damaged"
    data = bytearray((made / "vault.db").read_bytes())
    data[39] ^= 1  # how many pages the header says are free
    (made / "vault.db").write_bytes(data)
    assert not vault_is_whole(made / "vault.db", manifest, keys)


# ---- the log's files


def test_the_files_of_a_log_are_read_strictly(tmp_path):
    path = tmp_path / "000000000000.rows"
    rows = [Row(f"{n:026d}", b"{}", b"") for n in range(4)]

    def frame(chunk: Chunk) -> bytes:
        data = msgspec.msgpack.encode(chunk)
        return len(data).to_bytes(4, "big") + data

    good = b"".join(frame(chunk) for chunk in pack(0, rows[:2])) + b"".join(frame(chunk) for chunk in pack(2, rows[2:]))
    path.write_bytes(good)
    assert [row for _, row in read_log([path], 0, 4)] == rows and [at for at, _ in read_log([path], 3, 4)] == [3]
    assert list(read_log([path], 0, 0)) == [] and list(read_log([], 0, 0)) == []
    wrong = {
        "isn't in it": good[: len(good) // 2] + b"".join(frame(chunk) for chunk in pack(3, rows[3:])),
        "ends too early": good[:-1],
        "ends at entry 2": good[: len(good) // 2],
        "can't be read": len(b"\xc1").to_bytes(4, "big") + b"\xc1",
    }
    for why, data in wrong.items():
        path.write_bytes(data)
        assert why in told(lambda: list(read_log([path], 0, 4))).why
    path.write_bytes(frame(pack(0, rows)[0]._replace(sizes=b"\1")))
    assert "can't be read" in told(lambda: list(read_log([path], 0, 4))).why
    assert "ends at entry 0" in told(lambda: list(read_log([], 0, 4))).why


def test_files_before_the_place_to_go_on_from_are_passed_over(tmp_path):
    later = tmp_path / f"{ENTRIES:012d}.rows"
    data = msgspec.msgpack.encode(pack(ENTRIES, [Row("0" * 26, b"{}", b"")])[0])
    later.write_bytes(len(data).to_bytes(4, "big") + data)
    missing = tmp_path / f"{0:012d}.rows"  # it isn't even opened
    assert [at for at, _ in read_log([missing, later], ENTRIES, ENTRIES + 1)] == [ENTRIES]


def test_an_empty_log_leads_to_any_checkpoint_of_nothing(made, tmp_path):
    manifest = msgspec.structs.replace(read_manifest(made), size=0, checkpoint="")
    check_log([], manifest, None)
    store = SqliteStore(tmp_path / "empty.db")
    assert write_log(store, 0, tmp_path / "none") == []
    write_log_into(store, [], manifest)
    assert store.head() == Head()


# ---- places that are wrong


def test_a_store_that_holds_something_else(workspace, made, tmp_path):
    manifest = read_manifest(made)
    paths = [made / name for name in manifest.segments]
    store = SqliteStore(tmp_path / "other.db")
    part = list(read_log(paths, 0, manifest.size))
    half = msgspec.structs.replace(manifest, size=99)
    store.commit(lambda head: _batch(head, part[1:2] and [(0, part[1][1])], half, made))  # somebody else's beginning
    assert "of another log" in told(lambda: write_log_into(store, paths, manifest)).why
    assert "Somebody else writes" in told(lambda: _batch(store.head(), part, manifest, made)).why
    store.commit(lambda head: Batch((), (), msgspec.structs.replace(head, note="x", dual_note="x")))
    assert told(lambda: write_log_into(store, paths, manifest)).code == "backup.store"


def test_a_ledger_that_refuses_what_was_restored(back, monkeypatch):
    refusal = Problem("No.", "Not now.", "Wait.", code="ledger.unavailable")
    monkeypatch.setattr(Ledger, "problem", property(lambda self: refusal))
    assert told(back) is refusal


def test_a_disk_that_refuses(back, workspace, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    assert told(lambda: make(workspace, tmp_path / "file")).code == "environment.backup"

    def full(self: Path, *_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert told(back).code == "environment.restore"
    monkeypatch.undo()
    assert not (tmp_path / "back").exists() and not list(tmp_path.glob(".back*"))


def test_a_vault_that_can_not_be_copied_leaves_nothing(workspace, tmp_path, monkeypatch):
    def refused(path: Path) -> None:
        raise Problem("No.", "Not now.", "Wait.", code="vault.backup")

    monkeypatch.setattr(workspace.vault, "backup", refused)
    assert told(lambda: make(workspace, tmp_path / "sets", tmp_path / "safe")).code == "vault.backup"
    assert list((tmp_path / "sets").iterdir()) == [] and not (tmp_path / "safe").exists()


# ---- terms


def test_sets_that_can_not_be_read_go_when_their_term_is_over(workspace, made, tmp_path):
    with Workspace.create(tmp_path / "other", tenant="other") as other:
        foreign = make(other, tmp_path / "sets").folder
    stray = tmp_path / "sets" / "strayZ"
    stray.mkdir()
    (made / FILE).write_text("{")
    for days, gone in ((40, []), (20, [made])):
        old = SystemClock().now_ms() / 1000 - 30 * DAY_S
        for place in (made, foreign, stray):
            os.utime(place, (old, old))
        assert expire(workspace, tmp_path / "sets", days) == gone
    assert foreign.exists() and stray.exists()
    shutil.rmtree(foreign)


def test_a_set_made_while_somebody_is_erased_has_both_or_neither(workspace, tmp_path):
    """Key and event: a set never holds one without the other."""
    event = OptOut(active=True)
    subject = workspace.vault.subject("C-9")
    workspace.record(event, subject=subject)
    erasure.erase(workspace.ledger, "C-9", "request", "dpo")
    done = make(workspace, tmp_path / "sets")
    leaves = [row.leaf for _, row in read_log([done.folder / n for n in done.manifest.segments], 0, done.manifest.size)]
    with sqlite3.connect(done.folder / "vault.db") as connection:
        shredded = {kid for (kid,) in connection.execute("SELECT kid FROM shredded")}
    erased = {msgspec.json.decode(leaf)["facts"]["erased_kid"] for leaf in leaves if b'"kind":"erasure"' in leaf}
    assert shredded == erased != set()


def test_a_disk_that_is_away_keeps_nobody_from_working_and_is_not_mistaken(workspace, made, tmp_path):
    (tmp_path / "sets").rename(tmp_path / "away")
    (tmp_path / "sets").mkdir()  # the mount point
    assert told(lambda: erasure.erase(workspace.ledger, "C-1", "request", "dpo")).code == "vault.backup"
    with Workspace.open(workspace.folder) as again:
        assert again.ledger.available and again.vault.known("C-1") is None
        assert told(lambda: make(again, tmp_path / "sets")).code == "backup.away"
        other = make(again, tmp_path / "elsewhere")
        assert other.manifest.size == again.ledger.head().size and again.vault.backups.owed()
    (tmp_path / "sets").rmdir()
    (tmp_path / "away").rename(tmp_path / "sets")
    with Workspace.open(workspace.folder) as again:
        assert not again.vault.backups.owed()
        assert make(again, tmp_path / "sets").folder.parent == made.parent
    with sqlite3.connect(made / "vault.db") as connection:
        assert connection.execute("SELECT count(*) FROM shredded WHERE at_ms = 0").fetchone() == (1,)


def test_sets_that_were_deleted_by_hand_are_forgotten_when_that_is_certain(workspace, made, tmp_path):
    class Later(SystemClock):
        def now_ms(self) -> int:
            return super().now_ms() + 2 * 3_600_000

    second = make(workspace, tmp_path / "sets").folder
    shutil.rmtree(made)
    with Workspace.open(workspace.folder, clock=Later()) as again:
        assert again.vault.backups.under(tmp_path / "sets") == [second / "vault.db"]
        shutil.rmtree(second)
    with Workspace.open(workspace.folder, clock=Later()) as again:
        assert again.vault.backups.under(tmp_path / "sets") == [second / "vault.db"]  # perhaps the disk is away
        assert told(lambda: erasure.erase(again.ledger, "C-1", "request", "dpo")).code == "vault.backup"
        third = make(again, tmp_path / "sets", anew=True).folder
        assert again.vault.backups.under(tmp_path / "sets") == [third / "vault.db"]
        assert not again.vault.backups.owed()
        erasure.erase(again.ledger, "C-2", "request", "dpo")


def test_only_a_backup_that_is_away_is_passed_over(workspace, monkeypatch):
    def refused(_: object) -> None:
        raise Problem("No.", "Not now.", "Wait.", code="vault.unavailable")

    monkeypatch.setattr(erasure, "finish_pending", refused)
    assert told(lambda: erasure.settle(workspace.ledger)).code == "vault.unavailable"
