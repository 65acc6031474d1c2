"""``waglan decide``: a file of cases in, recorded decisions out.

Exit codes: 0 every row was decided, 1 some were rejected, 2 the file was refused, 3 the ledger or a file of ours
can't be written.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from waglan.cli.progress import progress
from waglan.core.case import LANGUAGES
from waglan.runtime import Ask, Workspace
from waglan.runtime.batch import Plan, Summary, file_source
from waglan.runtime.batch import run as run_batch
from waglan.runtime.collector import calm
from waglan.runtime.rows import ENCODINGS


@click.command()
@click.argument("use_case")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--workspace", type=click.Path(path_type=Path), default=Path(), help="The workspace folder.")
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Results file. [FILE.results.csv]")
@click.option("--rejects", type=click.Path(path_type=Path), default=None, help="Rejects file. [FILE.rejects.csv]")
@click.option("--format", "wanted", type=click.Choice(["auto", "csv", "jsonl", "parquet"]), default="auto")
@click.option("--encoding", default="auto", help=f"One of {', '.join(ENCODINGS)}.")
@click.option("--drop-unknown", is_flag=True, help="Let undeclared columns in, to be dropped on the record.")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", help="The customers' language.")
@click.option("--purpose", default="", help="Why the data is used. [the manifest's first purpose]")
@click.option("--source", default="", help="What the system that made the file is called.")
@click.option("--consent-ref", default="", metavar="COL", help="Column that holds each row's consent reference.")
@click.option("--notice-id", default="", help="The privacy notice that covers this use.")
@click.option("--unique", multiple=True, metavar="COL", help="Reject rows that repeat a value of this column.")
@click.option("--chunk", type=click.IntRange(1, 65_536), default=2_048, help="Rows decided and written at a time.")
@click.option("--resume", is_flag=True, help="Go on with an interrupted run of the same file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def decide(
    *,
    use_case: str,
    file: Path,
    workspace: Path,
    out: Path | None,
    rejects: Path | None,
    wanted: str,
    encoding: str,
    drop_unknown: bool,
    language: str,
    purpose: str,
    source: str,
    consent_ref: str,
    notice_id: str,
    unique: tuple[str, ...],
    chunk: int,
    resume: bool,
    as_json: bool,
) -> None:
    """Decide every row of FILE (CSV, JSON lines, Parquet) by USE_CASE."""
    ask = Ask(
        channel="cli",
        language=next(each for each in LANGUAGES if each == language),
        purpose=purpose,
        notice_id=notice_id,
        source=file_source(file, source),
        drop_unknown=drop_unknown,
    )
    plan = Plan(
        use_case=use_case,
        path=file,
        out=out or file.with_name(f"{file.name}.results.csv"),
        rejects=rejects or file.with_name(f"{file.name}.rejects.csv"),
        wanted=wanted,
        encoding=encoding,
        ask=ask,
        consent_ref=consent_ref,
        unique=unique,
        chunk=chunk,
        resume=resume,
    )
    with Workspace.open(workspace) as opened:
        calm()
        summary = run(opened, plan)
    _show(summary, as_json)
    if summary.rejected:
        sys.exit(1)


def run(workspace: Workspace, plan: Plan) -> Summary:
    """Decide a file and show how far it is; see `waglan.runtime.batch.run`."""
    return run_batch(workspace, plan, progress)


def _show(summary: Summary, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(summary).decode())
        return
    from rich.console import Console
    from rich.table import Table

    routes = f"{summary.auto:,} auto, {summary.human:,} to a person, {summary.blocked:,} blocked"
    table = Table(show_header=False, box=None)
    table.add_row("[bold]rows[/bold]", f"{summary.rows:,}")
    table.add_row("[bold]decided[/bold]", f"{summary.decided:,}: {routes}")
    table.add_row("[bold]rejected[/bold]", f"{summary.rejected:,}")
    if summary.resumed:
        table.add_row("[bold]done before[/bold]", f"{summary.resumed:,}")
    table.add_row("[bold]time[/bold]", f"{summary.seconds:.1f} s, {summary.per_second:,.0f} rows/s")
    if summary.decided:
        table.add_row("[bold]on the log[/bold]", f"entries {summary.first_index:,} to {summary.last_index:,}")
    Console(highlight=False).print(table)
    click.echo(f"Results: {summary.results}")
    if summary.rejected:
        click.echo(f"Rejects: {summary.rejects}, with the reason beside each row; correct it and give it again.")
