"""Packs being made: each has a folder in the workspace, so a page or a process may come and go meanwhile.

Who makes one holds a lock that dies with its process. Packs are kept for a week; the record that they were made stays.
"""

from __future__ import annotations

import shutil
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Literal

import msgspec

from waglan.core.ids import to_bytes
from waglan.core.problem import Problem
from waglan.disk import durable
from waglan.disk.held import held
from waglan.evidence import Evidence
from waglan.evidence.pack import STEPS, Step, Wanted, write_pack, zipped
from waglan.index import Index
from waglan.runtime import Workspace

KEPT_MS = 7 * 86_400_000
MOST_AT_ONCE = 1
NAME = "evidence"
State = Literal["making", "done", "failed"]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A pack and how far it is.

    Attributes
    ----------
    id, actor, created_ms, wanted
        Which, whose, since when, and what was asked for.
    state, step
        ``making`` with the step it is at; a job that is ``making`` while nobody holds its lock was cut off.
    files, bytes, digest, breached
        Of the finished pack: what is in it, SHA-256 of its MANIFEST, and how many obligations are breached.
    problem
        Why it failed: ``what``, ``why``, ``next``, ``code``.
    """

    id: str
    actor: str
    created_ms: int
    wanted: Wanted
    state: State = "making"
    step: Step = "counting"
    files: int = 0
    bytes: int = 0
    digest: str = ""
    breached: int = 0
    problem: dict[str, str] | None = None

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return 1.0 if self.state == "done" else STEPS.index(self.step) / len(STEPS)


class Packs:
    """The packs of one workspace; it holds nothing itself, so make one whenever it is needed."""

    def __init__(self, workspace: Workspace, index: Index) -> None:
        self._workspace = workspace
        self._index = index
        self._folder = workspace.folder / "packs"

    def begin(self, job: Job) -> Job:
        """Start making a pack; a Problem 429 (``packs.busy``) while another one is being made."""
        self.tidy()
        if sum(self.alive(each.id) for each in self.all()) >= MOST_AT_ONCE:
            raise Problem(
                _("Another pack is being made just now."), _("One is made at a time, so that the console stays quick."),
                _("Try again in a minute."), code="packs.busy", status=429,
            )  # fmt: skip
        (self._folder / job.id).mkdir(mode=0o700, parents=True)
        self._save(job)
        threading.Thread(target=self._run, args=(job,), name="waglan-pack", daemon=True).start()
        return job

    def get(self, job_id: str, actor: str) -> Job:
        """A pack that somebody asked for themselves; a Problem 404 for any other."""
        with suppress(ValueError, OSError, msgspec.MsgspecError):
            to_bytes(job_id)
            job = msgspec.json.decode((self._folder / job_id / "state.json").read_bytes(), type=Job)
            if job.actor == actor:
                return job
        raise Problem(
            _("There is no such pack."), _("It was deleted, or it belongs to somebody else."),
            _("Make it again."), code="packs.missing", status=404,
        )  # fmt: skip

    def all(self) -> list[Job]:
        """Every pack, newest first."""
        found = []
        for path in self._folder.glob("*/state.json"):
            with suppress(OSError, msgspec.MsgspecError):
                found.append(msgspec.json.decode(path.read_bytes(), type=Job))
        return sorted(found, key=lambda job: job.id, reverse=True)

    def alive(self, job_id: str) -> bool:
        """Whether some process is at it."""
        try:
            with held(self._folder / job_id / "lock") as mine:
                return not mine
        except FileNotFoundError:
            return False

    def archive(self, job: Job) -> bytes:
        """The finished pack as one file; a Problem 404 while there is none."""
        try:
            return (self._folder / job.id / f"{NAME}.zip").read_bytes()
        except FileNotFoundError:
            raise Problem(
                _("There is nothing to download yet."), _("The pack isn't finished."),
                _("Wait until it is, or make it again."), code="packs.missing", status=404,
            ) from None  # fmt: skip

    def tidy(self) -> None:
        """Remove what has been kept for long enough."""
        now_ms = self._workspace.clock.now_ms()
        for job in self.all():
            if now_ms - job.created_ms > KEPT_MS and not self.alive(job.id):
                shutil.rmtree(self._folder / job.id, ignore_errors=True)

    def _run(self, job: Job) -> None:
        with held(self._folder / job.id / "lock") as mine:
            if not mine:
                return
            try:
                self._save(self._made(job))
            except Problem as problem:
                told = {"what": problem.what, "why": problem.why, "next": problem.next, "code": problem.code}
                self._save(msgspec.structs.replace(job, state="failed", problem=told))

    def _made(self, job: Job) -> Job:
        folder = self._folder / job.id
        out = folder / NAME

        def step(name: Step) -> None:
            self._save(msgspec.structs.replace(job, step=name))

        with closing(Evidence.open(self._workspace, self._index)) as evidence:
            evidence.update()
            pack = write_pack(self._workspace, self._index, evidence, out, job.wanted, step=step)
        durable.replace(folder / f"{NAME}.zip", zipped(out))
        shutil.rmtree(out)
        return msgspec.structs.replace(
            job, state="done", step="signing", files=pack.files, bytes=pack.size, digest=pack.digest,
            breached=pack.board.breaches_n,
        )  # fmt: skip

    def _save(self, job: Job) -> None:
        durable.replace(self._path(job), msgspec.json.encode(job))

    def _path(self, job: Job) -> Path:
        return self._folder / job.id / "state.json"


def _(text: str) -> str:
    """Marks a text for the catalogues."""
    return text
