"""Two processes write to one log and are killed with SIGKILL at random moments, again and again.

After each round the log is read anew: everything acknowledged must be there, where it was said to be, and rows, tiles
and signed checkpoint must fit together. Acknowledgements are written to a file as the reply arrives.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

import scene

from common import finish, parser, say


def child(folder: Path, dsn: str, acks: int, callers: int, seed: int) -> None:
    """Write as fast as can be, reporting each reply, until killed."""
    small = {} if dsn else {"soft_bytes": 1 << 18, "hard_bytes": 1 << 20}  # so that checkpoints are killed too
    log = scene.ledger(folder, scene.store(folder, dsn, **small))
    entries = scene.Entries([log.vault.subject(f"person {seed} {n}") for n in range(20)])
    random.seed(seed)

    async def call() -> None:
        while True:
            replies = await log.append(entries.new(random.choice((1, 1, 1, 2, 5))))
            os.write(acks, "".join(f"{each.id} {each.index}\n" for each in replies).encode())

    async def main() -> None:
        await asyncio.gather(*[call() for _ in range(callers)])

    asyncio.run(main())


def acked_in(path: Path) -> scene.Acked:
    lines = path.read_text().splitlines()
    return {line[:26]: int(line[27:]) for line in lines}


def one_round(folder: Path, dsn: str, number: int, callers: int, longest: float) -> scene.Acked:
    """Two writers, killed at two moments."""
    paths = [folder / f"acks.{which}" for which in (0, 1)]
    pids: list[int] = []
    for which, path in enumerate(paths):
        acks = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        pid = os.fork()
        if pid == 0:
            try:
                child(folder, dsn, acks, callers, 2 * number + which)
            except BaseException:
                traceback.print_exc()
            os._exit(3)
        os.close(acks)
        pids.append(pid)
    for pid in pids:
        time.sleep(random.uniform(0.0, longest))
        os.kill(pid, signal.SIGKILL)
    statuses = [os.waitpid(pid, 0)[1] for pid in pids]
    if any(os.WIFEXITED(status) for status in statuses):
        raise RuntimeError("a writer ended by itself: it should have been killed")
    acked: scene.Acked = {}
    for path in paths:
        acked |= acked_in(path)
    return acked


def main() -> int:
    arguments = parser(__doc__)
    arguments.add_argument("--rounds", type=int, default=50)
    arguments.add_argument("--callers", type=int, default=8)
    arguments.add_argument("--longest", type=float, default=0.12, help="seconds before a kill, at most")
    arguments.add_argument("--dsn", default="", help="a PostgreSQL database instead of a SQLite file")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="waglan-kill-") as name:
        folder = Path(name)
        audit = scene.Audit(scene.signer(folder).vkeys)
        total, idle = 0, 0
        for number in range(given.rounds):
            acked = one_round(folder, given.dsn, number, given.callers, given.longest)
            total += len(acked)
            idle += not acked
            opened = scene.store(folder, given.dsn)
            audit.look(opened, acked)
            opened.close()
            if number % 50 == 49:
                say(given, f"{number + 1} rounds, {total} acknowledged, {audit.lost} lost")
        log = scene.ledger(folder, scene.store(folder, given.dsn))  # and it goes on, with no hand
        log.submit(scene.Entries([log.vault.subject("after")]).new(3)).result(timeout=10)
        audit.look(log.store, {})
        log.close()
    figures = {
        "store": "postgresql" if given.dsn else "sqlite",
        "rounds": given.rounds,
        "acknowledged": total,
        "rounds_without_an_answer": idle,
        **audit.figures(),
    }
    finish(figures)
    return scene.failed(figures, ("acknowledged_lost", "inconsistent"))


if __name__ == "__main__":
    sys.exit(main())
