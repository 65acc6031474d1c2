"""Passwords: argon2id, refused when short or common, slow to guess and equally slow for people who don't exist.

References
----------
RFC 9106, *Argon2*, second recommended option; NIST SP 800-63B § 5.1.1 (length instead of composition rules, a list of
what is common, normalised Unicode); OWASP *Authentication Cheat Sheet*.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from waglan.access import refusals
from waglan.access.attempts import Attempts
from waglan.access.basis import Basis
from waglan.access.person import COLUMNS, Person, fold, of_row

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST = 12
MOST = 256
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv")
_COMMON = (
    "password", "passwort", "welcome", "letmein", "changeme", "iloveyou", "sunshine", "princess", "football", "dragon",
    "monkey", "shadow", "master", "qwerty", "admin", "administrator", "hongkong", "kowloon", "waglan", "secret",
    "summer", "winter", "spring", "autumn", "company", "default", "temporary", "login", "user", "test",
)  # fmt: skip
_LEET = str.maketrans("013457@$!", "oieastasi")


class Cost(NamedTuple):
    """What one hash costs: passes, KiB of memory, lanes."""

    passes: int = 3
    memory_kib: int = 65_536
    lanes: int = 4


class Passwords:
    """See `waglan.access.Access`, whose ``passwords`` this is.

    Parameters
    ----------
    basis
        Of the workspace.
    cost
        Of new hashes; an older one is replaced when its owner signs in.
    """

    def __init__(self, basis: Basis, cost: Cost) -> None:
        self._database = basis.database
        self._attempts = Attempts(basis)
        self._clock = basis.clock
        self._cost = cost

    def verify(self, email: str, password: str, *, where: str) -> Person:
        """The person whose password it is. An unknown address costs the same work as a wrong password.

        Parameters
        ----------
        email, password
            As typed.
        where
            The caller's network address, by which guessing is slowed down.

        Raises
        ------
        Problem
            ``access.credentials`` (401) when something doesn't match, whatever it is; ``access.slow_down`` (429).
        """
        self._attempts.count(email, where)
        nobodys = self._nobodys  # made here, so that the first caller waits for it whoever is asked for
        with self._database.reading() as connection:
            query = f"SELECT {COLUMNS}, password FROM person WHERE folded = ?"
            row = connection.execute(query, (fold(email),)).fetchone()
        known = row is not None and row[-1] and len(_plain(password)) <= MOST
        stored = row[-1] if known else nobodys
        if not self._matches(stored, _plain(password)[:MOST]) or not known:
            raise refusals.credentials()
        person = of_row(row[:-1])
        if not person.open(self._clock.now_ms()):
            raise refusals.credentials()
        self._attempts.forgive(email, where)
        if self._hasher.check_needs_rehash(stored):
            self._renew(person.id, stored, password)
        return person

    def set(self, person_id: str, password: str) -> None:
        """Set a password; every session of the person ends.

        Raises
        ------
        Problem
            ``access.password`` when it is too weak, ``access.missing`` when there is nobody.
        """
        with self._database.reading() as connection:
            row = connection.execute(f"SELECT {COLUMNS} FROM person WHERE id = ?", (person_id,)).fetchone()
        if row is None:
            raise refusals.no_person(person_id)
        hashed = self.hash(of_row(row), password)
        with self._database.writing() as connection:
            connection.execute("UPDATE person SET password = ? WHERE id = ?", (hashed, person_id))
            for table in ("session", "token"):
                connection.execute(f"DELETE FROM {table} WHERE person = ?", (person_id,))

    def hash(self, person: Person, password: str) -> str:
        """What is stored of a new password; a Problem (``access.password``) when it is too weak for the person."""
        why = weakness(password, person)
        if why:
            raise refusals.password(why)
        return self._hasher.hash(_plain(password))

    @functools.cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher

        return PasswordHasher(self._cost.passes, self._cost.memory_kib, self._cost.lanes)

    @functools.cached_property
    def _nobodys(self) -> str:
        """A hash that is checked in the place of one that isn't there; what it is of doesn't matter."""
        return self._hasher.hash("nobody's")

    def _matches(self, stored: str, plain: str) -> bool:
        from argon2.exceptions import VerifyMismatchError

        try:
            return self._hasher.verify(stored, plain)
        except VerifyMismatchError:
            return False

    def _renew(self, person_id: str, stored: str, password: str) -> None:
        hashed = self._hasher.hash(_plain(password))
        with self._database.writing() as connection:
            statement = "UPDATE person SET password = ? WHERE id = ? AND password = ?"
            connection.execute(statement, (hashed, person_id, stored))


def weakness(password: str, person: Person) -> str:
    """Why a password is too weak, as a sentence; empty when it isn't."""
    plain = _plain(password)
    if len(plain) < LEAST:
        return f"It has {len(plain)} characters; {LEAST} are the least."
    if len(plain) > MOST:
        return f"It has {len(plain)} characters; {MOST} are the most."
    bare = _bare(plain)
    if len(set(plain.casefold())) < 5 or len(bare) < 4:
        return "It repeats a few characters."
    rest = bare
    for word in (*_personal(person), *_COMMON):
        rest = rest.replace(word, "")
    rest = _without_runs(rest)
    if len(rest) < 5:
        return "It is made of words, names or rows of keys that are tried first."
    return ""


def _plain(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _bare(password: str) -> str:
    """Letters only, with what stands in their place turned back."""
    letters = password.casefold().translate(_LEET)
    return "".join(c for c in letters if c.isalnum())


def _personal(person: Person) -> list[str]:
    parts = re.split(r"[\W_]+", f"{person.name} {person.email}".casefold())
    return sorted((_bare(part) for part in parts if len(part) >= 3), key=len, reverse=True)


def _without_runs(text: str) -> str:
    """The text without what stands four in a row on a keyboard or in the alphabet, either way."""
    rows = [_bare(row) for row in (*_ROWS, *[row[::-1] for row in _ROWS])] + [*_ROWS, *[row[::-1] for row in _ROWS]]
    found, at = [], 0
    while at < len(text):
        length = 4
        if not any(text[at : at + length] in row and len(text[at : at + length]) == length for row in rows):
            found.append(text[at])
            at += 1
            continue
        while at + length < len(text) and any(text[at : at + length + 1] in row for row in rows):
            length += 1
        at += length
    return "".join(found)
