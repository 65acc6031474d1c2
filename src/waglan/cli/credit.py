"""``waglan credit``: train a scorecard on a firm's own file, and look at one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from waglan.core.problem import Problem

if TYPE_CHECKING:
    from rich.console import Console

    from waglan.usecases.credit.report import ModelReport, TrainingReport
    from waglan.usecases.credit.training import Options, Trained

TRENDS = ("increasing", "decreasing", "none")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def credit() -> None:
    """Train and inspect credit scorecards."""


def _names(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(n.strip() for n in (value or "").split(",") if n.strip())


def _pairs(context: click.Context, parameter: click.Parameter, value: Sequence[str]) -> dict[str, str]:
    found = {}
    for item in value:
        name, equals, rest = item.rpartition("=")
        if not equals or not name or not rest:
            raise click.BadParameter(f"{item!r} isn't NAME=VALUE", context, parameter)
        found[name] = rest
    return found


@credit.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--target", required=True, help="The column that says how it turned out.")
@click.option("--bad", default="", help="Its value that means bad (default: 1, true, bad or yes).")
@click.option("--good", default="", help="Or its value that means good; every other is bad.")
@click.option("--protected", callback=_names, help="Columns recorded aside and never scored: sex,age.")
@click.option("--subject", default="", help="The column that names the person.")
@click.option("--category", callback=_names, help="Columns of codes that have no order.")
@click.option("--keep", callback=_names, help="Text columns to record with the case.")
@click.option("--drop", callback=_names, help="Columns to leave out.")
@click.option("--fixed", callback=_names, help="Inputs that recourse must not touch.")
@click.option("--increase", callback=_names, help="Inputs that recourse may only raise.")
@click.option("--decrease", callback=_names, help="Inputs that recourse may only lower.")
@click.option("--monotone", multiple=True, callback=_pairs, help="INPUT=increasing|decreasing|none; repeat.")
@click.option("--special", multiple=True, callback=_pairs, help="INPUT=CODE,CODE: numbers that are codes; repeat.")
@click.option("--family", multiple=True, callback=_pairs, help="FAMILY=INPUT,INPUT: one reason among them; repeat.")
@click.option("--stakes", default="", help="The column with the amount asked for, in Hong Kong dollars.")
@click.option("--challenger", is_flag=True, help="Train a boosted challenger (LightGBM) too.")
@click.option("--holdout", default=0.3, show_default=True, help="Share of rows kept for the test.")
@click.option("--seed", default=7, show_default=True, help="Of the split.")
@click.option("--approve-rate", default=0.8, show_default=True, help="Share of applicants to approve.")
@click.option("--cut-off", type=int, default=None, help="Least score approved; goes before --approve-rate.")
@click.option("--use-case", default="credit", show_default=True, help="The use case's name.")
@click.option("--owner", default="", help="Who answers for it.")
@click.option("--validator", default="", help="Who has validated it; without one, people decide every case.")
@click.option("--workspace", type=click.Path(path_type=Path), default=Path(), help="The workspace (default: here).")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def train(file: Path, workspace: Path, validator: str, as_json: bool, **said: Any) -> None:
    """Train a scorecard on FILE (CSV, JSON lines or Parquet, one past applicant per row).

    Writes the model, a manifest for the file's own columns and a report into the workspace, and registers the model
    on its log.
    """
    from waglan.core.clock import SystemClock
    from waglan.core.manifest import parse_manifest
    from waglan.runtime.settings import read_settings
    from waglan.usecases.credit import training

    read_settings(workspace.resolve(), os.environ)
    options = _options(said)
    mine = workspace / "usecases" / f"{options.use_case}.toml"
    base = parse_manifest(mine.read_text(encoding="utf-8"), str(mine)) if mine.is_file() else None
    now_ms = SystemClock().now_ms()
    trained = training.train(file, options, now_ms, base)
    paths = training.save(trained, workspace)
    _register(workspace, trained, now_ms, validator)
    if as_json:
        import msgspec

        body = msgspec.to_builtins(trained.report) | {"files": [str(p) for p in paths], "validator": validator}
        click.echo(msgspec.json.encode(body).decode())
    else:
        _print(trained.report, paths, validator)


def _register(workspace: Path, trained: Trained, now_ms: int, validator: str) -> None:
    """Put the models on the workspace's log; the newest registration of an id is the one in use."""
    from waglan.runtime import Workspace
    from waglan.usecases.credit.training import registrations

    with Workspace.open(workspace) as opened:
        for registration in registrations(trained, now_ms, validator=validator):
            opened.register_model(registration, actor="waglan credit train")


def _options(said: dict[str, Any]) -> Options:
    from waglan.usecases.credit.declare import Wishes
    from waglan.usecases.credit.training import Options

    change: dict[str, Any] = {}
    for direction in ("fixed", "increase", "decrease"):
        change |= dict.fromkeys(said.pop(direction), direction)
    monotone, special, family = said.pop("monotone"), said.pop("special"), said.pop("family")
    for name, trend in monotone.items():
        if trend not in TRENDS:
            raise Problem(f"{name!r} can't be {trend!r}.", f"A trend is {', '.join(TRENDS)}.",
                          f"Give --monotone {name}=increasing.", code="usage.option", where="--monotone")  # fmt: skip
    wishes = Wishes(change=change, **{n: said.pop(n) for n in ("protected", "subject", "category", "keep", "drop")})
    return Options(
        wishes=wishes,
        monotone=monotone,
        specials={name: _codes(name, codes) for name, codes in special.items()},
        families={member.strip(): name for name, members in family.items() for member in members.split(",")},
        **said,
    )


def _codes(name: str, codes: str) -> tuple[float, ...]:
    try:
        return tuple(float(code) for code in codes.split(","))
    except ValueError:
        raise Problem(f"The special values of {name!r} can't be {codes!r}.", "Special values are numbers.",
                      f"Give --special {name}=-1,-2.", code="usage.option", where="--special") from None  # fmt: skip


def _print(report: TrainingReport, paths: Sequence[Path], validator: str) -> None:
    from rich.console import Console

    console = Console(markup=False, highlight=False)
    rate = report.bad / max(report.rows - report.unlabelled, 1)
    console.print(
        f"{report.rows:,} applicants, {report.bad:,} bad ({rate:.1%}: {report.target} = {report.bad_value}); "
        f"{report.rejected:,} rows unreadable, {report.unlabelled:,} without outcome. "
        f"{report.holdout_share:.0%} kept for the test (seed {report.seed})."
    )
    models = [m for m in (report.scorecard, report.challenger) if m is not None]
    _print_figures(console, models)
    _print_inputs(console, report)
    _print_calibration(console, report.scorecard)
    _print_groups(console, report.scorecard)
    for warning in report.warnings:
        console.print(f"! {warning}")
    for path in paths:
        console.print(f"written {path}", soft_wrap=True)
    if not validator:
        console.print(
            "Nobody has validated it: it is registered as unvalidated and people decide every case. "
            "Name who validated it with --validator, or run 'waglan model'."
        )


def _print_figures(console: Console, models: Sequence[ModelReport]) -> None:
    from rich.table import Table

    table = Table(title="On applicants it has not seen", title_justify="left")
    for heading in ("", *(m.id for m in models)):
        table.add_column(heading, justify="right" if heading else "left")
    held = [m.holdout for m in models]
    for name, field in (("AUC", "auc"), ("Gini", "gini"), ("KS", "ks"), ("Brier", "brier"), ("log loss", "log_loss"),
                        ("calibration error", "calibration_error")):  # fmt: skip
        table.add_row(name, *(f"{getattr(f, field):.4f}" for f in held))
    table.add_row("cut-off", *(f"{m.cut_off} points" for m in models))
    table.add_row("approved", *(f"{m.approval_rate:.1%}" for m in models))
    table.add_row("bad among them", *(f"{m.approved_bad_rate:.1%}" for m in models))
    table.add_row("calibration", *(m.calibration for m in models))
    table.add_row("fit", *(f"{m.fit_seconds:.2f} s" for m in models))
    console.print(table)


def _print_inputs(console: Console, report: TrainingReport) -> None:
    from rich.table import Table

    table = Table(title="Inputs", title_justify="left")
    for heading in ("input", "IV", "trend of risk", "bands and points"):
        table.add_column(heading, justify="right" if heading == "IV" else "left")
    for line in report.inputs:
        bands = " · ".join(f"{b.label}: {b.points}" for b in line.bands)
        table.add_row(line.name, f"{line.iv:.4f}", line.trend, bands)
    console.print(table)
    for why, words in (("weak", "Say nothing"), ("sign", "Contradict the others, left out")):
        names = [d.name for d in report.dropped if d.why == why]
        if names:
            console.print(f"{words}: {', '.join(names)}", soft_wrap=True)


def _print_calibration(console: Console, model: ModelReport) -> None:
    from rich.table import Table

    table = Table(title="Foreseen and realised, tenths of the test by risk", title_justify="left")
    for heading in ("tenth", "rows", "foreseen", "realised"):
        table.add_column(heading, justify="right")
    for at, d in enumerate(model.deciles, 1):
        table.add_row(str(at), f"{d.rows:,}", f"{d.foreseen:.1%}", f"{d.happened:.1%}")
    console.print(table)


def _print_groups(console: Console, model: ModelReport) -> None:
    from rich.table import Table

    if not model.groups:
        console.print("No protected attribute was named (--protected), so nothing is said about fairness.")
        return
    table = Table(title="Approved by protected group, test rows, 95 % intervals", title_justify="left")
    for heading in ("attribute", "group", "rows", "approved", "interval", "ratio to best-off", "bad"):
        table.add_column(heading, justify="left" if heading in ("attribute", "group") else "right")
    for g in model.groups:
        ratio = "too few" if g.ratio is None else f"{g.ratio:.2f}"
        table.add_row(g.attribute, g.group, f"{g.rows:,}", f"{g.approved:.1%}", f"{g.low:.1%} – {g.high:.1%}", ratio,
                      f"{g.bad_rate:.1%}")  # fmt: skip
    console.print(table)


@credit.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the model's file as it is.")
def show(model: Path, as_json: bool) -> None:
    """Show a scorecard's bands and points. MODEL is its file."""
    from waglan.kit.scorecard import digest, load
    from waglan.usecases.credit.report import input_lines

    try:
        raw = model.read_bytes()
    except OSError as error:
        raise Problem(
            f"{model} can't be read.", f"{error.strerror or error}.", "Name a file of the workspace's models/.",
            code="model.file", where=str(model),
        ) from None  # fmt: skip
    scorecard = load(raw)
    if as_json:
        click.echo(raw.decode(), nl=False)
        return
    from rich.console import Console
    from rich.table import Table

    console = Console(markup=False, highlight=False)
    s = scorecard.scaling
    console.print(
        f"{scorecard.id} {digest(raw)[:12]} · {scorecard.training.rows:,} applicants · approved from "
        f"{scorecard.cut_off} points ({scorecard.probability(scorecard.cut_off):.1%} default) · "
        f"{s.base_score:g} points at {s.base_odds:g}:1, {s.pdo:g} more double the odds · everybody has {scorecard.base}"
    )
    table = Table()
    for heading in ("input", "band", "rows", "bad", "WOE", "points"):
        table.add_column(heading, justify="left" if heading in ("input", "band") else "right")
    for line in input_lines(scorecard):
        for at, b in enumerate(line.bands):
            table.add_row(line.name if at == 0 else "", b.label, f"{b.rows:,}", f"{b.bad_rate:.1%}", f"{b.woe:+.3f}",
                          str(b.points), end_section=at == len(line.bands) - 1)  # fmt: skip
    console.print(table)
