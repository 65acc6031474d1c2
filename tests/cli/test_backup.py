"""``waglan backup``, ``restore`` and ``export``: a set made under load is whole, comes back, and works on."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres
from waglan.core.clock import SystemClock
from waglan.core.problem import Problem
from waglan.ledger import erasure, note
from waglan.ledger.export import VERIFIER
from waglan.ledger.wal import PAGE_BYTES
from waglan.runtime import Ask, Workspace
from waglan.runtime.backup import Manifest, expire, make, read_manifest, restore
from waglan.runtime.backup.manifest import FILE, File, safe, write_manifest

ROW = {"customer": "C-1", "amount": 120, "kind": "card"}


def environ(dsn: str) -> dict[str, str]:
    return {"WAGLAN_LEDGER__DSN": dsn} if dsn else {}


def decide(workspace: Workspace, *customers: str) -> list[str]:
    rows = [{**ROW, "customer": customer} for customer in customers]
    return [each.decision.id for each in workspace.runtime.decide_many("triage", rows, Ask(channel="test"))]


@contextlib.contextmanager
def load(folder: Path, dsn: str = "") -> Iterator[list[str]]:
    """Another workspace object, as another process would have, that decides until the block ends."""
    ids: list[str] = []
    stop = threading.Event()

    def work() -> None:
        with Workspace.open(folder, environ=environ(dsn)) as workspace:
            number = 0
            while not stop.is_set():
                number += 1
                ids.extend(decide(workspace, f"L-{number}", f"C-{number % 7}"))
                time.sleep(0.002)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        while len(ids) < 20:
            time.sleep(0.005)
        yield ids
    finally:
        stop.set()
        thread.join()


def verify(folder: Path, scratch: Path, *more: str) -> str:
    """The standard-library verifier over a fresh export, in a Python that knows nothing of Waglan."""
    with Workspace.open(folder) as workspace:
        from waglan.ledger.export import export

        export(workspace.ledger.store, workspace.ledger.signer, scratch, workspace.ledger.signed())
        keys = workspace.ledger.signer.vkeys
    command = [sys.executable, "-I", "-S", str(VERIFIER), str(scratch), "--vkey", *keys, *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def bring_back(source: Path, folder: Path, keys: Path, checkpoint: str = "", dsn: str = ""):
    return restore(source, folder, keys, checkpoint=checkpoint, clock=SystemClock(), environ=environ(dsn))


@pytest.fixture
def made(run, folder, tmp_path) -> Path:
    """A set of a workspace with ten decisions, one of them about somebody who is erased later."""
    with Workspace.open(folder) as workspace:
        decide(workspace, *[f"C-{n}" for n in range(10)])
    (folder / "usecases" / "more").mkdir()
    (folder / "models" / "notes.txt").write_text("kept")
    ran = run("backup", tmp_path / "sets", "--with-keys", tmp_path / "safe", "--workspace", folder, "--json")
    assert ran.code == 0 and ran.json["entries"] == 11
    return Path(ran.json["folder"])


@pytest.fixture
def keys(made, tmp_path) -> Path:
    (place,) = (tmp_path / "safe").iterdir()
    return place


def test_a_set_made_under_load_is_whole_and_works_on_elsewhere(run, folder, tmp_path):
    with load(folder) as ids:
        first = run("backup", tmp_path / "sets", "--workspace", folder, "--json").json
        before = len(ids)
        second = run("backup", tmp_path / "sets", "--workspace", folder, "--json").json
    assert second["entries"] > first["entries"] >= 20 and len(ids) >= before
    place = tmp_path / "elsewhere" / "bank"
    ran = run("restore", second["folder"], place, "--keys", folder / "keys", "--json")
    assert ran.code == 0 and ran.json["entries"] == second["entries"] and ran.json["behind"] == 0
    kept = tmp_path / "kept"
    kept.write_text(read_manifest(Path(second["folder"])).checkpoint)
    assert "Nothing is wrong" in verify(place, tmp_path / "out", "--old", str(kept))
    with Workspace.open(folder) as ours, Workspace.open(place) as workspace:
        rows = list(workspace.ledger.rows(0, workspace.ledger.head().size))
        assert rows[: second["entries"]] == list(ours.ledger.rows(0, second["entries"]))
        for index, row in rows[: second["entries"]]:  # every entry has its key in the copy of the vault
            assert not row.sealed or workspace.ledger.opened(index)
        assert workspace.vault.known("C-1") == ours.vault.known("C-1")
        (new,) = decide(workspace, "C-1")
        assert workspace.ledger.find(new) == len(rows)
    assert "Nothing is wrong" in verify(place, tmp_path / "out", "--old", str(kept))
    assert run("doctor", "--workspace", place, "--json").json["findings"] == 0


def test_what_a_set_holds_and_what_it_does_not(made, folder, tmp_path, keys):
    names = {p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file()}
    assert names == {
        FILE, "vault.db", "log/000000000000.rows", "waglan.toml", "triage.py", "triage.toml", "models/notes.txt",
    }  # fmt: skip
    assert all(p.stat().st_mode & 0o077 == 0 for p in made.rglob("*")) and made.stat().st_mode & 0o077 == 0
    secret = (folder / "keys" / "tenant.key").read_bytes()
    assert not any(secret in p.read_bytes() for p in made.rglob("*") if p.is_file())
    assert {p.name for p in keys.iterdir()} == {"signing.json", "tenant.key"}
    manifest = read_manifest(made)
    assert (manifest.tenant, manifest.log, manifest.store, manifest.size) == ("bank", "bank/decisions", "sqlite", 11)
    assert note.parse(manifest.checkpoint).size == 11


def test_who_is_erased_after_the_backup_is_erased_in_it_too(run, made, folder, tmp_path, keys):
    with Workspace.open(folder) as workspace:
        pseudonym = workspace.vault.known("C-3")
        (index,) = [i for i, row in workspace.ledger.rows(0, 11) if pseudonym.encode() in row.leaf]
        kid = workspace.ledger.leaf(index)["kid"]
        erasure.erase(workspace.ledger, "C-3", "request", "dpo")
    assert kid not in [row[0] for row in sqlite3.connect(made / "vault.db").execute("SELECT kid FROM dek")]
    ran = run("restore", made, tmp_path / "back", "--keys", keys, "--json")
    assert ran.code == 0, ran
    with Workspace.open(tmp_path / "back") as workspace:
        assert workspace.vault.known("C-3") is None and workspace.vault.known("C-4")
        with pytest.raises(Problem, match="erased"):
            workspace.ledger.opened(index)


def test_an_erasure_on_the_log_is_carried_out_on_an_older_vault(run, made, folder, tmp_path, keys):
    older = tmp_path / "older.db"
    shutil.copy(made / "vault.db", older)  # a copy that nobody remembered
    with Workspace.open(folder) as workspace:
        erasure.erase(workspace.ledger, "C-3", "request", "dpo")
        newer = make(workspace, tmp_path / "sets")
    shutil.copy(older, newer.folder / "vault.db")
    (vault,) = [each for each in newer.manifest.files if each.name == "vault.db"]
    from waglan.runtime.backup.manifest import digest_of

    size, digest = digest_of(older)
    swapped = File(name="vault.db", bytes=size, sha256=digest)
    files = tuple(swapped if each is vault else each for each in newer.manifest.files)
    write_manifest(
        newer.folder,
        Manifest(**{**{f: getattr(newer.manifest, f) for f in newer.manifest.__struct_fields__}, "files": files}),
    )
    ran = run("restore", newer.folder, tmp_path / "back", "--keys", keys, "--json")
    assert ran.json["shredded_again"] == 1
    with Workspace.open(tmp_path / "back") as workspace:
        assert workspace.vault.known("C-3") is None


def test_one_behind_a_later_checkpoint_is_told_plainly(run, made, folder, tmp_path, keys):
    with Workspace.open(folder) as workspace:
        decide(workspace, "C-1", "C-2")
        later = workspace.ledger.signed().note
    kept = tmp_path / "kept"
    kept.write_text(later)
    ran = run("restore", made, tmp_path / "back", "--keys", keys, "--checkpoint", kept)
    assert ran.code == 1 and "BEHIND" in ran.out and "2 entries, 11 to 12" in ran.out
    ran = run("restore", made, tmp_path / "again", "--keys", keys, "--checkpoint", kept, "--json")
    assert ran.code == 1 and ran.json["behind"] == 2
    kept.write_text(read_manifest(made).checkpoint)
    assert run("restore", made, tmp_path / "equal", "--keys", keys, "--checkpoint", kept).code == 0


def test_a_checkpoint_of_another_history_is_refused(made, folder, tmp_path, keys):
    fork = tmp_path / "fork"
    bring_back(made, fork, keys)
    for place, who in ((folder, "C-1"), (fork, "C-2")):
        with Workspace.open(place) as workspace:
            decide(workspace, who)
    with Workspace.open(folder) as workspace:
        ours = make(workspace, tmp_path / "sets").folder
    with Workspace.open(fork) as workspace:
        theirs = workspace.ledger.signed().note
    with pytest.raises(Problem) as caught:
        bring_back(ours, tmp_path / "back", keys, theirs)
    assert caught.value.code == "ledger.rollback" and not (tmp_path / "back").exists()
    other = tmp_path / "other"
    with Workspace.create(other, tenant="other") as workspace:
        workspace.opt_out("X")
        foreign = workspace.ledger.signed().note
    with pytest.raises(Problem) as caught:
        bring_back(ours, tmp_path / "back", keys, foreign)
    assert caught.value.code == "ledger.signature"


def test_nothing_is_overwritten(made, folder, tmp_path, keys):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for place in (folder, tmp_path / "full", tmp_path / "full" / "x", tmp_path / "link"):
        with pytest.raises(Problem) as caught:
            bring_back(made, place, keys)
        assert caught.value.code == "backup.folder"
    (tmp_path / "empty").mkdir()
    assert bring_back(made, tmp_path / "empty", keys).folder == tmp_path / "empty"


@pytest.mark.parametrize("name", ["waglan.toml", "log/000000000000.rows", "triage.py", "vault.db"])
@pytest.mark.parametrize("damage", ["flip", "cut", "gone", "longer", "link"])
def test_damage_is_found_and_nothing_is_restored(made, tmp_path, keys, name, damage):
    path = made / name
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[PAGE_BYTES // 2 if name == "vault.db" else len(data) // 2] ^= 1
    path.unlink()
    if damage == "link":
        (tmp_path / "real").write_bytes(data)
        path.symlink_to(tmp_path / "real")
    elif damage != "gone":
        path.write_bytes(data[: len(data) // 2] if damage == "cut" else bytes(data) + b"x" * (damage == "longer"))
    with pytest.raises(Problem) as caught:
        bring_back(made, tmp_path / "back", keys)
    assert caught.value.code == "backup.damaged" and name in caught.value.why
    assert not (tmp_path / "back").exists() and not list(tmp_path.glob(".back*"))


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/../../x", "a//x", "./x", "a\\..\\x", "x\0y", "", "log/", "con ", "a\n"]
)
def test_a_manifest_that_leads_outside_is_refused(made, tmp_path, keys, name):
    assert not safe(name)
    text = json.loads((made / FILE).read_text())
    text["files"][0]["name"] = name
    (made / FILE).write_text(json.dumps(text))
    with pytest.raises(Problem) as caught:
        bring_back(made, tmp_path / "back", keys)
    assert caught.value.code == "backup.damaged"


def test_a_rewritten_manifest_does_not_help_a_rewritten_log(made, tmp_path, keys):
    """Digests find accidents; who rewrites both is found by the checkpoint that the log's keys signed."""
    path = made / "log/000000000000.rows"
    data = path.read_bytes().replace(b'"amount"', b'"amounT"').replace(b'"route":"auto"', b'"route":"AUTO"')
    path.write_bytes(data)
    manifest = read_manifest(made)
    from waglan.runtime.backup.manifest import measure

    files = tuple(measure(made, made / each.name) for each in manifest.files)
    text = json.loads((made / FILE).read_text())
    text["files"] = [{"name": f.name, "bytes": f.bytes, "sha256": f.sha256} for f in files]
    (made / FILE).write_text(json.dumps(text))
    with pytest.raises(Problem, match="nothing was restored") as caught:
        bring_back(made, tmp_path / "back", keys)
    assert "signed checkpoint" in caught.value.why


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"format": 2}', b'{"format": 1}', b"x" * 100])
def test_a_manifest_that_can_not_be_read(made, tmp_path, keys, text):
    (made / FILE).write_bytes(text)
    with pytest.raises(Problem) as caught:
        bring_back(made, tmp_path / "back", keys)
    assert caught.value.code == ("backup.version" if b"2" in text else "backup.damaged")


def test_an_unfinished_set_and_a_folder_of_sets_are_told_apart(made, tmp_path, keys):
    with pytest.raises(Problem) as caught:
        bring_back(made.parent, tmp_path / "back", keys)
    assert caught.value.code == "backup.missing" and str(made) in caught.value.next
    (made / FILE).unlink()
    with pytest.raises(Problem) as caught:
        bring_back(made, tmp_path / "back", keys)
    assert caught.value.code == "backup.missing" and "written last" in caught.value.why


def test_keys(run, made, folder, tmp_path, keys):
    for place in (tmp_path / "none", made):
        with pytest.raises(Problem) as caught:
            bring_back(made, tmp_path / "back", place)
        assert caught.value.code == "backup.keys"
    other = tmp_path / "other"
    Workspace.create(other, tenant="bank").close()
    with pytest.raises(Problem) as caught:
        bring_back(made, tmp_path / "back", other / "keys")
    assert caught.value.code == "ledger.signature" and not (tmp_path / "back").exists()
    shutil.copy(keys / "signing.json", other / "keys")
    with pytest.raises(Problem) as caught:
        bring_back(made, tmp_path / "back", other / "keys")
    assert caught.value.code == "vault.key" and not (tmp_path / "back").exists()
    for beside in (made.parent, made.parent / "keys", tmp_path):
        ran = run("backup", made.parent, "--with-keys", beside, "--workspace", folder)
        assert ran.problem is not None and ran.problem.code == "backup.keys"
    assert list(made.parent.iterdir()) == [made]


def test_a_set_from_before_a_change_of_the_signing_keys(run, made, folder, tmp_path, keys):
    run("ledger", "rotate-keys", "--reason", "yearly", "--workspace", folder)
    ran = run("restore", made, tmp_path / "back", "--keys", folder / "keys")
    assert ran.code == 0 and "signing keys were changed since" in ran.out


def test_old_sets_and_unfinished_ones_go_and_the_vault_owes_them_nothing(folder, tmp_path):
    class Clock(SystemClock):
        ahead = 0

        def now_ms(self) -> int:
            return super().now_ms() + self.ahead

    clock = Clock()
    with Workspace.open(folder, clock=clock) as workspace:
        decide(workspace, "C-1")
        first = make(workspace, tmp_path / "sets").folder
        broken = make(workspace, tmp_path / "sets").folder
        (broken / FILE).unlink()
        old = time.time() - 2 * 86_400
        os.utime(broken, (old, old))
        (tmp_path / "sets" / "mine").mkdir()
        assert expire(workspace, tmp_path / "sets", 30) == [broken]
        clock.ahead = 31 * 86_400_000
        second = make(workspace, tmp_path / "sets").folder
        assert expire(workspace, tmp_path / "sets", 30) == [first]
        assert {p.name for p in (tmp_path / "sets").iterdir()} == {second.name, "mine"}
        erasure.erase(workspace.ledger, "C-1", "request", "dpo")
        assert not workspace.vault.backups.owed()
        assert workspace.vault.backups.newest() > clock.now_ms() - 60_000


def test_a_backup_that_fails_leaves_nothing_behind(folder, tmp_path, monkeypatch):
    with Workspace.open(folder) as workspace:
        decide(workspace, "C-1")
        (folder / "models" / "locked").mkdir()
        (folder / "models" / "gone.json").symlink_to(tmp_path / "nowhere")
        real = os.fsync
        calls = [0]

        def failing(handle: int) -> None:
            calls[0] += 1
            if calls[0] > 5 and Path(f"/proc/self/fd/{handle}").readlink().suffix == ".rows":
                raise OSError(28, "No space left on device")
            real(handle)

        monkeypatch.setattr(os, "fsync", failing)
        with pytest.raises(Problem) as caught:
            make(workspace, tmp_path / "sets", tmp_path / "safe")
        monkeypatch.undo()
        assert caught.value.code == "environment.backup" and "No space left" in caught.value.why
        assert list((tmp_path / "sets").iterdir()) == [] and not (tmp_path / "safe").exists()
        erasure.erase(workspace.ledger, "C-1", "request", "dpo")
        assert workspace.vault.backups.newest() is None


def test_an_empty_log_and_one_longer_than_a_file(folder, tmp_path, monkeypatch):
    from waglan.runtime.backup import segments

    with Workspace.open(folder) as workspace:
        empty = make(workspace, tmp_path / "sets").folder
        assert bring_back(empty, tmp_path / "empty", folder / "keys").manifest.size == 0
        monkeypatch.setattr(segments, "ENTRIES", 256)
        decide(workspace, *[f"C-{n}" for n in range(700)])
        long = make(workspace, tmp_path / "sets").folder
    assert len(list((long / "log").iterdir())) == 3
    bring_back(long, tmp_path / "long", folder / "keys")
    assert "Nothing is wrong" in verify(tmp_path / "long", tmp_path / "out")
    with Workspace.open(tmp_path / "empty") as workspace:
        assert decide(workspace, "C-1") and workspace.ledger.head().size == 2


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.server() as running:
        yield running


@pytest.fixture
def dsn(server, folder) -> str:
    """The same workspace with its log in a database."""
    settings = folder / "waglan.toml"
    settings.write_text(settings.read_text().replace('store = "sqlite"', 'store = "postgresql"'))
    return server.database()


def test_a_log_in_postgresql_is_backed_up_under_load(server, folder, dsn, tmp_path):
    with load(folder, dsn) as ids, Workspace.open(folder, environ=environ(dsn)) as workspace:
        made = make(workspace, tmp_path / "sets")
        at = len(ids)
        while len(ids) < at + 10:
            time.sleep(0.01)
    other = server.database()
    with pytest.raises(Problem) as caught:
        bring_back(made.folder, tmp_path / "back", folder / "keys", dsn=dsn)
    assert caught.value.code == "backup.store" and caught.value.status == 409
    restored = bring_back(made.folder, tmp_path / "back", folder / "keys", dsn=other)
    assert restored.manifest.store == "postgresql" and restored.manifest.size >= 20
    with Workspace.open(tmp_path / "back", environ=environ(other)) as workspace:
        for index, row in list(workspace.ledger.rows(0, restored.manifest.size)):
            assert not row.sealed or workspace.ledger.opened(index)
        assert decide(workspace, "C-1") and workspace.ledger.head().size == restored.manifest.size + 1
    bring_back_as_sqlite = {"WAGLAN_LEDGER__STORE": "sqlite"}  # and from one kind of store into the other
    clock, place = SystemClock(), tmp_path / "moved"
    restore(made.folder, place, folder / "keys", checkpoint="", clock=clock, environ=bring_back_as_sqlite)
    with Workspace.open(place, environ=bring_back_as_sqlite) as workspace:
        assert workspace.ledger.find(ids[0]) is not None


def test_a_restore_that_was_interrupted_goes_on(server, folder, dsn, tmp_path, monkeypatch):
    from waglan.runtime.backup import restoring as module
    from waglan.runtime.backup import segments

    monkeypatch.setattr(segments, "ENTRIES", 256)
    monkeypatch.setattr(module, "AT_ONCE", 256)
    with Workspace.open(folder, environ=environ(dsn)) as workspace:
        ids = decide(workspace, *[f"C-{n}" for n in range(600)])
        made = make(workspace, tmp_path / "sets").folder
    other = server.database()
    real, calls = module._batch, [0]

    def interrupted(*arguments, **named):
        calls[0] += 1
        if calls[0] == 3:
            raise KeyboardInterrupt
        return real(*arguments, **named)

    monkeypatch.setattr(module, "_batch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bring_back(made, tmp_path / "back", folder / "keys", dsn=other)
    assert not (tmp_path / "back").exists()
    with pytest.raises(Problem), Workspace.open(folder, environ=environ(other)) as half:
        decide(half, "C-1")  # a log that isn't finished is no log
        raise half.ledger.problem
    bring_back(made, tmp_path / "back", folder / "keys", dsn=other)
    assert calls[0] == 4  # the third part alone was left
    with Workspace.open(tmp_path / "back", environ=environ(other)) as workspace:
        assert [workspace.ledger.find(each) for each in ids] == list(range(1, 601))
        assert workspace.ledger.opened(1) and decide(workspace, "C-1")


def test_export_is_all_that_an_outsider_needs(run, folder, tmp_path):
    with Workspace.open(folder) as workspace:
        ids = decide(workspace, "C-1", "C-2")
    out = tmp_path / "out"
    ran = run("export", out, "--receipt", ids[0], "--receipt", ids[1], "--workspace", folder, "--json")
    assert ran.code == 0 and ran.json["receipts"] == 2
    how = (out / "HOW-TO-CHECK.txt").read_text()
    (command,) = [line.strip() for line in how.splitlines() if line.strip().startswith("python3 verify.py")]
    done = subprocess.run(
        command.replace("python3", sys.executable), shell=True, cwd=out, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and "Nothing is wrong" in done.stdout and ids[1] in done.stdout
    assert "C-1" not in "".join(p.read_text() for p in (out / "receipts").iterdir())
    run("export", out, "--receipt", ids[0], "--open", "--workspace", folder)
    assert "C-1" not in how and json.loads((out / "receipts" / f"{ids[0]}.json").read_text())["opened"]
    assert "2 receipts" in run("export", out, "--receipt", ids[0], "--receipt", ids[1], "--workspace", folder).out


def test_the_words_of_a_backup(run, folder, tmp_path):
    with Workspace.open(folder) as workspace:
        decide(workspace, "C-1")
    toml = folder / "waglan.toml"
    toml.write_text(toml.read_text().replace('modules = ["./triage.py"]', 'modules = ["./triage.py", "json"]'))
    ran = run("backup", tmp_path / "sets", "--workspace", folder)
    assert ran.code == 0 and "2 entries" in ran.out and "Not in it: the module json" in ran.out
    assert "The keys aren't in it" in ran.out
    made = next((tmp_path / "sets").iterdir())
    os.utime(made)
    ran = run("backup", tmp_path / "sets", "--keep-days", 1, "--with-keys", tmp_path / "safe", "--workspace", folder)
    assert "Deleted" not in ran.out and "The keys aren't" not in ran.out
    ran = run("restore", made, tmp_path / "back", "--keys", folder / "keys")
    assert "2 entries as of" in ran.out and f"waglan doctor --workspace {tmp_path / 'back'}" in ran.out
    (made / FILE).unlink()
    old = time.time() - 2 * 86_400
    os.utime(made, (old, old))
    ran = run("backup", tmp_path / "sets", "--keep-days", 1, "--workspace", folder)
    assert f"Deleted, its term was over: {made}" in ran.out and not made.exists()


def test_what_was_erased_again_is_told(run, folder, tmp_path, monkeypatch):
    with Workspace.open(folder) as workspace:
        decide(workspace, "C-1")
        made = make(workspace, tmp_path / "sets")
    monkeypatch.setattr("waglan.runtime.backup.restoring.reconcile", lambda ledger: ("kid",))
    text = run("restore", made.folder, tmp_path / "back", "--keys", folder / "keys").out
    assert "Keys whose erasure is on the log were in the vault (1); they were shredded again." in text
