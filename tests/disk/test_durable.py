from __future__ import annotations

import multiprocessing
import os
import sqlite3
import subprocess
import sys

import pytest

from waglan.core import Problem
from waglan.disk import durable, secret
from waglan.disk.script import statements


def names(folder):
    return [each.name for each in folder.iterdir()]


def test_a_private_file_is_made_once_and_never_opened_again(tmp_path):
    path = tmp_path / "a" / "b.db"
    durable.private(path)
    assert path.stat().st_mode & 0o777 == 0o600 and path.read_bytes() == b""
    path.write_bytes(b"kept")
    durable.private(path)
    assert path.read_bytes() == b"kept"


def test_a_lock_on_a_database_outlives_a_second_look_at_its_file(tmp_path):
    """Closing another handle of the file would give up this process's POSIX locks, and two writers would meet."""
    path = tmp_path / "x.db"
    durable.private(path)
    held = sqlite3.connect(path, isolation_level=None)
    held.execute("CREATE TABLE t (a)")
    held.execute("BEGIN EXCLUSIVE")
    durable.private(path)
    other = f"import sqlite3; sqlite3.connect({str(path)!r}, timeout=0).execute('BEGIN IMMEDIATE')"
    assert "locked" in subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=False).stderr
    held.close()


def test_replacing_is_whole_and_leaves_nothing_beside(tmp_path):
    path = tmp_path / "x"
    durable.replace(path, b"1")
    durable.replace(path, b"2", 0o644)
    assert path.read_bytes() == b"2" and path.stat().st_mode & 0o777 == 0o644 and names(tmp_path) == ["x"]


def _make(path):
    secret.make(path, os.urandom)


def test_of_processes_that_make_a_secret_one_does(tmp_path):
    path = tmp_path / "keys" / "s.key"
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.map(_make, [path] * 12)
    found = secret.read(path, lambda why, advice: Problem("no", why, advice))
    assert len(found) == 32 and names(path.parent) == ["s.key"]


@pytest.mark.parametrize(("mode", "length", "why"), [(0o640, 32, "read it"), (0o600, 31, "32"), (0o600, 33, "32")])
def test_a_secret_that_others_read_or_of_another_length_is_refused(tmp_path, mode, length, why):
    path = tmp_path / "s.key"
    path.write_bytes(b"x" * length)
    path.chmod(mode)
    with pytest.raises(Problem, match=why):
        secret.read(path, lambda said, advice: Problem("no", said, advice))


def test_statements_are_split_without_their_comments():
    found = statements("waglan.access", "access_1.sql")
    assert len(found) > 5 and all(sqlite3.complete_statement(f"{each};") for each in found)
    assert not any("--" in each for each in found)
