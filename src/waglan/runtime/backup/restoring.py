"""Making a workspace of a backup set, after checking all of it; nothing that exists is overwritten.

First every file's size and digest, then the log: each leaf is hashed anew, and the root must be the one of the set's
signed checkpoint. The workspace is built beside its place and moved there when it is whole, so there is never half of
one. A log in PostgreSQL can't be moved so: its head stays unsigned until the last entry is in, which keeps every
ledger from using it, and an interrupted restore goes on where it ended.
"""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

from waglan.access import Access
from waglan.core.clock import Clock
from waglan.core.problem import Problem
from waglan.disk.durable import sync_folder
from waglan.ledger import merkle, note, tiles
from waglan.ledger.erasure import reconcile
from waglan.ledger.keys import Signer
from waglan.ledger.log import Ledger
from waglan.ledger.store import Batch, Head, Row, Store, Tile
from waglan.ledger.vault import Vault
from waglan.runtime.backup.check import AT_ONCE, check_files, check_log, later_checkpoint, signer_of
from waglan.runtime.backup.manifest import (
    ACCESS,
    TENANT_KEY,
    VAULT,
    Manifest,
    copy_private,
    damaged,
    read_manifest,
)
from waglan.runtime.backup.segments import read_log
from waglan.runtime.settings import read_settings
from waglan.runtime.workspace import open_store


class Restored(NamedTuple):
    """What came back.

    Attributes
    ----------
    folder, manifest
        Where it is, and of which set.
    behind
        How many entries the log had more at the checkpoint that was given; they are missing now.
    erased
        Keys that were shredded again because their erasure is on the log.
    rekeyed
        Whether the signing keys were changed since the set was made.
    """

    folder: Path
    manifest: Manifest
    behind: int
    erased: tuple[str, ...]
    rekeyed: bool


def restore(
    source: Path, folder: Path, keys: Path, *, checkpoint: str, clock: Clock, environ: Mapping[str, str]
) -> Restored:
    """Make a workspace in ``folder`` of a set.

    Parameters
    ----------
    source
        The set, where `make` left it or wherever it was copied to.
    folder
        Not there yet, or empty.
    keys
        The folder with the workspace's keys.
    checkpoint
        A later signed head of the same log, from a witness or kept elsewhere; empty without one.
    environ
        ``WAGLAN_LEDGER__DSN`` names the database of a log in PostgreSQL.

    Raises
    ------
    Problem
        ``backup.*`` for a set that isn't whole, keys that don't fit, or a folder in use; ``ledger.rollback`` when the
        checkpoint is of another history; ``vault.*`` and ``ledger.*`` for a vault or store that can't be used.
    """
    _unused(folder)
    folder = folder.resolve()
    manifest = read_manifest(source)
    _all_keys(keys, manifest)
    check_files(source, manifest, keys)
    segments = [source / name for name in manifest.segments]
    draft = folder.with_name(f".{folder.name}.restoring")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        _place(source, manifest, keys, draft)
        signer, rekeyed = signer_of(draft, manifest)
        later = later_checkpoint(checkpoint, manifest, signer)
        check_log(segments, manifest, later)
        erased = _fill(draft, manifest, segments, signer, clock, environ)
        _signed_out(draft, manifest, clock)
        sync_folder(draft)
        draft.replace(folder)
        sync_folder(folder.parent)
    except (OSError, sqlite3.Error) as error:
        raise Problem(
            "The workspace can't be written.",
            f"{error}.",
            "Make room, or choose another folder.",
            code="environment.restore",
            where=str(folder),
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    behind = max(0, later.size - manifest.size) if later else 0
    return Restored(folder, manifest, behind, erased, rekeyed)


def _unused(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise Problem(
            f"There is something in {folder} already.",
            "A backup is restored into a folder of its own; nothing that exists is overwritten.",
            "Choose a folder that isn't there yet.",
            code="backup.folder",
            where=str(folder),
        )


def _all_keys(keys: Path, manifest: Manifest) -> None:
    for name in manifest.keys:
        if not (keys / name).is_file():
            raise Problem(
                "The keys aren't there.",
                f"{keys} has no {name}; a backup set holds none, and new ones would fit nothing.",
                "Give --keys the folder that 'waglan backup --with-keys' made, or the old machine's keys folder.",
                code="backup.keys",
                where="--keys",
            )


def _place(source: Path, manifest: Manifest, keys: Path, draft: Path) -> None:
    """Copy what is checked, and the keys, for their owner's eyes only."""
    draft.mkdir(mode=0o700, parents=True)
    for folder in ("keys", "models", "usecases", "facts"):
        (draft / folder).mkdir(mode=0o700 if folder == "keys" else 0o777)
    for name in sorted({each.name for each in manifest.files} - set(manifest.segments)):
        target = draft / name
        target.parent.mkdir(parents=True, exist_ok=True)
        copy_private(source / name, target)
    for path in sorted(keys.iterdir()):
        if path.is_file() and not path.is_symlink():
            copy_private(path, draft / "keys" / path.name)


def _fill(  # noqa: PLR0917 - what a restored workspace is made of
    draft: Path, manifest: Manifest, segments: Sequence[Path], signer: Signer, clock: Clock, environ: Mapping[str, str]
) -> tuple[str, ...]:
    """Write the log into its store and open it with the vault; gives the keys that were shredded again."""
    settings = read_settings(draft, environ)
    names = settings.workspace
    vault = Vault.open(draft / VAULT, draft / "keys" / TENANT_KEY, clock=clock)
    with closing(vault), closing(open_store(draft, settings, manifest.log)) as store:
        write_log_into(store, segments, manifest)
        kept = draft / "ledger.checkpoint"
        ledger = Ledger(store, vault, signer, tenant=names.tenant, source=names.source, clock=clock, kept=kept)
        with closing(ledger):
            if ledger.problem is not None:
                raise ledger.problem
            return reconcile(ledger)


def _signed_out(draft: Path, manifest: Manifest, clock: Clock) -> None:
    """Nobody is signed in where a backup was restored: their sessions may have been ended since, for a reason."""
    if (draft / ACCESS).exists():
        with Access.open(draft, tenant=manifest.tenant, clock=clock) as access:
            for person in access.people.all():
                access.sessions.end_all(person.id)


def write_log_into(store: Store, paths: Sequence[Path], manifest: Manifest) -> None:
    """Append the entries to a store that is empty, or where an earlier restore of the same set ended.

    Until the last entry the head bears no note, so no ledger takes an unfinished log for one.
    """
    head = store.head()
    if head.note:
        raise Problem(
            "The log's place isn't empty.",
            f"The database holds {head.size:,} entries of {manifest.log!r} already.",
            "Name an empty database by WAGLAN_LEDGER__DSN; nothing recorded is ever overwritten.",
            code="backup.store",
            status=409,
        )
    rows = read_log(paths, head.size, manifest.size)
    while part := list(itertools.islice(rows, AT_ONCE)):
        store.commit(partial(_batch, part=part, manifest=manifest, place=paths[0].parent))


def _batch(head: Head, part: Sequence[tuple[int, Row]], manifest: Manifest, place: Path) -> Batch:
    rows = [row for _, row in part]
    if head.size != part[0][0]:
        raise damaged(place, "Somebody else writes into the same database meanwhile.")
    frontier, new = merkle.extend(merkle.Frontier(head.size, head.peaks), [merkle.leaf_hash(r.leaf) for r in rows])
    full, edges = tiles.grow(head.edges, new, head.size)
    text = ""
    if frontier.size == manifest.size:
        text = manifest.checkpoint
        if merkle.root(frontier) != note.parse(text).root:
            raise damaged(place, "What an earlier restore left in the database is of another log.")
    after = Head(size=frontier.size, peaks=frontier.peaks, edges=edges, note=text, dual_note=text)
    return Batch(rows, [Tile(*each) for each in full], after)
