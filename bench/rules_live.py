"""Rules that gate, on decisions that the runtime made: 20 at once, with and without making their row; and beside peers.

``--peers PYTHON`` names the Python of an environment with ``agent-governance-toolkit[kernel]`` and ``cel-python``; it
runs ``rules_live_peers.py`` in turns with ours on the same amounts. Without it the peers are said to be absent.
"""

from __future__ import annotations

import csv
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.pop(0)  # this folder, whose http.py isn't the library's
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import msgspec
from bench.common import finish, median, parser, percentile, say
from tests.rules.live import LIVE

from waglan.core.decision import data_classes
from waglan.core.events import RuleInForce
from waglan.harbour import write_applicants
from waglan.runtime import Ask, Workspace
from waglan.runtime.gates import RuleSet, read_rule
from waglan.runtime.live import Known
from waglan.usecases.credit.declare import Wishes
from waglan.usecases.credit.training import Options, registrations, save, train

LIMIT = 1_000_000
ONE = f"stakes_hkd <= {LIMIT}"
TEXTS = (*[text for text in LIVE if "now " not in text], "decided_at is not None and 0 <= weekday(decided_at) <= 6")


def rule(id_: str, holds: str, gate: Any = "warn") -> RuleInForce:
    return RuleInForce(id=id_, holds=holds, gate=gate, digest=read_rule("True", holds).digest)


def bank(folder: Path, count: int) -> tuple[Workspace, list[dict[str, Any]]]:
    """A workspace with a trained scorecard, and applications to decide."""
    past, new = folder / "past.csv", folder / "new.csv"
    write_applicants(past, 1_500, 11)
    write_applicants(new, count, 12)
    workspace = Workspace.create(folder / "bank", tenant="bank")
    now_ms = workspace.clock.now_ms()
    wishes = Wishes(protected=("sex", "age"), subject="applicant_id")
    trained = train(past, Options(target="default", wishes=wishes, stakes="requested_amount_hkd"), now_ms)
    save(trained, workspace.folder)
    for registration in registrations(trained, now_ms, validator="bench"):
        workspace.register_model(registration)
    workspace.close()
    with new.open(newline="", encoding="utf-8") as file:
        rows = [{k: v for k, v in row.items() if k != "default"} for row in csv.DictReader(file)]
    return Workspace.open(workspace.folder), rows


def known(workspace: Workspace, rows: Sequence[dict[str, Any]]) -> list[Known]:
    """Decisions as the rules in force meet them."""
    replies = workspace.runtime.decide_many("credit", rows, Ask(channel="cli"), text=True)
    loaded = workspace.catalogue.get("credit")
    registers = workspace.registers
    use_case, classes = registers.use_case(loaded.digest), data_classes(loaded.manifest)
    return [
        Known(reply.decision, classes, "bank", "bench", use_case, registers.model)  # type: ignore[union-attr]
        for reply in replies
    ]


def spread(call: Callable[[Known], Any], given: Sequence[Known], repeats: int) -> list[float]:
    """Microseconds of each call."""
    clock, taken = time.perf_counter_ns, []
    gc.disable()
    for at in range(repeats):
        each = given[at % len(given)]
        began = clock()
        call(each)
        taken.append((clock() - began) / 1000)
    gc.enable()
    return taken


def twenty(given: Sequence[Known], repeats: int) -> dict[str, Any]:
    """Twenty rules on a decision: alone, and with the row that they share."""
    rules = RuleSet([rule(f"R.{at}", text) for at, text in enumerate(TEXTS)])
    rows = {id(each): rules.row(each) for each in given}
    gates = rules.gates

    def alone(each: Known) -> None:
        row = rows[id(each)]
        for gate in gates:
            gate.finding(row, each.decision.decided_at)

    found = [len(rules.findings(each)) for each in given]
    both, only = spread(rules.findings, given, repeats), spread(alone, given, repeats)
    row = spread(rules.row, given, repeats)
    return {
        "rules": len(gates),
        "fields": len(rules.row(given[0])),
        "findings_per_decision": round(sum(found) / len(found), 2),
        "with_row_p50_us": round(percentile(both, 0.5), 2),
        "with_row_p99_us": round(percentile(both, 0.99), 2),
        **_quietest(both),
        "rules_p50_us": round(percentile(only, 0.5), 2),
        "rules_p99_us": round(percentile(only, 0.99), 2),
        "row_p50_us": round(percentile(row, 0.5), 2),
    }


def _quietest(taken: Sequence[float]) -> dict[str, float]:
    """The same in the quietest of twenty stretches: what others do on the machine isn't the rules' cost."""
    size = max(1, len(taken) // 20)
    stretches = [taken[at : at + size] for at in range(0, len(taken), size)]
    best = min(stretches, key=lambda stretch: percentile(stretch, 0.5))
    return {
        "quietest_p50_us": round(percentile(best, 0.5), 2),
        "quietest_p99_us": round(percentile(best, 0.99), 2),
    }


def whole(workspace: Workspace, rows: Sequence[dict[str, Any]], rounds: int) -> dict[str, float]:
    """What a decision of a batch costs in processor time, with no rule and with twenty in force, in turns."""
    taken: dict[str, list[float]] = {"none": [], "twenty": []}
    for _ in range(rounds):
        for name, state in (("twenty", "in_force"), ("none", "withdrawn")):
            for at, text in enumerate(TEXTS):
                workspace.record(msgspec.structs.replace(rule(f"R.{at}", text), state=state))
            workspace.runtime.decide_many("credit", rows[:2], Ask(channel="cli"), text=True)  # compiles them
            began = time.process_time_ns()
            workspace.runtime.decide_many("credit", rows, Ask(channel="cli"), text=True)
            taken[name].append((time.process_time_ns() - began) / 1000 / len(rows))
    return {f"decision_{name}_us": round(median(each), 1) for name, each in taken.items()}


def beside(peers: str, given: Sequence[Known], rounds: int, count: int) -> dict[str, Any]:
    """One rule, ours and the peers' in turns on the same amounts."""
    rules = RuleSet([rule("ONE", ONE)])
    amounts = [each.decision.outcome.stakes_hkd or 0.0 for each in given if each.decision.outcome]
    ours = [each for each in given if each.decision.outcome]
    rows = [(rules.row(each), each.decision.decided_at) for each in ours]
    (gate,) = rules.gates
    worker = subprocess.Popen(
        [peers, str(Path(__file__).with_name("rules_live_peers.py"))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert worker.stdin is not None and worker.stdout is not None
    worker.stdin.write(json.dumps({"amounts": amounts, "limit": LIMIT}) + "\n")
    worker.stdin.flush()
    ready = json.loads(worker.stdout.readline())
    answers = [gate.finding(*row) is None for row in rows]
    absent = {name: said for name, said in ready.items() if isinstance(said, str)}
    assert all(said == answers for said in ready.values() if not isinstance(said, str)), "they disagree"
    times: dict[str, list[float]] = {}
    for _ in range(rounds):
        times.setdefault("rule", []).append(_each(lambda at: gate.finding(*rows[at % len(rows)]), count * 20))
        times.setdefault("rule_and_row", []).append(_each(lambda at: rules.findings(ours[at % len(ours)]), count * 20))
        worker.stdin.write(f"{count}\n")
        worker.stdin.flush()
        for name, each in json.loads(worker.stdout.readline()).items():
            times.setdefault(name, []).append(each)
    worker.stdin.close()
    worker.wait(timeout=30)
    names = [name for name in times if name not in ("rule", "rule_and_row")]
    return {
        "us": {name: round(median(each) / 1000, 3) for name, each in times.items()},
        "times_slower": {name: _ratio(times[name], times["rule"]) for name in names},
        "times_slower_with_row": {name: _ratio(times[name], times["rule_and_row"]) for name in names},
        "absent": absent,
    }


def _each(call: Callable[[int], Any], count: int) -> float:
    """Nanoseconds per call, of the processor's time."""
    began = time.process_time_ns()
    for at in range(count):
        call(at)
    return (time.process_time_ns() - began) / count


def _ratio(one: Sequence[float], other: Sequence[float]) -> float:
    """The median of the ratios round by round: both ran within the same moments."""
    return round(median([a / b for a, b in zip(one, other, strict=True)]), 1)


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--repeats", type=int, default=20_000, help="of the twenty rules")
    arguments.add_argument("--decisions", type=int, default=200)
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--calls", type=int, default=300, help="of each peer per round")
    arguments.add_argument("--peers", default="", help="Python of the peers' environment")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace, rows = bank(Path(folder), options.decisions)
        with workspace:
            given = known(workspace, rows)
            figures: dict[str, Any] = {"decisions": len(given), "twenty": twenty(given, options.repeats)}
            say(options, f"twenty: {figures['twenty']}")
            figures |= whole(workspace, rows, max(2, options.rounds // 3))
            if options.peers:
                figures["one"] = beside(options.peers, given, options.rounds, options.calls)
            else:
                figures["one"] = {"absent": {"all": "no environment was named with --peers"}}
            say(options, f"one: {figures['one']}")
    finish(figures)


if __name__ == "__main__":
    main()
