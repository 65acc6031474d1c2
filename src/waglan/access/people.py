"""The people of one institution, and the one-time links by which they come in."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType

from waglan.access import refusals
from waglan.access.basis import Basis
from waglan.access.identity import Role
from waglan.access.passwords import Passwords
from waglan.access.person import COLUMNS, Person, Row, State, checked, fold, of_row, to_row
from waglan.core.case import Language

LINK_MS = 24 * 3_600 * 1_000
"""How long a one-time link counts."""


class People:
    """See `waglan.access.Access`, whose ``people`` this is.

    Parameters
    ----------
    basis
        Of the workspace.
    passwords
        They hash what comes in by a link.
    """

    def __init__(self, basis: Basis, passwords: Passwords) -> None:
        self._database = basis.database
        self._pepper = basis.pepper
        self._passwords = passwords
        self._clock = basis.clock
        self._ids = basis.ids
        self._secret = basis.secret

    def add(
        self,
        name: str,
        email: str,
        roles: Sequence[Role],
        *,
        until_ms: int | None = None,
        language: Language = "en",
        vendor: str = "",
    ) -> Person:
        """Let somebody in; they can sign in once they have accepted an `invite`.

        Raises
        ------
        Problem
            ``access.person``: what of it can't be, or the e-mail address is somebody else's.
        """
        asked = Person(
            id="", name=name, email=email, roles=tuple(roles), language=language, until_ms=until_ms, vendor=vendor
        )
        with self._database.writing() as connection:
            return self._insert(connection, asked)

    def get(self, person_id: str) -> Person:
        """The person of an id; a Problem (``access.missing``) when there is nobody."""
        found = self._select("id = ?", person_id)
        if not found:
            raise refusals.no_person(person_id)
        return found[0]

    def find(self, email: str) -> Person | None:
        """The person of an e-mail address, in whatever case it is written."""
        found = self._select("folded = ?", fold(email))
        return found[0] if found else None

    def all(self) -> list[Person]:
        """Everybody, in the order in which they came; the forgotten are left out."""
        return self._select("folded IS NOT NULL")

    def change(
        self,
        person_id: str,
        *,
        roles: Sequence[Role] | None = None,
        state: State | None = None,
        language: Language | None = None,
        until_ms: int | UnsetType | None = UNSET,
        name: str | None = None,
        vendor: str | None = None,
    ) -> Person:
        """Change what is given; it holds from the person's next request on. Disabling ends their sessions.

        Raises
        ------
        Problem
            ``access.missing``, or ``access.person`` when it can't be so: one active admin has to remain.
        """
        given = {"state": state, "language": language, "name": name, "vendor": vendor}
        changes: dict[str, object] = {field: value for field, value in given.items() if value is not None}
        if roles is not None:
            changes["roles"] = tuple(roles)
        if until_ms is not UNSET:
            changes["until_ms"] = until_ms
        with self._database.writing() as connection:
            before = _of(connection, person_id)
            person = checked(msgspec.structs.replace(before, **changes), self._clock.now_ms())
            self._update(connection, before, person)
            if person.state == "disabled":
                _leave(connection, person_id)
        return person

    def forget(self, person_id: str) -> None:
        """Erase somebody's name, address and everything they signed in with; the id on the log remains an id."""
        with self._database.writing() as connection:
            before = _of(connection, person_id)
            gone = msgspec.structs.replace(before, name="", email="", vendor="", state="disabled")
            self._update(connection, before, gone)
            connection.execute("UPDATE person SET folded = NULL, password = '' WHERE id = ?", (person_id,))
            _leave(connection, person_id)
            for table in ("passkey", "link"):
                connection.execute(f"DELETE FROM {table} WHERE person = ?", (person_id,))

    def invite(self, person_id: str) -> str:
        """A one-time link's token, by which the person sets a (new) password within a day; earlier ones are void."""
        person = self.get(person_id)
        with self._database.writing() as connection:
            return self._link(connection, person.id)

    def accept(self, token: str, password: str) -> Person:
        """Use an invitation: set the password, void the link, end every session of the person.

        Raises
        ------
        Problem
            ``access.token`` when the link doesn't count, ``access.password`` when the password is too weak.
        """
        mac = self._pepper.mac("token", token)
        with self._database.reading() as connection:
            person = _invited(connection, mac, self._clock.now_ms())
        hashed = self._passwords.hash(person, password)
        with self._database.writing() as connection:
            person = _invited(connection, mac, self._clock.now_ms())
            connection.execute("UPDATE person SET password = ? WHERE id = ?", (hashed, person.id))
            _leave(connection, person.id)
        return person

    def first_run(self) -> str | None:
        """The token of the first set-up, by which the first admin comes in; None when somebody is here already."""
        with self._database.writing() as connection:
            return self._link(connection, "") if _nobody(connection) else None

    def set_up(self, token: str, name: str, email: str, password: str) -> Person:
        """Use the first set-up's token: the first admin, with a password.

        Raises
        ------
        Problem
            ``access.token`` when it doesn't count or somebody is here already; ``access.person``, ``access.password``.
        """
        mac = self._pepper.mac("token", token)
        now_ms = self._clock.now_ms()
        asked = Person(id="", name=name, email=email, roles=("admin",))
        hashed = self._passwords.hash(asked, password)
        with self._database.writing() as connection:
            used = connection.execute(
                "DELETE FROM token WHERE mac = ? AND person = '' AND expires_ms > ?", (mac, now_ms)
            )
            if used.rowcount != 1 or not _nobody(connection):
                raise refusals.token()
            person = self._insert(connection, asked)
            connection.execute("UPDATE person SET password = ? WHERE id = ?", (hashed, person.id))
        return person

    def _insert(self, connection: sqlite3.Connection, asked: Person) -> Person:
        now_ms = self._clock.now_ms()
        new = msgspec.structs.replace(asked, id="p-" + self._ids.new(now_ms), created_ms=now_ms)
        person = checked(new, now_ms)
        folded = fold(person.email)
        if connection.execute("SELECT 1 FROM person WHERE folded = ?", (folded,)).fetchone():
            raise refusals.person("This e-mail address is taken.", "Somebody here has it already.",
                                  "Change that person instead, or give another address.", "email")  # fmt: skip
        statement = f"INSERT INTO person ({COLUMNS}, folded) VALUES ({'?, ' * 9}?)"
        connection.execute(statement, (*to_row(person), folded))
        return person

    def _update(self, connection: sqlite3.Connection, before: Person, after: Person) -> None:
        columns = ", ".join(f"{column} = ?" for column in COLUMNS.split(", "))
        connection.execute(f"UPDATE person SET {columns} WHERE id = ?", (*to_row(after), before.id))
        now_ms = self._clock.now_ms()
        if "admin" in before.roles and before.open(now_ms) and not _has_admin(connection, now_ms):
            raise refusals.person("Somebody has to remain who manages people.", "This is the last active admin.",
                                  "Make somebody else an admin first.", "roles")  # fmt: skip

    def _link(self, connection: sqlite3.Connection, person_id: str) -> str:
        now_ms = self._clock.now_ms()
        token = self._secret()
        connection.execute("DELETE FROM token WHERE person = ? OR expires_ms <= ?", (person_id, now_ms))
        mac = self._pepper.mac("token", token)
        connection.execute("INSERT INTO token VALUES (?, ?, ?)", (mac, person_id, now_ms + LINK_MS))
        return token

    def _select(self, where: str, *values: str) -> list[Person]:
        with self._database.reading() as connection:
            rows: list[Row] = connection.execute(
                f"SELECT {COLUMNS} FROM person WHERE {where} ORDER BY id", values
            ).fetchall()
        return [of_row(row) for row in rows]


def _of(connection: sqlite3.Connection, person_id: str) -> Person:
    row: Row | None = connection.execute(f"SELECT {COLUMNS} FROM person WHERE id = ?", (person_id,)).fetchone()
    if row is None:
        raise refusals.no_person(person_id)
    return of_row(row)


def _invited(connection: sqlite3.Connection, mac: bytes, now_ms: int) -> Person:
    query = f"SELECT {COLUMNS} FROM person WHERE id = (SELECT person FROM token WHERE mac = ? AND expires_ms > ?)"
    row: Row | None = connection.execute(query, (mac, now_ms)).fetchone()
    if row is None or not of_row(row).open(now_ms):
        raise refusals.token()
    return of_row(row)


def _nobody(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM person LIMIT 1").fetchone() is None


def _has_admin(connection: sqlite3.Connection, now_ms: int) -> bool:
    rows: list[Row] = connection.execute(f"SELECT {COLUMNS} FROM person WHERE state = 'active'").fetchall()
    return any("admin" in person.roles and person.open(now_ms) for person in map(of_row, rows))


def _leave(connection: sqlite3.Connection, person_id: str) -> None:
    """End what is open: sessions and one-time links."""
    for table in ("session", "token"):
        connection.execute(f"DELETE FROM {table} WHERE person = ?", (person_id,))
