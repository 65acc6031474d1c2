"""What evidence says: counts, statuses, the report of an institution for a window. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from waglan.core.events.registers import Licence

Status = Literal[
    "not_applicable", "breached", "no_evidence", "unknown", "thin", "stale", "met", "attested", "expired"
]  # fmt: skip
WORST: tuple[Status, ...] = (
    "breached", "no_evidence", "unknown", "expired", "thin", "stale", "attested", "met", "not_applicable",
)  # fmt: skip
"""From worst to best: a clause is as good as the worst of its tests that apply."""


class Window(msgspec.Struct, frozen=True):
    """Whole days in Hong Kong, both included: ``2026-11-21``."""

    since: str
    until: str


class Counts(msgspec.Struct, frozen=True):
    """How many rows passed, failed, couldn't be tested, and couldn't be told to be in scope.

    Additive: the counts of days, use cases and firms are sums.
    """

    passed: int = 0
    failed: int = 0
    unknown: int = 0
    scope_unknown: int = 0

    def __add__(self, other: object) -> Counts:
        if not isinstance(other, Counts):
            return NotImplemented
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.unknown + other.unknown,
            self.scope_unknown + other.scope_unknown,
        )

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.unknown + self.scope_unknown

    @property
    def floor(self) -> float | None:
        """The share that passed for certain, were everything unknown a failure; None without rows."""
        return self.passed / self.total if self.total else None

    @property
    def ceiling(self) -> float | None:
        """The share that may have passed."""
        return (self.total - self.failed) / self.total if self.total else None


class Example(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A row that failed: a decision's id and place in the log, or the name of a register's row and what it says."""

    id: str
    log_index: int | None = None
    at_ms: int | None = None
    use_case: str = ""
    row: Mapping[str, object] = {}


class TestResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one test says.

    Attributes
    ----------
    id, kind, over
        As in the catalogue.
    status, why
        The status, and a code of what made it so: ``failed``, ``below``, ``no_rows``, ``unknown_share``, ``few``,
        ``old``, ``ended``, ``excused``, ``unlicensed``, ``unused``, ``superseded`` or empty.
    counts
        Over the window.
    unknown_share
        (U + S) / all, printed also beside a breach.
    low, high
        Wilson 95 % bounds of the share that passed, for sampled tests.
    required, min_n
        As in the catalogue.
    newest_day
        The newest day with a row in scope that could be tested, within or before the window.
    examples
        The newest that failed.
    digests
        Digests of the expressions that judged, newest first: more than one when the catalogue changed in between.
    """

    __test__ = False

    id: str
    kind: str
    over: str
    status: Status
    why: str = ""
    counts: Counts = Counts()
    unknown_share: float = 0.0
    low: float | None = None
    high: float | None = None
    required: float = 1.0
    min_n: int = 1
    newest_day: str = ""
    examples: tuple[Example, ...] = ()
    digests: tuple[str, ...] = ()


class ClauseResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one obligation comes to: the worst of its tests; ``letter`` is the wording status V, S or U.

    ``live`` and ``attested`` are the worst status of its decision tests, and of all its others; None without any.
    """

    id: str
    source: str
    letter: str
    status: Status
    why: str = ""
    duty: bool = True
    live: Status | None = None
    attested: Status | None = None
    tests: tuple[TestResult, ...] = ()


class Headlines(msgspec.Struct, frozen=True, kw_only=True):
    """Three figures that are never added up.

    ``live_met`` of ``live_applicable`` obligations with decision tests; ``attested`` of ``attestable`` with others;
    wording ``v``, ``s``, ``u`` of all.
    """

    live_met: int
    live_applicable: int
    live_answered: int
    attested: int
    attestable: int
    v: int
    s: int
    u: int


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """What was recorded against what somebody else counted of the same time; ``ratio`` below 0.99 marks all shares."""

    source: str
    use_case: str
    from_ms: int
    until_ms: int
    counted: int
    recorded: int
    ratio: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The evidence of an institution for a window, as of a place in the log.

    Attributes
    ----------
    entity, name, licences
        Whom it is about.
    catalogue
        ``id version`` of the catalogue in force, and its digest.
    log, size, root
        The log, how many of its entries were counted, and the root hash at that size, hexadecimal.
    recorded
        Live decisions in the window.
    of_recorded
        Whether every share must be read as "of recorded": the capture ratio is below 99 %, or nobody else counted.
    """

    entity: str
    name: str
    licences: tuple[Licence, ...]
    window: Window
    catalogue: str
    catalogue_digest: str
    log: str
    size: int
    root: str
    made_ms: int
    recorded: int
    captures: tuple[Capture, ...]
    of_recorded: bool
    headlines: Headlines
    clauses: tuple[ClauseResult, ...]
