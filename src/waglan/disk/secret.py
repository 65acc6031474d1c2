"""A secret of this machine: 32 random bytes in a file that only its owner may read."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from waglan.core.problem import Problem
from waglan.disk import durable

BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
Refused = Callable[[str, str], Problem]
"""Makes a room's own Problem of why a secret can't be used and what to do; the room fills in an empty advice."""


def make(path: Path, urandom: Callable[[int], bytes]) -> None:
    """Write a secret unless there is one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    durable.write_once(path, urandom(BYTES))


def read(path: Path, refused: Refused) -> bytes:
    """The secret.

    Raises
    ------
    Problem
        What ``refused`` gives, when others may read the file or it doesn't hold 32 bytes.
    """
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & _OTHERS:
            raise refused("Other users of this machine can read it.", f"Run: chmod {durable.PRIVATE:o} {path}")
        secret = file.read(BYTES + 1)
    if len(secret) != BYTES:
        raise refused(f"It doesn't have {BYTES} bytes.", "")
    return secret
