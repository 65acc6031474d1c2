"""Signed notes: one way to write them, everything else refused; a golden checkpoint."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.logs import AT_S, NAME
from waglan.core.problem import Problem
from waglan.ledger import merkle, note, verify
from waglan.ledger.keys import Signer

GOLDEN = Path(__file__).with_name("golden_checkpoint.txt")
ROOT = merkle.leaf_hash(b"golden")


def counting(count: int) -> bytes:
    return bytes(range(count))


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer.load_or_create(tmp_path_factory.mktemp("keys"), NAME, counting)


@pytest.fixture(scope="module")
def text(signer: Signer) -> str:
    return signer.checkpoint(70_000, ROOT, AT_S, dual=True)


def test_the_ed25519_checkpoint_is_byte_for_byte_what_it_was(signer: Signer) -> None:
    made = signer.checkpoint(70_000, ROOT, AT_S, dual=False)
    assert made + "\n" + "\n".join(signer.vkeys) + "\n" == GOLDEN.read_text("utf-8")


def test_the_example_of_the_specification_is_read() -> None:
    example = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa "
        "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZ"
        "qhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    read = note.parse(example)
    assert (read.origin, read.size, len(read.root)) == ("example.com/behind-the-sofa", 20_852_163, 32)
    assert [(s.key_id.hex(), len(s.data)) for s in read.signatures] == [("033de0ae", 64), ("8d66cf3f", 72)]


def test_both_signatures_hold_for_the_library_and_for_the_verifier(signer: Signer, text: str) -> None:
    read = note.check(text, signer.vkeys)
    assert (read.origin, read.size, read.root, len(read.signatures)) == (NAME, 70_000, ROOT, 2)
    origin, size, root, signers = verify.read_head(text, verify.read_keys(list(signer.vkeys)))
    assert (origin, size, root, len(signers)) == (NAME, 70_000, ROOT, 2)
    assert len(text) == 3_490


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_changed_character_gets_through(signer: Signer, text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.sampled_from("AZaz09+/=—\n\r\t \0x"))
    changed = text[:at] + character + text[at + 1 :]
    if changed == text:
        return
    lines = text.split("\n")
    start = len("\n".join(lines[:5])) + 1
    with pytest.raises(Problem):
        checked = note.check(changed, signer.vkeys)
        # a changed name or key id makes a signature a stranger's, which C2SP asks to pass over
        assert len(checked.signatures) == 2
        known = {(v.name, v.key_id) for v in map(note.parse_vkey, signer.vkeys)}
        if at >= start - len(lines[4]) - 1 and {(s.name, s.key_id) for s in checked.signatures} != known:
            raise Problem("", "", "")
    keys = verify.read_keys(list(signer.vkeys))
    with pytest.raises((ValueError, LookupError)):
        *_, signers = verify.read_head(changed, keys)
        if verify.unsigned(keys, signers):
            raise ValueError


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: t + "\n", "signature line"),
        (lambda t: t[:-1], "not a signed checkpoint"),
        (lambda t: t.replace("70000", "070000"), "size"),
        (lambda t: t.replace("70000", "-1"), "size"),
        (lambda t: t.replace("70000", "7e4"), "size"),
        (lambda t: t.replace("\n70000", " x\n70000"), "origin"),
        (lambda t: t.replace("=\n\n", "=\nextension\n\n"), "not a signed checkpoint"),
        (lambda t: t + t.split("\n")[4] + "\n", "signs this checkpoint twice"),
        (lambda t: t.replace("—", "-"), "signature line"),
        (lambda t: t.replace("\n", "\r\n"), "not a signed checkpoint"),
        (lambda t: t + "— x AAAA\n", "signature line"),
        (lambda t: t * 100, "too long"),
        (lambda t: t.replace("LjKr", "Ljé1"), "root"),
    ],
)
def test_what_is_written_otherwise_is_refused_and_told(change: object, told: str, text: str) -> None:
    with pytest.raises(Problem) as caught:
        note.parse(change(text))  # type: ignore[operator]
    assert told in caught.value.what
    assert caught.value.code == "ledger.note"


def test_base64_has_one_spelling(text: str) -> None:
    root = text.split("\n")[2]
    stray = root[:-2] + chr(ord(root[-2]) + 1) + "="
    assert base64.b64decode(stray) == ROOT
    for read in (note.parse, lambda t: verify.read_head(t, {})):
        with pytest.raises((Problem, ValueError)):
            read(text.replace(root, stray))


def test_a_stranger_is_not_trusted_and_a_wrong_signature_is_not_passed_over(
    signer: Signer, text: str, tmp_path: Path
) -> None:
    other = Signer.load_or_create(tmp_path, NAME)
    with pytest.raises(Problem, match="No trusted key"):
        note.check(text, other.vkeys)
    lines = text.split("\n")
    mixed = "\n".join([*lines[:4], signer.checkpoint(70_001, ROOT, AT_S, dual=False).split("\n")[4], *lines[5:]])
    with pytest.raises(Problem, match="wrong"):
        note.check(mixed, signer.vkeys)
    with pytest.raises(ValueError, match="wrong"):
        verify.read_head(mixed, verify.read_keys(list(signer.vkeys)))


@pytest.mark.parametrize(
    "change", [lambda v: v[:-4], lambda v: v.replace("+", " "), lambda v: "x" + v, lambda v: v + "A"]
)
def test_verifier_keys_are_read_strictly(change: object, signer: Signer) -> None:
    for vkey in signer.vkeys:
        assert note.vkey(*((k := note.parse_vkey(vkey)).name, k.kind, k.public)) == vkey
        with pytest.raises(Problem):
            note.parse_vkey(change(vkey))  # type: ignore[operator]


def test_a_signature_of_another_length_does_not_hold(signer: Signer, text: str) -> None:
    checkpoint = note.parse(text)
    for signature, vkey in zip(checkpoint.signatures, signer.vkeys, strict=True):
        verifier = note.parse_vkey(vkey)
        assert note.verifies(checkpoint, signature, verifier)
        assert not note.verifies(checkpoint, signature._replace(data=signature.data[:-1]), verifier)
