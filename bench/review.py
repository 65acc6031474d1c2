"""What the review queue costs: pages of ten thousand open reviews, and each verb, beside the sync that it waits for."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.pop(0)  # this folder, whose http.py isn't the library's
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.common import finish, median, parser, percentile, say
from tests.review.parts import create, person

from waglan.index import Index
from waglan.review import Desk, Filter, Judgement, Queue, ReviewSection
from waglan.runtime import Ask

CHUNK = 1_000


class Times:
    """Wall and CPU time by name, milliseconds."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = {}
        self.cpu: dict[str, list[float]] = {}

    def of(self, name: str, call: Callable[..., Any], *args: Any, **more: Any) -> Any:
        wall, cpu = time.perf_counter_ns(), time.process_time_ns()
        found = call(*args, **more)
        self.wall.setdefault(name, []).append((time.perf_counter_ns() - wall) / 1e6)
        self.cpu.setdefault(name, []).append((time.process_time_ns() - cpu) / 1e6)
        return found

    def figures(self) -> dict[str, dict[str, float]]:
        return {
            name: {
                "p50_ms": round(median(wall), 3),
                "p95_ms": round(percentile(wall, 0.95), 3),
                "cpu_ms": round(median(self.cpu[name]), 3),
            }
            for name, wall in self.wall.items()
        }


def sync_ms(folder: Path, rounds: int = 50) -> float:
    """The median time of a small write and fdatasync here and now."""
    found = []
    with (folder / "sync.probe").open("wb") as file:
        for _ in range(rounds):
            began = time.perf_counter_ns()
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
            found.append((time.perf_counter_ns() - began) / 1e6)
    return round(median(found), 3)


def pages(desk: Desk, who: Any, times: Times, rounds: int) -> None:
    """What a reviewer looks at, from the first page to one in the middle of the queue."""
    after = ""
    for _ in range(rounds):
        times.of("page_first", desk.queue, who)
        after = times.of("page_next", desk.queue, who, after=after).next or ""
        times.of("page_filtered", desk.queue, who, Filter(use_case="triage", tier="high", overdue=True))
        times.of("counts", desk.counts, who)


def verbs(desk: Desk, times: Times, rounds: int) -> None:
    """Take, look, judge, look, release, each by itself."""
    reviewer, approver = person("rita", "reviewer"), person("ann", "approver")
    for _ in range(rounds):
        item = times.of("next", desk.next, reviewer)
        shown = times.of("show", desk.show, reviewer, item.id).sha256
        times.of("judge", desk.judge, reviewer, item.id, Judgement(verdict="agree"), shown=shown)
        shown = desk.show(approver, item.id).sha256
        times.of("release", desk.release, approver, item.id, shown=shown)


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--items", type=int, default=2_000, help="open reviews")
    arguments.add_argument("--rounds", type=int, default=20)
    given = arguments.parse_args()
    times = Times()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with create(folder / "w", "high") as workspace:
            for start in range(0, given.items, CHUNK):
                rows = [{"days": 31 + at % 60, "customer": f"C-{at}"} for at in range(start, start + CHUNK)]
                workspace.runtime.decide_many("triage", rows[: given.items - start], Ask())
                say(given, f"{start + CHUNK:,} reviews opened")
            with Index.open(folder / "w" / "index.db", workspace.ledger, (Queue.of(workspace),)) as index:
                began = time.perf_counter()
                index.follow()
                taken_in_s = time.perf_counter() - began
                desk = Desk.open(workspace, index, settings=ReviewSection())
                pages(desk, person("rita", "reviewer"), times, given.rounds)
                verbs(desk, times, given.rounds)
                synced = sync_ms(folder)
    finish(
        {
            "items": given.items,
            "fdatasync_ms_p50": synced,
            "taken_in_per_s": round(given.items / taken_in_s),
            **times.figures(),
        }
    )


if __name__ == "__main__":
    main()
