"""A file of cases in, recorded decisions out: results and rejects beside it, resumable, no row decided twice."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from waglan.core.decision import Route
from waglan.core.problem import Problem
from waglan.core.usecase import UseCase
from waglan.runtime.ask import Ask, Reply
from waglan.runtime.batch.resume import NOTE, Done
from waglan.runtime.batch.sheet import RESULT, Sheet, alone, chunks, reject_header, reject_line, result_line
from waglan.runtime.rows import Rejected, Row, Seen, at_row, check_columns, open_rows
from waglan.runtime.workspace import Workspace

Step = Callable[[int, int], None]
"""Called after each chunk with the rows read so far and the bytes of the file read so far."""
Progress = Callable[[str, int], AbstractContextManager[Step]]
"""Shows how far a file is: given what is done in a few words and the file's bytes."""


STOPS = ("ledger.", "vault.", "environment.")
"""Problems of this kind are not a row's: the run stops and can be resumed."""


class Plan(NamedTuple):
    """What was asked for, as the options say it."""

    use_case: str
    path: Path
    out: Path
    rejects: Path
    wanted: str
    encoding: str
    ask: Ask
    consent_ref: str
    unique: tuple[str, ...]
    chunk: int
    resume: bool


class Summary(msgspec.Struct, kw_only=True):
    """What a run did; the keys of ``--json``.

    ``rows`` counts data rows of the file, ``decided`` and the routes all that stand in the results, ``per_second``
    the rows that this run decided. ``resumed`` rows were done before.
    """

    use_case: str
    rows: int = 0
    decided: int = 0
    auto: int = 0
    human: int = 0
    blocked: int = 0
    rejected: int = 0
    resumed: int = 0
    seconds: float = 0.0
    per_second: float = 0.0
    results: str = ""
    rejects: str = ""
    first_index: int | None = None
    last_index: int | None = None
    source: str = ""


def run(workspace: Workspace, plan: Plan, progress: Progress) -> Summary:
    """Decide a file.

    Raises
    ------
    Problem
        The file as a whole is refused, or the ledger stopped; what was decided before stands in the results.
    """
    begun = time.monotonic()
    manifest = workspace.catalogue.get(plan.use_case).manifest
    with ExitStack() as stack:
        opened = stack.enter_context(
            open_rows(plan.path, wanted=plan.wanted, encoding=plan.encoding, known=tuple(manifest.inputs))
        )
        table = opened.table
        also = tuple(filter(None, (plan.consent_ref, *plan.unique)))
        columns = table.columns if table.columns is not None else tuple(manifest.inputs)
        if table.columns is not None:
            _check_named(also, table.columns)
            check_columns(table.columns, manifest, drop_unknown=plan.ask.drop_unknown, also=also)
        stack.enter_context(alone(plan.out))
        done = Done()
        if plan.resume:
            done = Done.read(plan.out, plan.rejects, columns, workspace.ledger, plan.ask.source)
        results = stack.enter_context(closing(Sheet(plan.out, RESULT, resume=plan.resume)))
        rejects = stack.enter_context(closing(Sheet(plan.rejects, reject_header(columns), resume=plan.resume)))
        batch = _Run(
            workspace,
            plan,
            manifest=manifest,
            columns=columns,
            text=table.text,
            done=done,
            results=results,
            rejects=rejects,
        )
        stack.callback(batch.seen.close)
        before = done.decided
        with progress(f"Deciding {plan.path.name}", opened.size) as step:
            for chunk in chunks(table, plan.chunk):
                batch.decide(chunk)
                step(batch.rows, opened.position())
    seconds = time.monotonic() - begun
    return Summary(
        use_case=plan.use_case,
        rows=batch.rows,
        decided=done.decided,
        auto=done.routes[Route.AUTO],
        human=done.routes[Route.HUMAN],
        blocked=done.routes[Route.BLOCKED],
        rejected=done.rejected,
        resumed=batch.skipped,
        seconds=round(seconds, 3),
        per_second=round((done.decided - before) / seconds, 1),
        results=str(plan.out),
        rejects=str(plan.rejects),
        first_index=done.first_index,
        last_index=done.last_index,
        source=plan.ask.source,
    )


class _Run:
    """One run over one file, chunk by chunk."""

    def __init__(
        self,
        workspace: Workspace,
        plan: Plan,
        *,
        manifest: UseCase,
        columns: tuple[str, ...],
        text: bool,
        done: Done,
        results: Sheet,
        rejects: Sheet,
    ) -> None:
        self._runtime = workspace.runtime
        self._plan = plan
        self._columns = columns
        self._text = text
        self._done = done
        self._results = results
        self._rejects = rejects
        self._hidden = frozenset(filter(None, (plan.consent_ref, *plan.unique))) - manifest.inputs.keys()
        self.seen = Seen(secrets.token_bytes(32))
        self.rows = 0
        self.skipped = 0

    def decide(self, chunk: list[Row | Rejected]) -> None:
        """Decide a chunk and write what came of each of its rows."""
        lines: list[tuple[Any, ...]] = []
        refused: list[tuple[Row | Rejected, Problem]] = []
        fresh: list[tuple[Row, str]] = []
        for item in chunk:
            self.rows += 1
            self._sort(item, lines, refused, fresh)
        replies = self._replies([row for row, _ in fresh])
        stop: Problem | None = None
        for (row, note), reply in zip(fresh, replies, strict=True):
            if isinstance(reply, Reply):
                body = reply.body()
                self._done.count(body["route"], body["index"])
                lines.append(result_line(row.number, body, note))
            elif reply.code.startswith(STOPS):
                stop = stop or reply
            else:
                refused.append((row, at_row(reply, row.number)))
        lines.sort(key=lambda line: int(line[0]))
        refused.sort(key=lambda each: each[0].number)
        self._results.write(lines)
        self._rejects.write(reject_line(self._columns, item, problem, text=self._text) for item, problem in refused)
        self._done.rejected += len(refused)
        if stop is not None:
            raise _stopped(stop, self._done.decided)

    def _sort(
        self,
        item: Row | Rejected,
        lines: list[tuple[Any, ...]],
        refused: list[tuple[Row | Rejected, Problem]],
        fresh: list[tuple[Row, str]],
    ) -> None:
        """Put one row where it belongs: done already, refused, or to be decided."""
        if isinstance(item, Rejected):
            if item.number in self._done:
                self.skipped += 1
            else:
                refused.append((item, item.problem))
            return
        same = self.seen.row(item.values, item.number, text=self._text)
        repeats = [
            (column, first)
            for column in self._plan.unique
            if (first := self.seen.value(column, item.values.get(column), item.number)) is not None
        ]
        if item.number in self._done:
            self.skipped += 1
            return
        note = f"same as row {same}" if same is not None else ""
        body = self._done.on_log(item.number)
        if body is not None:
            self.skipped += 1
            self._done.count(body["route"], body["index"])
            lines.append(result_line(item.number, body, "; ".join(filter(None, (note, NOTE)))))
        elif repeats:
            refused.append((item, _repeated(item.number, *repeats[0])))
        else:
            fresh.append((item, note))

    def _replies(self, rows: list[Row]) -> list[Reply | Problem]:
        if not rows:
            return []
        ask, column = self._plan.ask, self._plan.consent_ref
        asks = [
            msgspec.structs.replace(ask, source_seq=row.number, consent_ref=_reference(row.values, column))
            for row in rows
        ]
        inputs = [self._inputs(row.values) for row in rows]
        try:
            return self._runtime.decide_many(self._plan.use_case, inputs, ask, text=self._text, asks=asks)
        except Problem as problem:
            if problem.code.startswith(STOPS):
                raise _stopped(problem, self._done.decided) from None
            raise

    def _inputs(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The row without what is never an input: names that begin with ``_`` and columns that we use ourselves."""
        if not self._hidden and not any(name.startswith("_") for name in values):
            return values
        return {n: v for n, v in values.items() if not n.startswith("_") and n not in self._hidden}


def _reference(values: Mapping[str, Any], column: str) -> str:
    found = values.get(column) if column else None
    return "" if found is None else str(found).strip()


def _check_named(named: tuple[str, ...], columns: tuple[str, ...]) -> None:
    for column in named:
        if column not in columns:
            raise Problem(
                f"The file has no column {column!r}.",
                f"It was named by --consent-ref or --unique; the columns are {', '.join(columns)}.",
                "Correct the option or the header.",
                code="file.columns",
                where=column,
            )


def _repeated(number: int, column: str, first: int) -> Problem:
    return Problem(
        f"Its {column} stands in row {first} already.",
        f"--unique {column} was asked for, so the first row with a value counts and later ones are set aside.",
        "Remove the row, or correct the value.",
        code="row.repeated",
        where=f"row {number}, field {column}",
    )


def _stopped(problem: Problem, decided: int) -> Problem:
    return Problem(
        problem.what,
        f"{problem.why} {decided:,} rows are decided, recorded and in the results; nothing else was decided.",
        f"{problem.next} Then run the same command with --resume: no row is decided twice.",
        code=problem.code,
        where=problem.where,
        status=problem.status,
    )
