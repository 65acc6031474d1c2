"""Syncs fail with EIO for a while, at random moments: what was acknowledged stays, what couldn't be stored is refused.

A preloaded library (needs a C compiler) makes fsync and fdatasync fail as long as a control file exists. The process
lives on: the ledger has to notice, refuse, open its file anew, check it, and go on by itself.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from pathlib import Path

import scene
import shim

from common import finish, parser, say
from waglan.core.problem import Problem

FAIL = "WAGLAN_SHIM_FAIL"


def write(log: scene.Ledger, entries: scene.Entries, seconds: float, acked: scene.Acked) -> int:
    """Submit for a while; returns how many entries were refused."""
    until = time.perf_counter() + seconds
    refused = 0
    while time.perf_counter() < until:
        futures = [log.submit(entries.new(random.choice((1, 3)))) for _ in range(4)]
        for future in futures:
            try:
                acked |= {each.id: each.index for each in future.result(timeout=20)}
            except Problem as problem:
                if problem.code not in ("ledger.unavailable", "vault.unavailable"):
                    raise
                refused += 1
                time.sleep(0.0005)
    return refused


def campaign(given: object, rounds: int, folder: Path) -> dict[str, object]:
    control = Path(os.environ[FAIL])
    log = scene.ledger(folder, scene.store(folder, soft_bytes=1 << 18, hard_bytes=1 << 20))
    entries = scene.Entries([log.vault.subject(f"person {n}") for n in range(20)])
    log.submit(entries.new(20)).result()  # the subjects' keys are in the vault: from now on only the log syncs
    audit = scene.Audit(scene.signer(folder).vkeys)
    acked: scene.Acked = {}
    refused, slowest, unnoticed, total = 0, 0.0, 0, 0
    for _ in range(rounds):
        write(log, entries, random.uniform(0.0, 0.02), acked)
        control.touch()
        refused += write(log, entries, random.uniform(0.002, 0.03), acked)
        unnoticed += log.available
        control.unlink()
        slowest = max(slowest, scene.seconds_until(lambda: log.available, 10.0))
        acked |= {each.id: each.index for each in log.submit(entries.new()).result(timeout=10)}
        audit.look(log.store, acked)
        total += len(acked)
        acked.clear()
    log.close()
    again = scene.store(folder)
    audit.look(again, {})
    again.close()
    return {
        "rounds": rounds,
        "failed_syncs": shim.failures(),
        "acknowledged": total,
        "refused": refused,
        "still_available_while_failing": unnoticed,
        "recovered_after_ms": round(1e3 * slowest, 1),
        **audit.figures(),
    }


def main() -> int:
    arguments = parser(__doc__)
    arguments.add_argument("--rounds", type=int, default=20)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="waglan-fsync-") as name:
        folder = Path(name)
        if not shim.loaded():
            status = shim.run_again(folder, folder / "fail")
            if status is None:
                finish({"rounds": 0, "skipped": "there is no C compiler to build the shim with"})
            return status or 0
        figures = campaign(given, given.rounds, folder)
    say(given, f"{figures['failed_syncs']} syncs failed, {figures['refused']} refused")
    finish(figures)
    return scene.failed(figures, ("acknowledged_lost", "inconsistent"))


if __name__ == "__main__":
    sys.exit(main())
