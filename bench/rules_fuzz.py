"""The rule that gates is the rule that proves: random rules on random rows, closure against each engine's SQL.

A pair is one rule on one row. An engine that isn't installed is skipped and said so: Spark needs ``pyspark`` and Java,
ClickHouse needs ``chdb``; both can live in another environment, ``PYTHONPATH=src`` and ``--without-timing`` given.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

sys.path.pop(0)  # this folder, whose http.py isn't the library's
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.common import finish, parser, percentile, say
from tests.rules import engines, grammar
from tests.rules.live import DECISION, LIVE

from waglan.core.problem import Problem
from waglan.rules import Expression, parse, row, types

ROWS = 1_000
AT_ONCE = 4
KEPT = 20


def rules(seed: int, count: int) -> Iterator[Expression]:
    """``count`` random rules of every type; those beyond the limits are left out and others take their place."""
    random = Random(seed)
    writer = grammar.Writer(random)
    while count:
        kind = random.choice(grammar.KINDS)
        text = writer.rule(kind, random.choice((1, 2, 2, 3, 3, 4)))
        try:
            yield parse(text, grammar.SCHEMA, tables=grammar.TABLES, wanted=kind)
        except Problem as problem:
            if problem.code != "rule.limit":
                raise
            continue
        count -= 1


def compare(engine: engines.Engine, pairs: int, seed: int, rows: int = ROWS) -> dict[str, Any]:
    """Ask one engine and the closures the same, and count where they differ."""
    raw = grammar.rows(Random(seed), rows)
    engine.load(raw)
    schema = types(grammar.SCHEMA)
    prepared = [row(r, schema) for r in raw]
    began, asked, unknown, differences = time.perf_counter(), 0, 0, []
    batch: list[Expression] = []
    for expression in rules(seed + 1, -(-pairs // rows)):
        batch.append(expression)
        if len(batch) == AT_ONCE or (asked + len(batch)) * rows >= pairs:
            answers = engine.ask([e.sql(engine.name, now=grammar.NOW) for e in batch])
            for place, one in enumerate(batch):
                closure = one.closure()
                mine = [closure(r, grammar.NOW) for r in prepared]
                unknown += sum(m is None for m in mine)
                for at, (m, theirs) in enumerate(zip(mine, answers, strict=True)):
                    if not engines.same(one.type, m, theirs[place]):
                        differences.append((one.text, raw[at], m, theirs[place]))
            asked += len(batch)
            batch = []
    return {
        "pairs": asked * rows,
        "expressions": asked,
        "differences": len(differences),
        "examples": [repr(d) for d in differences[:KEPT]],
        "unknown_share": round(unknown / max(asked * rows, 1), 3),
        "seconds": round(time.perf_counter() - began, 1),
    }


def live(repeats: int) -> dict[str, Any]:
    """Twenty rules of the sort that gates, on one decision; and making the row that they share."""
    from waglan.facts import TABLES  # not where only an engine is installed

    fields = {field.name: field.type for field in TABLES["decisions"]}
    schema = types(fields)
    closures = [parse(text, fields).closure() for text in LIVE]
    prepared, now = row(DECISION, schema), 1_767_200_000_000
    answers = [closure(prepared, now) for closure in closures]

    def all_rules() -> None:
        for closure in closures:
            closure(prepared, now)

    timed = _timed(all_rules, repeats)
    made = _timed(lambda: row(DECISION, schema), repeats)
    parsing = _timed(lambda: parse(LIVE[2], fields), repeats // 100)
    return {
        "rules": len(closures),
        "unknown": sum(a is None for a in answers),
        "p50_us": round(percentile(timed, 0.5), 2),
        "p99_us": round(percentile(timed, 0.99), 2),
        "row_p50_us": round(percentile(made, 0.5), 2),
        "parse_p50_us": round(percentile(parsing, 0.5), 1),
    }


def _timed(call: Callable[[], Any], repeats: int) -> list[float]:
    clock, taken = time.perf_counter_ns, []
    gc.disable()
    for _ in range(repeats):
        began = clock()
        call()
        taken.append((clock() - began) / 1000)
    gc.enable()
    return taken


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--pairs", type=int, default=1_000_000, help="rule × row pairs for each engine")
    arguments.add_argument("--seed", type=int, default=20261121)
    arguments.add_argument("--engines", nargs="*", choices=engines.NAMES, default=engines.NAMES)
    arguments.add_argument("--repeats", type=int, default=20_000, help="of the twenty live rules")
    arguments.add_argument("--without-timing", action="store_true")
    options = arguments.parse_args()
    figures: dict[str, Any] = {"seed": options.seed}
    if not options.without_timing:
        figures["live"] = live(options.repeats)
        say(options, f"live: {figures['live']}")
    for name in options.engines:
        with engines.opened(name) as engine:
            figures[name] = (
                {"skipped": engine} if isinstance(engine, str) else compare(engine, options.pairs, options.seed)
            )
        say(options, f"{name}: {figures[name]}")
    finish(figures)


if __name__ == "__main__":
    main()
