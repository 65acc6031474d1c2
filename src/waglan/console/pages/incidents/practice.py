"""Drills being run from the console; of one that was cut off nothing counts."""

from __future__ import annotations

import zlib
from functools import partial
from typing import Literal, get_args

import msgspec

from waglan.access import Identity
from waglan.console.errands import Errand, Errands
from waglan.console.marked import _
from waglan.core.problem import Problem
from waglan.registers.drilling import Plan, run_drill
from waglan.runtime import Workspace
from waglan.runtime.exercise import Exercised

KINDS: tuple[Exercised, ...] = get_args(Exercised)
"""What can be practised from the console; restoring a backup and people's parts are done elsewhere and recorded."""
_FOLDER = "drills"


class Practice(Errand, frozen=True, kw_only=True):
    """A drill that somebody started, and how far it is.

    Attributes
    ----------
    what, use_case
        Of what kind, on what.
    state
        ``running`` until it is ``done`` or ``failed``.
    drill, passed
        The drill's id on the log and how it came out, once done.
    """

    what: Exercised
    use_case: str
    state: Literal["running", "done", "failed"] = "running"
    drill: str = ""
    passed: bool | None = None


class Practices(Errands[Practice]):
    """The drills being run in one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace.folder / _FOLDER, Practice, workspace.clock)
        self._workspace = workspace

    def begin(self, practice: Practice, who: Identity) -> None:
        """Start a drill; a Problem (``drill.busy``, 429) while another one runs."""
        self.tidy()
        if self.working():
            raise Problem(
                _("Another drill is running."), _("Two at a time would disturb each other's figures."),
                _("Wait until it has ended."), code="drill.busy", status=429,
            )  # fmt: skip
        self.new(practice)
        self.start(practice, partial(self._practised, practice, who))

    def get(self, practice_id: str, actor: str) -> Practice:
        """A drill that somebody started themselves; a Problem 404 for any other."""
        found = self.find(practice_id)
        if found is None or found.actor != actor:
            raise Problem(
                _("There is no such run."), _("It ended some days ago, or somebody else started it."),
                _("Look at the list of drills."), code="drill.missing", status=404,
            )  # fmt: skip
        return found

    def _practised(self, practice: Practice, who: Identity) -> Practice:
        """Run it for real; nothing is told before its end, so nobody reads a result into half of it."""
        seed = zlib.crc32(practice.id.encode())
        made = run_drill(self._workspace, who, practice.use_case, Plan(what=practice.what, seed=seed))
        return msgspec.structs.replace(practice, state="done", drill=made.id, passed=made.passed)
