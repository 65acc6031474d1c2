"""Sessions: a random cookie in the browser, everything else here.

References
----------
OWASP *Session Management Cheat Sheet*; RFC 6265bis § 4.1.3 (the ``__Host-`` prefix: Secure, no Domain, Path=/).
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import msgspec

from waglan.access import refusals
from waglan.access.basis import Basis
from waglan.access.identity import Identity
from waglan.access.person import COLUMNS, Person, of_row
from waglan.core.problem import Problem

COOKIE = "__Host-waglan"
"""The cookie's name. Set it Secure, HttpOnly, SameSite=Lax, Path=/, without Domain; browsers take it on localhost."""
IDLE_MS = 15 * 60 * 1_000
HARD_MS = 8 * 3_600 * 1_000
FRESH_MS = 10 * 60 * 1_000
"""How long after signing in or stepping up somebody counts as just having proved who they are."""
_SEEN_MS = 60 * 1_000
_METHODS = ("password", "passkey", "oidc")


class Started(NamedTuple):
    """A new cookie value, and who it stands for."""

    cookie: str
    identity: Identity


class Sessions:
    """See `waglan.access.Access`, whose ``sessions`` this is.

    Attributes
    ----------
    failed
        Why the last use of a session couldn't be noted; empty when it could. The session then only ends earlier.
    """

    def __init__(self, basis: Basis) -> None:
        self._database = basis.database
        self._pepper = basis.pepper
        self._clock = basis.clock
        self._ids = basis.ids
        self._secret = basis.secret
        self._tenant = basis.tenant
        self.failed = ""

    def start(self, person: Person, authenticator: str, *, old: str = "") -> Started:
        """Begin a session for somebody who has just proved who they are; always under a new cookie.

        Parameters
        ----------
        person
            Whoever a password, a passkey or the identity provider gave.
        authenticator
            ``password``, ``passkey:…`` or ``oidc:…`` as those gave it.
        old
            The cookie that the browser brought, if any: that session ends.

        Raises
        ------
        Problem
            ``access.credentials`` when the person's access has ended meanwhile.
        """
        now_ms = self._clock.now_ms()
        with self._database.writing() as connection:
            row = connection.execute(f"SELECT {COLUMNS} FROM person WHERE id = ?", (person.id,)).fetchone()
            if row is None or not of_row(row).open(now_ms):
                raise refusals.credentials()
            connection.execute(
                "DELETE FROM session WHERE mac = ? OR seen_ms <= ? OR started_ms <= ?",
                (self._mac(old), now_ms - IDLE_MS, now_ms - HARD_MS),
            )
            return self._insert(connection, of_row(row), named(authenticator, person.id), now_ms, now_ms)

    def resume(self, cookie: str, *, touch: bool = True) -> Identity | None:
        """Who a cookie stands for now; None when the session or the person's access has ended.

        What runs by itself (a live page) asks without ``touch``: it mustn't keep an abandoned session awake.
        """
        now_ms = self._clock.now_ms()
        mac = self._mac(cookie)
        query = (
            f"SELECT {', '.join('person.' + c for c in COLUMNS.split(', '))}, session.id, authenticator,"
            " authenticated_ms, started_ms, seen_ms"
            " FROM session JOIN person ON person.id = session.person WHERE mac = ?"
        )
        with self._database.reading() as connection:
            row = connection.execute(query, (mac,)).fetchone()
        if row is None:
            return None
        person = of_row(row[:-5])
        session_id, authenticator, authenticated_ms, started_ms, seen_ms = row[-5:]
        if now_ms - seen_ms >= IDLE_MS or now_ms - started_ms >= HARD_MS or not person.open(now_ms):
            return None
        if touch and now_ms - seen_ms >= _SEEN_MS:
            self._see(mac, now_ms)
        return self._identity(person, authenticator, authenticated_ms, session_id)

    def step_up(self, cookie: str, authenticator: str) -> Started:
        """The person has proved again who they are: a new cookie, the old one ends. The hard end stays.

        Raises
        ------
        Problem
            ``access.sign_in`` when there is no such session any more.
        """
        if self.resume(cookie) is None:
            raise refusals.sign_in()
        now_ms = self._clock.now_ms()
        with self._database.writing() as connection:
            query = "DELETE FROM session WHERE mac = ? RETURNING person, started_ms"
            row = connection.execute(query, (self._mac(cookie),)).fetchone()
            if row is None:
                raise refusals.sign_in()
            person_row = connection.execute(f"SELECT {COLUMNS} FROM person WHERE id = ?", (row[0],)).fetchone()
            return self._insert(connection, of_row(person_row), named(authenticator, row[0]), now_ms, row[1])

    def end(self, cookie: str) -> None:
        """Sign out; a cookie that is no session any more is no error."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM session WHERE mac = ?", (self._mac(cookie),))

    def end_all(self, person_id: str) -> int:
        """End every session of somebody; gives how many there were."""
        with self._database.writing() as connection:
            return connection.execute("DELETE FROM session WHERE person = ?", (person_id,)).rowcount

    def _mac(self, cookie: str) -> bytes:
        return self._pepper.mac("session", cookie)

    def _insert(
        self, connection: sqlite3.Connection, person: Person, authenticator: str, now_ms: int, started_ms: int
    ) -> Started:
        cookie = self._secret()
        session_id = "s-" + self._ids.new(now_ms)
        row = (self._mac(cookie), session_id, person.id, authenticator, now_ms, started_ms, now_ms)
        connection.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return Started(cookie, self._identity(person, authenticator, now_ms, session_id))

    def _identity(self, person: Person, authenticator: str, authenticated_ms: int, session_id: str) -> Identity:
        return msgspec.structs.replace(
            person.identity(self._tenant, self._clock.now_ms()),
            authenticator=authenticator,
            authenticated_ms=authenticated_ms,
            session=session_id,
        )

    def _see(self, mac: bytes, now_ms: int) -> None:
        """Note that the session is in use. A disk that can't take it must not keep anybody from reading."""
        try:
            with self._database.writing() as connection:
                connection.execute("UPDATE session SET seen_ms = ? WHERE mac = ?", (now_ms, mac))
            self.failed = ""
        except Problem as problem:
            self.failed = problem.why


def fresh(identity: Identity) -> bool:
    """Whether somebody proved who they are within `FRESH_MS`, as approvals and changes of access ask."""
    return identity.at_ms - identity.authenticated_ms < FRESH_MS


def named(authenticator: str, person_id: str) -> str:
    """An authenticator's full name; ``password`` alone becomes the person's own, so that no two people share one."""
    method, _, rest = authenticator.partition(":")
    if method not in _METHODS:
        raise ValueError(f"{authenticator!r} is no authenticator: it begins with {', '.join(_METHODS)}")
    if method == "password":
        if rest not in ("", person_id):
            raise ValueError("a password signs in only the person whose it is")
        return f"password:{person_id}"
    if not rest:
        raise ValueError(f"{authenticator!r} doesn't say which {method} it was")
    return authenticator
