"""The vault: sealing and opening, who is who over several processes, keys, states and copies."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.vaults import DAY_MS, PRIVATE, MovableClock, entry, everything, opened
from waglan.core import Problem
from waglan.core.ids import to_bytes
from waglan.ledger import reference, sealing, vault_file
from waglan.ledger.custody import MOVES, Intent, State, move
from waglan.ledger.keyring import Keyring
from waglan.ledger.proposals import Proposals
from waglan.ledger.sealing import Sealed
from waglan.ledger.vault import Vault
from waglan.ledger.vault_file import VaultFile
from waglan.ledger.vault_keys import AesKek, FileKeys


def sealed(vault: Vault, *entries: object) -> Sealed:
    (one,) = vault.seal(entries)  # type: ignore[arg-type]
    assert isinstance(one, Sealed)
    return one


def stored(folder: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(folder / "vault.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


# ---- sealing


FIELDS = st.dictionaries(
    st.text(st.characters(codec="ascii"), min_size=1, max_size=6), st.text(max_size=30), max_size=4
)


@settings(max_examples=60)
@given(fields=FIELDS, known=st.booleans())
def test_sealing_comes_back(tmp_path_factory: pytest.TempPathFactory, fields: dict[str, str], known: bool) -> None:
    vault = opened(tmp_path_factory.getbasetemp() / "property")
    private = {name: json.dumps(text).encode() for name, text in fields.items()}
    each = entry(vault.subject("P-1") if known else "", private)
    result = sealed(vault, each)
    assert vault.unseal(result.kid, each.id, result.ciphertext) == private if result.kid else not private
    assert set(result.commit) == set(private)
    if private:
        key = vault.commitment_key(result.kid, each.id)
        for name, payload in private.items():
            message = b"waglan/rec/v1\0" + name.encode() + b"\0" + payload
            assert result.commit[name] == hmac.digest(key, message, "sha256").hex()
            assert result.commit[name] == sealing.commitment(key, name, payload)
    vault.close()


def test_formats_are_those_of_the_design(tmp_path: Path) -> None:
    dek = bytes(range(32))
    each = entry("s")
    (result,) = sealing.seal([each], [sealing.data_key("k", "s", dek)])
    assert isinstance(result, Sealed)
    key = hmac.digest(dek, b"waglan/commit/v1\0" + each.id.encode() + b"\x01", "sha256")
    assert key == sealing.commitment_key(dek, each.id)
    aead = sealing.data_key("k", "s", dek).aead
    associated = b"waglan/payload/v1\0" + each.id.encode()
    plain = aead.decrypt(to_bytes(each.id)[4:], result.ciphertext, associated)
    assert json.loads(plain) == {name: payload.decode() for name, payload in PRIVATE.items()}
    assert plain == json.dumps(json.loads(plain), separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode()


def test_who_gets_which_key(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    person = vault.subject("A123456(3)")
    batch = [entry(person), entry(person, {}), entry(), entry(), entry("", {}), entry(vault.subject("B"))]
    first, bare, alone, other, nothing, second = vault.seal(batch)
    assert first.kid == bare.kid != "" and bare.ciphertext == b"" and bare.subject == person
    assert len({first.kid, alone.kid, other.kid, second.kid}) == 4 and alone.subject == ""
    assert nothing == Sealed("", "", {}, b"")
    assert vault.unseal(bare.kid, batch[1].id, b"") == {}
    assert {len(first.kid), len(person)} == {26}


def test_one_bad_entry_fails_alone(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    bad = (
        entry("", {"in": b"\xff"}),
        entry("", {"é": b"{}"}),
        msgspec.structs.replace(entry(), id="U" * 25),
        entry("0" * 26),
    )
    results = vault.seal([entry(), *bad, entry()])
    codes = [r.code if isinstance(r, Problem) else "" for r in results]
    assert codes == ["", "vault.entry", "vault.entry", "vault.entry", "vault.erased", ""]


def test_ciphertext_belongs_to_its_entry_and_key(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    person = vault.subject("A")
    one, two = entry(person), entry(person)
    first, _ = vault.seal([one, two])
    other = sealed(vault, entry())
    for kid, name, data in (
        (first.kid, two.id, first.ciphertext),
        (other.kid, one.id, first.ciphertext),
        (first.kid, one.id, first.ciphertext[:-1] + bytes([first.ciphertext[-1] ^ 1])),
        (first.kid, one.id, b"x"),
    ):
        with pytest.raises(Problem) as caught:
            vault.unseal(kid, name, data)
        assert caught.value.code == "vault.tampered"
    with pytest.raises(Problem) as caught:
        vault.unseal("nobody", one.id, first.ciphertext)
    assert caught.value.code == "vault.unknown"


# ---- who is who


def test_a_proposal_lasts_once_sealed(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    person = vault.subject("A123456(3)")
    assert vault.subject("a1234563 ") == person and vault.known("A1234563") is None
    sealed(vault, entry(person))
    assert vault.known("Ａ１２３４５６（３）") == person
    assert vault.subject("") == "" and vault.known("") == ""
    vault.close()
    assert opened(tmp_path).known("A123456(3)") == person


def test_references(tmp_path: Path) -> None:
    assert reference.normal(" a123456 (3)") == "A1234563" == reference.normal("A1234563")
    assert reference.normal("u-1") != reference.normal("U-1")
    assert reference.normal("A1234564") == "A1234564" and reference.normal("a1234564") == "a1234564"  # wrong digit
    for number, digit in (("A123456", "3"), ("G123456", "A"), ("AB987654", "3")):
        assert reference.check_digit(number) == digit


def test_two_vaults_on_one_file_agree(tmp_path: Path) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    mine, theirs = first.subject("A"), second.subject("A")
    assert mine != theirs
    one, two = entry(mine), entry(theirs)
    won, lost = sealed(first, one), sealed(second, two)
    assert (lost.kid, lost.subject) == (won.kid, mine) and second.subject("A") == mine
    late = entry(theirs)  # asked for before the other was first, sealed afterwards
    assert sealed(second, late).subject == mine
    assert first.unseal(lost.kid, two.id, lost.ciphertext) == PRIVATE


RACE = """
import sys
from pathlib import Path
from tests.ledger.vaults import entry, opened
vault = opened(Path(sys.argv[1]))
sys.stdin.readline()
for turn in range(40):
    batch = [entry(vault.subject(f"person {turn * 5 + i}")) for i in range(8)]
    for each, sealed in zip(batch, vault.seal(batch), strict=True):
        assert vault.unseal(sealed.kid, each.id, sealed.ciphertext)
        print(turn * 5 + batch.index(each), sealed.subject, sealed.kid)
"""


def test_two_processes_give_each_person_one_pseudonym(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(tmp_path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root,
        )
        for _ in range(2)
    ]  # fmt: skip
    outputs = []
    for run in runs:
        assert run.stdin is not None
        run.stdin.write("go\n")
        run.stdin.flush()
    for run in runs:
        outputs.append(run.communicate(timeout=60)[0])
        assert run.returncode == 0
    seen: dict[str, set[str]] = {}
    for line in "".join(outputs).splitlines():
        person, name = line.split(" ", 1)
        seen.setdefault(person, set()).add(name)
    assert len(seen) == 203 and all(len(names) == 1 for names in seen.values())


def test_threads_share_a_vault(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    names: list[tuple[int, str, str]] = []

    def work() -> None:
        for i in range(60):
            each = entry(vault.subject(f"p{i % 20}"))
            names.append((i % 20, sealed(vault, each).subject, each.subject))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == 360 and len({(person, name) for person, name, _ in names}) == 20


def test_keys_leave_memory_within_a_minute(tmp_path: Path) -> None:
    clock = MovableClock()
    vault = opened(tmp_path, clock)
    person = vault.subject("A")
    sealed(vault, entry(person))
    assert person in vault._cache.young
    clock.added_ms += 31_000
    sealed(vault, entry(person))
    assert person in vault._cache.old
    clock.added_ms += 31_000
    sealed(vault, entry())
    assert not vault._cache.old and person not in vault._cache.young


# ---- the tenant key


def test_the_key_file_is_private_and_needed(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    key = tmp_path / "keys" / "tenant.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600 and len(key.read_bytes()) == 32
    assert stat.S_IMODE((tmp_path / "vault.db").stat().st_mode) == 0o600
    vault.close()
    key.chmod(0o640)
    _refused(tmp_path, "chmod 600")
    key.chmod(0o600)
    good = key.read_bytes()
    for bad in (good[:31], good + b"x", bytes(32)):
        key.write_bytes(bad)
        _refused(tmp_path, "tenant key")
    key.unlink()
    _refused(tmp_path, "tenant key")
    assert not key.exists()  # never a new key beside an old vault


def _refused(folder: Path, words: str) -> None:
    with pytest.raises(Problem) as caught:
        opened(folder)
    assert caught.value.code == "vault.key" and words in str(caught.value)


def test_rotation_keeps_everything_open(tmp_path: Path) -> None:
    vault, other = opened(tmp_path), opened(tmp_path)
    each = entry(vault.subject("A"))
    result = sealed(vault, each)
    sealed(other, entry(other.subject("B")))
    before = (tmp_path / "keys" / "tenant.key").read_bytes()
    wrapped = [row[0] for row in stored(tmp_path, "SELECT wrapped FROM dek")]
    assert vault.rotate_tenant_key() == 2
    assert (tmp_path / "keys" / "tenant.key").read_bytes() != before
    assert not (tmp_path / "keys" / "tenant.key.next").exists()
    data = everything(tmp_path)
    assert not any(bytes(old) in data for old in wrapped)  # type: ignore[call-overload]
    for each_vault in (vault, other, opened(tmp_path)):
        assert each_vault.unseal(result.kid, each.id, result.ciphertext) == PRIVATE
        assert each_vault.known("A") == each.subject
        assert sealed(each_vault, entry(each.subject)).kid == result.kid
    sealed(other, entry(other.subject("C")))


@pytest.mark.parametrize("step", ["staged", "rewrapped"])
def test_rotation_survives_a_crash(tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = opened(tmp_path)
    each = entry(vault.subject("A"))
    result = sealed(vault, each)

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        if step == "staged":
            patch.setattr("waglan.ledger.keyring._rewrap", killed)
        else:
            patch.setattr(FileKeys, "settle", killed)
            patch.setattr(Keyring, "load", lambda self: None)
        vault.rotate_tenant_key()
    assert (tmp_path / "keys" / "tenant.key.next").exists()
    other = opened(tmp_path)
    assert other.unseal(result.kid, each.id, result.ciphertext) == PRIVATE
    assert not (tmp_path / "keys" / "tenant.key.next").exists()
    assert other.rotate_tenant_key() == 1


def test_a_wrapped_key_is_bound_to_its_name() -> None:
    kek = AesKek(bytes(32))
    wrapped = kek.wrap(b"s" * 32, "a", b"n" * 12)
    assert kek.unwrap(wrapped, "a") == b"s" * 32 and len(wrapped) == 60
    for data, kid in ((wrapped, "b"), (wrapped[:-1], "a"), (b"", "a")):
        with pytest.raises(Problem, match="doesn't open"):
            kek.unwrap(data, kid)


# ---- states


@given(st.lists(st.sampled_from(State), max_size=6))
def test_states_move_as_the_table_says(path: list[State]) -> None:
    state = State.ACTIVE
    for to in path:
        if to in MOVES[state]:
            state = move(state, to, "k")
        else:
            with pytest.raises(Problem) as caught:
                move(state, to, "k")
            assert caught.value.code == ("vault.erased" if state is State.SHREDDED else "vault.state")


def test_restricted_data_is_kept_and_not_read(tmp_path: Path) -> None:
    vault, other = opened(tmp_path), opened(tmp_path)
    each = entry(vault.subject("A"))
    result = sealed(vault, each)
    vault.custody.restrict(result.kid)
    for reader in (vault, other):
        with pytest.raises(Problem) as caught:
            reader.unseal(result.kid, each.id, result.ciphertext)
        assert caught.value.code == "vault.restricted"
        assert sealed(reader, entry(each.subject)).kid == result.kid  # what happens is still recorded
    vault.custody.restrict(result.kid, active=False)
    assert vault.unseal(result.kid, each.id, result.ciphertext) == PRIVATE


def test_hold_and_retention_refuse_erasure(tmp_path: Path) -> None:
    clock = MovableClock()
    vault = opened(tmp_path, clock)
    kid = sealed(vault, entry(vault.subject("A"))).kid
    intent = Intent(kid, "0" * 26, clock.now_ms(), "request", "dpo", "")

    def code() -> str:
        with pytest.raises(Problem) as caught:
            vault.custody.intend(intent)
        return caught.value.code

    vault.custody.hold(kid, "case 1")
    vault.custody.hold(kid, "case 2")
    vault.custody.release(kid, "case 1")
    assert code() == "vault.held"
    vault.custody.release(kid, "case 2")
    vault.custody.retain(kid, clock.now_ms() + DAY_MS)
    assert code() == "vault.retained" and vault.custody.due() == ()
    clock.added_ms += 2 * DAY_MS
    assert [holder.kid for holder in vault.custody.due()] == [kid]
    vault.custody.intend(intent)
    assert vault.custody.intents() == (intent,)
    with pytest.raises(Problem) as caught:
        vault.custody.hold("nobody", "case")
    assert caught.value.code == "vault.unknown"


# ---- shredding, in every file


def test_shredding_leaves_no_byte(tmp_path: Path) -> None:
    """Thousands of rows, so that pages were split and cells moved: neither key, digest nor pseudonym remains."""
    vault, other = opened(tmp_path), opened(tmp_path)
    for turn in range(12):
        vault.seal([entry(vault.subject(f"p{turn * 250 + i}"), {}) for i in range(250)])
    rows = stored(tmp_path, "SELECT kid, pseudonym, lookup, wrapped FROM dek")
    gone, kept = rows[::3], rows[1::3]
    other.seal([entry(str(row[1]), {}) for row in gone[:5]])
    vault.custody.shred(tuple(str(row[0]) for row in gone))
    data = everything(tmp_path)
    assert all(bytes(row[2]) in data and bytes(row[3]) in data for row in kept)  # type: ignore[call-overload]
    for _, pseudonym, lookup, wrapped in gone:
        assert str(pseudonym).encode() not in data
        for secret in (bytes(lookup), bytes(wrapped)):  # type: ignore[call-overload]
            assert secret not in data and secret[4:28] not in data
    results = other.seal([entry(str(row[1])) for row in gone[:5]])  # its memory was told
    assert {r.code for r in results if isinstance(r, Problem)} == {"vault.erased"} and len(results) == 5
    assert other.subject("p0") != rows[0][1]


def test_no_reference_in_any_file(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    person = "A123456(3)"
    vault.seal([entry(vault.subject(person), {"in": b'{"hkid":"A123456(3)"}'})])
    data = everything(tmp_path).lower()
    for form in (b"a123456", b"1234563", "a123456".encode("utf-16-le")):
        assert form not in data
    for name in ("sha256", "sha1", "md5", "blake2b", "blake2s"):
        for form in (b"A1234563", b"A123456(3)"):
            assert hashlib.new(name, form).digest()[:16] not in everything(tmp_path)


# ---- copies


def test_erasure_reaches_backups(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    each, other = entry(vault.subject("A")), entry(vault.subject("B"))
    first, second = (sealed(vault, e) for e in (each, other))
    copy = vault.backup(tmp_path / "backups" / "monday.db")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    secrets = stored(tmp_path, "SELECT lookup, wrapped FROM dek ORDER BY pseudonym = '" + each.subject + "' DESC")
    assert all(bytes(s) in copy.read_bytes() for row in secrets for s in row)  # type: ignore[call-overload]
    vault.custody.shred((first.kid,))
    assert vault.backups.owed()
    vault.backups.purge()
    assert not vault.backups.owed()
    data = everything(tmp_path)
    assert not any(bytes(s) in data for s in secrets[0])  # type: ignore[call-overload]
    assert all(bytes(s) in copy.read_bytes() for s in secrets[1])  # type: ignore[call-overload]
    vault.close()
    (tmp_path / "vault.db").unlink()
    copy.replace(tmp_path / "vault.db")
    restored = opened(tmp_path)
    assert restored.unseal(second.kid, other.id, second.ciphertext) == PRIVATE
    with pytest.raises(Problem) as caught:
        restored.unseal(first.kid, each.id, first.ciphertext)
    assert caught.value.code == "vault.erased"


def test_a_backup_that_cannot_be_reached_is_named_and_stays_owed(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    kid = sealed(vault, entry(vault.subject("A"))).kid
    away = tmp_path / "usb"
    copy = vault.backup(away / "copy.db")
    away.rename(tmp_path / "elsewhere")
    vault.custody.shred((kid,))
    with pytest.raises(Problem) as caught:
        vault.backups.purge()
    assert caught.value.code == "vault.backup" and str(copy) in str(caught.value) and vault.backups.owed()
    (tmp_path / "elsewhere").rename(away)
    vault.backups.purge()
    assert not vault.backups.owed()
    copy.write_bytes(b"not a database" * 1000)
    vault.custody.shred(("another",))
    with pytest.raises(Problem):
        vault.backups.purge()
    copy.unlink()
    vault.backups.purge()
    assert not vault.backups.owed()


def test_backups_expire(tmp_path: Path) -> None:
    clock = MovableClock()
    vault = opened(tmp_path, clock)
    old = vault.backup(tmp_path / "b" / "old.db")
    elsewhere = vault.backup(tmp_path / "c" / "old.db")
    clock.added_ms += 31 * DAY_MS
    new = vault.backup(tmp_path / "b" / "new.db")
    with pytest.raises(Problem, match="already"):
        vault.backup(new)
    assert vault.expire_backups(tmp_path / "b") == [old]
    assert not old.exists() and new.exists() and elsewhere.exists()
    assert vault.expire_backups(tmp_path / "b") == []


# ---- trouble


def test_a_vault_in_trouble_recovers_by_itself(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    sealed(vault, entry(vault.subject("A")))
    blocker = sqlite3.connect(tmp_path / "vault.db", isolation_level=None)
    with vault._file.alone() as connection:
        connection.execute("PRAGMA busy_timeout = 0")
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(Problem) as caught:
        vault.seal([entry(vault.subject("B"))])
    assert caught.value.code == "vault.unavailable"
    assert vault.known("A")  # reading goes on
    blocker.execute("ROLLBACK")
    blocker.close()
    assert sealed(vault, entry(vault.subject("B"))).subject == vault.known("B")


def test_a_reader_in_the_way_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("waglan.ledger.vault_file.TRUNCATE_MS", 50)
    vault = opened(tmp_path)
    kid = sealed(vault, entry(vault.subject("A"))).kid
    reader = sqlite3.connect(tmp_path / "vault.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM dek").fetchall()
    with pytest.raises(Problem) as caught:
        vault.custody.shred((kid,))
    assert caught.value.code == "vault.busy"
    reader.execute("COMMIT")
    reader.close()
    lookup = vault._lookup("A")
    opened(tmp_path)  # the next start finishes
    assert lookup not in everything(tmp_path)


def test_a_newer_vault_is_refused(tmp_path: Path) -> None:
    opened(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "vault.db")
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(Problem) as caught:
        opened(tmp_path)
    assert caught.value.code == "vault.version"


def test_opening_needs_no_write_lock(tmp_path: Path) -> None:
    first = opened(tmp_path)
    sealed(first, entry(first.subject("A")))
    with first._file.writing():
        assert opened(tmp_path).known("A")


def test_a_folder_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Problem) as caught:
        opened(tmp_path / "file" / "deeper")
    assert caught.value.code == "vault.unavailable"
    vault = opened(tmp_path)
    with pytest.raises(Problem) as caught:
        vault.backup(tmp_path / "file" / "copy.db")
    assert caught.value.code == "vault.backup"


def test_a_backup_left_half_done_is_cleaned(tmp_path: Path) -> None:
    clock = MovableClock()
    vault = opened(tmp_path, clock)
    copy = vault.backup(tmp_path / "b" / "copy.db")
    draft = copy.with_name("copy.db.part")
    copy.rename(draft)  # as a crash before the last step leaves it
    opened(tmp_path, clock)
    assert draft.exists()  # another process may be at it
    clock.added_ms += DAY_MS
    opened(tmp_path, clock)
    assert not draft.exists() and stored(tmp_path, "SELECT * FROM copy") == []


def test_storage_errors_while_reading_are_problems(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    with vault._file.reading() as connection:
        connection.close()
    with pytest.raises(Problem) as caught:
        vault.known("A")
    assert caught.value.code == "vault.unavailable"
    assert vault.known("A") is None  # opened anew


def test_rotation_between_look_and_read_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    person = first.subject("A")
    sealed(first, entry(person))
    epoch = second._file.epoch()
    second.seal([])
    first.rotate_tenant_key()
    monkeypatch.setattr(second._file, "epoch", lambda: epoch)  # as if the look had come just before the rotation
    assert sealed(second, entry(person)).subject == person


def test_proposals_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("waglan.ledger.proposals.NAMES", 3)
    vault = opened(tmp_path)
    names = [vault.subject(f"p{i}") for i in range(5)]
    codes = [r.code if isinstance(r, Problem) else "" for r in vault.seal([entry(name) for name in names])]
    assert codes == ["vault.erased", "vault.erased", "", "", ""]
    other = opened(tmp_path)
    mine = [vault.subject(f"q{i}") for i in range(3)]
    other.seal([entry(other.subject(f"q{i}")) for i in range(3)])
    vault.seal([entry(name) for name in mine])
    mine = [vault.subject(f"r{i}") for i in range(3)]
    other.seal([entry(other.subject(f"r{i}")) for i in range(3)])
    vault.seal([entry(name) for name in mine])
    assert len(vault._proposals._same_as) == 3


@settings(max_examples=25)
@given(people=st.lists(st.sampled_from(["", "C-1", "C-2", "c-2", "A123456(3)", "a1234563", "陳大文"]), max_size=12))
def test_many_people_asked_about_at_once_are_the_same_people(
    tmp_path_factory: pytest.TempPathFactory, people: list[str]
) -> None:
    vault = opened(tmp_path_factory.mktemp("v"))
    sealed(vault, entry(vault.subject("C-1")))
    at_once = vault.subjects(people)
    assert at_once == [vault.subject(person) for person in people]
    vault.seal([entry(name) for name in at_once])
    assert vault.subjects(people) == at_once
    vault.close()


def test_a_full_disk_refuses_the_batch_and_nothing_else(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    known = entry(vault.subject("A"))
    sealed(vault, known)
    with vault._file.alone() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    crowd = [entry(vault.subject(f"crowd {i}")) for i in range(500)]
    with pytest.raises(Problem, match="full") as caught:
        vault.seal(crowd)
    assert caught.value.code == "vault.unavailable"
    assert stored(tmp_path, "SELECT count(*) FROM dek") == [(1,)]
    assert all(isinstance(each, Sealed) for each in vault.seal([known, *crowd]))  # a new connection has room again


def test_a_tenant_key_that_is_there_already_is_taken(tmp_path: Path) -> None:
    keys = FileKeys(tmp_path / "keys" / "tenant.key")
    made = keys.create()
    assert keys.create().ident == made.ident
    vault = opened(tmp_path)
    assert stored(tmp_path, "SELECT value FROM meta WHERE name = 'kek'") == [(made.ident,)]
    vault.close()


def test_a_staged_key_is_kept_while_neither_key_is_the_one_in_force(tmp_path: Path) -> None:
    keys = FileKeys(tmp_path / "tenant.key")
    first, second = keys.create(), keys.stage()
    keys.settle("neither")
    assert keys.get(first.ident).ident == first.ident and keys.get(second.ident).ident == second.ident


def test_backups_that_cannot_be_deleted_are_named_and_those_in_place_are_kept(tmp_path: Path) -> None:
    clock = MovableClock()
    vault = opened(tmp_path, clock)
    copy = vault.backup(tmp_path / "b" / "copy.db")
    clock.added_ms += DAY_MS
    opened(tmp_path, clock)
    assert stored(tmp_path, "SELECT path FROM copy") == [(str(copy),)]
    copy.unlink()
    copy.mkdir()  # what nobody can unlink
    clock.added_ms += DAY_MS
    with pytest.raises(Problem) as caught:
        vault.backups.expire(tmp_path / "b", 1)
    assert caught.value.code == "vault.backup" and "can't be deleted" in caught.value.why


def test_what_was_settled_or_gave_way_is_settled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proposals = Proposals(bytes)
    name = proposals.propose(b"lookup")
    proposals.settle({name: "winner"})
    proposals.settle({name: "another"})
    assert proposals.lookup(name) is None and proposals.durable(name) == "winner"
    monkeypatch.setattr("waglan.ledger.proposals.NAMES", 1)
    vault = opened(tmp_path)
    for person in ("A", "B"):
        sealed(vault, entry(vault.subject(person)))
    names = [vault.subject(person) for person in ("A", "B", "A", "B")]
    assert names[:2] == names[2:] and list(vault._cache.names) == ["A"]


def test_of_two_processes_one_makes_the_vault(tmp_path: Path) -> None:
    first = sqlite3.connect(tmp_path / "vault.db", isolation_level=None)
    first.execute("PRAGMA journal_mode = WAL")
    first.execute("BEGIN IMMEDIATE")
    made: list[VaultFile] = []
    second = threading.Thread(target=lambda: made.append(VaultFile(tmp_path / "vault.db")))
    second.start()
    time.sleep(0.2)  # it has seen that there are no tables, and waits for the lock to make them
    vault_file._migrate(first)
    first.execute("INSERT INTO meta VALUES ('made_by', 'first')")
    first.execute("COMMIT")
    first.close()
    second.join(10)
    made[0].close()
    made[0].close()  # nothing is left to give back
    assert stored(tmp_path, "SELECT value FROM meta WHERE name = 'made_by'") == [("first",)]
