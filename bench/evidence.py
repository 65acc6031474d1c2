"""Evidence over a large log: the report, a thousand new decisions, and the counts made from nothing.

    python bench/evidence.py --log /tmp/million --json

Works in a copy of the workspace; without ``--log`` one is made by `bench/million.py`. The first count is alternated
with the naive way, a query per test that groups what its filter lets through; both must come to the same. For the
report over several use cases, the counts of the one there is are repeated under other names.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.sort(key=lambda each: Path(each).resolve() == Path(__file__).resolve().parent)
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import msgspec
from bench import million
from bench.common import finish, median, parser, percentile, say

from waglan.core import DecisionFacts, Entry
from waglan.evidence import FILE, Evidence, last_days
from waglan.evidence.counting import Counter
from waglan.evidence.judging import Judge, judges
from waglan.facts import Facts
from waglan.index import Decisions, Index
from waglan.runtime import Workspace

NEW = 1_000
USE_CASES = 6
LEFT = ("uploads", "sample", "reports")


class Timed:
    """Wall and processor time of calls, in milliseconds."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.cpu: list[float] = []

    def of(self, work: Callable[[], Any]) -> Any:
        began, cpu = time.perf_counter(), time.process_time()
        found = work()
        self.wall.append((time.perf_counter() - began) * 1000)
        self.cpu.append((time.process_time() - cpu) * 1000)
        return found

    def told(self) -> dict[str, float]:
        return {
            "p50_ms": round(median(self.wall), 1),
            "p95_ms": round(percentile(self.wall, 0.95), 1),
            "cpu_ms": round(median(self.cpu), 1),
        }


def counted(folder: Path) -> dict[tuple[str, str, int], tuple[int, ...]]:
    """What stands in evidence.db, by test digest, use case and day."""
    query = (
        "SELECT j.digest, d.use_case, d.at, d.passed, d.failed, d.unknown, d.scope_unknown FROM day d "
        "JOIN judge j USING (judge)"
    )
    with closing(sqlite3.connect(folder / FILE)) as connection:
        return {tuple(row[:3]): tuple(row[3:]) for row in connection.execute(query)}


def naive(facts: Facts, asked: dict[str, Judge]) -> dict[tuple[str, str, int], tuple[int, ...]]:
    """The same by a query for each test."""
    made: dict[tuple[str, str, int], tuple[int, ...]] = {}
    for digest, judge in asked.items():
        scope, holds = judge.scope.sql("duckdb"), judge.holds.sql("duckdb")
        query = (
            "SELECT coalesce(use_case, '') AS u, CAST(decided_at + INTERVAL 8 HOUR AS DATE) - DATE '1970-01-01' AS d, "
            f"count(*) FILTER (WHERE s AND h), count(*) FILTER (WHERE s AND NOT h), "
            f"count(*) FILTER (WHERE s AND h IS NULL), count(*) FILTER (WHERE s IS NULL) "
            f"FROM (SELECT use_case, decided_at, {scope} AS s, {holds} AS h FROM live) WHERE s OR s IS NULL "
            "GROUP BY u, d"
        )
        for use_case, day, *numbers in facts.query(query).fetchall():
            made[digest, use_case, int(day)] = tuple(int(n) for n in numbers)
    return made


def cold(workspace: Workspace, index: Index, rounds: int) -> dict[str, Any]:
    """Counts from nothing and the naive way, in turns."""
    ours, theirs = Timed(), Timed()
    same = True
    with Facts.open(workspace.folder / "facts", workspace.ledger) as facts:
        facts.update()
        for _ in range(rounds):
            for each in workspace.folder.glob(f"{FILE}*"):
                each.unlink()
            with Evidence.open(workspace, index) as evidence:
                ours.of(evidence.update)
                asked = judges(evidence.catalogue())
            found = theirs.of(lambda asked=asked: naive(facts, asked))  # type: ignore[misc]
            same &= found == counted(workspace.folder)
    return {
        "tests": len(asked),
        "expressions": len({e.digest for each in asked.values() for e in (each.scope, each.holds)}),
        "build_s": round(min(ours.wall) / 1000, 2),
        "build_cpu_s": round(min(ours.cpu) / 1000, 2),
        "naive_s": round(min(theirs.wall) / 1000, 2),
        "naive_cpu_s": round(min(theirs.cpu) / 1000, 2),
        "ratio": round(median([b / a for a, b in zip(ours.wall, theirs.wall, strict=True)]), 2),
        "ratio_cpu": round(median([b / a for a, b in zip(ours.cpu, theirs.cpu, strict=True)]), 2),
        "same": same,
    }


def grown(workspace: Workspace, evidence: Evidence, rounds: int) -> dict[str, Any]:
    """A thousand new decisions at a time: all of the update, and how much of it brings the facts up to date."""
    patterns: list[DecisionFacts] = []
    head = workspace.ledger.head().size
    for _, row in workspace.ledger.rows(max(0, head - 40 * NEW), head):
        leaf = msgspec.json.decode(row.leaf)
        if leaf["kind"] == "decision" and len(patterns) < NEW:
            patterns.append(msgspec.convert(leaf["facts"], DecisionFacts))
    whole, facts = Timed(), Timed()
    update = Counter.update
    Counter.update = lambda self, log, known: facts.of(lambda: update(self, log, known))  # type: ignore[method-assign]
    try:
        for _ in range(rounds):
            now = workspace.clock.now_ms()
            ids = [workspace.ids.new(now) for _ in patterns]
            made = [
                Entry(id=each, kind="decision", at_ms=now, facts=facts_of)
                for each, facts_of in zip(ids, patterns, strict=True)
            ]
            workspace.ledger.submit(made).result()
            whole.of(evidence.update)
    finally:
        Counter.update = update  # type: ignore[method-assign]
    return {"new": len(patterns), "update": whole.told(), "facts_of_it": facts.told()}


def reports(workspace: Workspace, evidence: Evidence, rounds: int) -> dict[str, Any]:
    """The report of a month and of a year."""
    now = workspace.clock.now_ms()
    made: dict[str, Any] = {}
    for days in (30, 365):
        timed, window = Timed(), last_days(now, days)
        evidence.report(window=window)
        for _ in range(rounds):
            timed.of(lambda window=window: evidence.report(window=window))  # type: ignore[misc]
        made[f"report_{days}"] = timed.told()
    return made


def widened(folder: Path) -> int:
    """Repeat the counts under other use cases' names; gives how many rows there are then."""
    with closing(sqlite3.connect(folder / FILE)) as connection:
        for table in ("day", "month", "counted"):
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            rest = ", ".join(name for name in names if name not in {"judge", "use_case"})
            for at in range(1, USE_CASES):
                connection.execute(
                    f"INSERT INTO {table} (judge, use_case, {rest}) SELECT judge, use_case || '-{at}', {rest} "
                    f"FROM {table} WHERE use_case NOT LIKE '%-_'"
                )
        connection.commit()
        return int(connection.execute("SELECT count(*) FROM day").fetchone()[0])


def measured(folder: Path, rounds: int, colds: int) -> dict[str, Any]:
    """All figures of a workspace, which is written to."""
    with (
        Workspace.open(folder) as workspace,
        Index.open(folder / "index.db", workspace.ledger, (Decisions(),)) as index,
    ):
        index.follow()
        figures = cold(workspace, index, colds)
        with Evidence.open(workspace, index) as evidence:
            evidence.update()
            figures |= grown(workspace, evidence, rounds)
            report = evidence.report(window=last_days(workspace.clock.now_ms(), 365))
            figures |= {"decisions": report.recorded, "clauses": len(report.clauses)}
            figures |= reports(workspace, evidence, rounds)
        figures["bytes"] = (folder / FILE).stat().st_size
        figures["wide"] = {"use_cases": USE_CASES, "rows": widened(folder)}
        with Evidence.open(workspace, index) as evidence:
            figures["wide"] |= reports(workspace, evidence, rounds)
    return figures


def main() -> None:
    made = parser(__doc__ or "")
    made.add_argument("--log", type=Path, help="a workspace, which is copied; one is made by default")
    made.add_argument("--decisions", type=int, default=20_000, help="of the workspace that is made")
    made.add_argument("--rounds", type=int, default=10, help="of reports and of updates")
    made.add_argument("--colds", type=int, default=2, help="of counting from nothing")
    arguments = made.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "workspace"
        if arguments.log is None:
            say(arguments, f"a workspace with {arguments.decisions:,} decisions …")
            million.make(folder, arguments.decisions)
        else:
            say(arguments, f"copying {arguments.log} …")
            shutil.copytree(arguments.log, folder, ignore=shutil.ignore_patterns(*LEFT, "evidence*", "*.lock"))
        say(arguments, "counting …")
        finish({"bench": "evidence", **measured(folder, arguments.rounds, arguments.colds)})


if __name__ == "__main__":
    main()
