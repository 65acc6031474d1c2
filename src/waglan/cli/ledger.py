"""``waglan ledger``: the state of the log, its export, verification, receipts, witnesses, and its signing keys."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from waglan.core.problem import Problem

if TYPE_CHECKING:
    from waglan.runtime import Workspace

F = TypeVar("F", bound=Callable[..., Any])
WITNESSED = "witnessed.checkpoint"


def _common(command: F) -> F:
    """The options that every command here has."""
    options = (
        click.option("--workspace", "folder", type=click.Path(path_type=Path), default=Path(), help="Its folder."),
        click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _open(folder: Path) -> Workspace:
    from waglan.runtime import Workspace

    return Workspace.open(folder)


def _say(as_json: bool, told: dict[str, Any], text: str) -> None:
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else text)


@click.group()
def ledger() -> None:
    """The log of everything that was decided: what it holds, and the proof that nobody changed it."""


@ledger.command()
@_common
def status(folder: Path, as_json: bool) -> None:
    """Show size, root and verifier keys. Print the keys on paper: who has them can check the log without us."""
    from waglan.ledger import note

    with _open(folder) as workspace:
        log, head = workspace.ledger, workspace.ledger.head()
        witnessed = _witnessed(workspace)
        told = {
            "log": log.signer.name,
            "size": head.size,
            "root": note.parse(head.note).root.hex() if head.note else "",
            "available": log.available,
            "witnessed": witnessed,
            "rotating": log.signer.rotating,
            "vkeys": list(log.signer.vkeys),
        }
    lines = [
        f"Log        {told['log']}",
        f"Entries    {told['size']:,}",
        f"Root       {told['root'] or 'none yet'}",
        f"Writing    {'possible' if told['available'] else 'stopped: waglan doctor says why'}",
        f"Witnessed  {f'up to entry {witnessed:,}' if witnessed else 'never: waglan ledger witness --help'}",
        *(["Keys       a rotation is not finished: waglan ledger rotate-keys"] if told["rotating"] else []),
        *[f"Key        {vkey}" for vkey in log.signer.vkeys],
    ]
    _say(as_json, told, "\n".join(lines))


@ledger.command()
@click.argument("folder_out", metavar="OUT", type=click.Path(path_type=Path, file_okay=False))
@_common
def export(folder_out: Path, folder: Path, as_json: bool) -> None:
    """Write the log as a static folder for any web server, with verify.py in it; only what is new is written."""
    from waglan.ledger.export import export as write

    with _open(folder) as workspace:
        log = workspace.ledger
        done = write(log.store, log.signer, folder_out, log.signed())
    text = f"{done.size:,} entries in {folder_out}: {done.written} files written, {done.kept} already there."
    _say(as_json, {"folder": str(folder_out), **done._asdict()}, text)


@ledger.command()
@click.option("--export", "exported", type=click.Path(path_type=Path), help="An exported folder; else a new export.")
@click.option("--old", type=click.Path(path_type=Path, exists=True), multiple=True, help="A checkpoint that was kept.")
@_common
def verify(exported: Path | None, old: tuple[Path, ...], folder: Path, as_json: bool) -> None:
    """Check every entry, hash and signature of the log with verify.py, in a Python that knows nothing of Waglan.

    Exit code 1 means that tampering was found.
    """
    from waglan.ledger.export import VERIFIER
    from waglan.ledger.export import export as write

    with _open(folder) as workspace, tempfile.TemporaryDirectory() as scratch:
        log, kept = workspace.ledger, list(old)
        if (workspace.folder / WITNESSED).is_file():
            kept.append(workspace.folder / WITNESSED)
        target = exported or Path(scratch)
        if exported is None:
            write(log.store, log.signer, target, log.signed())
        command = [
            sys.executable,
            "-I",
            "-S",
            str(VERIFIER),
            str(target),
            "--vkey",
            *log.signer.vkeys,
            *log.signer.retired,
        ]
        command += [part for path in kept for part in ("--old", str(path))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    text = (done.stdout + done.stderr).strip()
    _say(as_json, {"found": done.returncode != 0, "said": text}, text)
    sys.exit(done.returncode)


@ledger.command()
@click.argument("entry_id", metavar="ID")
@click.option("--open", "opened", is_flag=True, help="With what was private. The receipt is then personal data.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file; printed when left out.")
@_common
def receipt(entry_id: str, opened: bool, out: Path | None, folder: Path, as_json: bool) -> None:
    """Give the proof that one entry is on the log, which its holder checks with verify.py --proof."""
    with _open(folder) as workspace:
        made = workspace.ledger.receipt(entry_id, opened=opened)
    if out is None:
        click.echo(made.json().decode())
        return
    out.write_bytes(made.json())
    _say(as_json, {"file": str(out), "index": made.index}, f"Entry {made.index:,} is proven by {out}.")


@ledger.command()
@_common
def checkpoint(folder: Path, as_json: bool) -> None:
    """Print the log's head, signed by both keys. Keep it elsewhere: later it shows whether history was rewritten."""
    with _open(folder) as workspace:
        head = workspace.ledger.signed()
    _say(as_json, {"size": head.size, "checkpoint": head.note}, head.note.rstrip("\n"))


@ledger.command()
@click.option("--url", default="", help="Send the head to the witness at this address.")
@click.option(
    "--request", "out", type=click.Path(path_type=Path), help="Write a request for a witness without network."
)
@click.option("--old", "old_size", type=int, default=0, help="With --request: how many entries the witness knows.")
@click.option("--answer", type=click.Path(path_type=Path, exists=True), help="Take in what such a witness answered.")
@click.option("--run", type=click.Path(path_type=Path, file_okay=False), help="Be a witness, with this folder.")
@click.option("--name", default="", help="With --run: the new witness's name, such as audit.example/w1.")
@click.option("--port", type=int, default=8765, show_default=True, help="With --run.")
@click.option("--trust", multiple=True, help="With --run: a verifier key of a log to watch; repeat it.")
@click.option("--vkey", default="", help="The witness's verifier key, to check its answer with.")
@_common
def witness(  # noqa: PLR0917 - one per option
    url: str, out: Path | None, old_size: int, answer: Path | None, run: Path | None, name: str, port: int,
    trust: tuple[str, ...], vkey: str, folder: Path, as_json: bool,
) -> None:  # fmt: skip
    """Have the log's head cosigned by somebody else, or be that somebody.

    A witness keeps the newest head it saw. From then on nobody, not even who holds our keys, can rewrite the log
    before that head without being found.
    """
    if run is not None:
        _run_witness(run, name, port, trust)
        return
    with _open(folder) as workspace:
        if out is not None:
            _write_request(workspace, out, old_size)
            told: dict[str, Any] = {"request": str(out)}
        elif url or answer is not None:
            if not vkey:
                raise Problem(
                    "The witness's answer can't be checked.",
                    "Its verifier key is not given.",
                    "Add --vkey; 'python3 witness.py FOLDER vkey' on its machine prints it.",
                    code="usage.witness",
                )
            size = _take_in(workspace, _asked(workspace, url) if url else _answered(workspace, answer), vkey)
            told = {"witnessed": size}
        else:
            raise Problem(
                "Nothing was asked for.",
                "A witness is reached by network, by file, or run here.",
                "Give --url, --request with --answer later, or --run.",
                code="usage.witness",
            )
    _say(as_json, told, "; ".join(f"{key}: {value}" for key, value in told.items()))


@ledger.command("rotate-keys")
@click.option("--reason", required=True, help="Why; it stands on the log.")
@click.option("--actor", default="", help="Who acts, for the record.")
@_common
def rotate_keys(reason: str, actor: str, folder: Path, as_json: bool) -> None:
    """Put new signing keys in force. The old ones sign for them on the log, so earlier printed keys stay good."""
    import hashlib

    from waglan.ledger.export import VERIFIER

    with _open(folder) as workspace:
        signer = workspace.ledger.signer
        digest = hashlib.sha256(VERIFIER.read_bytes()).hexdigest()
        rotation = signer.rotate(reason, workspace.clock.now_ms() // 1000, verify_sha256=digest)
        recorded = workspace.record(rotation.change, actor=actor)
        signer.settle()
        vkeys = list(signer.vkeys)
    text = f"New keys are in force since entry {recorded.index:,}. Print them:\n" + "\n".join(vkeys)
    _say(as_json, {"index": recorded.index, "vkeys": vkeys}, text)


def _run_witness(folder: Path, name: str, port: int, trust: tuple[str, ...]) -> None:
    from waglan.ledger import witness as witnesses

    try:
        made = witnesses.Witness(folder, name)
        if trust:
            made.trust(trust)
        click.echo(made.vkey)
        witnesses.server(made, "127.0.0.1", port).serve_forever()
    except (OSError, ValueError) as error:
        raise Problem(
            "The witness can't run.", f"{error}.", "Correct it and start again.", code="ledger.witness"
        ) from None


def _asked(workspace: Workspace, url: str) -> str:
    from waglan.ledger import tiles
    from waglan.ledger import witness as witnesses

    head, store = workspace.ledger.signed(), workspace.ledger.store
    try:
        return witnesses.submit(url, head.note, lambda old: tiles.consistency(store, head, old))
    except (OSError, ValueError) as error:
        raise Problem(
            "The witness did not cosign.",
            f"{error}.",
            "When it can't be reached, try again; when it speaks of another root or history, tell internal audit now.",
            code="ledger.witness",
            where=url,
        ) from None


def _write_request(workspace: Workspace, out: Path, old_size: int) -> None:
    from waglan.ledger import tiles
    from waglan.ledger import witness as witnesses

    head = workspace.ledger.signed()
    if not 0 <= old_size <= head.size:
        raise Problem(
            f"The log has no {old_size:,} entries.",
            f"It holds {head.size:,}.",
            "Give the size that the witness knows, 0 the first time.",
            code="usage.witness",
        )
    proof = tiles.consistency(workspace.ledger.store, head, old_size)
    out.write_text(witnesses.write_request(old_size, proof, head.note), encoding="utf-8")
    (workspace.folder / f"{WITNESSED}.asked").write_text(head.note, encoding="utf-8")


def _answered(workspace: Workspace, answer: Path | None) -> str:
    asked = workspace.folder / f"{WITNESSED}.asked"
    if answer is None or not asked.is_file():
        raise Problem(
            "No request was written here.",
            "An answer belongs to the head that was sent.",
            "Run with --request first, and take its answer.",
            code="usage.witness",
        )
    return asked.read_text("utf-8") + answer.read_text("utf-8")


def _take_in(workspace: Workspace, cosigned: str, vkey: str) -> int:
    """Keep a cosigned head, after checking the witness's signature on it."""
    from waglan.ledger import note

    checked = note.check(cosigned, (*workspace.ledger.signer.vkeys, vkey))
    verifier = note.parse_vkey(vkey)
    if (verifier.name, verifier.key_id) not in {(s.name, s.key_id) for s in checked.signatures}:
        raise Problem(
            "The witness did not cosign.",
            f"Its answer has no signature by {verifier.name}+{verifier.key_id.hex()}.",
            "Check the witness's address and its verifier key.",
            code="ledger.witness",
        )
    path = workspace.folder / WITNESSED
    draft = path.with_name(f"{path.name}.{time.monotonic_ns()}")
    draft.write_text(cosigned, encoding="utf-8")
    draft.replace(path)
    return checked.size


def _witnessed(workspace: Workspace) -> int:
    from waglan.ledger import note

    path = workspace.folder / WITNESSED
    return note.parse(path.read_text("utf-8")).size if path.is_file() else 0
