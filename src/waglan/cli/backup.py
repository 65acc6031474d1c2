"""``waglan backup``: the whole workspace as it is now, while it goes on working."""

from __future__ import annotations

import json
from pathlib import Path

import click

from waglan.core.clock import iso


@click.command()
@click.argument("dest", type=click.Path(path_type=Path, file_okay=False))
@click.option("--workspace", "folder", type=click.Path(path_type=Path), default=Path(), help="The workspace's folder.")
@click.option("--keep-days", type=click.IntRange(1, 3650), help="Then delete this workspace's older sets in DEST.")
@click.option("--with-keys", "keys", type=click.Path(path_type=Path, file_okay=False), help="Copy the keys there too.")
@click.option("--anew", is_flag=True, help="The earlier sets in DEST were destroyed: forget them.")
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
def backup(*, dest: Path, folder: Path, keep_days: int | None, keys: Path | None, anew: bool, as_json: bool) -> None:
    """Back the workspace up into a new folder in DEST, named by the time. It may be serving and writing meanwhile."""
    from waglan.runtime import Workspace
    from waglan.runtime.backup import expire, make

    with Workspace.open(folder) as workspace:
        made = make(workspace, dest, keys, anew=anew)
        gone = expire(workspace, dest, keep_days) if keep_days is not None else []
    size = sum(each.bytes for each in made.manifest.files)
    told = {
        "folder": str(made.folder),
        "entries": made.manifest.size,
        "bytes": size,
        "made_at": iso(made.manifest.made_ms),
        "keys": str(made.keys) if made.keys else "",
        "left_out": list(made.left_out),
        "deleted": [str(path) for path in gone],
    }
    if made.keys is not None:
        click.echo(
            f"The keys are in {made.keys}. Who has them and the backup can read everything:"
            " keep them on another medium, locked away.",
            err=True,
        )
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"{made.folder}: {made.manifest.size:,} entries and all that belongs to them, {size:,} bytes.")
    for name in made.left_out:
        click.echo(f"Not in it: the module {name}, which is installed or lies outside the workspace.")
    for path in gone:
        click.echo(f"Deleted, its term was over: {path}")
    if made.keys is None:
        click.echo(
            "The keys aren't in it, and nothing is restored without them: --with-keys DIR copies them elsewhere."
        )
