"""The demo on real data: a public set of card clients, trained on, decided, recorded and verified."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import click

from waglan.core.problem import Problem
from waglan.runtime.ask import Ask
from waglan.runtime.settings import FILE
from waglan.runtime.workspace import Workspace

TAIWAN = Path("credit") / "taiwan" / "UCI_Credit_Card.csv"
ORIGIN = "30,000 card clients, Taiwan 2005 (UCI)"
TARGET, PROTECTED, SUBJECT = "Y", ("X2", "X5"), "ID"


class Sample(NamedTuple):
    """Past applicants with their outcome, and new ones without."""

    past: Path
    new: Path


def decide_data(folder: Path, data: Path, applicants: int) -> dict[str, Any]:
    """Train on the set's first rows and decide the rest; gives the figures.

    Run again, it goes on in the same workspace: a new model, more decisions on the same log.

    Raises
    ------
    Problem
        ``demo.data`` when the set isn't in the folder, or that of the room that refuses.
    """
    started = time.monotonic()
    if not (data / TAIWAN).is_file():
        raise Problem(
            f"There is no {TAIWAN} in {data}.",
            "The folder of real data was named, but that set isn't in it.",
            "Leave --data out to see the sample bank.",
            code="demo.data",
            where=str(data),
        )
    with _workspace(folder) as workspace:
        (workspace.folder / "sample").mkdir(exist_ok=True)
        sample = _sample(data / TAIWAN, workspace.folder / "sample", applicants)
        trained = _train(workspace, sample)
    with Workspace.open(folder) as workspace:
        decided = _decide(workspace, sample)
        figures = {"folder": str(folder), "data": ORIGIN, **trained, **decided, **_facts(workspace), **prove(workspace)}
    return figures | {"seconds": round(time.monotonic() - started, 1)}


def _workspace(folder: Path) -> Workspace:
    if (folder / FILE).exists():
        return Workspace.open(folder)
    return Workspace.create(folder, tenant="sample-bank")


def _sample(path: Path, folder: Path, applicants: int) -> Sample:
    """Those at the end are new, the others past."""
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    target = header.index(TARGET)
    sample = Sample(folder / "past.csv", folder / "new.csv")
    _write(sample.past, [header, *rows[:-applicants]])
    _write(sample.new, ([cell for at, cell in enumerate(row) if at != target] for row in [header, *rows[-applicants:]]))
    return sample


def _write(path: Path, rows: Iterable[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def _train(workspace: Workspace, sample: Sample) -> dict[str, Any]:
    from waglan.usecases.credit.declare import Wishes
    from waglan.usecases.credit.training import Options, registrations, save, train

    click.echo(f"Training a scorecard on {sample.past.name}: {ORIGIN} …", err=True)
    options = Options(target=TARGET, wishes=Wishes(protected=PROTECTED, subject=SUBJECT))
    now_ms = workspace.clock.now_ms()
    trained = train(sample.past, options, now_ms)
    save(trained, workspace.folder)
    for registration in registrations(trained, now_ms, validator="demo"):
        workspace.register_model(registration, actor="demo")
    holdout = trained.report.scorecard.holdout
    return {"auc": round(holdout.auc, 4), "model": trained.files[0].name}


def _decide(workspace: Workspace, sample: Sample) -> dict[str, Any]:
    from waglan.cli.decide import run
    from waglan.runtime.batch import Plan

    results = sample.new.with_name(f"results-{workspace.ids.new(workspace.clock.now_ms())}.csv")
    plan = Plan(
        use_case="credit",
        path=sample.new,
        out=results,
        rejects=results.with_name(results.name.replace("results", "rejects")),
        wanted="auto",
        encoding="auto",
        ask=Ask(channel="cli", actor="demo"),
        consent_ref="",
        unique=(),
        chunk=2_048,
        resume=False,
    )
    summary = run(workspace, plan)
    keys = ("decided", "auto", "human", "blocked", "rejected", "per_second", "results")
    return {key: getattr(summary, key) for key in keys}


def _facts(workspace: Workspace) -> dict[str, Any]:
    from waglan.facts import Facts

    with closing(Facts.open(workspace.folder / "facts", workspace.ledger)) as facts:
        facts.update()
        ((rows,),) = facts.query("select count(*) from decisions").fetchall()
    return {"facts": rows}


def prove(workspace: Workspace) -> dict[str, Any]:
    """Export the log and let ``verify.py`` check it in a Python that knows nothing of Waglan.

    Raises
    ------
    Problem
        ``demo.proof`` with what it says when something doesn't verify.
    """
    from waglan.ledger.export import export

    folder = workspace.folder / "proof"
    export(workspace.ledger.store, workspace.ledger.signer, folder, workspace.ledger.signed())
    keys = [part for vkey in workspace.ledger.signer.vkeys for part in ("--vkey", vkey)]
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), str(folder), *keys]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    if checked.returncode != 0:
        raise Problem(
            "The exported log doesn't verify.",
            (checked.stdout + checked.stderr).strip()[-2_000:],
            "Keep the folder as it is and compare it with a backup or a witness's checkpoint.",
            code="demo.proof",
        )
    return {"entries": workspace.ledger.head().size, "verified": True, "proof": str(folder)}


def told(figures: dict[str, Any]) -> str:
    """The figures as text, and what to do next."""
    folder = figures["folder"]
    return "\n".join(
        [
            f"Trained    {figures['model']}: AUC {figures['auc']} on applicants it hadn't seen ({figures['data']}).",
            f"Decided    {figures['decided']:,} applicants: {figures['auto']:,} automatic, {figures['human']:,} to a "
            f"person, {figures['blocked']:,} blocked, {figures['rejected']:,} rejected rows.",
            f"Recorded   {figures['entries']:,} entries on the log, {figures['facts']:,} decisions in the fact tables.",
            f"Verified   every entry, root and signature, by {figures['proof']}/verify.py alone.",
            f"Took       {figures['seconds']} s.",
            "",
            "Next:",
            f"  ./waglan serve --workspace {folder}          open the console",
            f"  ./waglan ledger status --workspace {folder}  the state of the log",
            f'  ./waglan facts --workspace {folder} --sql "select route, count(*) from decisions group by 1"',
        ]
    )
