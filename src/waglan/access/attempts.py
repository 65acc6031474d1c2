"""Slowing down whoever guesses passwords, in every process alike and without locking anybody out for long.

References
----------
OWASP *Authentication Cheat Sheet*, § Account lockout: a delay that grows, by account and by address.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from waglan.access.basis import Basis
from waglan.access.person import fold
from waglan.access.refusals import SlowDown

WINDOW_MS = 60 * 60 * 1_000
"""Failures are forgotten after so long without a further one; longer than any wait, so that waiting doesn't reset."""


class _Limit(NamedTuple):
    """How many failures are free, and how long the wait can grow, seconds."""

    free: int
    longest_s: int


_BOTH = _Limit(5, 900)
_ACCOUNT = _Limit(30, 60)
_ADDRESS = _Limit(60, 60)


class Attempts:
    """Failed sign-ins, counted in ``access.db`` by an HMAC of account, address and both.

    From one address the wait doubles with each failure on an account, up to 15 minutes. Spread over addresses or over
    accounts it stays short, so that nobody can shut somebody else out.
    """

    def __init__(self, basis: Basis) -> None:
        self._database = basis.database
        self._pepper = basis.pepper
        self._clock = basis.clock

    def count(self, email: str, where: str) -> None:
        """Count an attempt as failed before it is looked at, so that parallel ones count too.

        Raises
        ------
        Problem
            ``access.slow_down`` with the seconds to wait; such an attempt isn't looked at and doesn't count.
        """
        now_ms = self._clock.now_ms()
        names = self._names(email, where)
        with self._database.writing() as connection:
            connection.execute("DELETE FROM failure WHERE at_ms <= ?", (now_ms - WINDOW_MS,))
            for mac, limit in names:
                row = connection.execute("SELECT count, at_ms FROM failure WHERE mac = ?", (mac,)).fetchone()
                if row is not None and row[0] >= limit.free:
                    wait_ms = min(2 ** min(row[0] - limit.free, 20), limit.longest_s) * 1_000 - (now_ms - row[1])
                    if wait_ms > 0:
                        raise SlowDown("Too many attempts to sign in.", -(-wait_ms // 1_000))
            statement = "INSERT INTO failure VALUES (?1, 1, ?2) ON CONFLICT DO UPDATE SET count = count + 1, at_ms = ?2"
            connection.executemany(statement, [(mac, now_ms) for mac, _ in names])

    def forgive(self, email: str, where: str) -> None:
        """The attempt succeeded: it counts no more, and neither do earlier ones on this account from this address."""
        (both, _), *others = self._names(email, where)
        with self._database.writing() as connection:
            connection.execute("DELETE FROM failure WHERE mac = ?", (both,))
            connection.executemany("UPDATE failure SET count = count - 1 WHERE mac = ?", [(mac,) for mac, _ in others])

    def _names(self, email: str, where: str) -> list[tuple[bytes, _Limit]]:
        account, address = fold(email), network(where)
        mac = self._pepper.mac
        return [
            (mac("attempt", account, address), _BOTH),
            (mac("attempt account", account), _ACCOUNT),
            (mac("attempt address", address), _ADDRESS),
        ]


def network(address: str) -> str:
    """What one caller can choose freely counts as one address: of IPv6 the first 64 bits."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.IPv6Network((found, 64), strict=False))
    return str(found)
