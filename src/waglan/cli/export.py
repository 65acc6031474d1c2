"""``waglan export``: the log, receipts and the verifier in one folder, for whoever checks us without trusting us."""

from __future__ import annotations

import json
from pathlib import Path

import click

HOW = "HOW-TO-CHECK.txt"


@click.command()
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--receipt", "ids", multiple=True, help="Also the receipt of this entry; repeat for more.")
@click.option("--open", "opened", is_flag=True, help="Receipts with what was private: personal data leaves the house.")
@click.option("--workspace", "folder", type=click.Path(path_type=Path), default=Path(), help="The workspace's folder.")
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
def export(out: Path, ids: tuple[str, ...], opened: bool, folder: Path, as_json: bool) -> None:
    """Write all that an outsider needs to check the log into OUT; called again, only what is new is written."""
    from waglan.ledger.export import export as write
    from waglan.runtime import Workspace

    with Workspace.open(folder) as workspace:
        log = workspace.ledger
        done = write(log.store, log.signer, out, log.signed())
        receipts = out / "receipts"
        for entry_id in ids:
            made = log.receipt(entry_id, opened=opened)
            receipts.mkdir(exist_ok=True)
            (receipts / f"{entry_id}.json").write_bytes(made.json())
        name, vkeys = log.signer.name, log.signer.vkeys
    (out / HOW).write_text(_how(name, done.size, vkeys, bool(ids)), encoding="utf-8")
    if as_json:
        told = {"folder": str(out), "size": done.size, "written": done.written, "receipts": len(ids)}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"{done.size:,} entries and {len(ids)} receipts in {out}; {HOW} there says how to check them.")


def _how(name: str, size: int, vkeys: tuple[str, ...], receipts: bool) -> str:
    keys = " ".join(f"'{key}'" for key in vkeys)
    proof = " --proof receipts/*.json" if receipts else ""
    return f"""\
This folder holds the log {name} as far as entry {size - 1:,}, and what checks it. Nothing of Waglan is needed:

    python3 verify.py . --vkey {keys}{proof}

Python 3.11 or newer; no other library, no network. Exit code 0 means that nothing is wrong, 1 that something was
changed. A folder can't vouch for itself, so compare the two keys with those that you got from the firm on another way
(on paper, say), and verify.py with a copy that you have from before or from Waglan's releases. An older signed
checkpoint of yours is checked along with --old FILE: the log must have grown from it.
"""
