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
from waglan.access.oidc import Oidc
from waglan.access.oidc_settings import OidcSection
from waglan.access.passkeys import Passkeys
from waglan.access.passwords import Cost, Passwords
from waglan.access.people import People
from waglan.access.pepper import Pepper
from waglan.access.sessions import Sessions
from waglan.core.clock import Clock, SystemClock
from waglan.core.ids import Ids

FILE = "access.db"
_COST = Cost()
_NO_PROVIDER = OidcSection()


class Access:
    """Open access of a workspace; safe to share among threads. Use it as a context manager, or call `close`.

    Attributes
    ----------
    tenant
        The institution.
    people, passwords, sessions, keys, passkeys
        Its parts.
    oidc
        Sign-in by the firm's identity provider; None when the settings name none.
    """

    def __init__(self, basis: Basis, cost: Cost, oidc: OidcSection) -> None:
        self.tenant = basis.tenant
        self._database = basis.database
        self.passwords = Passwords(basis, cost)
        self.people = People(basis, self.passwords)
        self.sessions = Sessions(basis)
        self.keys = Keys(basis)
        self.passkeys = Passkeys(basis)
        self.oidc = Oidc(basis, self.people, oidc) if oidc.issuer else None

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        tenant: str,
        clock: Clock | None = None,
        ids: Ids | None = None,
        urandom: Callable[[int], bytes] = os.urandom,
        cost: Cost = _COST,
        oidc: OidcSection = _NO_PROVIDER,
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
        oidc
            The firm's identity provider, if there is one.

        Raises
        ------
        Problem
            ``access.unavailable`` or ``access.pepper`` (503) when the files can't be used, ``settings.oidc``.
        """
        folder = Path(folder).resolve()
        pepper = Pepper(folder / "keys" / "access.pepper", urandom)
        database = Database(folder / FILE)
        return cls(Basis(database, pepper, clock or SystemClock(), ids or Ids(), urandom, tenant), cost, oidc)

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
