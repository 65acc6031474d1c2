"""What one decision costs, from row to durable record: CPU, rate at 64 callers, and the batch.

A use case with a text and four numbers is decided with no controls and with six of ours, on SQLite and (with
``--postgresql`` or ``--dsn``) PostgreSQL. ``path_us`` is the decision itself, from case to entry, for 64 at a time;
``cpu_us`` is everything, of the whole process: reading the row, deciding, encrypting, hashing, signing, writing and
answering 64 callers; ``many_…`` the same for a batch. Rounds alternate. ``calibration_us`` is a fixed loop of plain
Python in the same rounds: shared machines differ by a factor of two from minute to minute, so compare multiples of it.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.common import finish, median, parser, percentile, say
from tests import postgres

from waglan.core import Case, Outcome, Plugin, Reason, UseCase
from waglan.core.usecase import ControlPlan, Disclosure, Input
from waglan.runtime import Ask, Judge, Workspace
from waglan.runtime.apart import Apart
from waglan.runtime.collector import calm

SIX = ControlPlan(
    before=("privacy.identifiers", "data.minimisation", "purpose.consent", "people.opt_out"),
    after=("output.explanation", "output.thresholds"),
    settings={"output.thresholds": {"minimum_confidence": 0.5}},
)
REASONS = (
    Reason(
        code="BALANCE", weight=31.0, text={"en": "The balance is 31 points below the best band."}, where=("balance",)
    ),
    Reason(code="AGE_OF_ACCOUNT", weight=12.0, text={"en": "The account is young."}, where=("months",)),
)


class Triage:
    """A rule of one line: the cost measured is ours, not a model's."""

    inline = True

    def decide(self, case: Case, kit: object) -> Outcome:
        good = case.inputs["balance"] > 500
        return Outcome(
            value="release" if good else "hold",
            effect="release" if good else "hold",
            adverse=not good,
            confidence=0.93,
            score=case.inputs["balance"] / 7,
            reasons=REASONS,
            stakes_hkd=1_500.0,
        )


def plugin(name: str, controls: ControlPlan) -> Plugin:
    number = Input(type="number")
    manifest = UseCase(
        name=name,
        version="1",
        title={"en": name},
        owner="bench",
        purposes=("triage",),
        tier="low",
        phase="production",
        controls=controls,
        inputs={
            "customer": Input(type="text", role="subject"),
            "balance": number,
            "months": number,
            "amount": number,
            "limit": number,
            "remark": Input(type="text"),
        },
        disclosure=Disclosure(id="d1", text={"en": "AI helps with this."}),
    )
    return Plugin(manifest, Triage())


def row(n: int, customers: int) -> dict:
    return {
        "customer": f"C-{n % customers}",
        "balance": 100.0 + n % 1000,
        "months": float(n % 300),
        "amount": 12.5,
        "limit": 20_000.0,
        "remark": "Customer called about the transfer of last week and asks when it arrives.",
    }


async def callers(workspace: Workspace, use_case: str, total: int, width: int, customers: int) -> list[float]:
    ask, latencies, numbers = Ask(channel="python", purpose="triage"), [], iter(range(total))

    async def caller() -> None:
        for n in numbers:
            started = time.perf_counter()
            await workspace.runtime.decide(use_case, row(n, customers), ask)
            latencies.append(time.perf_counter() - started)

    await asyncio.gather(*[caller() for _ in range(width)])
    return latencies


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def calibration_us() -> float:
    """A loop of 2,000 multiplications and additions, the best of 30."""
    best = float("inf")
    for _ in range(30):
        started, total = time.perf_counter(), 0
        for n in range(2_000):
            total += n * n
        best = min(best, time.perf_counter() - started)
    return best * 1e6


def path_us(workspace: Workspace, use_case: str) -> float:
    """CPU of deciding without recording, per case, 64 at a time: controls, use case, route, and the entry to record."""
    loaded = asyncio.run(workspace.runtime.prepare(use_case))
    slots = workspace.shelf.slots(loaded, Apart())
    judge = Judge(loaded, slots, workspace.registers, clock=workspace.clock, ids=workspace.ids, apart=Apart())
    inputs = {name: value for name, value in row(7, 1).items() if name != "customer"}
    cases = [Case(use_case=use_case, inputs=inputs, subject=workspace.vault.subject("C-1"), purpose="triage")] * 64

    async def decide() -> float:
        best = float("inf")
        for _ in range(60):
            started = time.thread_time()
            await judge.many(cases, [Ask(purpose="triage")] * 64, [()] * 64)
            best = min(best, time.thread_time() - started)
        return best / 64 * 1e6

    return asyncio.run(decide())


def measure(workspace: Workspace, use_case: str, arguments) -> dict[str, float]:
    before, started = cpu_s(), time.perf_counter()
    latencies = asyncio.run(callers(workspace, use_case, arguments.decisions, 64, arguments.customers))
    wall, cpu = time.perf_counter() - started, cpu_s() - before
    rows = [row(n, arguments.customers) for n in range(arguments.decisions)]
    before, started = cpu_s(), time.perf_counter()
    replies = workspace.runtime.decide_many(use_case, rows, Ask(channel="python", purpose="triage"))
    many_wall, many_cpu = time.perf_counter() - started, cpu_s() - before
    assert all(hasattr(reply, "index") for reply in replies)
    return {
        "calibration_us": calibration_us(),
        "path_us": path_us(workspace, use_case),
        "cpu_us": cpu / arguments.decisions * 1e6,
        "per_s_64": arguments.decisions / wall,
        "p50_ms": percentile(latencies, 0.5) * 1e3,
        "p99_ms": percentile(latencies, 0.99) * 1e3,
        "many_cpu_us": many_cpu / arguments.decisions * 1e6,
        "many_per_s": arguments.decisions / many_wall,
    }


def run(arguments, store: str, dsn: str) -> dict[str, dict[str, float]]:
    from waglan.core import use_cases

    for name, plan in (("bench.none", ControlPlan()), ("bench.six", SIX)):
        if name not in use_cases:
            use_cases.add(name, plugin(name, plan))
    rounds: dict[str, list[dict[str, float]]] = {"bench.none": [], "bench.six": []}
    with (
        tempfile.TemporaryDirectory(dir=arguments.folder) as folder,
        Workspace.create(Path(folder) / "w", tenant="bench", store=store, dsn=dsn) as workspace,
    ):
        calm()
        for at in range(arguments.rounds + 1):
            for name, figures in rounds.items():
                figure = measure(workspace, name, arguments)
                if at:
                    figures.append(figure)
                say(arguments, f"{store} {name}: " + ", ".join(f"{k} {v:,.1f}" for k, v in figure.items()))
    return {
        name.removeprefix("bench."): {key: round(median([f[key] for f in figures]), 2) for key in figures[0]}
        for name, figures in rounds.items()
    }


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--decisions", type=int, default=20_000)
    arguments.add_argument("--customers", type=int, default=5_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--folder", default=None, help="where the ledger lies; a real disk, not tmpfs")
    arguments.add_argument("--postgresql", action="store_true", help="start a PostgreSQL server and measure it too")
    arguments.add_argument("--dsn", default="", help="a PostgreSQL database to measure too")
    given = arguments.parse_args()
    figures = {"sqlite": run(given, "sqlite", "")}
    if given.dsn:
        figures["postgresql"] = run(given, "postgresql", given.dsn)
    elif given.postgresql:
        with postgres.server() as server:
            figures["postgresql"] = run(given, "postgresql", server.database())
    finish(figures)


if __name__ == "__main__":
    main()
