"""The status of a test and of a clause: a pure function of counts.

A certain failure is never hidden by what is unknown, and nothing is met that isn't known.

References
----------
Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the American
Statistical Association 22, 209-212. Newcombe, R. G. (1998). Two-sided confidence intervals for the single proportion.
Statistics in Medicine 17, 857-872, method 3.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import NamedTuple

from waglan.evidence.catalogue import Test
from waglan.evidence.result import WORST, Counts, Status
from waglan.registers import RECORDED

Z = 1.959963984540054
"""The 97.5 % point of the normal distribution: bounds of 95 %."""
UNKNOWN_LIMIT = 0.01
"""A larger share of rows that can't be tested or placed than this is unknown."""
_DAYS = re.compile(r"P([0-9]{1,4})D")


class Bounds(NamedTuple):
    """Limits of a share, 0 to 1."""

    low: float
    high: float


class Told(NamedTuple):
    """What a test found.

    Attributes
    ----------
    counts
        Rows in scope.
    expired
        Rows in scope that no longer count.
    newest_day
        The newest day, counted from 1970-01-01, with a row that could be tested; None without any.
    """

    counts: Counts
    expired: int = 0
    newest_day: int | None = None


class Verdict(NamedTuple):
    """A status and the code of what made it so; see `waglan.evidence.result.TestResult`."""

    status: Status
    why: str = ""


def wilson(passed: int, n: int) -> Bounds:
    """Wilson's 95 % bounds, without continuity correction, of the share that passed; (0, 1) without rows."""
    if n == 0:
        return Bounds(0.0, 1.0)
    share, square = passed / n, Z * Z
    middle = share + square / (2 * n)
    half = Z * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    whole = 1 + square / n
    low = 0.0 if passed == 0 else (middle - half) / whole
    return Bounds(low, 1.0 if passed == n else (middle + half) / whole)


def bounds(counts: Counts) -> Bounds | None:
    """Wilson's bounds for a sample, the lower with everything unknown failed, the upper with all of it passed."""
    if not counts.total:
        return None
    passed = counts.passed + counts.unknown + counts.scope_unknown
    return Bounds(wilson(counts.passed, counts.total).low, wilson(passed, counts.total).high)


def judged(test: Test, told: Told, today: int) -> Verdict:
    """The status of a test that applies; the first that fits.

    Parameters
    ----------
    test
        Its requirement, freshness and kind.
    told
        What it found.
    today
        The day, counted from 1970-01-01, by which freshness is judged.
    """
    counts, required = told.counts, test.require.rate
    if not counts.total:
        return Verdict("expired", "ended") if told.expired else Verdict("no_evidence", "no_rows")
    sampled = bounds(counts) if test.sampled else None
    if counts.failed and required == 1.0:
        return Verdict("breached", "failed")
    assert counts.ceiling is not None
    assert counts.floor is not None
    if (sampled.high if sampled else counts.ceiling) < required:
        return Verdict("breached", "below")
    if unknown_share(counts) > UNKNOWN_LIMIT:
        return Verdict("unknown", "unknown_share")
    tested = counts.passed + counts.failed
    if tested < test.require.min_n:
        enough = tested + told.expired >= test.require.min_n
        return Verdict("expired", "ended") if enough else Verdict("thin", "few")
    if sampled and required < 1.0 and sampled.low < required:
        return Verdict("thin", "few")
    if not sampled and counts.floor < required and required < 1.0:
        return Verdict("unknown", "unknown_share")
    if _stale(test, told, today):
        return Verdict("stale", "old")
    return Verdict("met" if recorded(test) else "attested")


def unknown_share(counts: Counts) -> float:
    """(U + S) / all; 0 without rows."""
    return (counts.unknown + counts.scope_unknown) / counts.total if counts.total else 0.0


def recorded(test: Test) -> bool:
    """Whether what it asks is made by what happened, and not by what somebody says of it."""
    return test.kind != "attestation" and (test.over == "decisions" or test.over in RECORDED)


def worst(found: Iterable[Verdict]) -> Verdict:
    """The worst of several; what doesn't apply counts only where nothing does."""
    return min(found, key=lambda each: WORST.index(each.status), default=Verdict("no_evidence", "no_rows"))


def freshness_days(text: str) -> int | None:
    """Days of an ISO 8601 duration ``P7D``; None when it is empty."""
    found = _DAYS.fullmatch(text)
    if text and not found:
        raise ValueError(f"{text!r} isn't a number of days such as P7D")  # the linter refuses it in a catalogue
    return int(found[1]) if found else None


def _stale(test: Test, told: Told, today: int) -> bool:
    limit = freshness_days(test.freshness)
    return limit is not None and (told.newest_day is None or told.newest_day < today - limit)
