"""``waglan restore``: a workspace from a backup, after checking all of it.

Exit codes: 0 restored, 1 restored but behind the checkpoint that was given.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from waglan.runtime.backup import Restored


@click.command()
@click.argument("src", type=click.Path(path_type=Path, file_okay=False))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--keys", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder of the keys.")
@click.option("--checkpoint", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A later signed head.")
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
def restore(src: Path, folder: Path, keys: Path, checkpoint: Path | None, as_json: bool) -> None:
    """Restore the backup SRC as a workspace in FOLDER. Nothing that exists is overwritten."""
    from waglan.core.clock import SystemClock
    from waglan.runtime.backup import restore as bring_back

    later = checkpoint.read_text(encoding="utf-8") if checkpoint else ""
    done = bring_back(src, folder, keys, checkpoint=later, clock=SystemClock(), environ=os.environ)
    if as_json:
        click.echo(json.dumps(_told(done), ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(done)))
    if done.behind:
        sys.exit(1)


def _told(done: Restored) -> dict[str, Any]:
    from waglan.core.clock import iso

    return {
        "folder": str(done.folder),
        "entries": done.manifest.size,
        "of": iso(done.manifest.made_ms),
        "behind": done.behind,
        "shredded_again": len(done.erased),
        "keys_changed_since": done.rekeyed,
    }


def _lines(done: Restored) -> list[str]:
    from waglan.core.clock import iso

    size = done.manifest.size
    lines = [
        f"{done.folder}: {size:,} entries as of {iso(done.manifest.made_ms)}.",
        "Every file was as it was made, and every entry leads to the checkpoint that the log's keys signed.",
    ]
    if done.erased:
        again = len(done.erased)
        lines.append(f"Keys whose erasure is on the log were in the vault ({again}); they were shredded again.")
    if done.rekeyed:
        lines.append("The signing keys were changed since this backup: give verify.py the old and the new keys.")
    if done.behind:
        lines += [
            f"It is BEHIND the checkpoint given: {done.behind:,} entries, {size:,} to {size + done.behind - 1:,},"
            " were recorded after it and are missing here.",
            "Look for a newer backup before anybody works with this one. If there is none, tell internal audit:"
            " what is recorded from now on is another history than the one that witnesses know.",
        ]
    lines.append(f"Next: waglan doctor --workspace {done.folder}")
    return lines
