"""The disk that holds the log fills up, and is freed again: a small tmpfs with a ballast file.

The ledger must refuse within 100 ms, stay readable, lose nothing that it acknowledged, and go on by itself.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import scene

from common import finish, parser, say
from waglan.core.problem import Problem


def fill(log: scene.Ledger, entries: scene.Entries, acked: scene.Acked) -> tuple[Problem, float]:
    """Write until it refuses; returns the Problem and how long after it the ledger still called itself available."""
    while True:
        try:
            acked |= {each.id: each.index for each in log.submit(entries.new(20)).result(timeout=30)}
        except Problem as problem:
            return problem, scene.seconds_until(lambda: not log.available, 1.0)


def one_round(disk: Path, aside: Path, audit: scene.Audit) -> dict[str, float]:
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(1_500_000))
    log = scene.ledger(disk, vault=aside)
    entries = scene.Entries([log.vault.subject(f"person {n}") for n in range(20)])
    acked: scene.Acked = {}
    problem, refused_after = fill(log, entries, acked)
    if "space" not in problem.what or problem.code != "ledger.unavailable":
        raise AssertionError(f"another Problem than a full disk: {problem}")
    start = time.perf_counter()
    with contextlib.suppress(Problem):
        log.submit(entries.new()).result(timeout=1)
        raise AssertionError("an entry was accepted while the disk is full")
    answered = time.perf_counter() - start
    if len(list(log.rows(0, log.head().size))) < len(acked):
        raise AssertionError("the log isn't readable while the disk is full")
    ballast.unlink()
    back_after = scene.seconds_until(lambda: log.available, 10.0)
    replies = log.submit(entries.new(5)).result(timeout=10)
    acked |= {each.id: each.index for each in replies}
    audit.look(log.store, acked)
    log.close()
    log.vault.close()
    return {"refused_after": refused_after, "answered": answered, "back_after": back_after, "acknowledged": len(acked)}


def main() -> int:
    arguments = parser(__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    rounds: list[dict[str, float]] = []
    lost = inconsistent = 0
    said: list[str] = []
    for number in range(given.rounds):
        with tempfile.TemporaryDirectory(prefix="waglan-full-") as name:
            disk, aside = Path(name) / "disk", Path(name) / "aside"
            disk.mkdir()
            aside.mkdir()
            size = f"size={4_000 + 137 * (number % 7)}k"
            subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", disk], check=True)
            try:
                audit = scene.Audit(scene.signer(aside).vkeys)
                rounds.append(one_round(disk, aside, audit))
            finally:
                subprocess.run(["umount", "-l", disk], check=True)
        lost, inconsistent, said = lost + audit.lost, inconsistent + audit.inconsistent, said + audit.said
        say(given, f"round {number + 1}: {rounds[-1]}")
    figures = {
        "rounds": given.rounds,
        "acknowledged": sum(r["acknowledged"] for r in rounds),
        "acknowledged_lost": lost,
        "inconsistent": inconsistent,
        "unavailable_after_ms": round(1e3 * max(r["refused_after"] for r in rounds), 1),
        "refusal_ms": round(1e3 * max(r["answered"] for r in rounds), 1),
        "recovered_after_ms": round(1e3 * max(r["back_after"] for r in rounds), 1),
        "said": said[:5],
    }
    finish(figures)
    return scene.failed(figures, ("acknowledged_lost", "inconsistent")) or int(figures["unavailable_after_ms"] > 100)


if __name__ == "__main__":
    sys.exit(main())
