"""Making a backup set of a workspace that goes on deciding meanwhile.

The order holds the set together. With erasures kept waiting for that moment, the log's head is signed and the vault
copied: a key is durable before its entry, so every entry up to that head has its key in the copy, and every erasure
in the copy has its event in the log. The log itself only grows, so the entries up to the head can be read at leisure.
The vault's copy is made by `waglan.ledger.vault_backup.Backups` in the place where it stays, so that later erasures
reach it there.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from waglan.core.clock import iso
from waglan.core.problem import Problem
from waglan.ledger import note
from waglan.ledger.erasure import settle
from waglan.runtime.backup.check import count_keys
from waglan.runtime.backup.manifest import (
    ACCESS,
    LOG,
    VAULT,
    Manifest,
    copy_private,
    measure,
    read_manifest,
    write_manifest,
    write_private,
)
from waglan.runtime.backup.segments import write_log
from waglan.runtime.settings import FILE as SETTINGS
from waglan.runtime.workspace import Workspace

DAY_MS = 86_400_000
WITNESSED = "witnessed.checkpoint"
_CODE = (".py", ".toml", ".json")
_KEY = re.compile(r"[a-z]+\.(json|key|pepper)")


class Made(NamedTuple):
    """A finished set: where, what it holds, where the keys were put (if they were asked for), what isn't in it."""

    folder: Path
    manifest: Manifest
    keys: Path | None
    left_out: tuple[str, ...]


def make(workspace: Workspace, folder: Path, keys: Path | None = None, *, anew: bool = False) -> Made:
    """Back a workspace up into a new folder, named by the time, in ``folder``.

    Parameters
    ----------
    keys
        Where to put a copy of the keys, in a folder of the same name; it must not lie where the sets lie. Without
        it the set holds no keys.
    anew
        Earlier sets in ``folder`` were destroyed on purpose: forget them. Otherwise a folder that lost all of them is
        taken for one whose disk isn't mounted.

    Raises
    ------
    Problem
        ``backup.keys`` for a place of the keys beside the set; ``backup.away`` when all earlier sets are missing there;
        ``environment.backup`` when it can't be written;
        ``vault.backup`` when the vault can't be copied. What was half made is taken away again.
    """
    folder = folder.resolve()
    name = iso(workspace.clock.now_ms()).replace(":", "").replace("-", "").replace(".", "")
    place = folder / name
    if keys is not None:
        keys = _apart(folder, keys.resolve()) / f"{name}.keys"
    _there(workspace, folder, anew=anew)
    _new(place)
    try:
        manifest, left_out = _fill(workspace, place)
        if keys is not None:
            _copy_keys(workspace.folder / "keys", keys)
        write_manifest(place, manifest)
    except (OSError, sqlite3.Error) as error:
        _undo(workspace, place, keys)
        raise _unwritten(place, error) from error
    except BaseException:
        _undo(workspace, place, keys)
        raise
    return Made(place, manifest, keys, left_out)


def expire(workspace: Workspace, folder: Path, days: int) -> list[Path]:
    """Delete this workspace's sets in a folder that are older than ``days``, and unfinished ones older than a day."""
    name, now_ms, gone = workspace.ledger.signer.name, workspace.clock.now_ms(), []
    for place in sorted(p for p in folder.resolve().glob("*Z") if p.is_dir() and not p.is_symlink()):
        if _expired(place, name, now_ms, days):
            _undo(workspace, place, None)
            gone.append(place)
    return gone


def _expired(place: Path, name: str, now_ms: int, days: int) -> bool:
    try:
        manifest = read_manifest(place)
    except Problem as problem:
        if not (place / VAULT).exists():
            return False  # no set of ours
        term = 1 if problem.code == "backup.missing" else days
        return now_ms - place.stat().st_mtime * 1000 > term * DAY_MS
    return manifest.log == name and now_ms - manifest.made_ms > days * DAY_MS


def _there(workspace: Workspace, folder: Path, *, anew: bool) -> None:
    known = workspace.vault.backups.under(folder)
    if known and not any(path.exists() for path in known):
        if not anew:
            raise Problem(
                f"The {len(known)} earlier backups aren't in {folder}.",
                "Perhaps its disk isn't mounted; then this one would land somewhere else.",
                "Mount it. If they were destroyed, say so with --anew, so that erasures no longer wait for them.",
                code="backup.away",
                where=str(folder),
            )
        workspace.vault.backups.forget(known)


def _new(place: Path) -> None:
    try:
        place.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise _unwritten(place, error) from error


def _unwritten(place: Path, error: Exception) -> Problem:
    return Problem(
        "The backup can't be written.",
        f"{error}.",
        "Make room, or choose another folder. What was half made is gone again.",
        code="environment.backup",
        where=str(place),
    )


def _fill(workspace: Workspace, place: Path) -> tuple[Manifest, tuple[str, ...]]:
    ledger, vault = workspace.ledger, workspace.vault
    witnessed = workspace.folder / WITNESSED
    seen = witnessed.read_bytes() if witnessed.is_file() else b""  # before the head: it mustn't be ahead of it
    if ledger.available:
        settle(ledger)
    with vault.custody.erasing():
        head = ledger.signed() if ledger.available else ledger.head()
        vault.backup(place / VAULT)
    checkpoint = head.dual_note
    size = note.parse(checkpoint).size if checkpoint else 0
    left_out: list[str] = []
    for path in _plain(workspace, left_out):
        target = place / path.relative_to(workspace.folder)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy_private(path, target)
    if seen:
        write_private(place / WITNESSED, seen)
    if (workspace.folder / ACCESS).exists():
        _copy_database(workspace.folder / ACCESS, place / ACCESS)
    write_log(ledger.store, size, place / LOG)
    settings = workspace.settings
    held, shredded = _count(place / VAULT)
    manifest = Manifest(
        waglan=version("waglan"),
        tenant=settings.workspace.tenant,
        log=ledger.signer.name,
        store=settings.ledger.store,
        size=size,
        checkpoint=checkpoint,
        vault_keys=held,
        vault_shredded=shredded,
        keys=tuple(sorted(p.name for p in (workspace.folder / "keys").iterdir() if _KEY.fullmatch(p.name))),
        files=tuple(measure(place, path) for path in sorted(place.rglob("*")) if path.is_file()),
        made_ms=workspace.clock.now_ms(),
    )
    return manifest, tuple(left_out)


def _plain(workspace: Workspace, left_out: list[str]) -> Iterator[Path]:
    """Settings, models, manifests, catalogues in force, and the firm's own code as far as it lies in the workspace."""
    folder = workspace.folder
    yield folder / SETTINGS
    seen: set[Path] = set()
    for part in ("models", "usecases", "catalogues"):
        seen.update(p for p in (folder / part).rglob("*") if p.is_file() and not p.name.startswith("."))
    for name in workspace.settings.plugins.modules:
        path = (folder / name).resolve()
        if not name.endswith(".py") or not path.is_relative_to(folder):
            left_out.append(name)
            continue
        beside = path.parent.glob("*") if path.parent == folder else path.parent.rglob("*")
        seen.update(p for p in beside if p.is_file() and p.suffix in _CODE and p != folder / SETTINGS)
    yield from sorted(p for p in seen if not p.is_symlink())


def _copy_database(source: Path, target: Path) -> None:
    """A SQLite file as it is at one moment, by SQLite's online backup, in one file without a write-ahead log."""
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(source, timeout=10)) as read, closing(sqlite3.connect(target)) as write:
        read.backup(write)
        write.execute("PRAGMA journal_mode = DELETE")
    handle = os.open(target, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy_keys(source: Path, target: Path) -> None:
    target.mkdir(mode=0o700, parents=True)
    for path in sorted(source.iterdir()):
        if path.is_file():
            copy_private(path, target / path.name)


def _apart(folder: Path, keys: Path) -> Path:
    if keys == folder or keys.is_relative_to(folder) or folder.is_relative_to(keys):
        raise Problem(
            "The keys may not lie with the backup.",
            f"{keys} and {folder} are one place: whoever takes it could read everything.",
            "Give --with-keys a folder elsewhere, best on another medium.",
            code="backup.keys",
            where="--with-keys",
        )
    return keys


def _count(vault: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(f"file:{vault}?mode=ro", uri=True)) as connection:
        return count_keys(connection)


def _undo(workspace: Workspace, place: Path, keys: Path | None) -> None:
    """Take a set away; the vault forgets its copy first, else it would owe it erasures for ever."""
    workspace.vault.backups.drop(place / VAULT)
    shutil.rmtree(place)
    if keys is not None:
        with suppress(FileNotFoundError):
            shutil.rmtree(keys)
