"""What a browser was asked to bring back: counts once, for a few minutes, in whichever process it arrives."""

from __future__ import annotations

from typing import NamedTuple

from waglan.access.basis import Basis


class Taken(NamedTuple):
    """What was kept with a challenge: for whom, and what the asker wanted to know again."""

    person: str
    kept: bytes


class Challenges:
    """The open challenges of a workspace, stored as HMACs."""

    def __init__(self, basis: Basis) -> None:
        self._database = basis.database
        self._pepper = basis.pepper
        self._clock = basis.clock

    def put(self, purpose: str, *secret: str | bytes, lasts_ms: int, person: str = "", kept: bytes = b"") -> None:
        """Expect an answer to a challenge; the same one again is expected anew."""
        now_ms = self._clock.now_ms()
        with self._database.writing() as connection:
            connection.execute("DELETE FROM challenge WHERE expires_ms <= ?", (now_ms,))
            row = (self._pepper.mac("challenge", purpose, *secret), purpose, person, kept, now_ms + lasts_ms)
            connection.execute("INSERT OR REPLACE INTO challenge VALUES (?, ?, ?, ?, ?)", row)

    def take(self, purpose: str, *secret: str | bytes) -> Taken | None:
        """Use a challenge up; None when it isn't expected, was answered before, or came too late."""
        mac = self._pepper.mac("challenge", purpose, *secret)
        with self._database.writing() as connection:
            query = "DELETE FROM challenge WHERE mac = ? AND expires_ms > ? RETURNING person, kept"
            row = connection.execute(query, (mac, self._clock.now_ms())).fetchone()
        return None if row is None else Taken(*row)
