"""The main job on a sample bank, for real: train, decide, record, prove."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import click

from waglan.core.problem import Problem
from waglan.runtime.ask import Ask
from waglan.runtime.settings import FILE
from waglan.runtime.workspace import Workspace

APPLICANTS = 10_000
SEED = 20_261_121
TAIWAN = Path("credit") / "taiwan" / "UCI_Credit_Card.csv"


class Sample(NamedTuple):
    """Past applicants with their outcome, new ones without, and how to train on the former."""

    past: Path
    new: Path
    target: str
    protected: tuple[str, ...]
    origin: str


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path("waglan-demo"), help="Where to make it.")
@click.option("--applicants", type=click.IntRange(100, 20_000), default=APPLICANTS, help="How many to decide.")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Folder of real data. [$WAGLAN_DATA]")
@click.option("--generated", is_flag=True, help="Use generated applicants even where real data is there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def demo(*, folder: Path, applicants: int, data: Path | None, generated: bool, as_json: bool) -> None:
    """Run the main job on a sample bank: train, decide, record, verify.

    Run again, it goes on in the same workspace: a new model, more decisions on the same log.
    """
    started = time.monotonic()
    with _workspace(folder) as workspace:
        (workspace.folder / "sample").mkdir(exist_ok=True)
        choose = _generated if generated else partial(_sample, data=data)
        sample = choose(workspace.folder / "sample", applicants=applicants)
        trained = _train(workspace, sample)
    with Workspace.open(folder) as workspace:
        decided = _decide(workspace, sample)
        proof = _prove(workspace)
        facts = _facts(workspace)
    figures = {
        "folder": str(folder),
        "data": sample.origin,
        **trained,
        **decided,
        **facts,
        **proof,
        "seconds": round(time.monotonic() - started, 1),
    }
    click.echo(json.dumps(figures, ensure_ascii=False) if as_json else _told(figures))


def _workspace(folder: Path) -> Workspace:
    if (folder / FILE).exists():
        return Workspace.open(folder)
    return Workspace.create(folder, tenant="sample-bank")


def _sample(folder: Path, *, data: Path | None, applicants: int) -> Sample:
    given = data or (Path(os.environ["WAGLAN_DATA"]) if os.environ.get("WAGLAN_DATA") else None)
    beside = Path(__file__).resolve().parents[4] / "shared" / "data"
    root = given or beside
    if (root / TAIWAN).is_file():
        return _taiwan(root / TAIWAN, folder, applicants)
    if given is not None:
        raise Problem(
            f"There is no {TAIWAN} in {given}.", "The folder of real data was named, but that set isn't in it.",
            "Leave --data and WAGLAN_DATA out to use generated applicants.", code="demo.data", where=str(given),
        )  # fmt: skip
    return _generated(folder, applicants=applicants)


def _taiwan(path: Path, folder: Path, applicants: int) -> Sample:
    """The public set of 30,000 card clients: those at the end are new, the others past."""
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    target = header.index("Y")
    sample = Sample(
        folder / "past.csv", folder / "new.csv", "Y", ("X2", "X5"), "30,000 card clients, Taiwan 2005 (UCI)"
    )
    _write(sample.past, [header, *rows[:-applicants]])
    _write(sample.new, ([cell for at, cell in enumerate(row) if at != target] for row in [header, *rows[-applicants:]]))
    return sample


def _generated(folder: Path, *, applicants: int) -> Sample:
    from waglan.harbour.applicants import write_applicants

    sample = Sample(folder / "past.csv", folder / "new.csv", "default", ("sex", "age"), "generated applicants (SYN-…)")
    write_applicants(sample.past, applicants, SEED)
    write_applicants(folder / "all.csv", applicants, SEED + 1)
    with (folder / "all.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    target = header.index("default")
    _write(sample.new, ([cell for at, cell in enumerate(row) if at != target] for row in [header, *rows]))
    (folder / "all.csv").unlink()
    return sample


def _write(path: Path, rows: Iterable[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def _train(workspace: Workspace, sample: Sample) -> dict[str, Any]:
    from waglan.usecases.credit.declare import Wishes
    from waglan.usecases.credit.training import Options, registrations, save, train

    click.echo(f"Training a scorecard on {sample.past.name}: {sample.origin} …", err=True)
    options = Options(
        target=sample.target, wishes=Wishes(protected=sample.protected, subject="ID" if sample.target == "Y" else "")
    )
    now_ms = workspace.clock.now_ms()
    trained = train(sample.past, options, now_ms)
    save(trained, workspace.folder)
    for registration in registrations(trained, now_ms, validator="demo"):
        workspace.register_model(registration, actor="demo")
    holdout = trained.report.scorecard.holdout
    return {"auc": round(holdout.auc, 4), "model": trained.files[0].name}


def _decide(workspace: Workspace, sample: Sample) -> dict[str, Any]:
    from waglan.cli.decide import Plan, run

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


def _prove(workspace: Workspace) -> dict[str, Any]:
    """Export the log and let ``verify.py`` check it in a Python that knows nothing of Waglan."""
    from waglan.ledger.export import export

    folder = workspace.folder / "proof"
    export(workspace.ledger.store, workspace.ledger.signer, folder, workspace.ledger.signed())
    keys = [part for vkey in workspace.ledger.signer.vkeys for part in ("--vkey", vkey)]
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), str(folder), *keys]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    if checked.returncode != 0:
        raise Problem(
            "The exported log doesn't verify.", (checked.stdout + checked.stderr).strip()[-2_000:],
            "Keep the folder as it is and compare it with a backup or a witness's checkpoint.", code="demo.proof",
        )  # fmt: skip
    return {"entries": workspace.ledger.head().size, "verified": True, "proof": str(folder)}


def _facts(workspace: Workspace) -> dict[str, Any]:
    from waglan.facts import Facts

    with closing(Facts.open(workspace.folder / "facts", workspace.ledger)) as facts:
        facts.update()
        ((rows,),) = facts.query("select count(*) from decisions").fetchall()
    return {"facts": rows}


def _told(figures: dict[str, Any]) -> str:
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
            f"  ./waglan serve --workspace {folder}          decide over HTTP",
            f"  ./waglan ledger status --workspace {folder}  the state of the log",
            f'  ./waglan facts --workspace {folder} --sql "select route, count(*) from decisions group by 1"',
        ]
    )
