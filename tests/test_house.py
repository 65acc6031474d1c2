"""The house itself: style, types, layers, cheap imports, a closed network."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

BIN = Path(sys.executable).parent


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "src", "tests", "bench"),
        ("ruff", "format", "--check", "src", "tests", "bench"),
        ("mypy", "--strict", "--cache-dir=.mypy_cache", "-p", "waglan"),
        ("lint-imports", "--no-cache"),
    ],
    ids=lambda command: command[0] + " " + command[1],
)
def test_the_gate(command):
    done = run(str(BIN / command[0]), *command[1:])
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


def test_help_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['waglan', '--help']\n"
        "from waglan.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    done = run(sys.executable, "-c", code)
    loaded = set(eval(done.stderr.splitlines()[-1]))
    assert "Commands" in done.stdout
    assert not loaded & {"numpy", "duckdb", "cryptography", "starlette", "granian", "rich", "lightgbm", "psycopg"}


def test_no_registry_host_stands_in_the_project():
    tracked = run("git", "ls-files").stdout.split()
    lock = (ROOT / "requirements.lock").read_text()
    assert "--hash=sha256:" in lock and "://" not in lock and "index-url" not in lock
    assert "requirements.lock" in tracked and not any(p.startswith(".venv") for p in tracked)


def test_the_network_is_closed_to_tests():
    with socket.socket() as probe, pytest.raises(OSError, match="closed"):
        probe.connect(("192.0.2.1", 80))


def test_every_locked_library_is_exact_and_hashed():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    named = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert named and all("==" in line and line.rstrip().endswith("\\") for line in named)


@pytest.mark.skipif(os.name != "posix", reason="the bootstrap is a POSIX shell script")
def test_the_bootstrap_says_what_is_missing(tmp_path):
    environment = {"PATH": str(tmp_path), "WAGLAN_VENV": str(tmp_path / "venv"), "HOME": str(tmp_path)}
    for name in ("cat", "cksum", "dirname", "basename"):
        found = next(p for p in (Path("/usr/bin") / name, Path("/bin") / name) if p.exists())
        (tmp_path / name).symlink_to(found)
    done = subprocess.run(
        ["/bin/sh", str(ROOT / "waglan"), "--help"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3 and "Python 3.11" in done.stderr and "apt-get install" in done.stderr
