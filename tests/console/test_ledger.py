"""The ledger's pages: state, verification that finds what is wrong, entries, downloads."""

import csv
import io
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from tests.console.test_decisions import first
from waglan.console.pages.ledger import verify
from waglan.core.problem import Problem
from waglan.ledger import merkle, note, witness
from waglan.ledger.export import VERIFIER
from waglan.ledger.store import Head
from waglan.review import Judgement

READERS = ("admin", "developer", "user", "reviewer", "approver", "auditor", "examiner")


@pytest.mark.parametrize("lang", ["en", "zh-Hant", "zh-Hans"])
def test_the_state_of_the_log(bank, lang):
    page = bank.get("/ledger", as_="auditor", lang=lang)
    found = bank.get("/ledger.json", as_="auditor").body
    ledger = bank.workspace.ledger
    assert page.status == 200 and len(page.raw) < 60_000
    assert found["log"] == "testbank/decisions" and found["open"] and found["trouble"] is None
    assert found["size"] <= ledger.head().size and found["head"]["size"] == found["size"]
    assert found["head"]["signed_by"][0]["algorithm"] == "Ed25519"
    assert all(s["holds"] for s in (*found["head"]["signed_by"], *found["dual"]["signed_by"]))
    assert {k["algorithm"] for k in found["keys"]} == {"Ed25519", "ML-DSA-44"}
    assert ledger.signer.vkeys[0] in page.text


def test_kinds_and_days_add_up_to_the_log(bank):
    found = bank.get("/ledger.json", as_="auditor").body
    assert sum(k["n"] for k in found["kinds"]) == found["size"]
    assert found["kinds"][0]["kind"] == "decision"
    assert sum(d["decisions"] + d["others"] for d in found["days"]) == found["size"] and len(found["days"]) == 30


@pytest.mark.parametrize("role", READERS)
def test_who_may_read_it(bank, role):
    for path in ("/ledger", "/ledger/entries", "/ledger/verify", "/ledger/vkeys"):
        assert bank.get(path, as_=role).status == 200
    assert bank.get("/ledger").status == 303 and bank.get("/ledger", as_="provider").status == 403


def test_trouble_is_said(bank, monkeypatch):
    problem = Problem(
        "The log can't be written.", "The disk is full.", "Make room.", code="ledger.unavailable", status=503
    )
    monkeypatch.setattr(type(bank.workspace.ledger), "problem", property(lambda _: problem))
    monkeypatch.setattr(type(bank.workspace.ledger), "available", property(lambda _: False))
    page = bank.get("/ledger", as_="auditor").text
    assert "The disk is full." in page and "stopped" in page


# ---- verification


def test_verify_now_hashes_the_newest_entries_to_the_signed_root(bank):
    found = bank.get("/ledger/verify.json", as_="auditor").body["verified"]
    assert found["sound"] and found["first"] == 0 and found["size"] == bank.workspace.ledger.head().size
    assert found["kept"][0]["what"] == "ledger.checkpoint" and found["kept"][0]["sound"]
    assert "Sound." in bank.get("/ledger/verify", as_="auditor").text
    assert "完好" in bank.get("/ledger/verify", as_="auditor", lang="zh-Hant").text


def test_more_is_checked_when_asked_for(bank, monkeypatch):
    monkeypatch.setattr(verify, "FIRST", 100)
    size = bank.workspace.ledger.head().size
    some = bank.get("/ledger/verify", as_="auditor").text
    assert bank.get("/ledger/verify.json", as_="auditor").body["verified"]["first"] == size - 100
    assert "/console/ledger/verify?more=1" in some
    assert bank.get("/ledger/verify.json?more=1", as_="auditor").body["verified"]["first"] == 0


def test_from_any_place_the_newest_entries_lead_to_the_root(bank):
    store, head = bank.workspace.ledger.store, bank.workspace.ledger.head()
    root = note.parse(head.note).root
    for start in (0, 1, 2, 3, 7, 100, 255, 256, 257, 300, head.size - 1, head.size):
        assert verify.root_from(store, head, start) == root


def test_a_changed_entry_is_found(bank, monkeypatch):
    ledger = bank.workspace.ledger
    whole = list(ledger.store.rows(0, ledger.head().size))

    def rows(start, stop):
        for index, row in whole[start:stop]:
            leaf = row.leaf.replace(b'"route":"auto"', b'"route":"human"') if index == 200 else row.leaf
            yield index, row._replace(leaf=leaf)

    monkeypatch.setattr(ledger.store, "rows", rows)
    found = bank.get("/ledger/verify.json", as_="auditor").body["verified"]
    assert not found["sound"] and found["first"] is None
    assert "Tell internal audit now" in bank.get("/ledger/verify", as_="auditor").text


def test_a_head_signed_by_somebody_else_is_found(bank, monkeypatch):
    head = bank.workspace.ledger.head()
    forged = head.note.replace("testbank/decisions ", "somebody/else ")
    monkeypatch.setattr(
        bank.workspace.ledger, "head", lambda: Head(size=head.size, peaks=head.peaks, edges=head.edges, note=forged)
    )
    found = bank.get("/ledger/verify.json", as_="auditor").body["verified"]
    assert not found["sound"] and not any(s["known"] for s in found["signed_by"])


def test_a_kept_head_that_the_log_does_not_extend_is_found(bank):
    ledger, folder = bank.workspace.ledger, bank.folder
    head = ledger.head()
    path = folder / verify.WITNESSED
    path.write_text(f"{note.body('testbank/decisions', 100, b'x' * 32)}\n{note.line('w', b'1234', b'x' * 72)}")
    try:
        found = bank.get("/ledger/verify.json", as_="auditor").body["verified"]
        assert not found["sound"] and found["kept"][0] == {"what": verify.WITNESSED, "size": 100, "sound": False}
        assert "not the beginning of this log" in bank.get("/ledger/verify", as_="auditor").text
        path.write_text(
            f"{note.body('testbank/decisions', head.size + 9, b'x' * 32)}\n{note.line('w', b'1234', b'x' * 72)}"
        )
        assert not bank.get("/ledger/verify.json", as_="auditor").body["verified"]["sound"]
        path.write_text("not a checkpoint")
        assert not bank.get("/ledger/verify.json", as_="auditor").body["verified"]["sound"]
    finally:
        path.unlink()
    assert bank.get("/ledger/verify.json", as_="auditor").body["verified"]["sound"]


def test_a_witness_is_shown(bank, tmp_path):
    ledger, path = bank.workspace.ledger, bank.folder / verify.WITNESSED
    made = witness.Witness(tmp_path, "audit.example/w1")
    made.trust(ledger.signer.vkeys)
    head = ledger.signed()
    path.write_text(head.note + made.add(witness.write_request(0, [], head.note), 1_700_000_000).body)
    try:
        found = bank.get("/ledger.json", as_="auditor").body["witness"]
        assert found["size"] == head.size and not found["signed_by"][-1]["known"]
        page = bank.get("/ledger", as_="auditor").text
        assert "Somebody else holds the head" in page and "audit.example/w1" in page
        assert bank.get("/ledger/verify.json", as_="auditor").body["verified"]["kept"][0]["sound"]
    finally:
        path.unlink()


def test_an_empty_log_is_sound():
    class Store:
        def rows(self, start, stop):
            return iter(())

    assert verify.newest(Store(), Head(), merkle.EMPTY_ROOT) == 0


def test_a_large_log_is_checked_within_its_time(tmp_path):
    """Forty thousand entries and little time: part of them is checked, and the part is said."""
    from waglan.ledger.merkle import Frontier, extend, leaf_hash, root
    from waglan.ledger.store import Row
    from waglan.ledger.tiles import grow

    count = 40_000
    leaves = [b'{"n":%d}' % at for at in range(count)]
    frontier, new = extend(Frontier(), [leaf_hash(leaf) for leaf in leaves])
    full, edges = grow((), new, 0)
    tiles = {(level, index): data for level, index, data in full}

    class Store:
        def rows(self, start, stop):
            for at in range(start, stop):
                if at % 512 == 0:
                    time.sleep(0.004)
                yield at, Row(str(at), leaves[at], b"")

        def tile(self, level, index):
            return tiles.get((level, index))

    head = Head(size=count, peaks=frontier.peaks, edges=edges)
    started = time.monotonic()
    found = verify.newest(Store(), head, root(frontier), budget_s=0.1)
    assert found is not None and 0 < found <= count - verify.FIRST
    assert time.monotonic() - started < 2
    assert verify.newest(Store(), head, b"x" * 32) is None
    del tiles[0, 3]
    assert verify.newest(Store(), Head(size=count, peaks=frontier.peaks), root(frontier)) is None


# ---- entries


def test_entries_page_by_page_are_the_whole_log(bank):
    seen, address = [], "/ledger/entries.json"
    size = bank.workspace.ledger.head().size
    while address:
        page = bank.get(address, as_="admin").body
        seen += [e["index"] for e in page["entries"]]
        address = page["older"].replace("/entries?", "/entries.json?") if page["older"] else ""
    assert seen == sorted(seen, reverse=True) == list(range(size - 1, -1, -1))


@pytest.mark.parametrize("kind", ["decision", "model", "use_case"])
def test_entries_of_a_kind(bank, kind):
    found = bank.get(f"/ledger/entries.json?kind={kind}", as_="auditor").body
    assert found["kind"] == kind and {e["kind"] for e in found["entries"]} == {kind}
    assert "newer" in found and bank.get(f"/ledger/entries?kind={kind}", as_="auditor").status == 200
    assert bank.get("/ledger/entries.json?kind=nonsense", as_="auditor").body["kind"] == ""


def test_find_by_id_and_by_number(bank):
    entry = bank.workspace.ledger.leaf(3)["id"]
    for wanted in (entry, entry.lower(), "3"):
        assert (
            bank.get(f"/ledger/find?id={wanted}", as_="auditor").headers["location"]
            == f"/console/ledger/entries/{entry}"
        )
    for wanted in ("", "999999999", "-1", "https://evil.example", "01M7ZJT1Q20ZH02AWXHMR36HVY"):
        assert bank.get(f"/ledger/find?id={wanted}", as_="auditor").status == 404


@pytest.mark.parametrize("lang", ["en", "zh-Hant", "zh-Hans"])
def test_an_entry_with_its_proof(bank, lang, tmp_path):
    entry = bank.workspace.ledger.leaf(1)["id"]
    page = bank.get(f"/ledger/entries/{entry}", as_="auditor", lang=lang)
    found = bank.get(f"/ledger/entries/{entry}.json", as_="auditor").body
    assert page.status == 200 and found["verified"]["sound"] and found["index"] == 1
    (tmp_path / found["file"]).write_bytes(bank.get(f"/ledger/entries/{entry}/receipt", as_="auditor").raw)
    (tmp_path / "verify.py").write_bytes(bank.get("/ledger/verify.py", as_="auditor").raw)
    command = found["command"].replace("python3", sys.executable)
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_measures_attention_is_for_who_may_read_it(bank):
    desk, reviewer = bank.house.desk, bank.identity("reviewer")
    (planted,) = desk.seed(bank.identity("approver"), "credit", 1, random=Random(5))
    bank.house.index.follow()
    desk.take(reviewer, planted)
    shown = desk.show(reviewer, planted)
    desk.judge(reviewer, planted, Judgement(verdict="agree"), shown=shown.sha256)
    listed = bank.get("/ledger/entries.json?kind=attention", as_="auditor").body["entries"]
    assert bank.get(f"/ledger/entries/{listed[0]['id']}", as_="auditor").status == 200
    assert bank.get(f"/ledger/entries/{listed[0]['id']}", as_="reviewer").status == 200
    for who in ("reviewer2", "developer", "admin"):
        assert bank.get(f"/ledger/entries/{listed[0]['id']}", as_=who).status == 403
        assert bank.get("/ledger/entries.json?kind=attention", as_=who).body["entries"][0]["actor"] is None
        assert "attention" not in bank.get(f"/decisions/{planted}.json", as_=who).text
    kinds = {e["kind"] for e in bank.get(f"/decisions/{planted}.json", as_="auditor").body["later"]}
    assert kinds == {"review", "attention"}
    rows = csv.DictReader(io.StringIO(bank.get("/decisions.csv", as_="developer").raw.decode("utf-8-sig")))
    assert "attention" not in next(r for r in rows if r["id"] == planted)["later"]


# ---- downloads


def test_downloads_verify_a_whole_export(bank, tmp_path):
    head = bank.get("/ledger/checkpoint", as_="auditor")
    checked = note.check(head.raw.decode(), bank.get("/ledger/vkeys", as_="auditor").raw.decode().split())
    assert checked.size == bank.workspace.ledger.head().size and len(checked.signatures) == 2
    assert bank.get("/ledger/verify.py", as_="auditor").raw == VERIFIER.read_bytes()


def test_entries_of_a_log_name_nobody(bank):
    decision = first(bank)
    text = bank.get(f"/ledger/entries/{decision}.json", as_="auditor").text
    assert "SYN-" not in text and "monthly_income" not in text


def test_nothing_of_it_writes(bank):
    before = bank.workspace.ledger.head().size
    for path in ("/ledger", "/ledger/verify", "/ledger/entries", "/ledger/vkeys", "/ledger/verify.py"):
        bank.get(path, as_="admin")
    assert bank.workspace.ledger.head().size == before
    assert sqlite3.connect(Path(bank.folder) / "ledger.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)
