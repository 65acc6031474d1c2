"""verify.py: small, alone, right about honest logs, and exact about what a leaf may look like."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.logs import AT_S, NAME, append, exported, leaf
from waglan.core.problem import Problem
from waglan.ledger import leaf as leaves
from waglan.ledger import merkle, verify
from waglan.ledger.export import export
from waglan.ledger.keys import Signer

SOURCE = Path(str(verify.__file__)).read_text("utf-8")


def keys_of(signer: Signer) -> verify.Keys:
    return verify.read_keys(list(signer.vkeys))


def test_it_is_one_file_under_200_lines_on_the_standard_library() -> None:
    assert len(SOURCE.splitlines()) < 200
    for node in ast.walk(ast.parse(SOURCE)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert all(name.split(".")[0] in sys.stdlib_module_names for name in names)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 1_000])
def test_honest_logs_of_any_size(size: int, tmp_path: Path) -> None:
    store, signer, folder = exported(tmp_path, [leaf(i) for i in range(size)])
    kept = [store.head().note]
    said = verify.check_log(folder, keys_of(signer), kept)
    root = merkle.root(merkle.Frontier(size, store.head().peaks))
    assert (said["size"], said["root"], said["kinds"]) == (size, root.hex(), {"decision": size})
    append(store, signer, [leaf(i) for i in range(size, size + 300)])
    export(store, signer, folder)
    assert verify.check_log(folder, keys_of(signer), kept)["size"] == size + 300


def test_a_large_log_is_checked_by_several_processes(tmp_path: Path) -> None:
    size = 66_000
    _, signer, folder = exported(tmp_path, [leaf(i) for i in range(size)])
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), str(folder), "--vkey", *signer.vkeys]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.rpartition("\n")[0].rpartition("\n")[0] or "{}")["size"] == size
    bundle = folder / "tile/entries/200"
    bundle.write_bytes(bundle.read_bytes().replace(b'"auto"', b'"huto"', 1))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "TAMPERED: bundle 200 is wrong\n")


def test_modules_that_lie_in_the_folder_are_not_imported(tmp_path: Path) -> None:
    """Who edits the export could otherwise leave the pinned verify.py as it is and replace what it imports."""
    _, signer, folder = exported(tmp_path, [leaf(i) for i in range(3)])
    command = [sys.executable, str(folder / "verify.py"), str(folder), "--vkey", *signer.vkeys]
    for name in ("argparse", "hashlib", "json", "queue", "re", "pathlib"):
        (folder / f"{name}.py").write_text("import sys\nprint('Nothing is wrong.')\nsys.exit(0)\n")
    (folder / "tile" / "entries" / "000.p" / "3").write_bytes(b"")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.startswith("TAMPERED") and done.stdout == ""


def test_interleaved_sources_are_honest_and_gaps_are_not(tmp_path: Path) -> None:
    ids = ["a.01JD0000000000000000000000", "b.01JD0000000000000000000000"]
    good = [leaf(i, n=i // 2, source=ids[i % 2]) for i in range(600)]
    _, signer, folder = exported(tmp_path / "good", good)
    assert verify.check_log(folder, keys_of(signer), [])["sources"] == 2
    for name, bad in {
        "gap": [*good, leaf(600, n=301, source=ids[0])],
        "again": [*good, leaf(600, n=299, source=ids[0])],
        "late": [leaf(0, n=1), *good],
    }.items():
        _, signer, folder = exported(tmp_path / name, bad)
        with pytest.raises(ValueError, match="count on"):
            verify.check_log(folder, keys_of(signer), [])


def test_time_that_goes_back_is_told_not_condemned(tmp_path: Path) -> None:
    _, signer, folder = exported(tmp_path, [leaf(0), leaf(1, at_ms=AT_S * 1000 - 3_000), leaf(2)])
    assert verify.check_log(folder, keys_of(signer), [])["back"] == 1


def test_an_export_never_mixes_logs_or_goes_back(tmp_path: Path) -> None:
    store, signer, folder = exported(tmp_path / "one", [leaf(i) for i in range(300)])
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    append(store, signer, [leaf(i) for i in range(300, 520)])
    done = export(store, signer, folder)
    assert (done.size, done.kept) == (520, 0)
    after = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert after == {
        "checkpoint", "vkeys", "verify.py", "tile/0/000", "tile/0/001", "tile/0/002.p/8", "tile/1/000.p/2",
        "tile/entries/000", "tile/entries/001", "tile/entries/002.p/8",
    }  # fmt: skip
    assert all((folder / p).read_bytes() == before[folder / p] for p in ("tile/0/000", "tile/entries/000"))
    other, others, _ = exported(tmp_path / "two", [leaf(0)], "other/log")
    shorter, same = type(store)(), signer
    append(shorter, same, [leaf(0)])
    for refused, by in ((other, others), (shorter, same)):
        with pytest.raises(Problem) as caught:
            export(refused, by, folder)
        assert caught.value.code == "ledger.export"
    append(store, signer, [leaf(520)], dual=False)
    with pytest.raises(Problem, match="can't be exported"):
        export(store, signer, folder)


def test_an_unfinished_rotation_is_not_exported(tmp_path: Path) -> None:
    store, signer, folder = exported(tmp_path, [leaf(0)])
    signer.rotate("yearly", AT_S)
    with pytest.raises(Problem) as caught:
        export(store, signer, folder)
    assert "rotate-keys" in caught.value.next


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="ascii"), max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(st.characters(codec="ascii"), max_size=8), values, max_size=4))
@settings(max_examples=120, deadline=None)
def test_what_the_writer_calls_canonical_the_verifier_reads(facts: dict[str, object]) -> None:
    said = {"at_ms": 1, "facts": facts, "id": "0" * 26, "kind": "x", "n": 0, "source": "s", "tenant": "t", "v": 1}
    data = leaves.canonical(said)
    match = verify.shape(data).fullmatch(data)
    assert match is not None
    assert match.groups() == (b"1", b'"%b"' % (b"0" * 26), b"", b'"x"', b"0", b'"s"', b'"t"')


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_a_shape_matches_only_what_is_canonical(data: st.DataObject) -> None:
    original = leaf(data.draw(st.integers(0, 99)), kid="K" * 26, commit={"in": "0" * 64}, actor="收銀")
    pattern = verify.shape(original)
    at = data.draw(st.integers(0, len(original) - 1))
    changed = original[:at] + data.draw(st.binary(max_size=3)) + original[at + data.draw(st.integers(0, 2)) :]
    same_shape = changed.translate(None, verify.PLAIN) == original.translate(None, verify.PLAIN)
    if same_shape and pattern.fullmatch(changed):
        value = json.loads(changed)
        assert json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() == changed


@pytest.mark.parametrize(
    "change",
    [
        (b'"v":1', b'"v":1.0'), (b'"v":1', b'"v":1e0'), (b'"v":1', b'"v":NaN'), (b'"v":1', b'"v": 1'),
        (b'"n":5', b'"n":-0'), (b'"v":1', b'"v":1,"v":1'), (b'"v":1', b'"v":1,"w":1'), (b',"tenant":"bank-a"', b""),
        (b"bank-a", b"bank\\u002da"), (b"bank-a", "e\u0301".encode()), (b"bank-a", b"\xff"),
        (b"bank-a", b"x" * 17_000), (b"{", b"[{"), (b"}", b"} "),
    ],
)  # fmt: skip
def test_other_spellings_are_refused(change: tuple[bytes, bytes]) -> None:
    original = leaf(5)
    assert change[0] in original
    with pytest.raises((ValueError, TypeError, LookupError, AttributeError)):
        verify.shape(original.replace(*change))


def test_usage_is_exit_code_2_and_tampering_1(tmp_path: Path) -> None:
    _, signer, folder = exported(tmp_path, [leaf(0)])

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", str(verify.__file__), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    vkeys = ("--vkey", *signer.vkeys)
    assert run(str(folder), *vkeys).returncode == 0
    assert run(str(folder)).returncode == 2
    assert run(*vkeys).returncode == 2
    assert run(str(tmp_path / "nowhere"), *vkeys).returncode == 2
    assert run(str(folder), "--vkey", "nonsense").returncode == 2
    assert run(str(folder), *vkeys, "--old", str(tmp_path / "nowhere")).returncode == 2
    (folder / "checkpoint").unlink()
    gone = run(str(folder), *vkeys)
    assert gone.returncode == 1
    assert re.match("TAMPERED: .*checkpoint", gone.stderr)


def test_a_log_signed_by_a_witness_needs_its_signature_when_it_is_asked_for(tmp_path: Path) -> None:
    from waglan.ledger.witness import Witness, write_request

    store, signer, folder = exported(tmp_path, [leaf(0)])
    watching = Witness(tmp_path / "witness", "audit.example/w1")
    watching.trust(signer.vkeys)
    pins = verify.read_keys([*signer.vkeys, watching.vkey])
    with pytest.raises(ValueError, match=r"kind \{4\}"):
        verify.check_log(folder, pins, [])
    note = store.head().note
    cosigned = note + watching.add(write_request(0, [], note), AT_S).body
    assert verify.check_log(folder, pins, [cosigned])["size"] == 1
    assert NAME in cosigned


def main(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """The command line in this process: what it exits with, or None."""
    monkeypatch.setattr(sys, "argv", ["verify.py", *arguments])
    try:
        verify.main()
    except SystemExit as stop:
        return stop.code
    return None


def test_the_command_line_in_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store, signer, folder = exported(tmp_path, [leaf(0), leaf(1)])
    (tmp_path / "kept").write_text(store.head().note, encoding="utf-8")
    vkeys = ("--vkey", *signer.vkeys)
    assert main(monkeypatch, str(folder), *vkeys, "--old", str(tmp_path / "kept")) is None
    assert "Nothing is wrong." in capsys.readouterr().out
    assert main(monkeypatch, *vkeys) == 2
    (folder / "vkeys").write_text("", encoding="utf-8")
    assert main(monkeypatch, str(folder), *vkeys) == "TAMPERED: vkeys lists other keys"


def test_erasures_and_key_changes_in_a_log(tmp_path: Path) -> None:
    store, signer, folder = exported(tmp_path, [leaf(0, kid="K" * 26), leaf(1)])
    first, kept = keys_of(signer), store.head().note
    change = signer.rotate("yearly", AT_S).change
    facts = {"handover": change.handover, "reason": change.reason, "vkeys": list(change.vkeys)}
    append(store, signer, [leaf(2, kind="key", facts=facts), leaf(3, kind="erasure", facts={"erased_kid": "K" * 26})])
    signer.settle()
    append(store, signer, [leaf(4)])
    export(store, signer, folder)
    said = verify.check_log(folder, first, [kept])
    assert (said["erased"], said["keys"].keys()) == ({b'"%b"' % (b"K" * 26): 3}, first.keys() | keys_of(signer).keys())
    append(store, signer, [leaf(5, kid="K" * 26)])
    export(store, signer, folder)
    with pytest.raises(ValueError, match="erased before"):
        verify.check_log(folder, first, [kept])


def test_a_folder_that_cannot_be_written_and_a_store_that_lost_a_tile(tmp_path: Path) -> None:
    store, signer, _ = exported(tmp_path, [leaf(i) for i in range(300)])
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(Problem, match="can't be exported"):
        export(store, signer, tmp_path / "file" / "below")
    store.tiles.clear()
    with pytest.raises(Problem) as caught:
        export(store, signer, tmp_path / "new")
    assert "tile/0/000" in caught.value.why


def test_an_export_cut_off_before_its_checkpoint_goes_on(tmp_path: Path) -> None:
    store, signer, folder = exported(tmp_path, [leaf(i) for i in range(600)])
    whole = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (folder / "checkpoint").unlink()
    (folder / "tile" / "entries" / "001").unlink()
    done = export(store, signer, folder)
    assert (done.size, done.kept) == (600, 3)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == whole
