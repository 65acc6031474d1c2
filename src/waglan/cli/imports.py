"""``waglan import``: past decisions of the firm's own systems, marked as imported and never counted as live.

A file goes in part by part, each part with its import event in one commit, so that an interrupted import can be
resumed without recording a decision twice. Exit codes as for ``waglan decide``.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path

import click
import msgspec

from waglan.cli.progress import progress
from waglan.core.events import Import
from waglan.core.problem import Problem
from waglan.runtime import Workspace
from waglan.runtime.batch import Sheet, alone, chunks, file_source, reject_header, reject_line
from waglan.runtime.rows import ENCODINGS, Mapper, PastDecision, Rejected, Row, at_row, open_rows

PART = 500
"""Rows of a part: with a label each and the import event they fit one commit of 1,024 entries."""


class Summary(msgspec.Struct, kw_only=True):
    """What an import did; the keys of ``--json``. ``resumed`` rows were in parts recorded before."""

    use_case: str
    rows: int = 0
    imported: int = 0
    labels: int = 0
    rejected: int = 0
    resumed: int = 0
    seconds: float = 0.0
    per_second: float = 0.0
    rejects: str = ""
    first_index: int | None = None
    last_index: int | None = None
    file_sha256: str = ""


@click.command("import")
@click.argument("use_case")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--mapping", required=True, type=click.Path(path_type=Path), help="Which column is what (TOML).")
@click.option("--workspace", type=click.Path(path_type=Path), default=Path(), help="The workspace folder.")
@click.option("--rejects", type=click.Path(path_type=Path), default=None, help="Rejects file. [FILE.rejects.csv]")
@click.option("--format", "wanted", type=click.Choice(["auto", "csv", "jsonl", "parquet"]), default="auto")
@click.option("--encoding", default="auto", help=f"One of {', '.join(ENCODINGS)}.")
@click.option("--resume", is_flag=True, help="Go on with an interrupted import of the same file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def import_(
    *,
    use_case: str,
    file: Path,
    mapping: Path,
    workspace: Path,
    rejects: Path | None,
    wanted: str,
    encoding: str,
    resume: bool,
    as_json: bool,
) -> None:
    """Take in past decisions of USE_CASE from FILE (CSV, JSON lines, Parquet), marked as imported."""
    rejects = rejects or file.with_name(f"{file.name}.rejects.csv")
    with Workspace.open(workspace) as opened:
        summary = run(opened, use_case, file, mapping, rejects, wanted=wanted, encoding=encoding, resume=resume)
    if as_json:
        click.echo(msgspec.json.encode(summary).decode())
    else:
        click.echo(f"{summary.imported:,} past decisions and {summary.labels:,} labels are on the log, as imported.")
        if summary.resumed:
            click.echo(f"{summary.resumed:,} rows had been taken in before.")
        if summary.rejected:
            click.echo(f"{summary.rejected:,} rows could not be read: {summary.rejects} says why.")
    if summary.rejected:
        sys.exit(1)


def run(
    workspace: Workspace,
    use_case: str,
    path: Path,
    mapping: Path,
    rejects: Path,
    *,
    wanted: str = "auto",
    encoding: str = "auto",
    resume: bool = False,
) -> Summary:
    """Import a file.

    Raises
    ------
    Problem
        The mapping or the file as a whole is refused, or the ledger stopped.
    """
    begun = time.monotonic()
    manifest = workspace.catalogue.get(use_case).manifest
    mapper = Mapper(_text(mapping), str(mapping), manifest)
    digest = file_source(path, "").removeprefix("sha256:")
    known = _parts(workspace, digest)
    if known and not resume:
        raise Problem(
            f"{path.name} has been imported before.",
            f"{len(known)} parts of a file with this SHA-256 are on the log.",
            "Pass --resume to take in what is missing, if that import was interrupted.",
            code="import.again",
        )
    summary = Summary(use_case=use_case, rejects=str(rejects), file_sha256=digest)
    with ExitStack() as stack:
        opened = stack.enter_context(open_rows(path, wanted=wanted, encoding=encoding, known=mapper.columns))
        if opened.table.columns is not None:
            mapper.check(opened.table.columns)
        columns = opened.table.columns if opened.table.columns is not None else mapper.columns
        stack.enter_context(alone(rejects))
        if resume:
            rejects.unlink(missing_ok=True)  # every row is read again, so all of them come again
        sheet = stack.enter_context(closing(Sheet(rejects, reject_header(columns), resume=False)))
        step = stack.enter_context(progress(f"Importing {path.name}", opened.size))
        for part in chunks(opened.table, PART):
            good, refused = _read(part, mapper, opened.table.text)
            summary.rows += len(part)
            summary.rejected += len(refused)
            sheet.write(reject_line(columns, item, problem, text=opened.table.text) for item, problem in refused)
            name = f"{path.name[:160]} rows {part[0].number}-{part[-1].number}"
            if name in known:
                summary.resumed += len(good)
            elif good:
                _record(workspace, summary, good, name, len(refused))
            step(summary.rows, opened.position())
    summary.seconds = round(time.monotonic() - begun, 3)
    summary.per_second = round(summary.imported / max(summary.seconds, 0.001), 1)
    return summary


def _record(workspace: Workspace, summary: Summary, good: list[PastDecision], name: str, rejected: int) -> None:
    try:
        recorded = workspace.runtime.record_import(
            summary.use_case, good, name=name, file_sha256=summary.file_sha256, rejected=rejected
        )
    except Problem as problem:
        raise Problem(
            problem.what,
            f"{problem.why} {summary.imported:,} rows are recorded.",
            f"{problem.next} Then run the same command with --resume: no row is recorded twice.",
            code=problem.code,
            where=problem.where,
            status=problem.status,
        ) from None
    summary.imported += len(good)
    summary.labels += sum(each.label is not None for each in good)
    summary.first_index = recorded[0].index if summary.first_index is None else summary.first_index
    summary.last_index = recorded[-1].index


def _read(
    part: list[Row | Rejected], mapper: Mapper, text: bool
) -> tuple[list[PastDecision], list[tuple[Row | Rejected, Problem]]]:
    good: list[PastDecision] = []
    refused: list[tuple[Row | Rejected, Problem]] = []
    for item in part:
        if isinstance(item, Rejected):
            refused.append((item, item.problem))
            continue
        try:
            good.append(mapper.read(item.values, item.number, text=text))
        except Problem as problem:
            refused.append((item, at_row(problem, item.number)))
    return good, refused


def _parts(workspace: Workspace, digest: str) -> frozenset[str]:
    """The names of the parts of a file that are on the log."""
    wanted = f'"file_sha256":"{digest}"'.encode()
    found = set()
    for _, row in workspace.ledger.rows(0, workspace.ledger.head().size):
        if wanted in row.leaf:
            leaf = msgspec.json.decode(row.leaf)
            if leaf["kind"] == Import.kind:
                found.add(leaf["facts"]["name"])
    return frozenset(found)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(
            f"The mapping {path} can't be read.",
            f"{error}.",
            "Name a TOML file in UTF-8; docs/files.md shows one.",
            code="file.unreadable",
        ) from None
