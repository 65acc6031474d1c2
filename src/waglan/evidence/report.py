"""The report of an institution for a window, put together from counts and registers: no decision is read for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import NamedTuple

from waglan.core.events import Entity
from waglan.evidence import kept
from waglan.evidence.applicable import excused
from waglan.evidence.catalogue import Catalogue, Clause, Test
from waglan.evidence.judging import asks_decisions
from waglan.evidence.kept import Asked
from waglan.evidence.result import ClauseResult, Example, Headlines, Status, TestResult
from waglan.evidence.status import Told, Verdict, bounds, judged, unknown_share, worst
from waglan.index import days
from waglan.registers import Book

SHOWN = 5
"""So many counter-examples stand beside a test."""


class Decided(NamedTuple):
    """What decisions say to a test within the window: what was found, newest failures, digests that judged."""

    told: Told
    failing: tuple[Example, ...]
    digests: tuple[str, ...]


class Asking(NamedTuple):
    """All that a report is made from.

    Attributes
    ----------
    catalogue, entity, book
        The obligations, whom they are asked of, and the registers as of the report's time.
    today
        The day by which freshness and force are judged: the last of the window, or today if that is earlier.
    decided
        What decisions say to a test.
    functions
        A test's expressions as functions.
    """

    catalogue: Catalogue
    entity: Entity
    book: Book
    today: dt.date
    decided: Callable[[Test], Decided]
    functions: Callable[[Test], Asked]


def clauses(asking: Asking) -> tuple[ClauseResult, ...]:
    """Every obligation of the catalogue, in its order."""
    rows: dict[str, list[kept.Held]] = {}
    return tuple([_clause(asking, each, rows) for each in asking.catalogue.clauses])


def headlines(catalogue: Catalogue, found: Sequence[ClauseResult]) -> Headlines:
    """The three figures that are never added up; what is no duty is never counted."""
    of = {clause.id: clause for clause in catalogue.clauses}
    duties = [each for each in found if each.duty]
    bound = [each for each in duties if each.status != "not_applicable"]
    live = [each for each in bound if each.live is not None]
    other = [each for each in bound if each.attested is not None]
    letters = [each.letter for each in duties]
    return Headlines(
        live_met=sum(each.live == "met" for each in live),
        live_applicable=len(live),
        live_answered=sum(_answered(of[each.id], each) for each in live),
        attested=sum(each.attested in {"met", "attested"} for each in other),
        attestable=len(other),
        v=letters.count("V"),
        s=letters.count("S"),
        u=letters.count("U"),
    )


def _answered(clause: Clause, found: ClauseResult) -> bool:
    live = {test.id for test in clause.tests if asks_decisions(test)}
    return any(each.counts.total for each in found.tests if each.id in live)


def _clause(asking: Asking, clause: Clause, rows: dict[str, list[kept.Held]]) -> ClauseResult:
    out = excused(asking.catalogue, clause, asking.entity, asking.book, asking.today)
    tests = tuple([_test(asking, test, out, rows) for test in clause.tests])
    whole = out or worst([Verdict(each.status, each.why) for each in tests])
    live = [each for each, test in zip(tests, clause.tests, strict=True) if asks_decisions(test)]
    other = [each for each, test in zip(tests, clause.tests, strict=True) if not asks_decisions(test)]
    return ClauseResult(
        id=clause.id,
        source=clause.source,
        letter=clause.letter,
        status=whole.status,
        why=whole.why,
        duty=clause.duty,
        live=_worst(live),
        attested=_worst(other),
        tests=tests,
    )


def _worst(tests: Sequence[TestResult]) -> Status | None:
    return worst([Verdict(each.status) for each in tests]).status if tests else None


def _test(asking: Asking, test: Test, out: Verdict | None, rows: dict[str, list[kept.Held]]) -> TestResult:
    told, failing, digests = _told(asking, test, rows)
    found = out or judged(test, told, days.number(asking.today.isoformat()))
    limits = bounds(told.counts) if test.sampled else None
    return TestResult(
        id=test.id,
        kind=test.kind,
        over=test.over,
        status=found.status,
        why=found.why,
        counts=told.counts,
        unknown_share=unknown_share(told.counts),
        low=limits.low if limits else None,
        high=limits.high if limits else None,
        required=test.require.rate,
        min_n=test.require.min_n,
        newest_day="" if told.newest_day is None else days.iso(told.newest_day),
        examples=failing[:SHOWN],
        digests=digests,
    )


def _told(asking: Asking, test: Test, rows: dict[str, list[kept.Held]]) -> Decided:
    if asks_decisions(test):
        return asking.decided(test)
    if test.over not in rows:
        rows[test.over] = kept.values(asking.catalogue, test.over, asking.book.rows(test.over), asking.entity)
    found = kept.answer(test, asking.functions(test), rows[test.over], asking.book.now_ms)
    return Decided(found.told, found.failing, (asking.catalogue.compiled(test).digest,))
