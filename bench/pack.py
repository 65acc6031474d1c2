"""The evidence pack over a large workspace: how long each part takes, and how long an outsider takes to check it.

    python bench/million.py /tmp/million
    python bench/pack.py /tmp/million --json

The workspace is copied, a catalogue put in force, and evidence counted up to the head of the log (timed apart: a server
does that as it goes). Then packs are made one after the other, each into a folder of its own, with 50 decisions drawn
and all counter-examples shown, both languages, PDF included; the last one is checked by its own ``verify.py`` with
nothing but the standard library, and once more after one byte was changed.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.sort(key=lambda each: Path(each).resolve() == Path(__file__).resolve().parent)
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.common import finish, median, parser, say

from waglan.core.events import Entity
from waglan.evidence import Evidence, last_days
from waglan.evidence.catalogue import force, load
from waglan.evidence.pack import Pack, Wanted, write_pack, zipped
from waglan.index import Decisions, Index
from waglan.runtime import Workspace


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[tuple[Workspace, Index, Evidence]]:
    """A workspace with its index and its evidence."""
    with Workspace.open(folder) as workspace:
        index = Index.open(workspace.folder / "index.db", workspace.ledger, (Decisions(),))
        index.follow()
        with Evidence.open(workspace, index) as evidence:
            yield workspace, index, evidence
        index.close()


def prepared(folder: Path) -> tuple[int, float]:
    """Put institution and catalogue in force and count everything; entries and seconds."""
    with opened(folder) as (workspace, index, evidence):
        with index.reading() as connection:
            first = not force.periods(connection)
        if first:
            workspace.record(Entity(id="bench-bank", name="Bench Bank", licences=("bank", "licensed_corporation")))
            force.put_in_force(workspace, load(), index=index, actor="bench")
            index.follow()
        started = time.perf_counter()
        taken = evidence.update()
        return taken, time.perf_counter() - started


def made(folder: Path, out: Path, days: int) -> tuple[Pack, dict[str, float], float]:
    """A pack, the seconds of its steps, and of the report alone."""
    with opened(folder) as (workspace, index, evidence):
        evidence.update()
        window = last_days(workspace.clock.now_ms(), days)
        evidence.report("", window)
        started = time.perf_counter()
        evidence.report("", window)
        report_s = time.perf_counter() - started
        cpu, steps, names = time.process_time(), [time.perf_counter()], ["reporting"]

        def step(name: str) -> None:
            steps.append(time.perf_counter())
            names.append(name)

        pack = write_pack(workspace, index, evidence, out, Wanted(window=window, actor="bench"), step=step)
        steps.append(time.perf_counter())
        spans = {name: round(end - begin, 3) for name, begin, end in zip(names, steps[:-1], steps[1:], strict=True)}
        spent = {"total": round(steps[-1] - steps[0], 3), "cpu": round(time.process_time() - cpu, 3)}
        return pack, {**spans, **spent}, report_s


def checked(folder: Path) -> tuple[int, float]:
    """What the pack's own verify.py says of it, and how long it takes, seconds."""
    started = time.perf_counter()
    command = [sys.executable, "-I", "-S", str(folder / "verify.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, time.perf_counter() - started


def measured(folder: Path, rounds: int, days: int, args: argparse.Namespace) -> dict[str, Any]:
    """Every figure of one workspace, in a copy that is thrown away."""
    with tempfile.TemporaryDirectory(dir=args.scratch) as scratch:
        copy = Path(scratch) / "workspace"
        shutil.copytree(folder, copy)
        taken, count_s = prepared(copy)
        say(args, f"counted {taken:,} entries in {count_s:.1f} s")
        found: list[dict[str, float]] = []
        reports: list[float] = []
        for at in range(rounds):
            out = Path(scratch) / f"pack-{at}"
            pack, spans, report_s = made(copy, out, days)
            found.append(spans)
            reports.append(report_s)
            say(args, f"{spans}")
        started = time.perf_counter()
        packed = len(zipped(out))
        zip_s = time.perf_counter() - started
        honest, verify_s = checked(out)
        path = out / "report.html"
        path.write_bytes(path.read_bytes()[:-1])
        tampered, _ = checked(out)
        return {
            "decisions": pack.report.recorded,
            "entries": pack.report.size,
            "clauses": len(pack.report.clauses),
            "count_s": round(count_s, 2),
            "report_ms": round(1000 * median(reports), 1),
            "pack_s": round(median([each["total"] for each in found]), 2),
            "pack_cpu_s": round(median([each["cpu"] for each in found]), 2),
            "pack_s_max": round(max(each["total"] for each in found), 2),
            "steps_s": {name: round(median([each[name] for each in found]), 3) for name in found[0]},
            "shown": pack.shown,
            "files": pack.files,
            "megabytes": round(pack.size / 1e6, 2),
            "zip_megabytes": round(packed / 1e6, 2),
            "zip_s": round(zip_s, 2),
            "verify_s": round(verify_s, 2),
            "verified": honest == 0,
            "change_found": tampered == 1,
        }


def arguments() -> argparse.Namespace:
    made = parser(__doc__ or "")
    made.add_argument("folder", type=Path, help="a workspace, as bench/million.py makes it")
    made.add_argument("--rounds", type=int, default=3, help="how many packs are made")
    made.add_argument("--days", type=int, default=365, help="the window")
    made.add_argument("--scratch", type=Path, default=None, help="where the copy lies")
    return made.parse_args()


def main() -> None:
    args = arguments()
    finish(measured(args.folder, args.rounds, args.days, args))


if __name__ == "__main__":
    main()
