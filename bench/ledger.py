"""Appends to the ledger against a raw append of the same batches, alternated in one run.

*raw* is the least a durable log can do: the leaf hash of each entry, one ``write`` of ids, leaves and ciphertexts, and
one ``fdatasync`` per batch. *commit* is the store's whole commit of the same prepared rows: leaf hashes, tree, tiles,
right edge, signed checkpoint, entries found by id, durable. *whole* starts from entries: sealing and committing under
the subjects' keys, canonical leaves, then the commit, through the ledger's writer.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent / "faults"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import scene
import shim

from common import finish, median, parser, percentile, say
from waglan.core.clock import SystemClock
from waglan.core.ids import Ids
from waglan.ledger import merkle
from waglan.ledger.assembly import Assembly
from waglan.ledger.log import Ledger
from waglan.ledger.store import Row, Store

LEAF_BYTES, SEALED_BYTES = 700, 600


class Batches:
    """The same contents for everybody; only ids are new."""

    def __init__(self) -> None:
        self._ids = Ids()
        self._contents = [(os.urandom(LEAF_BYTES), os.urandom(SEALED_BYTES)) for _ in range(2048)]

    def next(self, size: int) -> list[Row]:
        now_ms = time.time_ns() // 1_000_000
        return [Row(self._ids.new(now_ms), *self._contents[at % 2048]) for at in range(size)]


def timed(work: Callable[[Any], object], inputs: Sequence[Any]) -> list[float]:
    """Seconds that each call took."""
    took = []
    for each in inputs:
        start = time.perf_counter()
        work(each)
        took.append(time.perf_counter() - start)
    return took


class Raw:
    """The least: hash, write, sync."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def append(self, rows: Sequence[Row]) -> None:
        for row in rows:
            merkle.leaf_hash(row.leaf)
        os.write(self._file, b"".join([part for row in rows for part in (row.id.encode(), row.leaf, row.sealed)]))
        os.fdatasync(self._file)


def compare(given: argparse.Namespace, folder: Path, store: Store, log: Ledger, label: str) -> dict[str, Any]:
    """raw, commit and whole in turns, per batch size."""
    raw, batches = Raw(folder / f"raw-{label}"), Batches()
    assembly = Assembly(log.vault, log.signer, tenant=scene.TENANT, source="bench", clock=SystemClock(), ids=Ids())
    entries = scene.Entries([log.vault.subject(f"person {n}") for n in range(500)])
    log.submit(entries.new(500)).result()
    figures: dict[str, Any] = {}
    for size in given.batches:
        count = max(3, min(given.entries // size, 400))
        took: dict[str, list[list[float]]] = {"raw": [], "commit": [], "whole": []}
        for _ in range(given.rounds):
            took["raw"].append(timed(raw.append, [batches.next(size) for _ in range(count)]))
            prepared = [batches.next(size) for _ in range(count)]
            took["commit"].append(
                timed(lambda rows: store.commit(lambda head: assembly.batch(head, rows, dual=False)), prepared)
            )
            made = [entries.new(size) for _ in range(count)]
            took["whole"].append(timed(lambda group: log.submit(group).result(), made))
        rates = {name: [size * count / sum(each) for each in rounds] for name, rounds in took.items()}
        figures[str(size)] = {
            **{f"{name}_per_s": round(median(each)) for name, each in rates.items()},
            "ratio": round(median([c / r for c, r in zip(rates["commit"], rates["raw"], strict=True)]), 3),
            "ratio_whole": round(median([w / r for w, r in zip(rates["whole"], rates["raw"], strict=True)]), 3),
            **_delays("commit_", [each for one in took["commit"] for each in one]),
        }
        say(given, f"{label}, batches of {size}: {figures[str(size)]}")
    return figures


def callers(given: argparse.Namespace, log: Ledger, label: str) -> dict[str, Any]:
    """Callers on one event loop, each waiting for its own entry before the next."""
    entries = scene.Entries([log.vault.subject(f"person {n}") for n in range(500)])
    figures: dict[str, Any] = {}
    for count in given.callers:
        each = max(5, min(given.entries // 4, 200 * count) // count)
        took: list[float] = []

        async def call(times: int = each, took: list[float] = took) -> None:
            for _ in range(times):
                made = entries.new()
                start = time.perf_counter()
                await log.append(made)
                took.append(time.perf_counter() - start)

        async def main(number: int = count, one: Callable[[], Any] = call) -> None:
            await asyncio.gather(*[one() for _ in range(number)])

        start, cpu = time.perf_counter(), time.process_time()
        asyncio.run(main())
        wall = time.perf_counter() - start
        figures[str(count)] = {
            "per_s": round(len(took) / wall),
            "cpu_us": round((time.process_time() - cpu) / len(took) * 1e6, 1),
            **_delays("", took),
        }
        say(given, f"{label}, {count} callers: {figures[str(count)]}")
    return figures


def _delays(prefix: str, took: Sequence[float]) -> dict[str, float]:
    return {
        f"{prefix}p50_ms": round(1e3 * percentile(took, 0.5), 2),
        f"{prefix}p99_ms": round(1e3 * percentile(took, 0.99), 2),
    }


def counted(commits: int) -> dict[str, int]:
    """In a process under the shim: how many syncs as many single commits make. Fewer would be a fake."""
    with tempfile.TemporaryDirectory(prefix="waglan-syncs-") as name:
        store = scene.store(Path(name))
        signer = scene.signer(Path(name))
        assembly = Assembly(None, signer, tenant="t", source="s", clock=SystemClock(), ids=Ids())  # type: ignore[arg-type]
        batches = Batches()
        store.commit(lambda head: assembly.batch(head, batches.next(1), dual=False))
        before = shim.syncs()
        timed(
            lambda rows: store.commit(lambda head: assembly.batch(head, rows, dual=False)),
            [batches.next(1) for _ in range(commits)],
        )
        made = shim.syncs() - before
        store.close()
    return {"commits": commits, "syncs": made}


def whole(given: argparse.Namespace, folder: Path, dsn: str) -> dict[str, Any]:
    label = "postgresql" if dsn else "sqlite"
    place = folder / label
    place.mkdir()
    store = scene.store(place, dsn)
    log = scene.ledger(place, store)
    try:
        return {"append": compare(given, folder, store, log, label), "callers": callers(given, log, label)}
    finally:
        log.close()
        log.vault.close()


def main() -> int:
    arguments = parser(__doc__)
    arguments.add_argument("--batches", type=int, nargs="*", default=[1, 16, 64, 256, 1024])
    arguments.add_argument("--callers", type=int, nargs="*", default=[1, 16, 64, 256, 1024])
    arguments.add_argument("--entries", type=int, default=20_000, help="entries per measurement, at most")
    arguments.add_argument("--rounds", type=int, default=3, help="how often raw and ledger take turns")
    arguments.add_argument("--syncs", type=int, default=200, help="commits whose syncs are counted; 0 for none")
    arguments.add_argument("--postgresql", action="store_true", help="start a PostgreSQL server and measure it too")
    arguments.add_argument("--dsn", default="", help="measure this PostgreSQL database too")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="waglan-ledger-") as name:
        folder = Path(name)
        if given.syncs and not shim.loaded():
            status = shim.run_again(folder)
            if status is not None:
                return status
        figures: dict[str, Any] = {"leaf_bytes": LEAF_BYTES, "sealed_bytes": SEALED_BYTES}
        if shim.loaded():
            figures["durability"] = counted(given.syncs)
        figures["sqlite"] = whole(given, folder, "")
        if given.dsn:
            figures["postgresql"] = whole(given, folder, given.dsn)
        elif given.postgresql:
            from tests import postgres

            with postgres.server() as server:
                figures["postgresql"] = whole(given, folder, server.database())
    finish(figures)
    durable = figures.get("durability", {"commits": 0, "syncs": 0})
    return int(durable["syncs"] < durable["commits"])


if __name__ == "__main__":
    sys.exit(main())
