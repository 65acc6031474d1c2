"""A workspace with a small use case of a firm's own, and the command line as a process would run it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from click.testing import CliRunner

from waglan.cli.main import ENVIRONMENT_CODES, waglan
from waglan.core.problem import Problem
from waglan.runtime import Workspace

MANIFEST = """\
name = "triage"
version = "1"
title = {en = "Service triage"}
owner = "Operations"
purposes = ["service"]
tier = "low"
adverse_effects = ["refuse"]

[inputs.customer]
type = "text"
role = "subject"
data_class = "personal"
max_length = 40

[inputs.amount]
type = "number"
minimum = 0
maximum = 1000000

[inputs.age]
type = "integer"
role = "protected"
required = false
minimum = 0
maximum = 130

[inputs.kind]
type = "category"
values = ["card", "loan"]

[inputs.opened]
type = "date"
required = false

[inputs.note]
type = "text"
required = false
max_length = 200000

[inputs.branch]
type = "text"
role = "unused"
required = false
"""

CODE = """\
from pathlib import Path

from waglan import Outcome, Reason, load_plugin


class Triage:
    inline = True

    def decide(self, case, kit):
        amount = case.inputs["amount"]
        if amount == 13:
            return Outcome(value={"ok": False}, effect="refer", reasons=())
        ok = amount < 1000
        effect = "accept" if ok else "refuse"
        return Outcome(
            value={"ok": ok, "amount": amount},
            effect=effect,
            confidence=0.9,
            score=amount / 1e6,
            reasons=(Reason(code="amount", weight=1.0, text={"en": "The amount."}),),
        )


plugin = load_plugin(Path(__file__).with_name("triage.toml"), Triage())
"""


class Ran(NamedTuple):
    """What a run of the command line left behind."""

    code: int
    out: str
    problem: Problem | None

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with the use case ``triage``."""
    path = tmp_path / "work space"
    path.mkdir()
    (path / "triage.py").write_text(CODE, encoding="utf-8")
    (path / "triage.toml").write_text(MANIFEST, encoding="utf-8")
    Workspace.create(path, tenant="bank", modules=("./triage.py",)).close()
    return path


@pytest.fixture
def run() -> Callable[..., Ran]:
    """Run the command line in this process, with the exit codes that `waglan.cli.main.main` gives."""

    def call(*args: object) -> Ran:
        result = CliRunner().invoke(waglan, [str(a) for a in args], standalone_mode=False)
        if isinstance(result.exception, Problem):
            code = 3 if result.exception.code.startswith(ENVIRONMENT_CODES) else 2
            return Ran(code, result.stdout, result.exception)
        if isinstance(result.exception, click.ClickException):
            return Ran(2, result.exception.format_message(), None)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, None)

    return call


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file of ours."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
