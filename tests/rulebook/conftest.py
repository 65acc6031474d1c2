"""A small workspace with decisions of known answers, its index, and the people of the rulebook."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.runtime.parts import Steady
from tests.runtime.test_gates import MANIFEST, MODULE, OUTCOMES, outcome
from waglan.access import Identity
from waglan.console.house import open_index
from waglan.core.decision import Decision
from waglan.rulebook import Rulebook
from waglan.runtime import Ask, Workspace

NUMBERS = itertools.count(1_000_000)
START = 1_760_000_000_000
DAY = 86_400_000


def person(name: str, *roles: Any, authenticator: str | None = None) -> Identity:
    with_ = f"password:{name}" if authenticator is None else authenticator
    return Identity(id=f"p-{name}", tenant="bank", roles=roles, kind="person", authenticator=with_)


DEV, DEV2 = person("dev", "developer"), person("dev2", "developer")
APPROVER = person("app", "approver")
BOTH = person("both", "developer", "approver")


class Firm(NamedTuple):
    """The workspace and its rulebook; ``clock.ms`` is the time."""

    workspace: Workspace
    book: Rulebook
    clock: Steady

    def decide(self, ask: Ask | None = None, **changes: Any) -> Decision:
        number = next(NUMBERS)
        OUTCOMES[number] = outcome(**changes)
        self.clock.ms += 1_000
        return self.workspace.runtime.decide_sync("told", {"n": number}, ask or Ask()).decision


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    folder = tmp_path / "w"
    folder.mkdir()
    (folder / "told.py").write_text(MODULE)
    (folder / "told.toml").write_text(MANIFEST)
    clock = Steady(START)
    with (
        Workspace.create(folder, tenant="bank", modules=("./told.py",), clock=clock) as workspace,
        contextlib.closing(open_index(workspace)) as index,
    ):
        yield Firm(workspace, Rulebook(workspace, index), clock)
