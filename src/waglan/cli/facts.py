"""``waglan facts``: bring the typed tables up to date, and ask them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from waglan.core.problem import Problem
from waglan.runtime import Workspace

SHOWN = 1_000
"""Rows of an answer that a terminal gets; ``--json`` gives all."""


@click.command()
@click.option("--workspace", type=click.Path(path_type=Path), default=Path(), help="The workspace folder.")
@click.option("--rebuild", is_flag=True, help="Start from nothing: read the whole log again.")
@click.option("--sql", "query", default="", help="One SELECT over decisions, live, models, use_cases, events, later.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def facts(*, workspace: Path, rebuild: bool, query: str, as_json: bool) -> None:
    """Bring the fact tables up to date with the log, and answer a question with SQL."""
    import duckdb

    from waglan.facts import Facts

    with Workspace.open(workspace) as opened, Facts.open(opened.folder / "facts", opened.ledger) as tables:
        taken = tables.update(rebuild=rebuild)
        answer: dict[str, Any] = {"taken": taken, "size": tables.size}
        if query:
            relation = tables.query(query)
            try:
                rows = (relation if as_json else relation.limit(SHOWN + 1)).fetchall()
            except duckdb.Error as error:
                raise Problem(
                    "The question can't be answered.", str(error).strip(), "Correct the SQL; see docs/fields.md.",
                    code="facts.query",
                ) from None  # fmt: skip
            answer |= {"columns": relation.columns, "rows": rows}
    if as_json:
        click.echo(msgspec.json.encode(answer).decode())
        return
    click.echo(f"{taken:,} entries taken in; the tables cover {answer['size']:,}.", err=bool(query))
    if query:
        _show(answer["columns"], answer["rows"])


def _show(columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table()
    for name in columns:
        table.add_column(name)
    for row in rows[:SHOWN]:
        table.add_row(*("" if value is None else escape(str(value)) for value in row))
    Console().print(table)
    if len(rows) > SHOWN:
        click.echo(f"The first {SHOWN:,} rows; add LIMIT, or take --json for all.", err=True)
