"""What stands in ``evidence.db``: counts by test, use case and day, sums of months, and the newest failures."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from waglan.evidence.result import Counts

_EPOCH = dt.date(1970, 1, 1)
_MEMBERS = "passed, failed, unknown, scope_unknown"
_SUMS = "sum(d.passed), sum(d.failed), sum(d.unknown), sum(d.scope_unknown)"

_OURS = "(? OR c.use_case IN (SELECT value FROM json_each(?)))"
EVERY = 1 << 20
"""More failures than are ever kept."""
Delta = Mapping[tuple[int, str, int], Sequence[int]]
"""By judge, use case and day: what is to be added to the four counts."""
Cell = tuple[int, str]
"""A judge and a use case."""


class Standing(NamedTuple):
    """What the counts are made of.

    Attributes
    ----------
    log, facts
        The log's name, and the digest of how the facts read it.
    size, root
        How many entries, and the log's root at that size, hexadecimal.
    periods
        First place and digest of each catalogue that judged, in order.
    """

    log: str
    facts: str
    size: int = 0
    root: str = ""
    periods: tuple[tuple[int, str], ...] = ()


class Failure(NamedTuple):
    """A decision that failed: its place in the log, its id, and when it was made (milliseconds since 1970 UTC)."""

    log_index: int
    id: str
    at_ms: int


def standing(connection: sqlite3.Connection) -> Standing | None:
    """What the counts are made of; None before the first time."""
    found = connection.execute("SELECT log, facts, size, root FROM standing").fetchone()
    if found is None:
        return None
    log, facts, size, root = found
    periods = connection.execute("SELECT start, catalogue FROM period ORDER BY start").fetchall()
    return Standing(log, facts, size, root, tuple(periods))


def stand(connection: sqlite3.Connection, now: Standing) -> None:
    """Write what the counts are made of."""
    connection.execute("INSERT OR REPLACE INTO standing VALUES (1, ?, ?, ?, ?)", now[:4])
    connection.execute("DELETE FROM period")
    connection.executemany("INSERT INTO period VALUES (?, ?)", now.periods)


def clear(connection: sqlite3.Connection) -> None:
    """Forget everything."""
    for table in ("standing", "period", "judge", "counted", "day", "month", "failing"):
        connection.execute(f"DELETE FROM {table}")


def judges(connection: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """Number of each judge by catalogue and test digest."""
    return {(c, d): n for n, c, d in connection.execute("SELECT judge, catalogue, digest FROM judge")}


def number(connection: sqlite3.Connection, catalogue: str, digest: str) -> int:
    """The number of a judge, given now where it has none."""
    connection.execute("INSERT OR IGNORE INTO judge VALUES (NULL, ?, ?)", (catalogue, digest))
    row = connection.execute("SELECT judge FROM judge WHERE catalogue = ? AND digest = ?", (catalogue, digest))
    return int(row.fetchone()[0])


def renamed(connection: sqlite3.Connection, old: str, new: str) -> None:
    """What one catalogue's tests counted counts as another's."""
    connection.execute("UPDATE judge SET catalogue = ? WHERE catalogue = ?", (new, old))


def dropped(connection: sqlite3.Connection, gone: Iterable[int]) -> None:
    """Forget what some judges counted."""
    for judge in gone:
        for table in ("judge", "counted", "day", "month", "failing"):
            connection.execute(f"DELETE FROM {table} WHERE judge = ?", (judge,))


def add(connection: sqlite3.Connection, delta: Delta) -> None:
    """Add to the counts of days, months and all; what comes to nothing is removed."""
    months: dict[tuple[int, str, int], list[int]] = {}
    whole: dict[Cell, list[int]] = {}
    for (judge, use_case, day), numbers in delta.items():
        month = months.setdefault((judge, use_case, month_of(day)), [0, 0, 0, 0])
        for at, each in enumerate(numbers):
            month[at] += each
        cell = whole.setdefault((judge, use_case), [0, 0])
        cell[0] += numbers[1]
        cell[1] += sum(numbers)
    for table, changes in (("day", delta), ("month", months)):
        rows = [(*key, *numbers) for key, numbers in changes.items() if any(numbers)]
        connection.executemany(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "passed = passed + excluded.passed, failed = failed + excluded.failed, "
            "unknown = unknown + excluded.unknown, scope_unknown = scope_unknown + excluded.scope_unknown",
            rows,
        )
        connection.executemany(
            f"DELETE FROM {table} WHERE judge = ? AND use_case = ? AND at = ? "
            "AND passed = 0 AND failed = 0 AND unknown = 0 AND scope_unknown = 0",
            [key for key, numbers in changes.items() if min(numbers) < 0],
        )
    connection.executemany(
        "INSERT INTO counted VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET failed = failed + excluded.failed, "
        "total = total + excluded.total",
        [(*cell, failed, total) for cell, (failed, total) in whole.items()],
    )
    connection.execute("DELETE FROM counted WHERE total = 0")


def failed(connection: sqlite3.Connection, cell: Cell) -> int:
    """How many decisions of a judge and a use case fail in all."""
    found = connection.execute("SELECT failed FROM counted WHERE judge = ? AND use_case = ?", cell).fetchone()
    return int(found[0]) if found else 0


def failing(connection: sqlite3.Connection, cell: Cell) -> list[Failure]:
    """The newest failures that are kept, newest first."""
    query = "SELECT log_index, id, at_ms FROM failing WHERE judge = ? AND use_case = ? ORDER BY log_index DESC"
    return [Failure(*row) for row in connection.execute(query, cell)]


def keep_failing(connection: sqlite3.Connection, cell: Cell, kept: Iterable[Failure]) -> None:
    """Replace the failures that are kept."""
    connection.execute("DELETE FROM failing WHERE judge = ? AND use_case = ?", cell)
    connection.executemany("INSERT INTO failing VALUES (?, ?, ?, ?, ?)", [(*cell, *each) for each in kept])


def short(connection: sqlite3.Connection, least: int) -> list[Cell]:
    """Cells of which fewer failures are kept than ``least`` and than there are."""
    query = (
        "SELECT judge, use_case FROM counted c WHERE failed > 0 AND "
        "(SELECT count(*) FROM failing f WHERE f.judge = c.judge AND f.use_case = c.use_case) < min(failed, ?)"
    )
    return [(judge, use_case) for judge, use_case in connection.execute(query, (least,))]


def cells(connection: sqlite3.Connection, uses: Sequence[str] = ()) -> dict[Cell, int]:
    """Every judge and use case with rows, and how many of them fail; of some use cases or of all."""
    query = f"SELECT c.judge, c.use_case, c.failed FROM counted c WHERE {_OURS}"
    return {(j, u): n for j, u, n in connection.execute(query, _ours(uses))}


def sums(connection: sqlite3.Connection, since: int, until: int, uses: Sequence[str] = ()) -> dict[Cell, Counts]:
    """Counts between two days, both included: whole months as they are summed, the rest day by day."""
    found: dict[Cell, Counts] = {}
    for table, first, last in spans(since, until):
        query = (
            f"SELECT c.judge, c.use_case, {_SUMS} FROM counted c CROSS JOIN {table} d ON d.judge = c.judge "
            f"AND d.use_case = c.use_case AND d.at BETWEEN ? AND ? WHERE {_OURS} GROUP BY c.judge, c.use_case"
        )
        for judge, use_case, *numbers in connection.execute(query, (first, last, *_ours(uses))):
            cell = (judge, use_case)
            found[cell] = found[cell] + Counts(*numbers) if cell in found else Counts(*numbers)
    return found


def by_day(connection: sqlite3.Connection, cell: Cell, since: int, until: int) -> Iterator[tuple[int, Counts]]:
    """Counts of each day with rows."""
    query = f"SELECT at, {_MEMBERS} FROM day WHERE judge = ? AND use_case = ? AND at BETWEEN ? AND ? ORDER BY at"
    for at, *numbers in connection.execute(query, (*cell, since, until)):
        yield at, Counts(*numbers)


def newest_days(connection: sqlite3.Connection, until: int, uses: Sequence[str] = ()) -> dict[Cell, int]:
    """The newest day up to ``until`` with a row that passed or failed."""
    query = (
        "SELECT c.judge, c.use_case, (SELECT d.at FROM day d WHERE d.judge = c.judge AND d.use_case = c.use_case "
        f"AND d.at <= ? AND d.passed + d.failed > 0 ORDER BY d.at DESC LIMIT 1) FROM counted c WHERE {_OURS}"
    )
    found = connection.execute(query, (until, *_ours(uses)))
    return {(judge, use): at for judge, use, at in found if at is not None}


def month_of(day: int) -> int:
    """The month of a day, counted from January of year 0."""
    date = _EPOCH + dt.timedelta(days=int(day))
    return date.year * 12 + date.month - 1


def spans(since: int, until: int) -> tuple[tuple[str, int, int], ...]:
    """A span of days as whole months and the days that are left, each as table, first and last."""
    first = month_of(since) + (since != _begins(month_of(since)))
    last = month_of(until + 1) - 1
    if first > last:
        return (("day", since, until),) if since <= until else ()
    made = [("day", since, _begins(first) - 1), ("month", first, last), ("day", _begins(last + 1), until)]
    return tuple([each for each in made if each[1] <= each[2]])


def _ours(uses: Sequence[str]) -> tuple[bool, str]:
    return not uses, msgspec.json.encode(list(uses)).decode()


def _begins(month: int) -> int:
    return (dt.date(month // 12, month % 12 + 1, 1) - _EPOCH).days
