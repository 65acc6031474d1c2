"""The wall clock is set, back and forth, while decisions are recorded: each step is an entry before the next ones."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

import scene

from common import finish, parser
from waglan.ledger.assembly import AHEAD_MS, BACK_MS


class SteppedClock:
    """The machine's clock, but set wrong by as much as is wanted."""

    def __init__(self) -> None:
        self.wrong_ms = 0

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.wrong_ms

    def monotonic_ns(self) -> int:
        return time.perf_counter_ns()


def main() -> int:
    arguments = parser(__doc__)
    arguments.add_argument("--steps", type=int, default=200)
    given = arguments.parse_args()
    clock = SteppedClock()
    expected: list[int] = []
    with tempfile.TemporaryDirectory(prefix="waglan-clock-") as name:
        folder = Path(name)
        log = scene.ledger(folder, clock=clock)
        entries = scene.Entries([log.vault.subject("person")])
        acked: scene.Acked = {}
        owed = 0
        for _ in range(given.steps):
            step = random.choice((-BACK_MS * 3, -BACK_MS // 3, 0, AHEAD_MS // 5, AHEAD_MS * 2))
            clock.wrong_ms += step
            owed += step
            if not -BACK_MS <= owed <= AHEAD_MS:
                expected.append(owed)
                owed = 0
            acked |= {each.id: each.index for each in log.submit(entries.new(2)).result(timeout=10)}
        leaves = [log.leaf(index) for index in range(log.head().size)]
        audit = scene.Audit(scene.signer(folder).vkeys)
        audit.look(log.store, acked)
        log.close()
    found = [leaf["facts"]["step_ms"] for leaf in leaves if leaf["kind"] == "clock_step"]
    wrong = abs(len(found) - len(expected)) + sum(abs(a - b) > 100 for a, b in zip(found, expected, strict=False))
    figures = {"steps": given.steps, "to_tell": len(expected), "told": len(found), "wrong": wrong, **audit.figures()}
    finish(figures)
    return scene.failed(figures, ("acknowledged_lost", "inconsistent", "wrong"))


if __name__ == "__main__":
    sys.exit(main())
