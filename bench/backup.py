"""A workspace is backed up while it writes, and restored elsewhere: how long it takes, and what callers feel of it."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from common import finish, median, parser, percentile, say
from waglan.core.clock import SystemClock
from waglan.core.entry import Entry
from waglan.core.ids import Ids
from waglan.runtime import Workspace
from waglan.runtime.backup import make, restore

AT_ONCE = 1_024


def fill(workspace: Workspace, count: int, people: int) -> None:
    """Entries of a decision's usual size: about 700 bytes in the open, 600 sealed."""
    ids = Ids()
    inside = {"in": b'"' + b"x" * 280 + b'"', "out": b'"' + b"y" * 250 + b'"'}
    subjects = [workspace.vault.subject(f"person {n}") for n in range(people)]
    for start in range(0, count, AT_ONCE):
        now_ms = workspace.clock.now_ms()
        entries = [
            Entry(
                id=ids.new(now_ms), kind="decision", at_ms=now_ms, subject=subjects[n % people], private=inside,
                facts={"number": n, "route": "auto", "why": ["z" * 230]},
            )
            for n in range(start, min(start + AT_ONCE, count))
        ]  # fmt: skip
        workspace.ledger.submit(entries).result()


class Callers:
    """Somebody who records one event after the other, and how long each took."""

    def __init__(self, folder: Path) -> None:
        self.took: list[float] = []
        self._folder = folder
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Callers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        with Workspace.open(self._folder) as workspace:
            number = 0
            while not self._stop.is_set():
                began = time.perf_counter()
                number += 1
                workspace.opt_out(f"caller {number % 100}")
                self.took.append(time.perf_counter() - began)


def main() -> int:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--entries", type=int, default=20_000)
    arguments.add_argument("--people", type=int, default=2_000)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="waglan-backup-") as name:
        folder = Path(name) / "bank"
        with Workspace.create(folder, tenant="bank") as workspace:
            fill(workspace, given.entries, given.people)
            say(given, f"{given.entries:,} entries are there")
            with Callers(folder) as callers:
                while not callers.took:  # the first one reads the log from its start
                    time.sleep(0.01)
                callers.took.clear()
                time.sleep(2)
                quiet = list(callers.took)
                callers.took.clear()
                began = time.perf_counter()
                made = make(workspace, Path(name) / "sets")
                backup_s = time.perf_counter() - began
                busy = list(callers.took)
            raw = sum(each.stat().st_size for each in made.folder.rglob("*") if each.is_file())
        began = time.perf_counter()
        done = restore(
            made.folder, Path(name) / "back", folder / "keys", checkpoint=made.manifest.checkpoint, clock=SystemClock(),
            environ=os.environ,
        )  # fmt: skip
        restore_s = time.perf_counter() - began
        with Workspace.open(Path(name) / "back") as back:
            whole = back.ledger.available and back.ledger.head().size >= done.manifest.size == made.manifest.size
    finish(
        {
            "entries": made.manifest.size,
            "megabytes": round(raw / 1e6, 1),
            "backup_s": round(backup_s, 2),
            "backup_per_s": round(made.manifest.size / backup_s),
            "restore_s": round(restore_s, 2),
            "restore_per_s": round(made.manifest.size / restore_s),
            "restored_whole": whole,
            "call_ms_p50_quiet": round(1000 * median(quiet), 2),
            "call_ms_p50_during": round(1000 * median(busy), 2) if busy else None,
            "call_ms_max_during": round(1000 * percentile(busy, 1.0), 1) if busy else None,
        }
    )
    return int(not whole)


if __name__ == "__main__":
    sys.exit(main())
