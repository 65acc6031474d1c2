"""Replays under way and done: the draft and counts with ids of decisions, nothing of a customer.

Those kept on a proposal stay.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

import msgspec

from waglan.access import Identity
from waglan.console.errands import Errand, Errands
from waglan.console.house import House
from waglan.console.marked import _
from waglan.core.problem import Problem
from waglan.rulebook import Draft, Proposal, Replay

MOST_AT_ONCE = 2


class Job(Errand, frozen=True, kw_only=True):
    """A replay and how far it is.

    Attributes
    ----------
    draft, period, since_ms, until_ms
        What is replayed, and over which period.
    proposal
        The proposal that it is kept on; empty while it is nobody's.
    state, result
        How far it is, and what came of it.
    """

    draft: Draft
    period: str
    since_ms: int
    until_ms: int
    proposal: str = ""
    state: Literal["running", "done", "failed"] = "running"
    result: Replay | None = None


class Replays(Errands[Job]):
    """The replays of one workspace."""

    def __init__(self, house: House) -> None:
        super().__init__(house.workspace.folder / "replays", Job, house.workspace.clock)
        self._house = house

    def begin(self, who: Identity, job: Job) -> None:
        """Start one; a Problem (``jobs.busy``, 429) while two are running."""
        self.tidy(keep=lambda each: bool(each.proposal))
        if self.working() >= MOST_AT_ONCE:
            raise Problem(
                _("Other replays are running just now."),
                _("Two run at a time, so that decisions aren't kept waiting."),
                _("Try again in a minute."), code="jobs.busy", status=429,
            )  # fmt: skip
        self.new(job)
        self.start(job, partial(self._replayed, who, job))

    def get(self, job_id: str) -> Job:
        """One replay; a Problem (``rule.missing``, 404) when there is none."""
        job = self.find(job_id)
        if job is None:
            raise Problem(
                _("There is no such replay."), _("Replays that nobody kept are deleted after seven days."),
                _("Replay the rule again."), code="rule.missing", status=404,
            )  # fmt: skip
        return job

    def keep(self, job: Job, proposal: Proposal) -> None:
        """Say on which proposal it is kept."""
        self.save(msgspec.structs.replace(job, proposal=proposal.id))

    def kept_on(self, proposal: Proposal) -> Job | None:
        """The replay that a proposal shows, if it is there and is the one that the log names."""
        if proposal.replay is None:
            return None
        for job in self.all():
            if job.proposal == proposal.id and job.result and job.result.sha256 == proposal.replay.sha256:
                return job
        return None

    def _replayed(self, who: Identity, job: Job) -> Job:
        found = self._house.rulebook.replay(who, job.draft, job.since_ms, job.until_ms)
        return msgspec.structs.replace(job, state="done", result=found)
