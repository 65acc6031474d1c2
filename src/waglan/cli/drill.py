"""``waglan drill``: exercises in which something fails on purpose, run now, due, or run before."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from waglan.cli.acting import common
from waglan.core.clock import iso

if TYPE_CHECKING:
    from waglan.core.events import Drill
    from waglan.registers import Book
    from waglan.runtime import Workspace


@click.group()
def drill() -> None:
    """Failover and kill-switch drills: run one, see what is due and what was run."""


@drill.command()
@click.argument("use_case")
@click.option("--what", type=click.Choice(("failover", "kill_switch")), default="failover", show_default=True,
              help="The first models fail, or the use case is suspended.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Of the ways to fail and the order of cases.")
@click.option("--cases", type=click.IntRange(1, 1_000), default=10, show_default=True, help="How many are put.")
@click.option("--target", type=click.IntRange(1, 3_600), default=60, show_default=True, help="Seconds to recover.")
@common
def run(*, use_case: str, what: Any, seed: int, cases: int, target: int, folder: Path, as_json: bool) -> None:
    """Put sample cases while something fails for them alone. Exit code 1 when the drill didn't pass."""
    from waglan.access import Action
    from waglan.cli.acting import acting
    from waglan.registers.drilling import Plan, run_drill

    with acting(folder, Action.DRILL_RUN) as act:
        plan = Plan(what, seed, cases, target * 1_000)
        found = run_drill(act.workspace, act.access.local(), use_case, plan)
    if as_json:
        click.echo(json.dumps(_told(found), ensure_ascii=False))
    else:
        _say(found)
    if not found.passed:
        sys.exit(1)


@drill.command()
@click.option("--run", "now", is_flag=True, help="Run those that are due.")
@common
def due(*, now: bool, folder: Path, as_json: bool) -> None:
    """Which drills the tiers in force ask for, and when."""
    from waglan.registers.due import manifests, run_due, schedule
    from waglan.runtime import Workspace

    with Workspace.open(folder) as workspace:
        if now:
            _run_due(workspace, as_json, run_due)
            return
        now_ms = workspace.clock.now_ms()
        planned = schedule(_book(workspace), manifests(workspace))
    rows: list[dict[str, Any]] = [
        {"use_case": d.use_case, "what": d.what, "tier": d.tier, "due": iso(d.due_ms), "overdue": d.due_ms <= now_ms,
         "last": iso(d.last.ended_at) if d.last else "", "passed": d.last.passed if d.last else None}
        for d in planned
    ]  # fmt: skip
    if as_json:
        click.echo(json.dumps({"due": rows}, ensure_ascii=False))
        return
    for row in rows:
        last = f"last {row['last'][:10]}, {'passed' if row['passed'] else 'NOT PASSED'}" if row["last"] else "none yet"
        late = "  OVERDUE" if row["overdue"] else ""
        click.echo(f"{row['due'][:10]}  {row['use_case']}  {row['what']}  (tier {row['tier']}; {last}){late}")
    if not rows:
        click.echo("No use case has decided yet, so no drill is needed.")


@drill.command("list")
@common
def list_(*, folder: Path, as_json: bool) -> None:
    """The drills that were run, the newest first."""
    from waglan.runtime import Workspace

    with Workspace.open(folder) as workspace:
        book = _book(workspace)
    found = sorted((each.facts for each in book.drills), key=lambda d: -d.ended_at)
    _drills([_told(each) for each in found], as_json, "No drill was run yet. Next: waglan drill run USE_CASE")


def _run_due(workspace: Workspace, as_json: bool, run_due: Any) -> None:
    from waglan.access import Action, Resource, require
    from waglan.access.identity import local
    from waglan.console.house import open_index

    tenant = workspace.settings.workspace.tenant
    require(local(tenant), Action.DRILL_RUN, Resource("drill", tenant))
    with closing(open_index(workspace)) as index:
        done = run_due(workspace, index)
    _drills([_told(each) for each in done], as_json, "Nothing is due.")
    if not all(each.passed for each in done):
        sys.exit(1)


def _book(workspace: Workspace) -> Book:
    from waglan.console.house import open_index
    from waglan.registers import read_book

    with closing(open_index(workspace)) as index:
        index.follow()
        with index.reading() as connection:
            return read_book(connection, workspace.clock.now_ms())


def _told(found: Drill) -> dict[str, Any]:
    return {
        "id": found.id, "use_case": found.use_case, "what": found.what, "target": found.target, "passed": found.passed,
        "asked": found.asked, "fallback": found.fallback, "queued": found.queued, "uncontrolled": found.uncontrolled,
        "recovery_ms": found.recovery_ms, "target_ms": found.target_ms, "seed": found.seed,
        "began": iso(found.began_at), "ended": iso(found.ended_at),
    }  # fmt: skip


def _say(found: Drill) -> None:
    row = _told(found)
    click.echo(f"{'Passed' if found.passed else 'Not passed'}: {found.what} of {found.use_case} ({found.target}).")
    click.echo(f"{_became(row)} Target {found.target_ms / 1000:g} s. Recorded as {found.id}.")


def _became(row: dict[str, Any]) -> str:
    """What became of a drill's cases, in a line."""
    took = "not within the target" if row["recovery_ms"] is None else f"after {row['recovery_ms'] / 1000:.1f} s"
    return (
        f"{row['asked']} cases: {row['fallback']} answered by the next in line, {row['queued']} to a person, "
        f"{row['uncontrolled']} uncontrolled. As before {took}."
    )


def _drills(rows: list[dict[str, Any]], as_json: bool, none: str) -> None:
    if as_json:
        click.echo(json.dumps({"drills": rows}, ensure_ascii=False))
        return
    for row in rows:
        state = "passed" if row["passed"] else "NOT PASSED"
        click.echo(f"{row['ended'][:16]}Z  {row['use_case']}  {row['what']}: {state}. {_became(row)}")
    if not rows:
        click.echo(none)
