"""What decisions say to tests within a window, read from the counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from waglan.core.events import Entity
from waglan.evidence import store
from waglan.evidence.catalogue import Test
from waglan.evidence.judging import Judge, Period, judge, recorded
from waglan.evidence.report import SHOWN, Decided
from waglan.evidence.result import Counts, Example
from waglan.evidence.status import Told
from waglan.evidence.store import Cell, Failure
from waglan.index.days import day_of

T = TypeVar("T")
Asks = Mapping[tuple[str, str], Judge]
"""What a test asks, by catalogue digest and test id."""


class Span(NamedTuple):
    """Days, both included, counted from 1970-01-01."""

    since: int
    until: int

    def has(self, at_ms: int) -> bool:
        """Whether a time in milliseconds since 1970 UTC lies on one of the days in Hong Kong."""
        return self.since <= day_of(at_ms) <= self.until


def asks(periods: Sequence[Period]) -> dict[tuple[str, str], Judge]:
    """What each test asked under each catalogue that judged."""
    return {
        (period.catalogue.digest, each.test.id): judge(period.catalogue, each.test)
        for period in periods
        for each in period.catalogue.tests()
        if each.test.kind == "decision"
    }


def example(failure: Failure, use_case: str) -> Example:
    """A failed decision as a counter-example."""
    return Example(id=failure.id, log_index=failure.log_index, at_ms=failure.at_ms, use_case=use_case)


class Counted:
    """The counts of a window for an institution, from one snapshot of ``evidence.db``."""

    def __init__(
        self, connection: sqlite3.Connection, periods: Sequence[Period], asked: Asks, span: Span, entity: Entity
    ) -> None:
        self._connection = connection
        self._catalogues = tuple(dict.fromkeys(each.catalogue.digest for each in reversed(periods)))
        self._asked = asked
        self._span = span
        self._numbers = store.judges(connection)
        self._sums = self._by_judge(store.sums(connection, *span, entity.use_cases))
        self._newest = self._by_judge(store.newest_days(connection, span.until, entity.use_cases))
        self._failing = self._by_judge(store.cells(connection, entity.use_cases))

    def recorded(self) -> dict[str, int]:
        """Live decisions by use case."""
        found: dict[str, int] = {}
        for number in self._judges(lambda _: recorded().digest):
            for (_, use_case), counts in self._sums.get(number, ()):
                found[use_case] = found.get(use_case, 0) + counts.passed
        return found

    def test(self, test: Test) -> Decided:
        """What decisions say to a test, under whatever catalogue judged them."""
        numbers = self._of(test)
        total, digests = Counts(), []
        for number, digest in numbers.items():
            here = [counts for _, counts in self._sums.get(number, ())]
            digests += [digest] if here else []
            for counts in here:
                total += counts
        newest = max((day for number in numbers for _, day in self._newest.get(number, ())), default=None)
        failing = self.failing(test, SHOWN) if total.failed else ()
        return Decided(Told(total, 0, newest), failing, tuple(dict.fromkeys(digests or [*numbers.values()][:1])))

    def failing(self, test: Test, limit: int) -> tuple[Example, ...]:
        """The newest kept failures on these days."""
        found = [
            example(each, cell[1])
            for cell in self.cells(test)
            for each in store.failing(self._connection, cell)
            if self._span.has(each.at_ms)
        ]
        return tuple(sorted(found, key=lambda each: -(each.log_index or 0))[:limit])

    def cells(self, test: Test) -> list[Cell]:
        """The judges and use cases in which a test fails at any time."""
        return [cell for number in self._of(test) for cell, failed in self._failing.get(number, ()) if failed]

    def days(self, test: Test) -> dict[int, Counts]:
        """The counts of each day with rows."""
        found: dict[int, Counts] = {}
        for number in self._of(test):
            for cell, _ in self._failing.get(number, ()):
                for day, counts in store.by_day(self._connection, cell, *self._span):
                    found[day] = found[day] + counts if day in found else counts
        return dict(sorted(found.items()))

    def _of(self, test: Test) -> dict[int, str]:
        """Judges of a test with their digests, of the newest catalogue first."""
        return self._judges(lambda catalogue: each.digest if (each := self._asked.get((catalogue, test.id))) else "")

    def _judges(self, digest_of: Callable[[str], str]) -> dict[int, str]:
        pairs = [(catalogue, digest_of(catalogue)) for catalogue in self._catalogues]
        return {self._numbers[pair]: pair[1] for pair in pairs if pair in self._numbers}

    def _by_judge(self, found: Mapping[Cell, T]) -> dict[int, list[tuple[Cell, T]]]:
        made: dict[int, list[tuple[Cell, T]]] = {}
        for cell, value in found.items():
            made.setdefault(cell[0], []).append((cell, value))
        return made
