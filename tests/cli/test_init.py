"""``waglan init``: a workspace in one command, nothing overwritten."""

from __future__ import annotations

import tomllib


def test_init_makes_a_workspace_that_others_can_open(run, tmp_path):
    folder = tmp_path / "a bank"
    ran = run("init", folder, "--tenant", "bank", "--json")
    assert ran.code == 0
    assert ran.json["tenant"] == "bank" and "credit" in ran.json["use_cases"]
    text = (folder / "waglan.toml").read_text()
    assert tomllib.loads(text)["workspace"]["tenant"] == "bank"
    assert text.count("#") >= 4
    assert (folder / "keys").stat().st_mode & 0o077 == 0
    assert run("doctor", "--workspace", folder).code == 0


def test_init_never_overwrites(run, tmp_path):
    assert run("init", tmp_path).code == 0
    before = {
        path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".checkpoint"
    }
    again = run("init", tmp_path, "--tenant", "other")
    assert again.code == 2 and again.problem.code == "workspace.exists"
    assert (tmp_path / "waglan.toml").read_bytes() == before[tmp_path / "waglan.toml"]
    assert (tmp_path / "keys" / "tenant.key").read_bytes() == before[tmp_path / "keys" / "tenant.key"]


def test_init_says_what_is_wrong_and_what_next(run, tmp_path):
    assert run("init", tmp_path / "a", "--tenant", "Bank Ltd").problem.code == "workspace.tenant"
    (tmp_path / "file").write_text("")
    assert run("init", tmp_path / "file" / "b").code == 3
    assert "waglan decide" in run("init", tmp_path / "c").out
