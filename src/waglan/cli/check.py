"""``waglan check``: the conformance suite on a plug-in. Exit code 1 when there are findings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from waglan.core.control import controls
from waglan.core.inputs import InputSchema
from waglan.core.model import models
from waglan.core.problem import Problem, nearest
from waglan.core.usecase import Plugin, UseCase
from waglan.runtime.catalogue import Catalogue, import_module
from waglan.runtime.rows import Rejected, open_rows
from waglan.runtime.settings import FILE, read_settings
from waglan.testing import Report, Stage, check_control, check_model, check_use_case, sample_cases

SAMPLES = 20
"""So many rows of ``--samples`` are taken."""


class Bench(NamedTuple):
    """What targets are checked with."""

    catalogue: Catalogue
    stage: Stage
    against: Stage | None
    samples: Path | None


@click.command()
@click.argument("target", default="")
@click.option(
    "--workspace", type=click.Path(path_type=Path), default=Path(), help="Take models and manifests from here."
)
@click.option(
    "--samples", type=click.Path(path_type=Path), default=None, help="A file of rows, instead of its own samples."
)
@click.option("--store", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", help="Compare with this store.")
@click.option("--dsn", default="", envvar="WAGLAN_LEDGER__DSN", help="libpq connection string of --store postgresql.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def check(*, target: str, workspace: Path, samples: Path | None, store: str, dsn: str, as_json: bool) -> None:
    """Check TARGET: a module file, or the name of a use case, control or model; without it, all that is installed."""
    if store == "postgresql" and not dsn:
        raise Problem(
            "No database is named.", "--store postgresql decides the samples in a real one.",
            "Give --dsn, or set WAGLAN_LEDGER__DSN.", code="usage.dsn",
        )  # fmt: skip
    folder = workspace.resolve()
    modules = read_settings(folder, {}).plugins.modules if (folder / FILE).is_file() else ()
    bench = Bench(
        catalogue=Catalogue(folder, modules),
        stage=Stage(models=folder / "models"),
        against=Stage(store="postgresql", dsn=dsn, models=folder / "models") if store == "postgresql" else None,
        samples=samples,
    )
    reports = [run() for run in _targets(target, folder, bench)]
    _show(reports, as_json)
    if any(report.flaws for report in reports):
        sys.exit(1)


def _targets(target: str, folder: Path, bench: Bench) -> Iterator[Callable[[], Report]]:
    if target.endswith(".py") or (target and Path(target).is_file()):
        yield from _module(target, bench)
        return
    if not target:
        yield from (_use_case(_installed(name, bench), bench) for name in bench.catalogue)
        yield from (_control(name) for name in controls)
        return
    known: dict[str, Callable[[], Report]] = {name: _model(name, bench) for name in models}
    known |= {name: _control(name) for name in controls}
    if target in bench.catalogue:
        yield _use_case(_installed(target, bench), bench)
    elif target in known:
        yield known[target]
    else:
        raise Problem(
            f"There is nothing called {target!r} to check.",
            nearest(target, [*known, *bench.catalogue]),
            "Give a module file (./triage.py) or an installed name.",
            code="check.unknown",
        )


def _module(target: str, bench: Bench) -> Iterator[Callable[[], Report]]:
    """What a module file holds: its ``plugin``, and the controls and models that it registers."""
    before = {*controls, *models}
    module = import_module(str(Path(target).resolve()), Path())
    found = getattr(module, "plugin", None)
    plugins = found if isinstance(found, list | tuple) and not isinstance(found, Plugin) else [found]
    runs = [_use_case(plugin, bench) for plugin in plugins if isinstance(plugin, Plugin)]
    runs += [_control(name, plugins) for name in controls if name not in before]
    runs += [_model(name, bench) for name in models if name not in before and bench.samples is not None]
    if not runs:
        raise Problem(
            f"{target} holds nothing to check.",
            f"Its 'plugin' is a {type(found).__name__}, and it registers no control.",
            "Put plugin = load_plugin(Path(__file__).with_suffix('.toml'), YourDecider(), samples) at its end.",
            code="check.empty",
            where=target,
        )
    yield from runs


def _installed(name: str, bench: Bench) -> Plugin:
    own = bench.catalogue.plugin(name)
    if own is not None and own.manifest.phase in ("design", "retired"):
        return own  # the catalogue would refuse it; the suite says so as a finding
    found = bench.catalogue.get(name)
    fits = found.manifest.inputs == found.plugin.manifest.inputs
    return found.plugin._replace(manifest=found.manifest, samples=found.plugin.samples if fits else ())


def _use_case(plugin: Plugin, bench: Bench) -> Callable[[], Report]:
    given = plugin
    if bench.samples is not None:
        given = plugin._replace(samples=_rows(bench.samples, plugin.manifest))
    return lambda: check_use_case(given, stage=bench.stage, against=bench.against)


def _control(name: str, beside: Sequence[Any] = ()) -> Callable[[], Report]:
    """A control; where a use case of the same module names it, with that one's manifest and samples."""
    for plugin in beside:
        if isinstance(plugin, Plugin):
            plan = plugin.manifest.controls
            if name in (*plan.before, *plan.after):
                return lambda: check_control(
                    controls.get(name),
                    samples=sample_cases(plugin),
                    settings=plan.settings.get(name),
                    manifest=plugin.manifest,
                )
    return lambda: check_control(controls.get(name))


def _model(name: str, bench: Bench) -> Callable[[], Report]:
    return lambda: check_model(models.get(name), () if bench.samples is None else _rows(bench.samples, None))


def _rows(path: Path, manifest: UseCase | None) -> tuple[dict[str, Any], ...]:
    """The first rows of a file as JSON values; text cells are converted as the manifest says."""
    with open_rows(path, known=() if manifest is None else tuple(manifest.inputs)) as opened:
        rows = list(islice(opened.table, SAMPLES))
        text = opened.table.text
    for row in rows:
        if isinstance(row, Rejected):
            raise row.problem
    if manifest is None or not text:
        return tuple(dict(row.values) for row in rows)
    schema = InputSchema(manifest.inputs)
    subject = next((name for name, spec in manifest.inputs.items() if spec.role == "subject"), "")
    number = {"integer": int, "number": float}.get(manifest.inputs[subject].type if subject else "", str)
    cleaned = [schema.clean_text(row.values, drop_unknown=True) for row in rows]
    return tuple(
        each.inputs | each.aside | ({subject: number(each.subject)} if each.subject else {}) for each in cleaned
    )


def _show(reports: list[Report], as_json: bool) -> None:
    flaws = [flaw for report in reports for flaw in report.flaws]
    if as_json:
        checked = [{"subject": r.subject, "checks": r.checks} for r in reports]
        click.echo(msgspec.json.encode({"checked": checked, "findings": flaws}).decode())
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    for report in reports:
        click.echo(f"{report.subject}: {len(report.checks)} promises, {len(report.flaws)} findings")
    if flaws:
        table = Table("what", "promise", "where", "seen", "next")
        for flaw in flaws:
            table.add_row(*map(escape, (flaw.subject, flaw.check, flaw.where, flaw.what, flaw.next)))
        Console().print(table)
