"""The end of SQLite's write-ahead log is torn, cut off, zeroed or overwritten with garbage, as by a power cut.

Two kinds of trial. *In flight*: the damage lies in a commit that was never acknowledged; everything acknowledged must
be there. *Acknowledged*: the damage reaches into commits that were synced and acknowledged, which a disk must not do;
then the log must come back as a consistent earlier state, and the checkpoint kept beside it must keep the ledger from
writing on as if nothing had happened.
"""

from __future__ import annotations

import os
import random
import shutil
import struct
import sys
import tempfile
from pathlib import Path

import scene

from common import finish, parser, say
from waglan.core.problem import Problem

DAMAGES = ("cut", "zeros", "garbage", "sectors", "flip")


def end_of_wal(path: Path) -> int:
    """Where the valid frames end: those with the header's salts (sqlite.org/fileformat.html#walformat)."""
    data = path.read_bytes()
    page = struct.unpack(">I", data[8:12])[0]
    at = 32
    while at + 24 + page <= len(data) and data[at + 8 : at + 16] == data[16:24]:
        at += 24 + page
    return at


def prepare(folder: Path) -> tuple[Path, Path, scene.Acked, int, int]:
    """A log with a long write-ahead log, copied before and after its last commit; the frames' end at both."""
    log = scene.ledger(folder / "live", scene.store(folder / "live", soft_bytes=1 << 40, hard_bytes=1 << 41))
    entries = scene.Entries([log.vault.subject(f"person {n}") for n in range(5)])
    acked: scene.Acked = {}
    for number in range(60):
        replies = log.submit(entries.new(random.choice((1, 5, 40)))).result()
        acked |= {each.id: each.index for each in replies}
        if number == 30:
            log.signed()
    before = copy(folder, "before")
    log.submit(entries.new(40)).result()
    after = copy(folder, "after")
    log.close()
    log.vault.close()
    return before, after, acked, end_of_wal(before / "ledger.db-wal"), end_of_wal(after / "ledger.db-wal")


def copy(folder: Path, name: str) -> Path:
    """The files of the live log as they lie there, but never the shared-memory index: a power cut loses it."""
    to = folder / name
    to.mkdir()
    for each in ("ledger.db", "ledger.db-wal"):
        shutil.copy(folder / "live" / each, to / each)
    return to


def damage(path: Path, kind: str, start: int, stop: int) -> None:
    """Damage the write-ahead log somewhere between two offsets."""
    data = bytearray(path.read_bytes())
    at = random.randrange(start, stop)
    if kind == "cut":
        del data[at:]
    elif kind == "zeros":
        data[at:stop] = bytes(stop - at)
    elif kind == "garbage":
        data[at:stop] = os.urandom(stop - at)
    elif kind == "sectors":  # some sectors of the last write reached the disk and others didn't
        for sector in range(start - start % 512, stop, 512):
            if random.random() < 0.3:
                first = max(sector, start)
                data[first : sector + 512] = bytes(len(data[first : sector + 512]))
        data[at] ^= 0xFF
    else:
        data[at] ^= 1 << random.randrange(8)
    path.write_bytes(data)


def trial(scene_folder: Path, files: Path, keys: Path, kind: str, bounds: tuple[int, int], acked: scene.Acked) -> str:
    """What became of a damaged copy: ``whole`` (everything acknowledged), ``earlier``, or ``inconsistent …``."""
    shutil.rmtree(scene_folder, ignore_errors=True)
    shutil.copytree(files, scene_folder)
    damage(scene_folder / "ledger.db-wal", kind, *bounds)
    opened = scene.store(scene_folder)
    audit = scene.Audit(scene.signer(keys).vkeys)
    audit.look(opened, {})
    if audit.inconsistent:
        opened.close()
        return f"inconsistent: {audit.said}"
    lost = sum(opened.find(entry_id) != index for entry_id, index in acked.items())
    opened.close()
    return "earlier" if lost else "whole"


def refused(folder: Path, keys: Path, kept: Path) -> bool:
    """Whether a ledger over an earlier state, with the checkpoint that was kept, refuses to write."""
    shutil.copy(kept, folder / "ledger.db.checkpoint")
    log = scene.ledger(folder, vault=keys)
    try:
        log.submit(scene.Entries([log.vault.subject("x")]).new()).result(timeout=5)
    except Problem as problem:
        return problem.code == "ledger.rollback"
    finally:
        log.close()
        log.vault.close()
    return False


def main() -> int:
    arguments = parser(__doc__)
    arguments.add_argument("--trials", type=int, default=60)
    given = arguments.parse_args()
    figures = {"trials": given.trials, "acknowledged_lost": 0, "inconsistent": 0, "earlier": 0, "went_on_unnoticed": 0}
    said: list[str] = []
    with tempfile.TemporaryDirectory(prefix="waglan-wal-") as name:
        folder = Path(name)
        live, kept = folder / "live", folder / "live" / "ledger.db.checkpoint"
        before, after, acked, first_end, last_end = prepare(folder)
        for number in range(given.trials):
            in_flight = number % 2 == 0
            bounds = (first_end, last_end) if in_flight else (max(32, first_end // 2), first_end)
            files = after if in_flight else before
            became = trial(folder / "trial", files, live, DAMAGES[number // 2 % len(DAMAGES)], bounds, acked)
            if became.startswith("inconsistent"):
                figures["inconsistent"] += 1
                said.append(became)
            elif became == "earlier" and in_flight:
                figures["acknowledged_lost"] += 1
            elif became == "earlier":
                figures["earlier"] += 1
                figures["went_on_unnoticed"] += not refused(folder / "trial", live, kept)
            if number % 50 == 49:
                say(given, f"{number + 1} trials: {figures}")
    finish({**figures, "said": said[:5]})
    return scene.failed(figures, ("acknowledged_lost", "inconsistent", "went_on_unnoticed"))


if __name__ == "__main__":
    sys.exit(main())
