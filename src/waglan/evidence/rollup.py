"""Bringing the counts from where they stand to the head of the log, exactly.

New decisions are added. A decision that new events speak of is taken away as it was known before, and added as it is
known now. So any split of updates gives the counts of a rebuild.
"""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from waglan.evidence import store
from waglan.evidence.counting import KEPT, Counter, Picked, Tally, Wanted
from waglan.evidence.judging import Judge, Period, Stretch, judges, stretches
from waglan.evidence.store import Cell, Failure, Standing
from waglan.facts import build
from waglan.facts.segments import State
from waglan.index.file import IndexFile
from waglan.ledger import tiles
from waglan.ledger.log import Ledger
from waglan.ledger.merkle import Frontier

LEAST = 20
"""Of the newest failures of each test and use case at least so many are kept, or all of them."""


class Part(NamedTuple):
    """What one catalogue's tests counted: added (1) or taken away (-1)."""

    catalogue: str
    sign: int
    tally: Tally


class Rollup:
    """Keeps the counts up to date. Threads and processes may call `update` at the same time; one does it at a time.

    Parameters
    ----------
    folder
        The workspace's.
    ledger
        Its log.
    file
        ``evidence.db``.
    periods
        The catalogues that judge a log of so many entries, in order.
    """

    def __init__(
        self, folder: Path, ledger: Ledger, file: IndexFile, periods: Callable[[int], tuple[Period, ...]]
    ) -> None:
        self._facts = folder / "facts"
        self._lock = folder / "evidence.lock"
        self._ledger = ledger
        self._file = file
        self._periods = periods
        self._alone = threading.Lock()
        self._known: State | None = None
        self._counter: Counter | None = None

    def update(self) -> int:
        """Count what the log holds beyond the counts; gives the number of entries taken in.

        Raises
        ------
        Problem
            What `waglan.facts.build.update` says, or ``index.unavailable`` when the file can't be used.
        """
        with self._only():
            size = self._look()
            periods = self._periods(size)
            with self._file.reading() as connection:
                before = self._continued(store.standing(connection), periods)
                known = store.judges(connection) if before.size else {}
            now = self._now(periods)
            if before == now and _asked(periods, size) == set(known):
                return 0
            self._count(before, now, periods)
            return now.size - before.size

    def failing(self, judge: Judge, stretch: Stretch, size: int, wanted: Wanted) -> tuple[Failure, ...]:
        """The newest failures in a stretch by asking the decisions themselves, as of a log of ``size`` entries."""
        with self._only():
            self._look()
            assert self._counter is not None
            picked = Picked(stretch.start, stretch.stop, size)
            return self._described(self._counter.failing(judge, picked, wanted))

    def close(self) -> None:
        """Give back the database's memory."""
        with self._alone:
            if self._counter is not None:
                self._counter.close()
            self._counter = None

    # ---- standing

    def _look(self) -> int:
        """Bring the facts to the head and look at them; gives how many entries they cover."""
        head = self._ledger.head()
        if self._known is None or self._known.frontier != Frontier(head.size, head.peaks):
            self._known, _ = build.update(self._facts, self._ledger, known=self._known)
            self._counter = self._counter or Counter(self._facts)
            self._counter.show(self._known)
        return self._known.size

    @contextmanager
    def _only(self) -> Iterator[None]:
        with self._alone, self._lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _now(self, periods: Sequence[Period]) -> Standing:
        """Where the counts will stand."""
        assert self._known is not None
        return Standing(
            self._ledger.signer.name,
            self._known.schema,
            self._known.size,
            self._known.root,
            _plan(periods, self._known.size),
        )

    def _continued(self, found: Standing | None, periods: Sequence[Period]) -> Standing:
        """What the counts stand on, or nothing where they can't be gone on from: another log, another reading of it."""
        assert self._known is not None
        fresh = Standing(self._ledger.signer.name, self._known.schema)
        if found is None or found[:2] != fresh[:2] or found.size > self._known.size:
            return fresh
        if found.size and self._root_at(found.size) != found.root:
            return fresh
        if _renames(found.periods, _plan(periods, found.size)) is None:
            return fresh
        return found

    def _root_at(self, size: int) -> str:
        return tiles.root_at(self._ledger.store, self._ledger.head(), size).hex()

    # ---- counting

    def _count(self, before: Standing, now: Standing, periods: Sequence[Period]) -> None:
        """Count outside of any transaction, then write all of it in one."""
        with self._file.reading() as connection:
            known = store.judges(connection) if before.size else {}
        renames = _renames(before.periods, _plan(periods, before.size)) or {}
        known = {(renames.get(catalogue, catalogue), digest): n for (catalogue, digest), n in known.items()}
        parts = [*self._missing(known, periods, before.size), *self._grown(before.size, now.size, periods)]
        with self._file.writing() as connection:
            assert connection is not None
            if not before.size:
                store.clear(connection)
            for old, new in renames.items():
                store.renamed(connection, old, new)
            asked = _asked(periods, now.size)
            store.dropped(connection, [n for key, n in known.items() if key not in asked])
            for key in sorted(asked):
                store.number(connection, *key)
            self._write(connection, parts, periods, now.size)
            store.stand(connection, now)

    def _missing(self, known: Mapping[tuple[str, str], int], periods: Sequence[Period], size: int) -> Iterator[Part]:
        """What tests that weren't asked before say of what was counted already."""
        for stretch in stretches(periods, 0, size):
            digest = stretch.catalogue.digest
            new = [judge for judge in judges(stretch.catalogue).values() if (digest, judge.digest) not in known]
            yield self._part(new, 1, stretch, Picked(stretch.start, stretch.stop, size))

    def _grown(self, size: int, head: int, periods: Sequence[Period]) -> Iterator[Part]:
        """New decisions, and earlier ones that new events speak of."""
        assert self._counter is not None
        touched = self._counter.touched(size, head) if size else ()
        for stretch in stretches(periods, 0, head):
            asked = tuple(judges(stretch.catalogue).values())
            mine = tuple([place for place in touched if stretch.start <= place < stretch.stop])
            if mine:
                yield self._part(asked, -1, stretch, Picked(stretch.start, stretch.stop, size, mine))
                yield self._part(asked, 1, stretch, Picked(stretch.start, stretch.stop, head, mine))
            if stretch.stop > size:
                yield self._part(asked, 1, stretch, Picked(max(stretch.start, size), stretch.stop, head))

    def _part(self, asked: Sequence[Judge], sign: int, stretch: Stretch, picked: Picked) -> Part:
        assert self._counter is not None
        return Part(stretch.catalogue.digest, sign, self._counter.tally(asked, picked))

    # ---- writing

    def _write(
        self, connection: sqlite3.Connection, parts: Sequence[Part], periods: Sequence[Period], size: int
    ) -> None:
        numbers = store.judges(connection)
        delta: dict[tuple[int, str, int], list[int]] = {}
        gone: dict[Cell, set[int]] = {}
        come: dict[Cell, set[int]] = {}
        for part in parts:
            _added(delta, part, numbers)
            places = come if part.sign > 0 else gone
            for (digest, use_case), newest in part.tally.newest.items():
                places.setdefault((numbers[part.catalogue, digest], use_case), set()).update(newest)
        before = store.cells(connection)
        store.add(connection, delta)
        for cell in sorted(gone.keys() | come.keys()):
            self._keep(connection, cell, before.get(cell, 0), gone.get(cell, set()), come.get(cell, set()))
        self._refill(connection, periods, size)

    def _keep(self, connection: sqlite3.Connection, cell: Cell, before: int, gone: set[int], come: set[int]) -> None:
        """Bring the newest failures of a cell up to date; those kept are all that are newer than the oldest of them."""
        kept = store.failing(connection, cell)
        floor = kept[-1].log_index if kept and len(kept) < before else -1 if len(kept) == before else 2**62
        there = {each.log_index: each for each in kept if each.log_index not in gone}
        new = [place for place in come if place >= floor and place not in there]
        there |= {each.log_index: each for each in self._described(new)}
        newest = sorted(there.values(), reverse=True)[:KEPT]
        store.keep_failing(connection, cell, newest)

    def _refill(self, connection: sqlite3.Connection, periods: Sequence[Period], size: int) -> None:
        """Ask the decisions for the newest failures where events mended so many that too few are left."""
        named = {n: key for key, n in store.judges(connection).items()}
        found: dict[Cell, list[Failure]] = {cell: [] for cell in store.short(connection, LEAST)}
        assert self._counter is not None
        for stretch in stretches(periods, 0, size) if found else ():
            numbers = {named[n][1]: n for n, _ in found if named[n][0] == stretch.catalogue.digest}
            asked = [judge for digest, judge in judges(stretch.catalogue).items() if digest in numbers]
            said = self._counter.tally(asked, Picked(stretch.start, stretch.stop, size))
            for (digest, use_case), places in said.newest.items():
                if (cell := (numbers[digest], use_case)) in found:
                    found[cell] += self._described(places)
        for cell, kept in found.items():
            store.keep_failing(connection, cell, sorted(kept, reverse=True)[:KEPT])

    def _described(self, places: Sequence[int]) -> tuple[Failure, ...]:
        assert self._counter is not None
        told = self._counter.described(places)
        return tuple([Failure(at, *told[at]) for at in sorted(told, reverse=True)])


def _plan(periods: Sequence[Period], size: int) -> tuple[tuple[int, str], ...]:
    """First place and digest of the catalogues that judge a log of so many entries."""
    return tuple([(each.start, each.catalogue.digest) for each in stretches(periods, 0, size)])


def _asked(periods: Sequence[Period], size: int) -> set[tuple[str, str]]:
    """Catalogue and digest of every test that is asked of a log of so many entries."""
    return {(s.catalogue.digest, digest) for s in stretches(periods, 0, size) for digest in judges(s.catalogue)}


def _renames(old: Sequence[tuple[int, str]], new: Sequence[tuple[int, str]]) -> dict[str, str] | None:
    """Which catalogue took the place of which, where nothing else changed; None where something did."""
    if [start for start, _ in old] != [start for start, _ in new]:
        return None
    pairs = {(a, b) for (_, a), (_, b) in zip(old, new, strict=True)}
    made = dict(pairs)
    if len(made) != len(pairs) or len(set(made.values())) != len(pairs):
        return None
    return {a: b for a, b in made.items() if a != b}


def _added(delta: dict[tuple[int, str, int], list[int]], part: Part, numbers: Mapping[tuple[str, str], int]) -> None:
    for (digest, use_case, day), counts in part.tally.counts.items():
        into = delta.setdefault((numbers[part.catalogue, digest], use_case, day), [0, 0, 0, 0])
        for at, each in enumerate(counts):
            into[at] += part.sign * each
