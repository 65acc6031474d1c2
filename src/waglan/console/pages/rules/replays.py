"""Replays under way and done: each a file in the workspace, so that a page or a process may come and go.

A file holds the draft and counts with ids of decisions; nothing of a customer. Those kept on a proposal stay.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from waglan.access import Identity
from waglan.console.house import House
from waglan.core.ids import to_bytes
from waglan.core.problem import Problem
from waglan.disk.durable import replace
from waglan.disk.held import held
from waglan.rulebook import Draft, Proposal, Replay

MOST_AT_ONCE = 2
_PATIENCE_S = 2.0
KEPT_MS = 7 * 86_400_000
"""A replay that was kept on no proposal is deleted after so long."""


def _(text: str) -> str:
    """Marks a text for the catalogues."""
    return text


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A replay and how far it is.

    Attributes
    ----------
    id, actor, created_ms
        Which, whose, since when (milliseconds since 1970 UTC).
    draft, period, since_ms, until_ms
        What is replayed, and over which period.
    proposal
        The proposal that it is kept on; empty while it is nobody's.
    state, result, problem
        How far it is, and what came of it.
    """

    id: str
    actor: str
    created_ms: int
    draft: Draft
    period: str
    since_ms: int
    until_ms: int
    proposal: str = ""
    state: Literal["running", "done", "failed"] = "running"
    result: Replay | None = None
    problem: dict[str, str] | None = None


class Replays:
    """The replays of one workspace; it holds nothing itself, so make one whenever it is needed."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._folder = house.workspace.folder / "replays"

    def begin(self, who: Identity, job: Job) -> None:
        """Start one; a Problem (``jobs.busy``, 429) while two are running."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self.tidy()
        if sum(self.alive(path.stem) for path in self._folder.glob("*.json")) >= MOST_AT_ONCE:
            raise Problem(
                _("Other replays are running just now."),
                _("Two run at a time, so that decisions aren't kept waiting."),
                _("Try again in a minute."), code="jobs.busy", status=429,
            )  # fmt: skip
        self._save(job)
        begun = threading.Event()
        threading.Thread(target=self._run, args=(who, job, begun), name="waglan-replay", daemon=True).start()
        begun.wait(_PATIENCE_S)  # so that the next page sees it at work

    def get(self, job_id: str) -> Job:
        """One replay; a Problem (``rule.missing``, 404) when there is none."""
        try:
            to_bytes(job_id)
            return self._read(self._path(job_id))
        except (ValueError, OSError):
            raise Problem(
                _("There is no such replay."), _("Replays that nobody kept are deleted after seven days."),
                _("Replay the rule again."), code="rule.missing", status=404,
            ) from None  # fmt: skip

    def alive(self, job_id: str) -> bool:
        """Whether somebody is at it."""
        with held(self._folder / f"{job_id}.lock") as free:
            return not free

    def keep(self, job: Job, proposal: Proposal) -> None:
        """Say on which proposal it is kept."""
        self._save(msgspec.structs.replace(job, proposal=proposal.id))

    def kept_on(self, proposal: Proposal) -> Job | None:
        """The replay that a proposal shows, if it is there and is the one that the log names."""
        if proposal.replay is None or not self._folder.is_dir():
            return None
        for path in sorted(self._folder.glob("*.json"), reverse=True):
            job = self._read(path)
            if job.proposal == proposal.id and job.result and job.result.sha256 == proposal.replay.sha256:
                return job
        return None

    def tidy(self) -> None:
        """Delete what nobody kept and nobody will look for."""
        now_ms = self._house.workspace.clock.now_ms()
        for path in self._folder.glob("*.json"):
            job = self._read(path)
            if not job.proposal and now_ms - job.created_ms > KEPT_MS and not self.alive(job.id):
                for each in (path, path.with_suffix(".lock")):
                    with suppress(FileNotFoundError):
                        each.unlink()

    def _run(self, who: Identity, job: Job, begun: threading.Event) -> None:
        with held(self._folder / f"{job.id}.lock"):  # nobody else runs it: at most somebody looked whether it is free
            begun.set()
            try:
                found = self._house.rulebook.replay(who, job.draft, job.since_ms, job.until_ms)
                done = msgspec.structs.replace(job, state="done", result=found)
            except Problem as problem:
                told = {"what": problem.what, "why": problem.why, "next": problem.next}
                done = msgspec.structs.replace(job, state="failed", problem=told)
            self._save(done)

    def _path(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.json"

    def _read(self, path: Path) -> Job:
        return msgspec.json.decode(path.read_bytes(), type=Job)

    def _save(self, job: Job) -> None:
        replace(self._path(job.id), msgspec.json.encode(job))
