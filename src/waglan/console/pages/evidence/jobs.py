"""Packs being made. They are kept for a week; the record that they were made stays."""

from __future__ import annotations

import shutil
from contextlib import closing
from functools import partial
from typing import Literal

import msgspec

from waglan.console.errands import Errand, Errands
from waglan.console.marked import _
from waglan.core.problem import Problem
from waglan.disk import durable
from waglan.evidence import Evidence
from waglan.evidence.pack import STEPS, Step, Wanted, write_pack, zipped
from waglan.index import Index
from waglan.runtime import Workspace

MOST_AT_ONCE = 1
NAME = "evidence"
State = Literal["making", "done", "failed"]


class Job(Errand, frozen=True, kw_only=True):
    """A pack and how far it is.

    Attributes
    ----------
    wanted
        What was asked for.
    state, step
        ``making`` with the step it is at; a job that is ``making`` while nobody holds its lock was cut off.
    files, bytes, digest, breached
        Of the finished pack: what is in it, SHA-256 of its MANIFEST, and how many obligations are breached.
    """

    wanted: Wanted
    state: State = "making"
    step: Step = "counting"
    files: int = 0
    bytes: int = 0
    digest: str = ""
    breached: int = 0

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return 1.0 if self.state == "done" else STEPS.index(self.step) / len(STEPS)


class Packs(Errands[Job]):
    """The packs of one workspace."""

    def __init__(self, workspace: Workspace, index: Index) -> None:
        super().__init__(workspace.folder / "packs", Job, workspace.clock)
        self._workspace = workspace
        self._index = index

    def begin(self, job: Job) -> Job:
        """Start making a pack; a Problem 429 (``packs.busy``) while another one is being made."""
        self.tidy()
        if self.working() >= MOST_AT_ONCE:
            raise Problem(
                _("Another pack is being made just now."), _("One is made at a time, so that the console stays quick."),
                _("Try again in a minute."), code="packs.busy", status=429,
            )  # fmt: skip
        self.new(job)
        self.start(job, partial(self._made, job))
        return job

    def get(self, job_id: str, actor: str) -> Job:
        """A pack that somebody asked for themselves; a Problem 404 for any other."""
        job = self.find(job_id)
        if job is None or job.actor != actor:
            raise Problem(
                _("There is no such pack."), _("It was deleted, or it belongs to somebody else."),
                _("Make it again."), code="packs.missing", status=404,
            )  # fmt: skip
        return job

    def archive(self, job: Job) -> bytes:
        """The finished pack as one file; a Problem 404 while there is none."""
        try:
            return (self.place(job.id) / f"{NAME}.zip").read_bytes()
        except FileNotFoundError:
            raise Problem(
                _("There is nothing to download yet."), _("The pack isn't finished."),
                _("Wait until it is, or make it again."), code="packs.missing", status=404,
            ) from None  # fmt: skip

    def _made(self, job: Job) -> Job:
        place = self.place(job.id)
        out = place / NAME

        def step(name: Step) -> None:
            self.save(msgspec.structs.replace(job, step=name))

        with closing(Evidence.open(self._workspace, self._index)) as evidence:
            evidence.update()
            pack = write_pack(self._workspace, self._index, evidence, out, job.wanted, step=step)
        durable.replace(place / f"{NAME}.zip", zipped(out))
        shutil.rmtree(out)
        return msgspec.structs.replace(
            job, state="done", step="signing", files=pack.files, bytes=pack.size, digest=pack.digest,
            breached=pack.board.breaches_n,
        )  # fmt: skip
