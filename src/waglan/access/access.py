"""Everybody's access to one workspace: people, passwords, sessions, passkeys and keys over ``access.db``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from waglan.access.basis import Basis
from waglan.access.database import Database
from waglan.access.identity import Identity, local
from waglan.access.keys import Keys
from waglan.access.passkeys import Passkeys
from waglan.access.passwords import Cost, Passwords
from waglan.access.people import People
from waglan.access.pepper import Pepper
from waglan.access.sessions import Sessions
from waglan.core.clock import Clock, SystemClock
from waglan.core.ids import Ids

FILE = "access.db"


class Access:
    """Open access of a workspace; safe to share among threads. Use it as a context manager, or call `close`.

    Attributes
    ----------
    tenant
        The institution.
    people, passwords, sessions, keys, passkeys
        Its parts.
    """

    def __init__(self, basis: Basis, cost: Cost) -> None:
        self.tenant = basis.tenant
        self._database = basis.database
        self.passwords = Passwords(basis, cost)
        self.people = People(basis, self.passwords)
        self.sessions = Sessions(basis)
        self.keys = Keys(basis)
        self.passkeys = Passkeys(basis)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        tenant: str,
        clock: Clock | None = None,
        ids: Ids | None = None,
        urandom: Callable[[int], bytes] = os.urandom,
        cost: Cost = Cost(),  # noqa: B008 - a value
    ) -> Access:
        """Open ``access.db`` and ``keys/access.pepper`` of a workspace's folder; both are made when absent.

        Parameters
        ----------
        folder
            The workspace.
        tenant
            The institution; keys of another one don't count here.
        clock, ids, urandom
            Time, names and randomness; the machine's own when left out.
        cost
            Of password hashes.

        Raises
        ------
        Problem
            ``access.unavailable`` or ``access.pepper`` (503) when the files can't be used.
        """
        folder = Path(folder).resolve()
        pepper = Pepper(folder / "keys" / "access.pepper", urandom)
        database = Database(folder / FILE)
        return cls(Basis(database, pepper, clock or SystemClock(), ids or Ids(), urandom, tenant), cost)

    def local(self) -> Identity:
        """The command line's identity."""
        return local(self.tenant)

    def close(self) -> None:
        """Give back the file."""
        self._database.close()

    def __enter__(self) -> Access:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
