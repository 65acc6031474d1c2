"""``waglan clauses`` as a process would run it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import msgspec
from click.testing import CliRunner, Result

from waglan.cli.main import waglan
from waglan.core.problem import Problem
from waglan.evidence.catalogue import load
from waglan.evidence.catalogue.force import put_in_force
from waglan.runtime import Workspace

BAD = """\
[catalogue]
id = "t"
version = "1"
as_of = 2026-11-21

[sources.S]
issuer = "S"
title = "S"
date = 2024-01-01
kind = "law"
force = "law"
checked_on = 2026-01-01

[[clauses]]
id = "S.1"
source = "S"
text.en = "Do it."
text.zh-Hant = "須執行。"
wording = "primary"
seen = []
owner_role = "board"
since = 2024-01-01
"""


def run(*args: object) -> Result:
    return CliRunner().invoke(waglan, ["clauses", *[str(a) for a in args]], standalone_mode=False)


def told(*args: object) -> dict[str, Any]:
    result = run(*args, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_the_list_has_every_obligation_in_both_languages() -> None:
    found = told()
    assert len(found["clauses"]) == 123
    assert sum(found["wording"].values()) == 123
    assert found["with_tests"]["A"] == 94
    assert found["digest"] == load().digest
    for language, word in (("en", "Not legal advice"), ("zh-Hant", "客戶")):
        output = run("--lang", language).output
        assert word in output
        assert "FSTB.12c.3" in output


def test_one_obligation_is_shown_with_its_tests() -> None:
    output = run("AI19.5").output
    clause = load().clause("AI19.5")
    assert clause.text["en"] in output
    assert all(test.holds in output and test.title["en"] in output for test in clause.tests)
    (found,) = told("AI19.5")["clauses"]
    assert found["letter"] == "S"
    assert len(found["tests"][0]["digest"]) == 64
    result = run("AI19.55")
    assert isinstance(result.exception, Problem)
    assert result.exception.code == "clause.unknown"


def test_the_linter_gives_file_and_line_and_exit_code_1(tmp_path: Path) -> None:
    assert run("--lint").exit_code == 0
    (tmp_path / "catalogue.toml").write_text(BAD, encoding="utf-8")
    result = run("--lint", "--folder", tmp_path)
    assert result.exit_code == 1
    assert "catalogue.toml:15: S.1:" in result.output
    assert "[wording.locator]" in result.output
    result = run("--lint", "--folder", tmp_path, "--json")
    codes = {each["code"] for each in json.loads(result.output)["findings"] if each["subject"] == "S.1"}
    assert codes == {"wording.locator", "wording.seen", "clause.untested"}


def test_what_changed_between_two_that_were_in_force(tmp_path: Path) -> None:
    shipped = load()
    clause = msgspec.structs.replace(shipped.clauses[0], text={"en": "New.", "zh-Hant": "新。"})
    newer = msgspec.structs.replace(shipped, version="2027.01", clauses=(clause, *shipped.clauses[1:]))
    with Workspace.create(tmp_path / "w", tenant="bank") as workspace:
        put_in_force(workspace, shipped)
        put_in_force(workspace, newer)
    place = ("--workspace", tmp_path / "w")
    found = told("--changed", shipped.digest, newer.digest[:12], *place)
    assert [(c["what"], c["part"]) for c in found["changes"]] == [("text", "en"), ("text", "zh-Hant")]
    kept = tmp_path / "w" / "catalogues" / f"{newer.digest}.json"
    output = run("--changed", "shipped", kept).output
    assert "2 differences." in output
    assert '"New."' in output
    result = run("--changed", "shipped", "nothing", *place)
    assert isinstance(result.exception, Problem)
    assert result.exception.code == "usage.catalogue"
    assert isinstance(run("--changed", "shipped").exception, click.UsageError)


def test_a_folder_is_a_catalogue_too() -> None:
    folder = Path(__file__).parents[2] / "src" / "waglan" / "evidence" / "catalogue" / "data"
    assert told("--changed", "shipped", folder)["changes"] == []


def test_the_shipped_catalogue_is_put_in_force_once(tmp_path: Path) -> None:
    Workspace.create(tmp_path / "bank").close()
    first = told("--put-in-force", "--workspace", tmp_path / "bank")
    again = told("--put-in-force", "--workspace", tmp_path / "bank")
    assert first["put_in_force"] and not again["put_in_force"] and first["digest"] == again["digest"]
    assert (tmp_path / "bank" / "catalogues" / f"{first['digest']}.json").is_file()


def test_a_catalogue_with_faults_is_not_put_in_force(tmp_path: Path) -> None:
    Workspace.create(tmp_path / "bank").close()
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "bad.toml").write_text(BAD, encoding="utf-8")
    result = run("--put-in-force", "--folder", folder, "--workspace", tmp_path / "bank")
    assert isinstance(result.exception, Problem) and result.exception.code == "catalogue.faults"
    assert not (tmp_path / "bank" / "catalogues").exists()
