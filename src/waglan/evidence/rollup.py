"""Bringing the counts from where they stand to the head of the log, exactly.

New decisions are added. A decision that new events speak of is taken away as it was known before, and added as it is
known now. So any split of updates gives the counts of a rebuild.
"""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from waglan.evidence import store
from waglan.evidence.counting import KEPT, Counter, Picked, Tally, Wanted
from waglan.evidence.judging import Judge, Period, Stretch, judges, stretches
from waglan.evidence.store import Cell, Failure, Standing
from waglan.facts import segments
from waglan.facts.segments import State
from waglan.index.file import IndexFile
from waglan.ledger import tiles
from waglan.ledger.log import Ledger
from waglan.ledger.merkle import Frontier

LEAST = 20
"""Of the newest failures of each test and use case at least so many are kept, or all of them."""


InForce = tuple[tuple[str, int], ...]
"""Digest of each catalogue that came into force, and its place in the log."""


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
        The catalogues that judge, in order, from the digests and places at which they came into force.
    """

    def __init__(
        self, folder: Path, ledger: Ledger, file: IndexFile, periods: Callable[[InForce], tuple[Period, ...]]
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
            counter = self._look()
            assert self._known is not None
            size = self._known.size
            periods = self._periods(counter.in_force())
            with self._file.reading() as connection:
                before = self._continued(store.standing(connection), periods)
                known = store.judges(connection) if before.size else {}
            now = self._now(periods)
            if before == now and _asked(periods, size) == set(known):
                return 0
            self._count(counter, before, now, periods)
            return now.size - before.size

    def failing(self, judge: Judge, stretch: Stretch, size: int, wanted: Wanted) -> tuple[Failure, ...]:
        """The newest failures in a stretch by asking the decisions themselves, as of a log of ``size`` entries."""
        with self._only():
            counter = self._look()
            picked = Picked(stretch.start, stretch.stop, size)
            return _described(counter, counter.failing(judge, picked, wanted))

    def close(self) -> None:
        """Give back the database's memory."""
        with self._alone:
            if self._counter is not None:
                self._counter.close()
            self._counter = None

    # ---- standing

    def _look(self) -> Counter:
        """Bring the facts to the head and look at them."""
        head = self._ledger.head()
        there = self._known is not None and self._known.frontier == Frontier(head.size, head.peaks)
        if self._counter is None or not there or segments.peek(self._facts) != self._known:
            self._counter = self._counter or Counter(self._folder())
            self._known = self._counter.update(self._ledger, self._known)
        return self._counter

    def _folder(self) -> Path:
        self._facts.mkdir(parents=True, exist_ok=True)
        return self._facts

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

    def _count(self, counter: Counter, before: Standing, now: Standing, periods: Sequence[Period]) -> None:
        """Count outside of any transaction, then write all of it in one."""
        with self._file.reading() as connection:
            known = store.judges(connection) if before.size else {}
        renames = _renames(before.periods, _plan(periods, before.size)) or {}
        known = {(renames.get(catalogue, catalogue), digest): n for (catalogue, digest), n in known.items()}
        parts = [*_missing(counter, known, periods, before.size), *_grown(counter, before.size, now.size, periods)]
        asked = _asked(periods, now.size)
        with self._file.writing() as connection:
            assert connection is not None
            if not before.size:
                store.clear(connection)
            for old, new in renames.items():
                store.renamed(connection, old, new)
            store.dropped(connection, [n for key, n in known.items() if key not in asked])
            for key in sorted(asked):
                store.number(connection, *key)
            _write(connection, counter, parts)
            _refill(connection, counter, periods, now.size)
            store.stand(connection, now)


def _missing(
    counter: Counter, known: Mapping[tuple[str, str], int], periods: Sequence[Period], size: int
) -> Iterator[Part]:
    """What tests that weren't asked before say of what was counted already."""
    for stretch in stretches(periods, 0, size):
        digest = stretch.catalogue.digest
        new = [judge for judge in judges(stretch.catalogue).values() if (digest, judge.digest) not in known]
        if new:
            yield Part(digest, 1, counter.tally(new, Picked(stretch.start, stretch.stop, size)))


def _grown(counter: Counter, size: int, head: int, periods: Sequence[Period]) -> Iterator[Part]:
    """New decisions, and earlier ones that new events speak of."""
    touched = counter.touched(size, head) if size else ()
    for stretch in stretches(periods, 0, head):
        digest, start, stop = stretch.catalogue.digest, stretch.start, stretch.stop
        mine = tuple([place for place in touched if start <= place < stop])
        picks = [(-1, Picked(start, stop, size, mine)), (1, Picked(start, stop, head, mine))] if mine else []
        if stop > size:
            picks.append((1, Picked(max(start, size), stop, head)))
        asked = tuple(judges(stretch.catalogue).values()) if picks else ()
        for sign, picked in picks:
            yield Part(digest, sign, counter.tally(asked, picked))


def _write(connection: sqlite3.Connection, counter: Counter, parts: Sequence[Part]) -> None:
    """Add what was counted, and bring the newest failures up to date."""
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
    told = {each.log_index: each for each in _described(counter, set().union(*come.values()))}
    for cell in sorted(gone.keys() | come.keys()):
        new = [told[place] for place in come.get(cell, ())]
        _keep(connection, cell, before.get(cell, 0), gone.get(cell, set()), new)


def _keep(connection: sqlite3.Connection, cell: Cell, before: int, gone: set[int], new: Sequence[Failure]) -> None:
    """Bring the newest failures of a cell up to date: those kept are all that are newer than the oldest of them."""
    kept = store.failing(connection, cell)
    whole = len(kept) == before
    floor = -1 if whole else kept[-1].log_index if kept else 2**62
    there = {each.log_index: each for each in kept if each.log_index not in gone}
    there |= {each.log_index: each for each in new if each.log_index >= floor}
    store.keep_failing(connection, cell, sorted(there.values(), reverse=True)[:KEPT])


def _refill(connection: sqlite3.Connection, counter: Counter, periods: Sequence[Period], size: int) -> None:
    """Ask the decisions for the newest failures where events mended so many that too few are left."""
    named = {n: key for key, n in store.judges(connection).items()}
    found: dict[Cell, list[Failure]] = {cell: [] for cell in store.short(connection, LEAST)}
    for stretch in stretches(periods, 0, size) if found else ():
        numbers = {named[n][1]: n for n, _ in found if named[n][0] == stretch.catalogue.digest}
        asked = [judge for digest, judge in judges(stretch.catalogue).items() if digest in numbers]
        said = counter.tally(asked, Picked(stretch.start, stretch.stop, size))
        for (digest, use_case), places in said.newest.items():
            if (cell := (numbers[digest], use_case)) in found:
                found[cell] += _described(counter, places)
    for cell, kept in found.items():
        store.keep_failing(connection, cell, sorted(kept, reverse=True)[:KEPT])


def _described(counter: Counter, places: Iterable[int]) -> tuple[Failure, ...]:
    told = counter.described(places)
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
