"""The file: its mode, its migrations, several processes, faults, and no secret in clear."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from tests.access.authenticator import Authenticator
from tests.access.conftest import CHEAP, ORIGIN, PASSWORD
from tests.access.test_people import refused
from waglan.access import Access, Person, database


def test_files_are_the_owner_s_alone(access: Access, tmp_path: Path, bo: Person) -> None:
    before = os.umask(0)
    try:
        with Access.open(tmp_path / "open", tenant="bank-a", cost=CHEAP):
            pass
    finally:
        os.umask(before)
    for folder in (tmp_path, tmp_path / "open"):
        files = [*folder.glob("access.db*"), folder / "keys" / "access.pepper"]
        assert len(files) >= 2
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        assert stat.S_IMODE((folder / "keys").stat().st_mode) == 0o700


def test_a_pepper_that_others_can_read_or_that_is_broken_is_refused(tmp_path: Path) -> None:
    Access.open(tmp_path, tenant="bank-a").close()
    pepper = tmp_path / "keys" / "access.pepper"
    pepper.chmod(0o640)
    with refused("access.pepper", 503):
        Access.open(tmp_path, tenant="bank-a")
    pepper.chmod(0o600)
    pepper.write_bytes(b"short")
    with refused("access.pepper", 503):
        Access.open(tmp_path, tenant="bank-a")
    pepper.unlink()
    pepper.mkdir()
    with refused("access.pepper", 503):
        Access.open(tmp_path, tenant="bank-a")


def test_no_secret_stands_in_the_files(access: Access, tmp_path: Path, ada: Person, bo: Person) -> None:
    device = Authenticator(ORIGIN)
    options = access.passkeys.registration_options(bo, ORIGIN)
    access.passkeys.register(bo, device.create(options), ORIGIN)
    approval = access.passkeys.authentication_options(ORIGIN)["challenge"]
    secrets = [
        PASSWORD,
        access.people.invite(ada.id),
        access.sessions.start(bo, "password").cookie,
        access.keys.create("core", ("decision.make",), 30, ada.id).secret,
        options["challenge"],
        approval,
        "203.0.113.77",
    ]
    access.keys.check(secrets[3])
    with refused("access.credentials", 401):
        access.passwords.verify(bo.email, "hunter2 hunter2 hunter2", where="203.0.113.77")
    raw = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert bo.email.encode() in raw  # the search does find what is there
    for secret in (*secrets, "hunter2", secrets[3].rpartition("_")[2], secrets[3].rpartition("_")[2][:43]):
        assert secret.encode() not in raw, secret
    with access._database.reading() as connection:
        (stored,) = connection.execute("SELECT password FROM person WHERE id = ?", (bo.id,)).fetchone()
    assert stored.startswith("$argon2id$")


def test_what_is_forgotten_is_in_no_file(access: Access, tmp_path: Path, ada: Person) -> None:
    gone = access.people.add("Xylophone Quartz", "xq@bank.example", ("user",))
    access.people.forget(gone.id)
    access.close()
    raw = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"Xylophone" not in raw and b"xq@bank" not in raw and gone.id.encode() in raw


def test_another_pepper_opens_nothing(access: Access, tmp_path: Path, bo: Person) -> None:
    cookie = access.sessions.start(bo, "password").cookie
    secret = access.keys.create("core", ("decision.make",), 30, bo.id).secret
    (tmp_path / "keys" / "access.pepper").unlink()
    with Access.open(tmp_path, tenant="bank-a", cost=CHEAP) as other:
        assert other.sessions.resume(cookie) is None and other.keys.check(secret) is None


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    Access.open(tmp_path, tenant="bank-a").close()
    with sqlite3.connect(tmp_path / "access.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    with refused("access.unavailable", 503):
        Access.open(tmp_path, tenant="bank-a")


def test_a_file_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "access.db").write_bytes(b"not a database at all, but long enough" * 50)
    with refused("access.unavailable", 503):
        Access.open(tmp_path, tenant="bank-a")
    (tmp_path / "b").write_text("a file where a folder should be")
    with refused("access.pepper", 503):
        Access.open(tmp_path / "b", tenant="bank-a")


def test_it_goes_on_after_the_storage_failed(access: Access, bo: Person) -> None:
    for ask in (access._database.reading, access._database.writing):
        with refused("access.unavailable", 503), ask() as connection:
            connection.execute("SELECT * FROM nothing")
    assert access.people.get(bo.id) == bo
    assert access.people.change(bo.id, name="Bo")


def test_what_raises_changes_nothing(access: Access, bo: Person) -> None:
    with pytest.raises(ZeroDivisionError), access._database.writing() as connection:
        connection.execute("DELETE FROM person")
        _ = 1 / 0
    assert access.people.get(bo.id) == bo


def _work(folder: str, number: int, told: multiprocessing.Queue[tuple[str, str]]) -> None:
    """One of several processes: opens what isn't there yet, adds, signs in, makes a key, uses links once."""
    with Access.open(Path(folder), tenant="bank-a", cost=CHEAP) as access:
        for each in range(5):
            person = access.people.add(f"P {number} {each}", f"p{number}.{each}@bank.example", ("user",))
            access.people.accept(access.people.invite(person.id), PASSWORD)
            told.put(("cookie", access.sessions.start(person, "password").cookie))
            told.put(("key", access.keys.create("core", ("decision.make",), 30, person.id).secret))


def test_several_processes_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[tuple[str, str]] = context.Queue()
    folder = tmp_path / "bank"
    workers = [context.Process(target=_work, args=(str(folder), number, told)) for number in range(3)]
    for worker in workers:
        worker.start()
    found = [told.get(timeout=60) for _ in range(30)]
    for worker in workers:
        worker.join(timeout=60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    with Access.open(folder, tenant="bank-a", cost=CHEAP) as access:
        assert len(access.people.all()) == 15
        assert all(
            access.sessions.resume(value) if kind == "cookie" else access.keys.check(value) for kind, value in found
        )


def test_a_link_is_used_once_however_many_ask_at_once(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    rooms = [Access.open(tmp_path, tenant="bank-a", cost=CHEAP) for _ in range(4)]
    token = rooms[0].people.first_run() or ""

    def set_up(at: int) -> bool:
        try:
            rooms[at].people.set_up(token, f"P {at}", f"p{at}@bank.example", PASSWORD)
        except Exception as problem:
            assert "link" in str(problem)
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(set_up, range(4))) == 1
    assert len(rooms[0].people.all()) == 1
    for room in rooms:
        room.close()


def test_a_file_that_can_t_be_made_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "access.db").mkdir()
    with refused("access.unavailable", 503):
        Access.open(tmp_path, tenant="bank-a")


def test_a_process_that_opens_while_another_leaves_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite doesn't wait by itself for whoever enters or leaves write-ahead mode."""
    Access.open(tmp_path, tenant="bank-a").close()
    holder = sqlite3.connect(tmp_path / "access.db", isolation_level=None, check_same_thread=False)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr(database, "_BUSY_S", 0.05)
    with refused("access.unavailable", 503):
        Access.open(tmp_path, tenant="bank-a")
    monkeypatch.setattr(database, "_BUSY_S", 10.0)
    waiter = threading.Timer(0.1, holder.close)
    waiter.start()
    Access.open(tmp_path, tenant="bank-a").close()
    waiter.join()
