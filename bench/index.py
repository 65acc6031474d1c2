"""The index over a million decisions: time to make it from the log, every query of the pages, size on disk.

    python bench/index.py --log /tmp/million --json

Without ``--log`` a workspace is made in a temporary folder by `bench/million.py`. The tables are made anew in a file of
their own; queries are asked with arguments drawn from the log, each time others.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.sort(key=lambda each: Path(each).resolve() == Path(__file__).resolve().parent)
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import million
from bench.common import finish, median, parser, percentile, say

from waglan.index import Decisions, Filter, Index, counts, days, decisions, events, overview
from waglan.runtime import Workspace

LIMIT_MS = 10.0
Ask = Callable[[sqlite3.Connection], object]


def build(workspace: Workspace, path: Path) -> dict[str, Any]:
    """Make the tables while a reader asks for a page every 20 ms."""
    waits: list[float] = []
    done = threading.Event()
    with Index.open(path, workspace.ledger, (Decisions(),)) as index:

        def look() -> None:
            while not done.wait(0.02):
                began = time.perf_counter()
                with index.reading() as connection:
                    decisions.latest(connection)
                waits.append((time.perf_counter() - began) * 1e3)

        reader = threading.Thread(target=look)
        size = workspace.ledger.head().size
        reader.start()
        cpu, wall = time.thread_time(), time.perf_counter()
        index.follow()
        wall, cpu = time.perf_counter() - wall, time.thread_time() - cpu
        done.set()
        reader.join()
        began = time.perf_counter()
        for _ in range(50):
            index.follow()
        idle_ms = (time.perf_counter() - began) / 50 * 1e3
        return {
            "entries": size,
            "build_s": round(wall, 1),
            "entries_per_s": round(size / wall),
            "entries_per_cpu_s": round(size / cpu),
            "us_per_entry": round(cpu / size * 1e6, 1),
            "reader_meanwhile_p95_ms": round(percentile(waits, 0.95), 2),
            "follow_when_current_ms": round(idle_ms, 3),
        }


def floor(workspace: Workspace, count: int = 100_000) -> dict[str, float]:
    """The least that reading the log costs: rows, leaves decoded, hashed; nothing kept."""
    from waglan.index.projection import placed
    from waglan.ledger.merkle import leaf_hash

    stop = min(count, workspace.ledger.head().size)
    began = time.process_time()
    leaves = [row.leaf for _, row in workspace.ledger.rows(0, stop)]
    rows = time.process_time()
    for at, leaf in enumerate(leaves):
        placed(at, leaf)
    read = time.process_time()
    for leaf in leaves:
        leaf_hash(leaf)
    hashed = time.process_time()
    parts = {"rows": rows - began, "decode": read - rows, "hash": hashed - read}
    return {
        **{f"{name}_us": round(s / stop * 1e6, 2) for name, s in parts.items()},
        "leaf_bytes": round(sum(map(len, leaves)) / stop),
    }


def asked(connection: sqlite3.Connection, draw: random.Random) -> dict[str, Ask]:
    """Every query with arguments of this log; called anew for each round."""
    top = int(connection.execute("SELECT max(idx) FROM decision").fetchone()[0])
    place = draw.randrange(top)
    one = decisions.latest(connection, before=place + 1, limit=1).rows[0]
    today = days.iso(days.day_of(int(connection.execute("SELECT max(at_ms) FROM decision").fetchone()[0])))
    month, year = (days.iso(days.number(today) - n) for n in (29, 364))
    some = {"use_case": one.use_case, "route": one.route, "effect": one.effect, "model_version": one.model_version}
    mixed = Filter(**{name: some[name] for name in draw.sample(sorted(some), 2)})
    listed: dict[str, Ask] = {
        "latest": decisions.latest,
        "latest_use_case": lambda c: decisions.latest(c, Filter(use_case=one.use_case), before=place),
        "latest_route": lambda c: decisions.latest(c, Filter(route=one.route), before=place),
        "latest_blocked_adverse": lambda c: decisions.latest(c, Filter(route="blocked", effect="decline")),
        "latest_nothing": lambda c: decisions.latest(c, Filter(route="auto", effect="decline", mode="imported")),
        "latest_model": lambda c: decisions.latest(c, Filter(model=one.model, model_version=one.model_version)),
        "latest_mixed": lambda c: decisions.latest(c, mixed, before=place),
        "latest_day": lambda c: decisions.latest(c, Filter(day=one.day)),
        "latest_day_route": lambda c: decisions.latest(c, Filter(day=one.day, route="human"), before=place),
        "latest_control": lambda c: decisions.latest(c, Filter(control="privacy.identifiers", verdict="redact")),
        "latest_control_day": lambda c: decisions.latest(c, Filter(control="privacy.identifiers", day=one.day)),
        "latest_why": lambda c: decisions.latest(c, Filter(why="control:purpose.consent"), before=place),
        "latest_subject": lambda c: decisions.latest(c, Filter(subject=one.subject)),
        "latest_after": lambda c: decisions.latest(c, Filter(route="human"), after=place),
        "search_id": lambda c: decisions.latest(c, Filter(text=one.id[: draw.randint(4, 26)])),
        "search_subject": lambda c: decisions.latest(c, Filter(text=one.subject[: draw.randint(4, 26)])),
        "total": lambda c: decisions.total(c, Filter(route="human")),
        "total_day": lambda c: decisions.total(c, Filter(day=one.day, route="human")),
        "total_control": lambda c: decisions.total(c, Filter(control="privacy.identifiers")),
        "one": lambda c: decisions.one(c, one.id),
        "around": lambda c: decisions.around(c, one.index),
        "neighbours": lambda c: decisions.neighbours(c, one.index, Filter(route="human")),
    }
    counted: dict[str, Ask] = {
        "overview": lambda c: overview(c, today),
        "decisions_30": lambda c: counts.decisions(c, month, today),
        "decisions_365": lambda c: counts.decisions(c, year, today, use_case=one.use_case),
        "controls_30": lambda c: counts.controls(c, month, today),
        "controls_365_total": lambda c: counts.controls(c, year, today, by_day=False),
        "models_30": lambda c: counts.models(c, month, today),
        "traits_30": lambda c: counts.traits(c, month, today),
        "later_30": lambda c: counts.later(c, month, today),
        "score_histogram_30": lambda c: counts.histogram(c, one.use_case, "score", month, today),
        "latency_histogram_365": lambda c: counts.histogram(c, one.use_case, "latency", year, today),
        "use_cases": counts.use_cases,
        "model_versions": counts.model_versions,
        "choices": counts.choices,
    }
    beside: dict[str, Ask] = {
        "events": events.latest,
        "events_kind": lambda c: events.latest(c, ("override", "request"), before=place),
        "events_actor": lambda c: events.latest(c, actor=million.REVIEWERS[place % 12], before=place),
        "events_about": lambda c: events.about(c, one.id),
        "events_subject": lambda c: events.of_subject(c, one.subject),
        "standing": lambda c: events.standing(c, one.subject),
        "registered": lambda c: events.registered(c, "model"),
        "registrations": lambda c: events.registrations(c, "use_case", one.use_case),
        "event_counts_30": lambda c: events.counts(c, month, today),
        "erased": lambda c: events.erased(c, one.id),
    }
    return {**listed, **counted, **beside}


def queries(path: Path, workspace: Workspace, rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds of every query as a page has it: a snapshot, the query, the values; of the clock and of the CPU."""
    took: dict[str, list[float]] = {}
    spent: dict[str, list[float]] = {}
    draw = random.Random(million.SEED)
    with Index.open(path, workspace.ledger, (Decisions(),)) as index:
        for _ in range(rounds):
            with index.reading() as connection:
                names = asked(connection, draw)
            for name, ask in names.items():
                began, busy = time.perf_counter(), time.thread_time()
                with index.reading() as connection:
                    ask(connection)
                spent.setdefault(name, []).append((time.thread_time() - busy) * 1e3)
                took.setdefault(name, []).append((time.perf_counter() - began) * 1e3)
    return {
        name: {
            "p50_ms": round(median(each), 3),
            "p95_ms": round(percentile(each, 0.95), 3),
            "p95_cpu_ms": round(percentile(spent[name], 0.95), 3),
        }
        for name, each in took.items()
    }


def main() -> None:
    made = parser(__doc__ or "")
    made.add_argument("--decisions", type=int, default=1_000_000)
    made.add_argument("--log", type=Path, default=None, help="a workspace of bench/million.py; made when absent")
    made.add_argument("--rounds", type=int, default=60, help="how often each query is asked")
    arguments: argparse.Namespace = made.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.log or Path(name) / "workspace"
        say(arguments, f"a log of {arguments.decisions:,} decisions in {folder} …")
        held = million.make(folder, arguments.decisions, min(5_000, arguments.decisions // 4))
        path = Path(name) / "index.db"
        with Workspace.open(folder) as workspace:
            figures: dict[str, Any] = {"bench": "index", "decisions": held.decisions, **build(workspace, path)}
            say(arguments, f"made: {figures}")
            figures["least"] = floor(workspace)
            figures["bytes"] = path.stat().st_size
            figures["bytes_per_decision"] = round(figures["bytes"] / max(held.decisions, 1), 1)
            figures["queries"] = queries(path, workspace, arguments.rounds)
    slow = {name: each["p95_ms"] for name, each in figures["queries"].items() if each["p95_ms"] > LIMIT_MS}
    finish({**figures, "slower_than_10_ms": slow})


if __name__ == "__main__":
    main()
