"""Files being decided: a run that was cut off can go on where it stopped, and no row is decided twice.

The uploaded rows are deleted as soon as they are decided.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec

from waglan.console.errands import Errand, Errands, said
from waglan.console.marked import _
from waglan.core.case import Language
from waglan.core.problem import Problem
from waglan.disk.durable import replace
from waglan.runtime import Ask, Workspace
from waglan.runtime.batch import STOPS, Plan, Step, file_source
from waglan.runtime.batch import run as run_batch
from waglan.runtime.rows import check_columns, open_rows

MOST_BYTES = 16 * 1024 * 1024
MOST_ROWS = 100_000
MOST_AT_ONCE = 2
CHUNK = 256
"""So few rows at a time leave room for other people's decisions."""
SUFFIXES = (".csv", ".tsv", ".txt", ".psv", ".jsonl", ".ndjson", ".json", ".parquet", ".pq")
State = Literal["counting", "running", "done", "failed", "stopped"]
_WRITTEN_S = 0.3


class Job(Errand, frozen=True, kw_only=True):
    """A file and how far it is.

    Attributes
    ----------
    use_case, name
        For what, and what its owner calls it; shown, never a path.
    suffix, language, purpose, notice_id, consent_column, drop_unknown
        As it was asked; ``consent_column`` holds each row's consent reference.
    state
        ``counting`` reads the file once without deciding; ``stopped`` and a run that was cut off can go on; ``failed``
        can't.
    rows, total, rejected, auto, human, blocked
        How far it is, and what came of it.
    """

    use_case: str
    name: str
    suffix: str
    language: Language = "en"
    purpose: str = ""
    notice_id: str = ""
    consent_column: str = ""
    drop_unknown: bool = False
    state: State = "counting"
    rows: int = 0
    total: int = 0
    rejected: int = 0
    auto: int = 0
    human: int = 0
    blocked: int = 0

    @property
    def busy(self) -> bool:
        """Whether somebody ought to be at it."""
        return self.state in ("counting", "running")


class Jobs(Errands[Job]):
    """The files of one workspace.

    Parameters
    ----------
    workspace
        Where they lie, under ``uploads/``, readable by their owner only.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace.folder / "uploads", Job, workspace.clock)
        self._workspace = workspace

    def begin(self, job: Job, body: bytes) -> Job:
        """Keep a file and start deciding it.

        Raises
        ------
        Problem
            ``jobs.busy`` (429), or that the file can't be read or doesn't fit the use case: nothing is kept then.
        """
        self.tidy()
        if self.working() >= MOST_AT_ONCE:
            raise _busy()
        folder = self.new(job)
        try:
            replace(folder / f"rows{job.suffix}", body)
            self._check(job)
        except BaseException:
            shutil.rmtree(folder)
            raise
        self._start(job)
        return job

    def resume(self, job: Job) -> None:
        """Go on with a run that stopped or was cut off."""
        if self.alive(job.id) or not (self.place(job.id) / f"rows{job.suffix}").exists():
            raise _not_now()
        self._start(msgspec.structs.replace(job, state="running", problem=None))

    def get(self, job_id: str, actor: str) -> Job:
        """A file of somebody's own; a Problem 404 for any other."""
        job = self.find(job_id)
        if job is None or job.actor != actor:
            raise Problem(
                _("There is no such file."), _("It was deleted, or it belongs to somebody else."),
                _("Upload it again under Try it."), code="jobs.missing", status=404,
            )  # fmt: skip
        return job

    def resumable(self, job: Job) -> bool:
        """Whether it stopped or was cut off on its way."""
        there = (self.place(job.id) / f"rows{job.suffix}").exists()
        return there and (job.state == "stopped" or job.busy) and not self.alive(job.id)

    def output(self, job: Job, which: Literal["results", "rejects"]) -> bytes:
        """What the run wrote so far; a Problem 404 when there is nothing."""
        try:
            return (self.place(job.id) / f"{which}.csv").read_bytes()
        except FileNotFoundError:
            raise Problem(
                _("There is nothing to download yet."), _("The file hasn't been decided."),
                _("Wait until it is finished."), code="jobs.missing", status=404,
            ) from None  # fmt: skip

    def drop(self, job: Job) -> None:
        """Remove everything about a file that nobody is at; its decisions stay on the log."""
        if self.alive(job.id):
            raise _not_now()
        self.delete(job.id)

    # ---- deciding

    def _check(self, job: Job) -> None:
        manifest = self._workspace.catalogue.get(job.use_case).manifest
        path = self.place(job.id) / f"rows{job.suffix}"
        with _renamed(job, path), open_rows(path, known=tuple(manifest.inputs)) as opened:
            if opened.table.columns is not None:
                also = (job.consent_column,) if job.consent_column in opened.table.columns else ()
                if job.consent_column and not also:
                    raise _no_column(job.consent_column)
                check_columns(opened.table.columns, manifest, drop_unknown=job.drop_unknown, also=also)

    def _start(self, job: Job) -> None:
        self.start(job, partial(self._decided, job), failed=_stopped, ended=self._ended)

    def _ended(self, job: Job) -> None:
        """Nobody needs the rows of a file any more that is finished or can't be."""
        if job.state != "stopped":
            (self.place(job.id) / f"rows{job.suffix}").unlink(missing_ok=True)

    def _decided(self, job: Job) -> Job:
        folder = self.place(job.id)
        path = folder / f"rows{job.suffix}"
        with _renamed(job, path):
            if not job.total:
                job = _with(job, total=_counted(path, self._workspace.catalogue.get(job.use_case).manifest.inputs))
            self.save(job := _with(job, state="running"))
            summary = run_batch(self._workspace, self._plan(job, path), self._progress(job))
        return _with(
            job,
            state="done",
            rows=summary.rows,
            rejected=summary.rejected,
            auto=summary.auto,
            human=summary.human,
            blocked=summary.blocked,
        )

    def _plan(self, job: Job, path: Path) -> Plan:
        results = path.with_name("results.csv")
        ask = Ask(
            channel="console",
            language=job.language,
            purpose=job.purpose,
            notice_id=job.notice_id,
            source=file_source(path, job.id),
            drop_unknown=job.drop_unknown,
            actor=job.actor,
        )
        return Plan(
            use_case=job.use_case,
            path=path,
            out=results,
            rejects=path.with_name("rejects.csv"),
            wanted="auto",
            encoding="auto",
            ask=ask,
            consent_ref=job.consent_column,
            unique=(),
            chunk=CHUNK,
            resume=results.exists(),
        )

    def _progress(self, job: Job) -> Callable[[str, int], Any]:
        nanoseconds = self._workspace.clock.monotonic_ns

        @contextmanager
        def shown(what: str, total: int) -> Iterator[Step]:
            last = nanoseconds()

            def step(rows: int, position: int) -> None:
                nonlocal last
                if nanoseconds() - last > _WRITTEN_S * 1e9:
                    last = nanoseconds()
                    self.save(_with(job, rows=rows))

            yield step

        return shown


def _with(job: Job, **changes: Any) -> Job:
    return msgspec.structs.replace(job, **changes)


def _stopped(job: Job, problem: Problem) -> Job:
    lasting = not problem.code.startswith(STOPS)
    return _with(job, state="failed" if lasting else "stopped", problem=said(problem))


def _counted(path: Path, known: Any) -> int:
    """How many rows a file has; a Problem (``file.too_many``) when they are too many: nothing is decided then."""
    with open_rows(path, known=tuple(known)) as opened:
        count = 0
        for _row in opened.table:
            count += 1
            if count > MOST_ROWS:
                raise Problem(
                    _("The file has too many rows for the console."),
                    _("It takes 100,000 rows at a time. Nothing was decided."),
                    _("Split it, or use the command line: waglan decide."),
                    code="file.too_many",
                )
    return count


@contextmanager
def _renamed(job: Job, path: Path) -> Iterator[None]:
    """A Problem that speaks of our file's path speaks of its owner's name instead."""
    try:
        yield
    except Problem as problem:
        told = [text.replace(str(path), job.name).replace(path.name, job.name)
                for text in (problem.what, problem.why, problem.next)]  # fmt: skip
        raise Problem(
            *told, code=problem.code, where=problem.where, status=problem.status, errors=problem.errors
        ) from None


def _busy() -> Problem:
    return Problem(
        _("Other files are being decided just now."), _("Two run at a time, so that single cases aren't kept waiting."),
        _("Try again in a minute."), code="jobs.busy", status=429,
    )  # fmt: skip


def _no_column(name: str) -> Problem:
    return Problem(
        _("The file has no such column."), _("It was named as the column of consent references."),
        _("Correct the name, or leave it out."), code="file.columns", where=name,
    )  # fmt: skip


def _not_now() -> Problem:
    return Problem(
        _("That can't be done with this file now."), _("It is being decided, or its rows are gone already."),
        _("Look at its page."), code="jobs.state", status=409,
    )  # fmt: skip
