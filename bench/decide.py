"""What one decision costs, from row to durable record: CPU, rate at 64 callers, and the batch.

A use case with a text and four numbers is decided with no controls and with six of ours, on SQLite and (with
``--dsn``) PostgreSQL. CPU is that of the whole process, writer thread included. Rounds alternate.
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from pathlib import Path

from common import finish, median, parser, percentile, say
from waglan.core import Case, Outcome, Plugin, Reason, UseCase
from waglan.core.usecase import ControlPlan, Disclosure, Input
from waglan.runtime import Ask, Workspace

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
    arguments.add_argument("--dsn", default="", help="a PostgreSQL database to measure too")
    given = arguments.parse_args()
    figures = {"sqlite": run(given, "sqlite", "")}
    if given.dsn:
        figures["postgresql"] = run(given, "postgresql", given.dsn)
    finish(figures)


if __name__ == "__main__":
    main()
