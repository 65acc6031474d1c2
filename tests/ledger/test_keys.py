"""Signing keys: made once, private to the owner, followed by every process, handed over."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ledger.logs import AT_S, NAME
from waglan.core.problem import Problem
from waglan.ledger import keys, merkle, note, verify
from waglan.ledger.keys import Signer

ROOT = merkle.EMPTY_ROOT


def test_keys_are_made_once_and_private(tmp_path: Path) -> None:
    first = Signer.load_or_create(tmp_path / "keys", NAME)
    assert Signer.load_or_create(tmp_path / "keys", NAME).vkeys == first.vkeys
    (file,) = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [note.parse_vkey(each).kind for each in first.vkeys] == [note.ED25519, note.ML_DSA_44]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    Signer.load_or_create(tmp_path, NAME)
    (tmp_path / keys.FILE).chmod(mode)
    with pytest.raises(Problem, match="signing keys") as caught:
        Signer.load_or_create(tmp_path, NAME)
    assert caught.value.code == "ledger.keys"
    assert "chmod 600" in caught.value.next


def test_keys_of_another_log_and_broken_files_are_refused(tmp_path: Path) -> None:
    signer = Signer.load_or_create(tmp_path, NAME)
    with pytest.raises(Problem, match="signing keys"):
        Signer.load_or_create(tmp_path, "other")
    path = tmp_path / keys.FILE
    for broken in (b"", b"{}", b'{"name":"x","current":{"ed25519":"00","ml_dsa_44":"00"}}'):
        path.write_bytes(broken)
        with pytest.raises(Problem, match="signing keys"):
            signer.checkpoint(1, ROOT, AT_S, dual=False)
    path.unlink()
    with pytest.raises(Problem, match="signing keys"):
        signer.checkpoint(1, ROOT, AT_S, dual=False)


def test_of_several_processes_one_makes_the_keys(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from waglan.ledger.keys import Signer;"
        f"print(Signer.load_or_create(Path(sys.argv[1]), {NAME!r}).vkeys[0])"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "keys")], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert len({process.communicate()[0] for process in started}) == 1
    assert len(list((tmp_path / "keys").iterdir())) == 1


def test_ml_dsa_signing_is_hedged(tmp_path: Path) -> None:
    signer = Signer.load_or_create(tmp_path, NAME)
    one, two = (signer.checkpoint(1, ROOT, AT_S, dual=True).split("\n") for _ in range(2))
    assert one[4] == two[4]
    assert one[5] != two[5]


def test_a_rotation_is_seen_by_every_process_and_signed_by_old_and_new(tmp_path: Path) -> None:
    signer = Signer.load_or_create(tmp_path, NAME)
    colleague = Signer.load_or_create(tmp_path, NAME)
    old = signer.vkeys
    rotation = signer.rotate("yearly", AT_S)
    assert colleague.rotating
    assert colleague.vkeys == old != rotation.change.vkeys
    between = colleague.checkpoint(5, ROOT, AT_S, dual=True)
    for trusted in (old, rotation.change.vkeys):
        assert len(note.check(between, trusted).signatures) == 4
        assert note.check(rotation.change.handover, trusted).origin == f"{NAME}/keys"
    again = signer.rotate("yearly, after a crash", AT_S)
    assert again.change.vkeys == rotation.change.vkeys
    signer.settle()
    signer.settle()
    assert colleague.vkeys == rotation.change.vkeys
    assert colleague.retired == old
    assert not colleague.rotating
    with pytest.raises(Problem, match="No trusted key"):
        note.check(colleague.checkpoint(6, ROOT, AT_S, dual=True), old)


def test_the_verifier_follows_a_hand_over_and_no_other(tmp_path: Path) -> None:
    signer = Signer.load_or_create(tmp_path / "a", NAME)
    old = verify.read_keys(list(signer.vkeys))
    change = signer.rotate("yearly", AT_S).change
    facts = {"vkeys": list(change.vkeys), "handover": change.handover}
    new = verify.read_keys(facts["vkeys"])
    witness = {("w", "00000000"): b"\x04" + bytes(32)}
    assert verify.hand_over(NAME, old | witness, facts) == new | witness
    assert verify.hand_over(NAME, new, facts) == new
    stranger = Signer.load_or_create(tmp_path / "b", NAME)
    strange = verify.read_keys(list(stranger.vkeys))
    assert verify.hand_over(NAME, strange, facts) == strange
    with pytest.raises(ValueError, match="key change"):
        verify.hand_over("other", old, facts)
    with pytest.raises(ValueError, match="key change"):
        verify.hand_over(NAME, old, facts | {"vkeys": list(change.vkeys[:1])})
    with pytest.raises(ValueError, match="key change"):
        verify.hand_over(NAME, old, facts | {"vkeys": list(stranger.vkeys)})


def test_whoever_makes_the_keys_first_has_made_them(tmp_path: Path) -> None:
    folder = tmp_path / "keys"

    def slow(count: int) -> bytes:
        """Randomness that takes so long that another process is first."""
        Signer.load_or_create(folder, NAME)
        return bytes(count)

    late = Signer.load_or_create(folder, NAME, slow)
    assert late.vkeys == Signer.load_or_create(folder, NAME).vkeys
    assert [path.name for path in folder.iterdir()] == [keys.FILE]


def test_keys_that_cannot_be_written_are_a_problem_and_leave_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "keys"

    def gone(count: int) -> bytes:
        if folder.exists():
            folder.rmdir()
        return bytes(count)

    with pytest.raises(Problem) as caught:
        Signer.load_or_create(folder, NAME, gone)
    assert caught.value.code == "ledger.keys" and "can't be written" in caught.value.why
