"""The pepper: a key in a file of its own under which every stored secret is an HMAC.

Whoever has ``access.db`` alone can neither use nor test a cookie, a link or a key from it.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

from waglan.core.problem import Problem

_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Pepper:
    """The key of one workspace.

    Parameters
    ----------
    path
        32 bytes, mode 0600; made when absent.
    urandom
        Where a new one comes from.
    """

    def __init__(self, path: Path, urandom: Callable[[int], bytes] = os.urandom) -> None:
        try:
            if not path.exists():
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _make(path, urandom(_BYTES))
            self._key = _read(path)
        except OSError as error:
            raise _unusable(path, f"{error}.") from error

    def mac(self, purpose: str, *parts: str | bytes) -> bytes:
        """HMAC-SHA256 of a secret; each purpose has its own space, and no two lists of parts meet."""
        raw = [part.encode() if isinstance(part, str) else part for part in (purpose, *parts)]
        return hmac.digest(self._key, b"".join([len(part).to_bytes(4, "big") + part for part in raw]), "sha256")


def _make(path: Path, key: bytes) -> None:
    """Whole or not at all, and never over an existing one: of several processes one makes it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(handle, key)
        os.fsync(handle)
    finally:
        os.close(handle)
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & _OTHERS:
            raise _unusable(path, "Other users of this machine can read it.", f"Run: chmod 600 {path}")
        key = file.read(_BYTES + 1)
    if len(key) != _BYTES:
        raise _unusable(path, f"It doesn't have {_BYTES} bytes.")
    return key


def _unusable(path: Path, why: str, advice: str = "Put back the one that belongs to this workspace.") -> Problem:
    return Problem("The key of access.db can't be used.", why, advice,
                   code="access.pepper", where=str(path), status=503)  # fmt: skip
