"""verify.py of a pack: alone on the standard library, right about honest packs, and never fooled by one change."""

from __future__ import annotations

import ast
import base64
import hashlib
import itertools
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.evidence import firm
from waglan.evidence.pack import seal
from waglan.ledger import merkle
from waglan.ledger.export import VERIFIER
from waglan.ledger.keys import Signer

SOURCE = seal.verifier().decode()


def tools(source: str = SOURCE) -> dict[str, Any]:
    """The program's own functions."""
    made: dict[str, Any] = {"__name__": "pack_verify", "__file__": "verify.py"}
    exec(compile(source, "verify.py", "exec"), made)
    return made


CHECK: Callable[[Path, list[str]], dict[str, Any]] = tools()["check"]
ERRORS = tools()["ERRORS"]


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("firm") / "bank"
    firm.make(folder)
    with firm.opened(folder) as bank:
        yield bank.pack(folder.parent / "pack").folder


@pytest.fixture
def pack(honest: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(honest, tmp_path / "pack"))


def paths(pack: Path) -> list[Path]:
    return sorted(path for path in pack.rglob("*") if path.is_file())


def found(pack: Path, vkeys: list[str] | None = None) -> str:
    """What is wrong with a pack; empty when nothing is."""
    try:
        CHECK(pack, vkeys or [])
    except ERRORS as error:
        return f"{type(error).__name__}: {error}"
    return ""


def run(pack: Path, *more: str, script: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(script or pack / "verify.py"), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_is_one_file_on_the_standard_library_and_knows_which_verifier_to_run() -> None:
    assert len(SOURCE.splitlines()) < 200 and hashlib.sha256(VERIFIER.read_bytes()).hexdigest() in SOURCE
    for node in ast.walk(ast.parse(SOURCE)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert all(name.split(".")[0] in sys.stdlib_module_names for name in names)


def test_an_honest_pack_is_told_so_without_waglan(pack: Path) -> None:
    keys = (pack / "ledger/vkeys").read_text().split()
    done = run(pack)
    assert done.returncode == 0 and done.stdout.endswith("Nothing is wrong.\n") and "came with the pack" in done.stdout
    done = run(pack, "--vkey", *keys)
    assert done.returncode == 0 and "came with the pack" not in done.stdout
    said = json.loads(done.stdout.removesuffix("Nothing is wrong.\n"))
    assert said["log"] == "bank/decisions" and said["proven"] > 0 and said["trusted"] == "given"


def test_usage(tmp_path: Path, pack: Path) -> None:
    assert run(pack, str(tmp_path / "nowhere")).returncode == 2
    (tmp_path / "empty").mkdir()
    assert run(pack, str(tmp_path / "empty")).returncode == 1


def test_every_single_edit_of_every_file_is_found(pack: Path) -> None:
    rng = random.Random(7)
    for path in paths(pack):
        data = path.read_bytes()
        for at in {0, len(data) - 1, rng.randrange(len(data))}:
            path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            assert found(pack), f"{path.name} at {at}"
        for changed in (data + b"\n", data[:-1], b"", data.replace(b"\n", b"\r\n", 1)):
            if changed != data:
                path.write_bytes(changed)
                assert found(pack), path.name
        path.write_bytes(data)
    assert not found(pack)


def test_every_deletion_addition_and_swap_is_found(pack: Path) -> None:
    every = paths(pack)
    for path in every:
        data = path.read_bytes()
        path.unlink()
        assert found(pack), path.name
        path.write_bytes(data)
    for one, other in itertools.pairwise(every):
        first, second = one.read_bytes(), other.read_bytes()
        if first != second:
            one.write_bytes(second)
            other.write_bytes(first)
            assert found(pack), (one.name, other.name)
            one.write_bytes(first)
            other.write_bytes(second)
    for folder in (pack, *[each for each in pack.iterdir() if each.is_dir()]):
        (folder / ".more").write_text("")
        assert found(pack)
        (folder / ".more").unlink()
        (folder / "empty").mkdir()
        assert found(pack)
        (folder / "empty").rmdir()
    (pack / "link").symlink_to(pack / "report.html")
    assert found(pack)
    (pack / "link").unlink()
    report = (pack / "report.html").read_bytes()
    (pack.parent / "elsewhere.html").write_bytes(report)
    (pack / "report.html").unlink()
    (pack / "report.html").symlink_to(pack.parent / "elsewhere.html")
    assert "link" in found(pack)
    (pack / "report.html").unlink()
    (pack / "report.html").write_bytes(report)
    assert not found(pack)


def relisted(pack: Path, name: str, data: bytes) -> None:
    """Change a file and its line in MANIFEST, as somebody without the keys could."""
    (pack / name).write_bytes(data)
    path = pack / "MANIFEST"
    changed = [
        f"{hashlib.sha256(data).hexdigest()} {len(data)} {name}" if line.endswith(f" {name}") else line
        for line in path.read_text().split("\n")
    ]
    path.write_text("\n".join(changed))


def test_a_file_and_its_line_changed_together_need_the_logs_keys(pack: Path, tmp_path: Path) -> None:
    relisted(pack, "report.html", (pack / "report.html").read_bytes().replace(b"Breached", b"Kept"))
    assert "signed" in found(pack)
    keys = (pack / "ledger/vkeys").read_text().split()
    thief = Signer.load_or_create(tmp_path / "keys", "bank/decisions")
    relisted(pack, "ledger/vkeys", "".join(f"{each}\n" for each in thief.vkeys).encode())
    (pack / "MANIFEST.sig").write_text(thief.vouch("pack", (pack / "MANIFEST").read_bytes(), 1_795_000_000))
    assert "not signed by a key" in found(pack)  # the log's own head is still the firm's
    assert found(pack, keys)


def signed(pack: Path, honest: Path, name: str, data: bytes) -> str:
    """What is found when the firm itself signs a pack in which one file was changed."""
    relisted(pack, name, data)
    signer = Signer.load_or_create(honest.parent / "bank" / "keys", "bank/decisions")
    (pack / "MANIFEST.sig").write_text(signer.vouch("pack", (pack / "MANIFEST").read_bytes(), 1_795_000_000))
    return found(pack)


def test_parts_that_dont_belong_together_are_found_though_the_firm_signed_them(pack: Path, honest: Path) -> None:
    sample = (pack / "sample.jsonl").read_bytes().splitlines(keepends=True)
    assert not signed(pack, honest, "sample.jsonl", b"".join(sample))
    line = json.loads(sample[0])
    other = {**line, "leaf": line["leaf"].replace('"adverse":', '"adversf":')}
    assert "not number" in signed(
        pack, honest, "sample.jsonl", json.dumps(other).encode() + b"\n" + b"".join(sample[1:])
    )
    assert "other decisions" in signed(pack, honest, "sample.jsonl", b"".join(sample[1:]))
    assert "twice" in signed(pack, honest, "sample.jsonl", b"".join([*sample, sample[0]]))
    renamed = json.dumps({**line, "id": json.loads(sample[1])["id"]}).encode() + b"\n"
    assert "isn't entry" in signed(pack, honest, "sample.jsonl", renamed + b"".join(sample[1:]))
    harmless = [json.dumps({**json.loads(each), "why": ["sample"]}).encode() + b"\n" for each in sample]
    assert "counter-examples" in signed(pack, honest, "sample.jsonl", b"".join(harmless))
    opened = json.dumps({**line, "opened": {"fields": {"in": "{}"}, "key": "00" * 32}}).encode() + b"\n"
    assert "committed" in signed(pack, honest, "sample.jsonl", opened + b"".join(sample[1:]))
    signed(pack, honest, "sample.jsonl", b"".join(sample))
    report = json.loads((pack / "clauses.json").read_bytes())
    for changed in ({"size": report["size"] - 1}, {"root": "00" * 32}, {"entity": "bank-b"}, {"log": "other/log"}):
        assert "another report" in signed(pack, honest, "clauses.json", json.dumps(report | changed).encode())
    signed(pack, honest, "clauses.json", json.dumps(report).encode())
    assert not found(pack)
    assert "queries.csv" in signed(pack, honest, "queries.csv", b"test\r\n")


def test_only_the_verifier_that_was_meant_is_run(pack: Path, honest: Path) -> None:
    said = signed(pack, honest, "ledger/verify.py", b"raise SystemExit(0)\n")
    assert "isn't the program" in said


def test_modules_that_lie_in_the_pack_are_not_imported(pack: Path) -> None:
    for name in ("argparse", "hashlib", "json", "csv", "io", "os", "pathlib", "base64", "re"):
        (pack / f"{name}.py").write_text("import sys\nprint('Nothing is wrong.')\nsys.exit(0)\n")
    command = [sys.executable, "verify.py"]
    done = subprocess.run(command, cwd=pack, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.startswith("TAMPERED") and done.stdout == ""


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a//b", "a/./b", "a\\b"])
def test_a_list_can_name_nothing_outside(pack: Path, name: str) -> None:
    text = (pack / "MANIFEST").read_text().replace(" report.html\n", f" {name}\n")
    (pack / "MANIFEST").write_text(text)
    assert "can't be" in found(pack)


def test_consistency_of_every_pair_of_small_trees() -> None:
    extends = tools()["extends"]
    leaves = [merkle.leaf_hash(bytes([at])) for at in range(20)]

    def node(height: int, index: int) -> bytes:
        level = leaves
        for _ in range(height):
            level = [merkle.node_hash(a, b) for a, b in zip(level[::2], level[1::2], strict=False)]
        return level[index]

    roots = [merkle.subtree_root(0, size, node) for size in range(21)]
    for new in range(1, 21):
        for old in range(1, new + 1):
            path = merkle.consistency_proof(old, new, node)
            assert extends(old, new, roots[old], roots[new], path)
            assert not extends(old, new, roots[old - 1], roots[new], path)
            assert old == new or not extends(old, new, roots[old], roots[new - 1], path)
            for at in range(len(path)):
                assert not extends(old, new, roots[old], roots[new], path[:at] + path[at + 1 :])
    assert not extends(0, 5, roots[0], roots[5], []) and not extends(6, 5, roots[6], roots[5], [])


def test_a_signature_line_more_is_found(pack: Path) -> None:
    note = (pack / "MANIFEST.sig").read_text()
    line = base64.b64encode(b"x" * 68).decode()
    (pack / "MANIFEST.sig").write_text(f"{note}— somebody {line}\n")
    assert found(pack)
