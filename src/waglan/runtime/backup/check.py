"""Is a backup set as it was made, and does its log lead to the signed checkpoint? Nothing is written here."""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from waglan.core.problem import Problem
from waglan.ledger import merkle, note
from waglan.ledger.keys import Signer
from waglan.ledger.note import Checkpoint
from waglan.ledger.soundness import rolled_back
from waglan.ledger.vault_keys import FileKeys
from waglan.runtime.backup.manifest import TENANT_KEY, VAULT, File, Manifest, damaged, digest_of
from waglan.runtime.backup.segments import read_log

AT_ONCE = 8_192


class _Leaf(msgspec.Struct):
    id: str


_leaf = msgspec.json.Decoder(_Leaf).decode


def check_files(source: Path, manifest: Manifest, keys: Path) -> None:
    """Every file of the set is there with its size and digest; those that aren't are named in one Problem.

    The vault's copy may have lost keys to erasures since it was made; then every key that is left must be one that
    the tenant key authenticates, and the lost ones must be marked as shredded.
    """
    wrong: list[Problem] = []
    for each in manifest.files:
        path = source / each.name
        try:
            if _linked(source, each.name):
                wrong.append(damaged(path, f"{each.name} is reached through a link."))
            elif not _as_made(source, each, manifest, keys):
                wrong.append(damaged(path, f"{each.name} isn't as it was made."))
        except (OSError, sqlite3.Error) as error:
            wrong.append(damaged(path, f"{each.name} can't be read: {error}."))
    if wrong:
        told = damaged(source, f"{len(wrong)} of {len(manifest.files)} files: {wrong[0].why}")
        raise Problem(told.what, told.why, told.next, code=told.code, where=told.where, errors=wrong)


def vault_is_whole(path: Path, manifest: Manifest, keys: Path) -> bool:
    """Whether a copy of the vault only lost keys since it was made, each of them marked as shredded in the copy."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            return False
        left, gone = count_keys(connection)
        if gone <= manifest.vault_shredded or left + gone != manifest.vault_keys + manifest.vault_shredded:
            return False
        ident = connection.execute("SELECT value FROM meta WHERE name = 'kek'").fetchone()[0]
        kek = FileKeys(keys / TENANT_KEY, os.urandom).get(ident)
        try:
            for kid, wrapped in connection.execute("SELECT kid, wrapped FROM dek"):
                kek.unwrap(wrapped, kid)
        except Problem:
            return False
    return True


def count_keys(connection: sqlite3.Connection) -> tuple[int, int]:
    """Keys in a copy of the vault, and keys that erasures took from copies (`waglan.ledger.vault_backup`)."""
    query = "SELECT (SELECT count(*) FROM dek), (SELECT count(*) FROM shredded WHERE at_ms = 0)"
    left, gone = connection.execute(query).fetchone()
    return int(left), int(gone)


def check_log(paths: Sequence[Path], manifest: Manifest, later: Checkpoint | None) -> None:
    """The entries lead to the signed checkpoint, and to the other one where that isn't a later one."""
    roots = {0: merkle.EMPTY_ROOT}
    stops = sorted({manifest.size, min(later.size, manifest.size) if later else manifest.size})
    frontier = merkle.Frontier()
    rows = read_log(paths, 0, manifest.size)
    for stop in stops:
        while frontier.size < stop:
            part = [row for _, row in itertools.islice(rows, min(AT_ONCE, stop - frontier.size))]
            if any(_leaf(row.leaf).id != row.id for row in part):
                raise damaged(paths[0].parent, "An entry stands under an id that isn't its own.")
            frontier, _ = merkle.extend(frontier, [merkle.leaf_hash(row.leaf) for row in part])
        roots[stop] = merkle.root(frontier)
    if manifest.size and roots[manifest.size] != note.parse(manifest.checkpoint).root:
        raise damaged(paths[0].parent, "Its entries aren't those of the signed checkpoint.")
    if later and later.size <= manifest.size and roots[later.size] != later.root:
        raise rolled_back(f"The first {later.size:,} entries of the backup aren't those of the checkpoint given.")


def later_checkpoint(text: str, manifest: Manifest, signer: Signer) -> Checkpoint | None:
    """A checkpoint that was kept elsewhere, its signature and log checked; None without one."""
    if not text:
        return None
    found = note.check(text, (*signer.vkeys, *signer.retired))
    if found.origin != manifest.log:
        raise Problem(
            "The checkpoint is of another log.",
            f"It names {found.origin!r}, the backup {manifest.log!r}.",
            "Give a checkpoint of this log.",
            code="backup.checkpoint",
            where="--checkpoint",
        )
    return found


def signer_of(folder: Path, manifest: Manifest) -> tuple[Signer, bool]:
    """The signer of a workspace with restored keys, and whether they came into force after the set was made."""
    signer = Signer.load_or_create(folder / "keys", manifest.log)
    if not manifest.size:
        return signer, False
    checkpoint = note.check(manifest.checkpoint, (*signer.vkeys, *signer.retired))
    if (checkpoint.origin, checkpoint.size) != (manifest.log, manifest.size):
        raise damaged(folder, "Its checkpoint is of another log or size.")
    now = {(v.name, v.key_id) for v in map(note.parse_vkey, signer.vkeys)}
    return signer, not now & {(s.name, s.key_id) for s in checkpoint.signatures}


def _as_made(source: Path, each: File, manifest: Manifest, keys: Path) -> bool:
    path = source / each.name
    if digest_of(path) == (each.bytes, each.sha256):
        return True
    return each.name == VAULT and vault_is_whole(path, manifest, keys)


def _linked(source: Path, name: str) -> bool:
    parts = name.split("/")
    return any(source.joinpath(*parts[: at + 1]).is_symlink() for at in range(len(parts)))
