"""``waglan init``: a folder becomes a workspace."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Literal

import click

from waglan.core.problem import Problem
from waglan.runtime import Workspace


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option("--tenant", default="self", help="The institution: a short name that stands in every record.")
@click.option("--store", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", help="Where the log lies.")
@click.option("--dsn", default="", help="libpq connection string; better given as WAGLAN_LEDGER__DSN.")
@click.option("--module", "modules", multiple=True, help="Your own code: ./triage.py or package.module.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def init(
    *,
    folder: Path,
    tenant: str,
    store: Literal["sqlite", "postgresql"],
    dsn: str,
    modules: tuple[str, ...],
    as_json: bool,
) -> None:
    """Make a workspace in FOLDER; nothing that is there is overwritten."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,62}", tenant):
        raise Problem(
            f"A tenant can't be called {tenant!r}.",
            "The name stands in every record and in the log's name.",
            "Use a-z, 0-9, '-' and '.', at most 63 characters.",
            code="workspace.tenant",
        )
    try:
        workspace = Workspace.create(folder, tenant=tenant, store=store, dsn=dsn, modules=modules)
    except OSError as error:
        raise Problem(
            f"{folder} can't be made a workspace.",
            f"{error.strerror or error}.",
            "Choose a folder that this user may write.",
            code="environment.folder",
        ) from None
    with workspace:
        names = list(workspace.catalogue)
        path = workspace.folder
    if as_json:
        click.echo(json.dumps({"folder": str(path), "tenant": tenant, "store": store, "use_cases": names}))
        return
    click.echo(f"Workspace {path} is ready for {tenant}, log in {store}.")
    click.echo(f"Use cases: {', '.join(names) or 'none yet'}.")
    click.echo("Next:")
    click.echo(f"  waglan serve --workspace {path}")
    click.echo("    opens the console and the HTTP doors; the first time it prints a one-time link for the first admin")
    click.echo(f"  waglan user add NAME EMAIL --role reviewer --workspace {path}")
    click.echo("    lets the next person in; waglan key create does so for a machine")
    click.echo(f"  waglan backup DIR --with-keys ELSEWHERE --workspace {path}")
    click.echo("    daily; keep keys/ apart from the rest: who has both can read everything")
    click.echo("  name your own code under [plugins] modules in waglan.toml, then run 'waglan check MODULE'")
    click.echo(f"  waglan decide USE_CASE FILE.csv --workspace {path}")
    click.echo(f"  waglan doctor --workspace {path}")
