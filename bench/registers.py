"""Registers over a large log: the fold, every register's rows, an earlier day, the watch, a verb.

    python bench/registers.py --log /tmp/million --json

Without ``--log`` a workspace is made in a temporary folder by `bench/million.py`. Register events that the log lacks
are put onto it first: vendors, data, documents, training, test runs, incidents with steps, attestations.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.sort(key=lambda each: Path(each).resolve() == Path(__file__).resolve().parent)
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import million
from bench.common import finish, median, parser, percentile, say

from waglan.access.identity import local
from waglan.core import Entry
from waglan.core.events import (
    Attestation,
    Competence,
    DataSource,
    Document,
    Event,
    Incident,
    IncidentStep,
    TestRun,
    Vendor,
)
from waglan.index import Decisions, Index
from waglan.registers import SCHEMAS, Registrar, clocks, read_book, watch
from waglan.runtime import Workspace

SEED = 20_261_121
DAY_MS = 86_400_000
YEAR_MS = 365 * DAY_MS


def events(count: int, now_ms: int) -> Iterator[Event]:
    """Register events of an institution that changes each thing now and then."""
    drawn = random.Random(SEED)
    for number in range(count):
        of, sha = number % 7, f"{drawn.getrandbits(256):064x}"
        if of == 0:
            yield Vendor(id=f"v{drawn.randrange(80)}", service="Models", region="HK", reviewed_at=now_ms - number)
        elif of == 1:
            yield DataSource(id=f"d{drawn.randrange(120)}", title="Data", card_digest=sha, purposes=("credit",))
        elif of == 2:
            yield Document(id=f"x{drawn.randrange(300)}", digest=sha, clauses=("FSTB.12.1",), type="policy")
        elif of == 3:
            person = f"p-{drawn.randrange(200)}"
            yield Competence(
                person=person, role="reviewer", topic=f"t{drawn.randrange(9)}", completed_at=now_ms - number
            )
        elif of == 4:
            passed = drawn.random() < 0.97
            yield TestRun(of="drift", use_case=f"u{drawn.randrange(30)}", metric="psi", passed=passed, value="0.1", n=9)
        elif of == 5:
            yield Incident(
                cause="outage", detail=f"c{drawn.randrange(40)}", detected_at=now_ms - YEAR_MS + number * 60_000
            )
        else:
            yield Attestation(clause=f"BD19.G{drawn.randrange(9)}", entity="bank", until_ms=now_ms + YEAR_MS)


def fill(workspace: Workspace, index: Index, count: int) -> int:
    """Put register events on the log until it has so many; incidents are contained and closed."""
    now_ms = workspace.clock.now_ms()
    index.follow()
    with index.reading() as connection:
        there = connection.execute("SELECT count(*) FROM event WHERE kind IN ('vendor', 'test_run')").fetchone()[0]
    if there * 7 // 2 >= count * 3 // 4:
        return 0
    made: list[Entry] = []
    for facts in events(count, now_ms):
        entry = _entry(workspace, now_ms, facts)
        made.append(entry)
        if isinstance(facts, Incident):
            for step in ("contained", "closed"):
                done = IncidentStep(step=step, done_at=facts.detected_at + 60_000)  # type: ignore[arg-type]
                made.append(_entry(workspace, now_ms, done, (entry.id,)))
        if len(made) >= count:
            break
    for start in range(0, len(made), 2_000):
        workspace.ledger.submit(made[start : start + 2_000]).result()
    index.follow()
    return len(made)


def _entry(workspace: Workspace, now_ms: int, facts: Event, refs: tuple[str, ...] = ()) -> Entry:
    entry_id = workspace.ids.new(now_ms)
    return Entry(id=entry_id, kind=facts.kind, at_ms=now_ms, facts=facts, refs=refs, actor="cli")


def timed(rounds: int, work: Callable[[], object]) -> dict[str, float]:
    """Milliseconds by the clock and of the processor."""
    walls, cpus = [], []
    for _ in range(rounds):
        cpu, wall = time.thread_time(), time.perf_counter()
        work()
        walls.append((time.perf_counter() - wall) * 1e3)
        cpus.append((time.thread_time() - cpu) * 1e3)
    return {
        "p50_ms": round(median(walls), 2),
        "p95_ms": round(percentile(walls, 0.95), 2),
        "cpu_ms": round(median(cpus), 2),
    }


def measure(workspace: Workspace, index: Index, rounds: int) -> dict[str, Any]:
    """Each thing that pages and rounds do."""
    registrar, now_ms = Registrar(workspace, index), workspace.clock.now_ms()
    with index.reading() as connection:
        book = read_book(connection, now_ms)
        count = sum(len(book.raw(kind)) for kind in ("vendor", "data_source", "document", "competence", "test_run"))
        found: dict[str, Any] = {
            "decisions": connection.execute("SELECT sum(n) FROM shape").fetchone()[0],
            "register_events": count + sum(len(book.raw(k)) for k in ("incident", "incident_step", "attestation")),
            "requests": len(book.raw("request")),
            "read_book": timed(rounds, lambda: read_book(connection, now_ms)),
            "earlier_day": timed(rounds, lambda: read_book(connection, now_ms, now_ms - 30 * DAY_MS)),
            "rows": {},
        }
        for register in SCHEMAS:
            fresh = [read_book(connection, now_ms) for _ in range(3)]
            found["rows"][register] = timed(len(fresh), lambda register=register, left=fresh: left.pop().rows(register))  # type: ignore[misc]
        found["all_rows"] = timed(rounds, lambda: _all(read_book(connection, now_ms)))
        record = book.incidents[0]
        found["clocks_us"] = round(timed(200, lambda: clocks(record, None, now_ms))["cpu_ms"] * 1e3, 1)
    office = registrar.office
    office.book()
    found["book_again"] = timed(rounds, office.book)
    found["first_watch_opened"] = len(watch(registrar))
    found["watch"] = timed(rounds, lambda: watch(registrar))
    who = local(workspace.settings.workspace.tenant)
    services = iter(range(10**9))
    found["verb"] = timed(
        rounds, lambda: registrar.vendor(who, Vendor(id="timed", service=str((now_ms, next(services)))))
    )
    return found


def _all(book: Any) -> None:
    for name in SCHEMAS:
        book.rows(name)


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--log", type=Path, help="a workspace; made when left out")
    arguments.add_argument("--events", type=int, default=5_000)
    arguments.add_argument("--rounds", type=int, default=20)
    arguments.add_argument("--decisions", type=int, default=20_000, help="how many, where a workspace is made")
    told = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = told.log or Path(temporary) / "year"
        if not (folder / "waglan.toml").exists():
            say(told, f"making {told.decisions:,} decisions")
            million.make(folder, told.decisions, min(told.decisions // 3, 5_000), min(365, told.decisions // 100))
        with (
            Workspace.open(folder) as workspace,
            Index.open(folder / "index.db", workspace.ledger, (Decisions(),)) as index,
        ):
            say(told, f"{fill(workspace, index, told.events):,} register events put onto the log")
            finish(measure(workspace, index, told.rounds))


if __name__ == "__main__":
    main()
