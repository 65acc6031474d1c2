"""Drills being run from the console: each has a small file in the workspace, so a page or a process may come and go.

Who runs one holds a lock that dies with its process, so a drill that was cut off is seen as such; nothing of it counts.
"""

from __future__ import annotations

import os
import shutil
import threading
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Literal, get_args

import msgspec

from waglan.access import Identity
from waglan.core.ids import to_bytes
from waglan.core.problem import Problem
from waglan.disk.held import held
from waglan.registers.drilling import Plan, run_drill
from waglan.runtime import Workspace
from waglan.runtime.exercise import Exercised

KINDS: tuple[Exercised, ...] = get_args(Exercised)
"""What can be practised from the console; restoring a backup and people's parts are done elsewhere and recorded."""
KEPT_MS = 7 * 86_400_000
_FOLDER = "drills"


def _(text: str) -> str:
    """Marks a text for the catalogues."""
    return text


class Practice(msgspec.Struct, frozen=True, kw_only=True):
    """A drill that somebody started, and how far it is.

    Attributes
    ----------
    id, what, use_case, actor, begun_ms
        Which, of what kind, on what, whose, since when.
    state
        ``running`` until it is ``done`` or ``failed``.
    drill, passed
        The drill's id on the log and how it came out, once done.
    problem
        Why it failed: ``what``, ``why``, ``next``, ``code``.
    """

    id: str
    what: Exercised
    use_case: str
    actor: str
    begun_ms: int
    state: Literal["running", "done", "failed"] = "running"
    drill: str = ""
    passed: bool | None = None
    problem: dict[str, str] | None = None


class Practices:
    """The drills being run in one workspace; it holds nothing itself, so make one whenever it is needed."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._folder = workspace.folder / _FOLDER

    def begin(self, practice: Practice, who: Identity) -> None:
        """Start a drill; a Problem (``drill.busy``, 429) while another one runs."""
        self._tidy()
        if any(self.alive(each.id) for each in self.all()):
            raise Problem(
                _("Another drill is running."), _("Two at a time would disturb each other's figures."),
                _("Wait until it has ended."), code="drill.busy", status=429,
            )  # fmt: skip
        (self._folder / practice.id).mkdir(mode=0o700, parents=True)
        self._save(practice)
        begun = threading.Event()
        work = (practice, who, begun)
        threading.Thread(target=self._run, args=work, name="waglan-drill", daemon=True).start()
        begun.wait(timeout=5)  # so that the page that comes next sees it running

    def get(self, practice_id: str, actor: str) -> Practice:
        """A drill that somebody started themselves; a Problem 404 for any other."""
        with suppress(ValueError, OSError, msgspec.MsgspecError):
            to_bytes(practice_id)
            found = self._load(self._folder / practice_id)
            if found.actor == actor:
                return found
        raise Problem(
            _("There is no such run."), _("It ended some days ago, or somebody else started it."),
            _("Look at the list of drills."), code="drill.missing", status=404,
        )  # fmt: skip

    def all(self) -> list[Practice]:
        """Every run that is remembered, newest first."""
        found = []
        for path in self._folder.glob("*/state.json"):
            with suppress(OSError, msgspec.MsgspecError):
                found.append(self._load(path.parent))
        return sorted(found, key=lambda each: each.id, reverse=True)

    def alive(self, practice_id: str) -> bool:
        """Whether some process is at it."""
        try:
            with held(self._folder / practice_id / "lock") as mine:
                return not mine
        except FileNotFoundError:
            return False

    def _run(self, practice: Practice, who: Identity, begun: threading.Event) -> None:
        with held(self._folder / practice.id / "lock") as mine:
            begun.set()
            if not mine:
                return
            try:
                self._save(self._practised(practice, who))
            except Problem as problem:
                told = {"what": problem.what, "why": problem.why, "next": problem.next, "code": problem.code}
                self._save(msgspec.structs.replace(practice, state="failed", problem=told))

    def _practised(self, practice: Practice, who: Identity) -> Practice:
        """Run it for real; nothing is told before its end, so nobody reads a result into half of it."""
        seed = zlib.crc32(practice.id.encode())
        made = run_drill(self._workspace, who, practice.use_case, Plan(what=practice.what, seed=seed))
        return msgspec.structs.replace(practice, state="done", drill=made.id, passed=made.passed)

    def _tidy(self) -> None:
        now_ms = self._workspace.clock.now_ms()
        for each in self.all():
            if now_ms - each.begun_ms > KEPT_MS and not self.alive(each.id):
                shutil.rmtree(self._folder / each.id, ignore_errors=True)

    def _load(self, folder: Path) -> Practice:
        return msgspec.json.decode((folder / "state.json").read_bytes(), type=Practice)

    def _save(self, practice: Practice) -> None:
        """Whole or not at all, for the owner's eyes."""
        path = self._folder / practice.id / "state.json"
        partial = path.with_name(".state.json.partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(msgspec.json.encode(practice))
        partial.replace(path)
