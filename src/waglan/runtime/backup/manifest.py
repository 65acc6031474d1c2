"""What a backup set holds, with the digest of every file; written last, so a set without it was never finished.

The digests find what disks and copying do to a set. Against somebody who rewrites a set on purpose there are the
log's signed checkpoint, which every entry must lead to, and the tenant key, under which every key in the vault is
authenticated.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
from pathlib import Path, PurePosixPath

import msgspec

from waglan.core.problem import Problem
from waglan.disk.durable import new_file, sync_folder

FILE = "manifest.json"
FORMAT = 1
VAULT, ACCESS, LOG = "vault.db", "access.db", "log"
TENANT_KEY = "tenant.key"
MOST_BYTES = 64 << 20
_PART = re.compile(r"[\w][\w .+@=-]{0,199}")
_BLOCK = 1 << 20


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of a set: its name under the set's folder with ``/`` between parts, its size, its SHA-256."""

    bytes: int
    name: str
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A backup set.

    Attributes
    ----------
    format
        Of the set; a newer one than this program's is refused.
    waglan
        The version of the program that made it.
    tenant, log, store
        Whose log under which name, and in which kind of store it lay.
    made_ms
        When it was finished, milliseconds since 1970 UTC.
    size, checkpoint
        How many entries, and the log's signed head over them.
    vault_keys, vault_shredded
        How many keys the vault's copy held, and how many it knew to be taken from it. Erasures made since move some
        from the first to the second.
    keys
        The names of the key files that go with it and aren't in it.
    files
        Everything else in the set, sorted by name.
    """

    format: int = FORMAT
    waglan: str
    tenant: str
    log: str
    store: str
    made_ms: int
    size: int
    checkpoint: str
    vault_keys: int
    vault_shredded: int
    keys: tuple[str, ...]
    files: tuple[File, ...]

    @property
    def segments(self) -> tuple[str, ...]:
        """The names of the files that hold the log, in its order."""
        return tuple(sorted(each.name for each in self.files if each.name.startswith(f"{LOG}/")))


class _Format(msgspec.Struct):
    format: int


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a set, every name in it checked.

    Raises
    ------
    Problem
        ``backup.missing`` when the folder is no finished set; ``backup.damaged`` when the manifest can't be read or
        names a file outside the set; ``backup.version`` when a newer Waglan wrote it.
    """
    path = folder / FILE
    if not path.is_file() or path.is_symlink():
        raise _missing(folder)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise damaged(path, f"It is larger than {MOST_BYTES >> 20} MiB.")
        data = path.read_bytes()
        found = msgspec.json.decode(data, type=_Format).format
        if found > FORMAT:
            raise Problem(
                "This backup was made by a newer Waglan.",
                f"Its format is {found}; this program knows {FORMAT}.",
                "Install that version, or a later one, and restore with it.",
                code="backup.version",
                where=str(path),
            )
        manifest = msgspec.json.decode(data, type=Manifest)
    except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors
        raise damaged(path, f"It can't be read: {error}.") from None
    names = [each.name for each in manifest.files]
    if len(set(names)) != len(names):
        raise damaged(path, "It names a file twice.")
    for name in names:
        if not safe(name):
            raise damaged(path, f"It names {name!r}, which doesn't lie in the set.")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a manifest whole and durable: from then on the set counts."""
    draft = folder / f".{FILE}.part"
    draft.unlink(missing_ok=True)
    write_private(draft, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    draft.replace(folder / FILE)
    sync_folder(folder)


def safe(name: str) -> bool:
    """Whether a name stays within the folder it is put into, on any file system."""
    parts = name.split("/")
    return (
        len(name) <= 1_000
        and PurePosixPath(name).as_posix() == name
        and all(_PART.fullmatch(part) and not part.endswith((".", " ")) for part in parts)
    )


def measure(folder: Path, path: Path) -> File:
    """A file's line for the manifest."""
    size, digest = digest_of(path)
    return File(name=path.relative_to(folder).as_posix(), bytes=size, sha256=digest)


def digest_of(path: Path) -> tuple[int, str]:
    """Size in bytes and SHA-256 of a regular file; ``OSError`` for a link or anything else."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # a pipe would wait for ever
    hasher, size = hashlib.sha256(), 0
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(f"{path.name} is not a regular file")
        while block := file.read(_BLOCK):
            hasher.update(block)
            size += len(block)
    return size, hasher.hexdigest()


def copy_private(source: Path, target: Path) -> None:
    """Copy a file, durable, to a new file of mode 0600."""
    with source.open("rb") as read, new_file(target) as out:
        shutil.copyfileobj(read, out)


def write_private(target: Path, data: bytes) -> None:
    """Write a new file of mode 0600, durable."""
    with new_file(target) as out:
        out.write(data)


def damaged(where: Path, why: str) -> Problem:
    """What is said of a set that isn't as it was made."""
    return Problem(
        "This backup is damaged; nothing was restored from it.",
        why,
        "Take another copy of this set, or an older set.",
        code="backup.damaged",
        where=str(where),
    )


def _missing(folder: Path) -> Problem:
    sets = sorted((p.parent.name for p in folder.glob(f"*/{FILE}")), reverse=True) if folder.is_dir() else []
    return Problem(
        f"{folder} is not a finished backup.",
        f"It has no {FILE}, which is written last." if not sets else f"It holds {len(sets)} of them.",
        f"Name one: {folder / sets[0]} is the newest." if sets else "Name the folder that 'waglan backup' printed.",
        code="backup.missing",
        where=str(folder),
    )
