"""Backups of the vault: one file each, remembered, so that an erasure reaches them and none outlives its term."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from waglan.core.clock import Clock
from waglan.core.problem import Problem
from waglan.disk.durable import sync_folder
from waglan.ledger.vault_file import VaultFile, connect

DAY_MS = 86_400_000
DRAFT_MS = 3_600_000


class Backups:
    """The copies of one vault. They hold wrapped keys: worthless without the tenant key, which isn't in them."""

    def __init__(self, file: VaultFile, clock: Clock) -> None:
        self._file = file
        self._clock = clock

    def make(self, path: Path) -> Path:
        """Copy the vault to a new file of mode 0600.

        The copy is remembered before it exists and made while nothing else can write, so no erasure slips between.
        A Problem ``vault.backup`` when there is something at ``path`` or it can't be written.
        """
        path = path.resolve()
        draft = _draft(path)
        if path.exists():
            raise _refused(path, "There is a file already.", "Give a name that isn't taken.")
        with self._file.alone():
            with self._file.writing() as connection:
                row = (str(path), self._clock.now_ms())
                connection.execute("INSERT OR REPLACE INTO copy VALUES (?, ?)", row)
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
                with closing(connect(draft)) as target, self._file.writing(), self._file.reading() as source:
                    source.backup(target)
                    target.execute("PRAGMA journal_mode = DELETE")
                    target.execute("PRAGMA synchronous = FULL")
                    target.executescript("DELETE FROM intent; DELETE FROM copy; DELETE FROM purge;")
                draft.replace(path)
                sync_folder(path.parent)
            except (OSError, sqlite3.Error) as error:
                with suppress(OSError):
                    draft.unlink()
                raise _refused(path, f"It can't be written: {error}.", "Give a folder with free space.") from error
        return path

    def expire(self, folder: Path, days: int) -> list[Path]:
        """Delete this vault's backups in a folder that were made more than ``days`` ago."""
        limit = self._clock.now_ms() - days * DAY_MS
        folder = folder.resolve()
        with self._file.reading() as connection:
            rows = connection.execute("SELECT path FROM copy WHERE made_ms < ? ORDER BY path", (limit,)).fetchall()
        old = [Path(row[0]) for row in rows if Path(row[0]).parent == folder]
        self._unlink(old)
        return old

    def drop(self, path: Path) -> None:
        """Delete one copy, finished or not, and owe it nothing any more."""
        self._unlink([path.resolve()])

    def newest(self) -> int | None:
        """When the newest copy that is remembered was made, milliseconds since 1970 UTC; None without one."""
        with self._file.reading() as connection:
            found: int | None = connection.execute("SELECT max(made_ms) FROM copy").fetchone()[0]
            return found

    def owed(self) -> bool:
        """Whether a backup may still hold a shredded key."""
        with self._file.reading() as connection:
            return connection.execute("SELECT 1 FROM purge LIMIT 1").fetchone() is not None

    def purge(self) -> None:
        """Remove shredded keys from every backup that still holds them.

        Raises
        ------
        Problem
            ``vault.backup`` naming each backup that couldn't be written; it stays owed and is tried again.
        """
        with self._file.reading() as connection:
            owed: dict[str, list[tuple[str]]] = {}
            for path, kid in connection.execute("SELECT path, kid FROM purge ORDER BY path, kid"):
                owed.setdefault(path, []).append((kid,))
        failed: list[Problem] = []
        for name, kids in owed.items():
            path = Path(name)
            try:
                if not path.parent.exists():
                    raise FileNotFoundError("its folder isn't there")  # perhaps a disk that isn't mounted
                _draft(path).unlink(missing_ok=True)
                if path.exists():
                    _delete(path, kids)
                self._paid(name, kids)
            except (OSError, sqlite3.Error) as error:
                failed.append(_refused(path, f"{len(kids)} shredded keys are still in it: {error}.", "Delete it."))
        if failed:
            raise Problem(
                "Erased, but backups of the vault still hold what was erased.",
                "They can't be written from here: " + ", ".join(p.where for p in failed) + ".",
                "Make them writable, or destroy them; the next erasure, or start, tries again.",
                code="vault.backup",
                status=503,
                errors=failed,
            )

    def under(self, folder: Path) -> list[Path]:
        """The copies that are remembered in a folder, or one folder deeper."""
        with self._file.reading() as connection:
            paths = [Path(row[0]) for row in connection.execute("SELECT path FROM copy ORDER BY path")]
        return [path for path in paths if folder.resolve() in (path.parent, path.parent.parent)]

    def forget(self, paths: Sequence[Path]) -> None:
        """Owe nothing any more to copies that were destroyed."""
        self._drop(list(paths))

    def clean(self) -> None:
        """Forget copies that no longer exist, and drafts that a crash left an hour ago.

        One that is missing was deleted by hand where its folder is there, or where copies of other days lie in folders
        beside that: their disk is there. Else the disk may be away, and the copy isn't forgotten.
        """
        limit = self._clock.now_ms() - DRAFT_MS
        with self._file.reading() as connection:
            rows = connection.execute("SELECT path, made_ms < ? FROM copy", (limit,)).fetchall()
        there = {Path(path).parent.parent for path, _ in rows if Path(path).exists()}
        for path in [Path(path) for path, old in rows if old]:
            beside = not path.parent.exists() and path.parent.parent in there
            if not path.exists() and (beside or os.access(path.parent, os.W_OK)):
                _draft(path).unlink(missing_ok=True)
                self._drop([path])

    def _unlink(self, paths: list[Path]) -> None:
        for path in paths:
            try:
                path.unlink(missing_ok=True)
                _draft(path).unlink(missing_ok=True)
                sync_folder(path.parent)
            except OSError as error:
                raise _refused(path, f"It can't be deleted: {error}.", "Delete it by hand.") from error
        self._drop(paths)

    def _paid(self, path: str, kids: list[tuple[str]]) -> None:
        with self._file.writing() as connection:
            connection.executemany("DELETE FROM purge WHERE path = ? AND kid = ?", [(path, kid) for (kid,) in kids])

    def _drop(self, paths: list[Path]) -> None:
        if not paths:
            return
        with self._file.writing() as connection:
            for path in paths:
                connection.execute("DELETE FROM copy WHERE path = ?", (str(path),))
                connection.execute("DELETE FROM purge WHERE path = ?", (str(path),))


def _delete(path: Path, kids: list[tuple[str]]) -> None:
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("DELETE FROM dek WHERE kid = ?", kids)
        connection.executemany("DELETE FROM hold WHERE kid = ?", kids)
        connection.executemany("INSERT OR IGNORE INTO shredded VALUES (?, 0)", kids)
        connection.execute("COMMIT")


def _draft(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _refused(path: Path, why: str, what_next: str) -> Problem:
    return Problem("A backup of the vault failed.", why, what_next, code="vault.backup", where=str(path), status=503)
