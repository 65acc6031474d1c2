"""Evidence: what obligations ask, answered from live decisions and registers."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from waglan.core.events import Entity
from waglan.core.problem import Problem, nearest
from waglan.evidence import capture, kept, report, store
from waglan.evidence.applicable import answering
from waglan.evidence.catalogue import Catalogue, Test, force, load
from waglan.evidence.catalogue.wording import Sighting, sightings, with_wording
from waglan.evidence.decided import Asks, Counted, Span, asks, example
from waglan.evidence.judging import Period, asks_decisions, stretches
from waglan.evidence.kept import Asked
from waglan.evidence.result import Counts, Example, Report, Window
from waglan.evidence.store import Standing
from waglan.index import Index, days
from waglan.index.days import AHEAD_MS, DAY_MS
from waglan.index.file import IndexFile, Scripts
from waglan.ledger import tiles
from waglan.registers import Book, read_book
from waglan.registers.told import Told
from waglan.runtime.workspace import Workspace

if TYPE_CHECKING:
    from waglan.evidence.rollup import InForce, Rollup

FILE = "evidence.db"
SCRIPTS = Scripts("waglan.evidence", "evidence", 1)
WINDOW_DAYS = 30
"""So many days up to today are looked at unless told otherwise."""


class _Judging(NamedTuple):
    """The catalogues that judge, and what their tests ask; made once as long as they stay."""

    key: tuple[tuple[str, int], ...]
    periods: tuple[Period, ...]
    asks: Asks


class _Snapshot(NamedTuple):
    """One moment: the registers, what the counts stand on, and the counts of a window for an institution."""

    judging: _Judging
    catalogue: Catalogue
    book: Book
    entity: Entity
    standing: Standing
    counted: Counted


class Evidence:
    """The evidence of one workspace. Threads may share it, and processes the file; reading never waits.

    Use `open`.

    Examples
    --------
    >>> evidence = Evidence.open(workspace, index)  # doctest: +SKIP
    >>> evidence.update()  # doctest: +SKIP
    10000
    >>> evidence.report("bank-a", Window(since="2026-10-23", until="2026-11-21")).headlines  # doctest: +SKIP
    """

    def __init__(self, workspace: Workspace, index: Index, file: IndexFile) -> None:
        self._workspace = workspace
        self._index = index
        self._file = file
        self._guard = threading.Lock()
        self._rollup: Rollup | None = None
        self._judging: _Judging | None = None
        self._ours: Catalogue | None = None
        self._seen: tuple[Catalogue, tuple[Sighting, ...], Catalogue] | None = None
        self._functions: dict[str, Asked] = {}
        self._checked: Standing | None = None
        self._told: Told | None = None

    @classmethod
    def open(cls, workspace: Workspace, index: Index) -> Evidence:
        """The evidence of a workspace; ``evidence.db`` is made when absent, and nothing is counted before `update`.

        Raises
        ------
        Problem
            ``index.newer`` when a newer release made the file, ``index.unavailable`` when it can't be used.
        """
        file = IndexFile(workspace.folder / FILE, scripts=SCRIPTS)
        with file.reading():
            return cls(workspace, index, file)

    def update(self) -> int:
        """Bring facts, counts and the index to the log's head; gives the number of entries newly counted.

        Raises
        ------
        Problem
            ``ledger.inconsistent`` and others of the facts, ``catalogue.missing`` and others of the catalogue,
            ``index.unavailable``.
        """
        taken = self._rolling().update()
        self._index.follow()
        return taken

    def report(self, entity: str = "", window: Window | None = None, now_ms: int | None = None) -> Report:
        """The status of every obligation, from counts and registers as they stand; decisions aren't read.

        Parameters
        ----------
        entity
            An institution of the register; empty takes the first declared, or the firm itself, without licences.
        window
            Which days; the last 30 if left out.
        now_ms
            The present, milliseconds since 1970 UTC, by which things expire. For a window that ended earlier, the
            registers are read as they stood at its end.

        Raises
        ------
        Problem
            ``evidence.entity``, ``evidence.window``, ``evidence.other`` when the counts are of another log.
        """
        now = self._workspace.clock.now_ms() if now_ms is None else now_ms
        window = window or last_days(now)
        span = _span(window)
        since_ms, until_ms = _starts(span.since), _starts(span.until + 1)
        with self._snapshot(entity, span, now) as at:
            today = days.iso(days.day_of(min(now, until_ms - 1)))
            asking = report.Asking(
                at.catalogue,
                at.entity,
                at.book,
                dt.date.fromisoformat(today),
                at.counted.test,
                self._asked(at.catalogue),
            )
            found = report.clauses(asking)
            recorded = at.counted.recorded()
            captures = capture.captures(at.book, at.entity, since_ms, until_ms)
            return Report(
                entity=at.entity.id,
                name=at.entity.name or at.entity.id,
                licences=at.entity.licences,
                window=window,
                catalogue=f"{at.catalogue.id} {at.catalogue.version}",
                catalogue_digest=at.judging.periods[-1].catalogue.digest,
                log=at.standing.log,
                size=at.standing.size,
                root=at.standing.root,
                made_ms=now,
                recorded=sum(recorded.values()),
                captures=captures,
                of_recorded=capture.of_recorded(captures, recorded),
                headlines=report.headlines(at.catalogue, found),
                clauses=found,
            )

    def examples(
        self, test_id: str, entity: str = "", window: Window | None = None, limit: int = 5
    ) -> tuple[Example, ...]:
        """The newest that failed a test, newest first; decisions are asked where the window is older than those kept.

        Raises
        ------
        Problem
            ``evidence.test`` for a test that the catalogue in force doesn't have; as `report`.
        """
        now = self._workspace.clock.now_ms()
        span = _span(window or last_days(now))
        with self._snapshot(entity, span, now) as at:
            test = _test(at.catalogue, test_id)
            if not asks_decisions(test):
                return self._rows(at, test)[:limit]
            shown = at.counted.failing(test, limit)
            failed = at.counted.test(test).told.counts.failed
            if len(shown) >= min(limit, failed):
                return shown
            return self._asked_for(test, at, span, limit)

    def failing(self, test_id: str, entity: str = "", window: Window | None = None) -> dict[str, tuple[Example, ...]]:
        """The newest failures that are kept of each use case, newest first; of a register, those of its rows.

        Raises
        ------
        Problem
            As `examples`.
        """
        now = self._workspace.clock.now_ms()
        with self._snapshot(entity, _span(window or last_days(now)), now) as at:
            test = _test(at.catalogue, test_id)
            found = at.counted.failing(test, store.EVERY) if asks_decisions(test) else self._rows(at, test)
        return {use: tuple([e for e in found if e.use_case == use]) for use in sorted({e.use_case for e in found})}

    def entities(self) -> tuple[str, ...]:
        """The institutions that a report may be about; the firm itself where none is declared."""
        now = self._workspace.clock.now_ms()
        with self._index.reading() as connection:
            declared = self._book(connection, now).entities
        names = [each.name for each in declared if each.facts.state == "in_force"]
        return tuple(names) or (self._workspace.settings.workspace.tenant,)

    def days(self, test_id: str, entity: str = "", window: Window | None = None) -> tuple[tuple[str, Counts], ...]:
        """A test's counts day by day, of days with rows; empty for tests of registers."""
        now = self._workspace.clock.now_ms()
        with self._snapshot(entity, _span(window or last_days(now)), now) as at:
            test = _test(at.catalogue, test_id)
            if not asks_decisions(test):
                return ()
            return tuple([(days.iso(day), counts) for day, counts in at.counted.days(test).items()])

    def catalogue(self) -> Catalogue:
        """The catalogue in force, with what people saw of its wording since."""
        with self._index.reading() as connection:
            return self._worded(self._judges(connection).periods[-1].catalogue, sightings(connection))

    def close(self) -> None:
        """Give back the file and the memory."""
        with self._guard:
            if self._rollup is not None:
                self._rollup.close()
            self._rollup = None
        self._file.close()

    def __enter__(self) -> Evidence:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- reading

    @contextmanager
    def _snapshot(self, entity: str, span: Span, now_ms: int) -> Iterator[_Snapshot]:
        until_ms = _starts(span.until + 1)
        with self._index.reading() as index:
            judging = self._judges(index)
            catalogue = self._worded(judging.periods[-1].catalogue, sightings(index))
            past = until_ms <= now_ms
            now = self._book(index, now_ms)
            known = (read_book(index, now_ms, until_ms - 1), now) if past else (now,)
        declared = answering(known, entity, self._workspace.settings.workspace.tenant)
        with self._file.reading() as connection:
            standing = store.standing(connection) or Standing(self._workspace.ledger.signer.name, "")
            self._check(standing)
            counted = Counted(connection, judging.periods, judging.asks, span, declared)
            yield _Snapshot(judging, catalogue, known[0], declared, standing, counted)

    def _book(self, connection: sqlite3.Connection, now_ms: int) -> Book:
        """The registers as they stand; of what was read before, only what is new is read."""
        told = self._told
        self._told = told = Told.read(connection) if told is None else told.grown(connection)
        return read_book(connection, now_ms, told=told)

    def _check(self, standing: Standing) -> None:
        """See that the counts are of this log, once for each place they come to."""
        if standing == self._checked:
            return
        ledger = self._workspace.ledger
        head = ledger.head()
        same = standing.log == ledger.signer.name and standing.size <= head.size
        root = tiles.root_at(ledger.store, head, standing.size).hex() if same and standing.size else standing.root
        if not same or root != standing.root:
            raise Problem(
                "What was counted belongs to another log.",
                f"The counts are of {standing.size:,} entries of {standing.log}; this log's root there is another.",
                "Count again: 'waglan evidence' does, and so does the server within a minute.",
                code="evidence.other",
                status=503,
            )
        self._checked = standing

    def _rows(self, at: _Snapshot, test: Test) -> tuple[Example, ...]:
        """The rows of a register that fail, the newest first."""
        rows = kept.values(at.catalogue, test.over, at.book.rows(test.over), at.entity)
        return kept.answer(test, self._asked(at.catalogue)(test), rows, at.book.now_ms).failing

    def _asked_for(self, test: Test, at: _Snapshot, span: Span, limit: int) -> tuple[Example, ...]:
        """Counter-examples by asking the decisions, for the use cases of which not all failures are kept."""
        from waglan.evidence.counting import Wanted  # loads DuckDB and numpy, which reading the counts doesn't need

        found: dict[int, Example] = {}
        uses = sorted({use_case for _, use_case in at.counted.cells(test)})
        for stretch in stretches(at.judging.periods, 0, at.standing.size):
            judge = at.judging.asks.get((stretch.catalogue.digest, test.id))
            for use_case in uses:
                wanted = Wanted(use_case, _starts(span.since), _starts(span.until + 1), limit)
                failed = self._rolling().failing(judge, stretch, at.standing.size, wanted) if judge else ()
                found |= {each.log_index: example(each, use_case) for each in failed}
        return tuple([found[place] for place in sorted(found, reverse=True)[:limit]])

    # ---- what judges

    def _judges(self, connection: sqlite3.Connection) -> _Judging:
        """The catalogues that judge; where none was put in force, the one that ships."""
        key = tuple([(each.digest, each.from_index) for each in force.periods(connection)])
        judging = self._judging
        if judging is None or judging.key != key:
            periods = self._catalogues(key)
            self._judging = judging = _Judging(key, periods, asks(periods))
        return judging

    def _catalogues(self, in_force: InForce) -> tuple[Period, ...]:
        """The catalogues that came into force; where none did, the one that ships."""
        judging = self._judging
        held = {} if judging is None else {each.catalogue.digest: each.catalogue for each in judging.periods}
        made = tuple([Period(held.get(d) or force.of(self._workspace, d), start) for d, start in in_force])
        return made or (Period(self._shipped(), 0),)

    def _worded(self, catalogue: Catalogue, seen: tuple[Sighting, ...]) -> Catalogue:
        """A catalogue with what people saw; the same value as long as nobody sees more, as it keeps what it parsed."""
        if self._seen is None or self._seen[0] is not catalogue or self._seen[1] != seen:
            self._seen = (catalogue, seen, with_wording(catalogue, seen) if seen else catalogue)
        return self._seen[2]

    def _shipped(self) -> Catalogue:
        if self._ours is None:
            self._ours = load()
        return self._ours

    def _asked(self, catalogue: Catalogue) -> Callable[[Test], Asked]:
        def functions(test: Test) -> Asked:
            key = f"{test.over}\n{test.scope}\n{test.holds}\n{test.current}"
            if key not in self._functions:
                self._functions[key] = kept.asked(catalogue, test)
            return self._functions[key]

        return functions

    def _rolling(self) -> Rollup:
        from waglan.evidence.rollup import Rollup  # loads DuckDB and numpy, which reading the counts doesn't need

        with self._guard:
            if self._rollup is None:
                self._rollup = Rollup(self._workspace.folder, self._workspace.ledger, self._file, self._catalogues)
            return self._rollup


def last_days(now_ms: int, count: int = WINDOW_DAYS) -> Window:
    """So many whole days in Hong Kong up to the one of ``now_ms``."""
    today = days.day_of(now_ms)
    return Window(since=days.iso(today - count + 1), until=days.iso(today))


def _span(window: Window) -> Span:
    span = Span(days.number(window.since), days.number(window.until))
    if span.since > span.until:
        raise Problem(
            "The window ends before it begins.",
            f"It runs from {window.since} to {window.until}.",
            "Give the earlier day first.",
            code="evidence.window",
            where="window",
            status=400,
        )
    return span


def _starts(day: int) -> int:
    return day * DAY_MS - AHEAD_MS


def _test(catalogue: Catalogue, test_id: str) -> Test:
    tests = {each.test.id: each.test for each in catalogue.tests()}
    if test_id not in tests:
        raise Problem(
            f"There is no test {test_id[:40]!r}.",
            nearest(test_id, tests),
            "Run 'waglan clauses' for the list.",
            code="evidence.test",
            where="test",
            status=404,
        )
    return tests[test_id]
