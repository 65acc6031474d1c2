"""Following the log: projections brought from where they stand to the head, in bounded transactions.

The leaves are hashed on the way and the tree they make must be the head's, so the tables are a fold over exactly this
log: a rollback, a log that grew again differently, or another log altogether is noticed and the tables are made anew.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import msgspec

from waglan.core.problem import Problem
from waglan.index import standing
from waglan.index.file import IndexFile
from waglan.index.projection import Placed, Projection, placed
from waglan.index.standing import Standing
from waglan.ledger import tiles
from waglan.ledger.log import Ledger
from waglan.ledger.merkle import extend, leaf_hash, root
from waglan.ledger.store import Head

FILE = "index.db"
"""The file's name in a workspace."""
BATCH = 5_000
"""So many leaves are held in memory at once."""
STRETCH_S = 0.25
"""So long a transaction goes on taking in batches, seconds: fewer, longer ones write each page less often."""

T = TypeVar("T")


class Index:
    """Tables for pages, made from one log.

    Threads may share it, and processes the file. Use `open`.

    Examples
    --------
    >>> index = Index.open(folder / "index.db", workspace.ledger, (Decisions(),))  # doctest: +SKIP
    >>> index.follow()  # doctest: +SKIP
    0
    >>> with index.reading() as connection:  # doctest: +SKIP
    ...     page = decisions.latest(connection, Filter(route="human"))
    """

    def __init__(self, file: IndexFile, ledger: Ledger, projections: Sequence[Projection]) -> None:
        self._file = file
        self._ledger = ledger
        self._projections = {p.name: p for p in projections}
        self._wanted = {p.name: standing.wanted(p, ledger.signer.name) for p in projections}
        self._compared = False

    @classmethod
    def open(cls, path: Path, ledger: Ledger, projections: Sequence[Projection]) -> Index:
        """Open the file, made when absent; its tables are there afterwards, as full as they were left.

        Raises
        ------
        Problem
            ``index.newer`` when a newer release made the tables, ``index.unavailable`` when the file can't be used.
        """
        index = cls(IndexFile(path), ledger, projections)
        try:
            index._healing(index._prepare)
        except BaseException:
            index.close()
            raise
        return index

    def missing(self) -> int:
        """How many entries of the log the tables lack."""
        with self._file.reading() as connection:
            known = standing.read(connection)
        head = self._ledger.head()
        ours = [known[name] for name in self._projections if not self._foreign(known, name)]
        if len(ours) < len(self._projections) or not all(_may_grow(s, head) for s in ours):
            return head.size
        return head.size - min((s.size for s in ours), default=head.size)

    def follow(self, at_most: int | None = None) -> int:
        """Take in what the log holds beyond the tables.

        Parameters
        ----------
        at_most
            Stop after so many entries; then it doesn't wait for others who are at the same, either. By default it
            goes on to where the head was when it was called.

        Returns
        -------
        int
            How many entries are still missing.

        Raises
        ------
        Problem
            ``ledger.inconsistent`` when the log's entries don't make its own head, ``index.unavailable``,
            ``index.leaf``, or the ledger's.
        """
        target = self._ledger.head().size
        left = at_most
        while (missing := self._healing(self.missing)) and left != 0:
            most = left
            position, taken = self._healing(lambda most=most: self._transaction(most))  # type: ignore[misc]
            if left is not None:
                left = left - taken if taken else 0
            elif position >= target:
                return self.missing()
        return missing

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A read-only snapshot; never waits for who follows or rebuilds."""
        with self._file.reading() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The only write transaction of all threads and processes, taken in to the head on entry and again on exit.

        What the body submits to the ledger, and waits for, is in the tables when the block ends. When the body raises,
        the tables stay as they were and the next `follow` takes in what did reach the log. Don't nest it, and don't
        call `follow` in it: `take` is for that.
        """
        self.follow()
        with self._file.writing() as connection:
            assert connection is not None
            self.take(connection)
            yield connection
            self.take(connection)

    def take(self, connection: sqlite3.Connection) -> None:
        """Within `writing`: take in what came onto the log since."""
        size = self._ledger.head().size
        while self._stretch(connection, None)[0] < size:
            pass

    def check(self) -> str:
        """What SQLite finds wrong with the file, empty when nothing; then the next `follow` makes it anew.

        Reads all of it: seconds for a million rows.
        """
        with self._file.reading() as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)")]
        if found == ["ok"]:
            return ""
        self._file.spoilt()
        return "; ".join(found)

    def close(self) -> None:
        """Give back the file."""
        self._file.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- one transaction

    def _transaction(self, at_most: int | None) -> tuple[int, int]:
        with self._file.writing(wait=at_most is None) as connection:
            return (0, 0) if connection is None else self._stretch(connection, at_most)

    def _prepare(self) -> None:
        with self._file.reading() as connection:
            known = standing.read(connection)
        if any(self._foreign(known, name) for name in self._projections):
            with self._file.writing() as writer:
                assert writer is not None
                self._ours(writer)

    def _stretch(self, connection: sqlite3.Connection, at_most: int | None) -> tuple[int, int]:
        """Batches for about `STRETCH_S`; where the last projection stands then, and how many entries were taken in."""
        known = self._ours(connection)
        head = self._ledger.head()  # after the lock: nobody can stand further than this
        known = self._agreeing(connection, known, head)
        begun, taken = time.monotonic(), 0
        left = head.size if at_most is None else at_most
        while (low := _least(known, head)) < head.size and taken < left:
            known, count = self._batch(connection, known, head, min(low + BATCH, low + left - taken))
            taken += count
            if time.monotonic() - begun > STRETCH_S:
                break
        standing.save(connection, known)
        return _least(known, head), taken

    def _batch(
        self, connection: sqlite3.Connection, known: list[Standing], head: Head, stop: int
    ) -> tuple[list[Standing], int]:
        """The next entries, up to ``stop``, for those who stand together and are furthest behind."""
        before = min(known, key=lambda s: s.size).frontier
        stop = min(stop, head.size, *[s.size for s in known if s.size > before.size])
        leaves: list[Placed] = []
        hashes: list[bytes] = []
        for index, row in self._ledger.rows(before.size, stop):
            leaves.append(placed(index, row.leaf))
            hashes.append(leaf_hash(row.leaf))
        after, _ = extend(before, hashes)
        if after.size == head.size and after.peaks != head.peaks:
            if before.size and root(before) != tiles.root_at(self._ledger.store, head, before.size):
                return [self._reset(connection, s) if s.frontier == before else s for s in known], 0
            raise _inconsistent(head)
        for each in known:
            if each.frontier == before:
                self._projections[each.name].apply(connection, leaves)
        return [msgspec.structs.replace(s, frontier=after) if s.frontier == before else s for s in known], len(leaves)

    # ---- whether the tables can be gone on from

    def _foreign(self, known: dict[str, Standing], name: str) -> bool:
        """Whether a projection's tables aren't there in its own version and of this log."""
        found, ours = known.get(name), self._wanted[name]
        if found is not None and found.version > ours.version:
            raise standing.newer(found, ours.version)
        return found is None or not found.of(ours)

    def _ours(self, connection: sqlite3.Connection) -> list[Standing]:
        """Where the projections stand; foreign tables are made anew."""
        known = standing.read(connection)
        return [
            self._reset(connection, self._wanted[name]) if self._foreign(known, name) else known[name]
            for name in self._projections
        ]

    def _reset(self, connection: sqlite3.Connection, found: Standing) -> Standing:
        return standing.reset(connection, self._projections[found.name], self._wanted[found.name])

    def _agreeing(self, connection: sqlite3.Connection, known: list[Standing], head: Head) -> list[Standing]:
        """The projections, made anew where the log isn't the one they were made from.

        The last batch before the head compares roots anyway; here it is done before a long way is begun.
        """
        wrong = {s.name for s in known if not _may_grow(s, head)}
        if not self._compared or any(head.size - s.size > BATCH for s in known):
            for each in known:
                if each.name not in wrong and 0 < each.size < head.size:
                    there = tiles.root_at(self._ledger.store, head, each.size)
                    wrong |= {each.name} if root(each.frontier) != there else set()
            self._compared = True
        return [self._reset(connection, s) if s.name in wrong else s for s in known]

    def _healing(self, work: Callable[[], T]) -> T:
        """Do it once more when the file turned out to be damaged: it is made anew by then."""
        try:
            return work()
        except Problem as problem:
            if problem.code != "index.damaged":
                raise
        return work()


def _least(known: Sequence[Standing], head: Head) -> int:
    return min((s.size for s in known), default=head.size)


def _may_grow(found: Standing, head: Head) -> bool:
    return found.size < head.size or (found.size == head.size and found.frontier.peaks == head.peaks)


def _inconsistent(head: Head) -> Problem:
    return Problem(
        "The log's entries don't make the root of its own head.",
        f"{head.size:,} entries were read and hashed; the result differs from the committed tree.",
        "Run 'waglan ledger verify', and compare with the last witnessed checkpoint.",
        code="ledger.inconsistent",
        status=503,
    )
