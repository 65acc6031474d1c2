"""Receipts: what they prove, to the library and to verify.py, and what they don't."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.ledger.vaults import entry, workplace
from waglan.core.problem import Problem
from waglan.ledger import erasure, receipt, verify
from waglan.ledger.receipt import Opening, Receipt


@pytest.fixture
def made(tmp_path: Path) -> tuple[Receipt, tuple[str, ...]]:
    with workplace(tmp_path) as ledger:
        person = ledger.vault.subject("A123456(7)")
        entries = [entry(person) for _ in range(300)]
        ledger.submit(entries).result()
        return ledger.receipt(entries[137].id, opened=True), ledger.signer.vkeys


def test_a_receipt_is_checked_alone(made: tuple[Receipt, tuple[str, ...]], tmp_path: Path) -> None:
    proof, vkeys = made
    assert receipt.check(receipt.parse(proof.json()), vkeys).size == 300
    assert proof.opened is not None
    assert set(proof.opened.fields) == {"in", "out"}
    said = verify.check_receipt(proof.json().decode(), verify.read_keys(list(vkeys)), {})
    assert (said["index"], said["opened"]) == (137, proof.opened.fields)
    path = tmp_path / "receipt.json"
    path.write_bytes(proof.json())
    command = [sys.executable, "-I", "-S", verify.__file__, "--vkey", *vkeys, "--proof", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "Nothing is wrong" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize(
    "change",
    [
        lambda r: msgspec.structs.replace(r, index=138),
        lambda r: msgspec.structs.replace(r, index=-1),
        lambda r: msgspec.structs.replace(r, index=300),
        lambda r: msgspec.structs.replace(r, leaf=r.leaf.replace('"auto"', '"human"')),
        lambda r: msgspec.structs.replace(r, path=r.path[1:]),
        lambda r: msgspec.structs.replace(r, path=(*r.path, r.path[0])),
        lambda r: msgspec.structs.replace(r, path=("!", *r.path[1:])),
        lambda r: msgspec.structs.replace(r, checkpoint=r.checkpoint.replace("300", "301")),
        lambda r: msgspec.structs.replace(r, opened=Opening(fields={"in": "{}"}, key=r.opened.key)),
        lambda r: msgspec.structs.replace(r, opened=Opening(fields={"new": "{}"}, key=r.opened.key)),
        lambda r: msgspec.structs.replace(r, opened=Opening(fields=r.opened.fields, key="00" * 32)),
        lambda r: msgspec.structs.replace(r, opened=Opening(fields=r.opened.fields, key="no")),
    ],
)
def test_no_changed_receipt_proves_anything(change: object, made: tuple[Receipt, tuple[str, ...]]) -> None:
    proof, vkeys = made
    forged = change(proof)  # type: ignore[operator]
    with pytest.raises(Problem):
        receipt.check(forged, vkeys)
    with pytest.raises((ValueError, LookupError)):
        verify.check_receipt(forged.json().decode(), verify.read_keys(list(vkeys)), {})


def test_what_isnt_a_receipt_is_told(made: tuple[Receipt, tuple[str, ...]]) -> None:
    for data in (b"", b"{}", b'{"v":1}', made[0].json().replace(b'"path"', b'"paths"')):
        with pytest.raises(Problem) as caught:
            receipt.parse(data)
        assert caught.value.code == "ledger.receipt"


def test_unknown_and_erased_entries(tmp_path: Path) -> None:
    with workplace(tmp_path) as ledger:
        item = entry(ledger.vault.subject("B7"))
        ledger.submit([item]).result()
        with pytest.raises(Problem) as caught:
            ledger.receipt("01JD0000000000000000000000")
        assert (caught.value.code, caught.value.status) == ("ledger.missing", 404)
        erasure.erase(ledger, "B7", "request", "dpo")
        with pytest.raises(Problem) as caught:
            ledger.receipt(item.id, opened=True)
        assert caught.value.code == "vault.erased"
        closed = ledger.receipt(item.id)
        assert closed.opened is None
        assert receipt.check(closed, ledger.signer.vkeys).size == 2
