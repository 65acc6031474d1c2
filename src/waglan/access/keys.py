"""Keys for machines: ``wgl_<tenant>_<id>_<secret><checksum>``, stored as an HMAC only.

The prefix lets secret scanners find a leaked one, and the checksum lets them (and us) tell a key from a typing error
without asking anybody.

References
----------
GitHub's token format (2021): prefix, base62, CRC-32 as six base62 digits.
"""

from __future__ import annotations

import hashlib
import re
import threading
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from waglan.access import refusals
from waglan.access.basis import Basis
from waglan.access.identity import Identity
from waglan.access.policy import SCOPES
from waglan.core.problem import Problem, nearest

PREFIX = "wgl_"
MOST_DAYS = 90
NOTICED_MS = 500
"""After how long at most a process notices what another one has changed."""
_DAY_MS = 24 * 3_600 * 1_000
_USED_MS = 60 * 1_000
_SECRET_BYTES = 32
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_LENGTH = 43
_CHECK_LENGTH = 6
_MOST_REMEMBERED = 10_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
_COLUMNS = "id, name, scopes, made_by, created_ms, expires_ms, revoked_ms, used_ms"


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it is listed. Times are milliseconds since 1970 UTC.

    Attributes
    ----------
    id
        ``k-`` and a ULID: the actor of what it does.
    name
        What it is for; stands on the log, so it names a system and no person.
    scopes
        Values of the actions it may do.
    made_by
        Who made it, an id.
    created_ms, expires_ms
        From when until when it counts.
    revoked_ms
        When it was revoked; None when it wasn't.
    used_ms
        When it was last used, to the minute; None when never.
    """

    id: str
    name: str
    scopes: tuple[str, ...]
    made_by: str
    created_ms: int
    expires_ms: int
    revoked_ms: int | None = None
    used_ms: int | None = None

    def open(self, now_ms: int) -> bool:
        """Whether it counts now."""
        return self.revoked_ms is None and now_ms < self.expires_ms


class Created(NamedTuple):
    """A new key, and the secret that is shown this once."""

    key: ApiKey
    secret: str


class _Known(NamedTuple):
    """A key that was looked up: who it is, and when its use was last noted here."""

    identity: Identity
    expires_ms: int
    noted_ms: int


class Keys:
    """See `waglan.access.Access`, whose ``keys`` this is.

    Attributes
    ----------
    failed
        Why the last use of a key couldn't be noted; empty when it could.
    """

    def __init__(self, basis: Basis) -> None:
        self._database = basis.database
        self._pepper = basis.pepper
        self._clock = basis.clock
        self._ids = basis.ids
        self._urandom = basis.urandom
        self._tenant = basis.tenant
        self._lock = threading.Lock()
        self._known: dict[bytes, _Known] = {}
        self._changes = (0, 0)
        self._looked_ms = 0
        self.failed = ""

    def create(self, name: str, scopes: Sequence[str], days: int, by: str) -> Created:
        """Make a key.

        Parameters
        ----------
        name
            1 to 64 letters, digits, spaces, ``.``, ``_``, ``-``; names a system, not a person.
        scopes
            Values of `waglan.access.SCOPES`.
        days
            1 to 90.
        by
            Who makes it, an id.

        Raises
        ------
        Problem
            ``access.key``: what of it can't be.
        """
        if not _NAME.fullmatch(name):
            raise refusals.key(
                "This name can't be used for a key.", "It needs 1 to 64 letters, digits, spaces, '.', '_', '-'.", "name"
            )
        if not scopes:
            raise refusals.key("A key needs a scope.", "Without one it may do nothing.", "scopes")
        for scope in scopes:
            if scope not in SCOPES:
                raise refusals.key(f"{scope!r} is no scope of a key.", nearest(scope, SCOPES), "scopes")
        if not 1 <= days <= MOST_DAYS:
            raise refusals.key(f"A key can't last {days} days.", f"It ends after 1 to {MOST_DAYS} days.", "days")
        now_ms = self._clock.now_ms()
        ident = self._ids.new(now_ms)
        key = ApiKey(
            id=f"k-{ident}", name=name, scopes=tuple([s.value for s in SCOPES if s in scopes]), made_by=by,
            created_ms=now_ms, expires_ms=now_ms + days * _DAY_MS,
        )  # fmt: skip
        drawn = _base62(int.from_bytes(self._urandom(_SECRET_BYTES), "big"), _SECRET_LENGTH)
        body = f"{PREFIX}{self._tenant}_{ident}_{drawn}"
        secret = body + _checksum(body)
        row = (key.id, self._mac(secret), name, " ".join(key.scopes), by, key.created_ms, key.expires_ms)
        with self._database.writing() as connection:
            connection.execute("INSERT INTO api_key VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)", row)
        return Created(key, secret)

    def check(self, secret: str) -> Identity | None:
        """Whose key it is; None when it is none of ours, has expired or was revoked (up to half a second ago)."""
        now_ms = self._clock.now_ms()
        if not 0 <= now_ms - self._looked_ms < NOTICED_MS:
            self._look(now_ms)
        # Only ever compared with digests of secrets that were right: a guess learns nothing from the look-up's time.
        digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
        known = self._known.get(digest)
        if known is None:
            known = self._find(secret, digest, now_ms)
            if known is None:
                return None
        if now_ms >= known.expires_ms:
            return None
        if now_ms - known.noted_ms >= _USED_MS:
            self._use(digest, known, now_ms)
        return known.identity

    def revoke(self, key_id: str) -> ApiKey:
        """End a key for good, at once here and within half a second in every other process.

        Raises
        ------
        Problem
            ``access.missing`` when there is no such key.
        """
        with self._database.writing() as connection:
            statement = "UPDATE api_key SET revoked_ms = coalesce(revoked_ms, ?) WHERE id = ?"
            connection.execute(statement, (self._clock.now_ms(), key_id))
            row = connection.execute(f"SELECT {_COLUMNS} FROM api_key WHERE id = ?", (key_id,)).fetchone()
        with self._lock:
            self._known = {}
        if row is None:
            raise refusals.missing("key")
        return _of_row(row)

    def get(self, key_id: str) -> ApiKey:
        """The key of an id; a Problem (``access.missing``) when there is none."""
        with self._database.reading() as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM api_key WHERE id = ?", (key_id,)).fetchone()
        if row is None:
            raise refusals.missing("key")
        return _of_row(row)

    def all(self) -> list[ApiKey]:
        """Every key, in the order in which they were made, the expired and revoked too."""
        with self._database.reading() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM api_key ORDER BY id").fetchall()
        return [_of_row(row) for row in rows]

    def _mac(self, secret: str) -> bytes:
        return self._pepper.mac("key", secret)

    def _look(self, now_ms: int) -> None:
        """Forget what was looked up when anybody has committed since."""
        changes = self._database.changes()
        with self._lock:
            if changes != self._changes:
                self._known, self._changes = {}, changes
            self._looked_ms = now_ms

    def _find(self, secret: str, digest: bytes, now_ms: int) -> _Known | None:
        if not well_formed(secret, self._tenant):
            return None
        remember = self._known  # a revocation meanwhile puts another in its place
        with self._database.reading() as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM api_key WHERE mac = ?", (self._mac(secret),)).fetchone()
        if row is None or not (key := _of_row(row)).open(now_ms):
            return None
        found = _Known(self._identity(key), key.expires_ms, key.used_ms or 0)
        with self._lock:
            if len(remember) < _MOST_REMEMBERED:
                remember[digest] = found
        return found

    def _identity(self, key: ApiKey) -> Identity:
        return Identity(
            id=key.id, tenant=self._tenant, roles=("machine",), kind="machine", authenticator=f"key:{key.id}",
            authenticated_ms=key.created_ms, until_ms=key.expires_ms, scopes=key.scopes,
        )  # fmt: skip

    def _use(self, digest: bytes, known: _Known, now_ms: int) -> None:
        """Note that the key is in use, once a minute. A disk that can't take it must not keep anybody from reading."""
        with self._lock:
            self._known[digest] = known._replace(noted_ms=now_ms)
        try:
            with self._database.writing() as connection:
                connection.execute("UPDATE api_key SET used_ms = ? WHERE id = ?", (now_ms, known.identity.id))
            self.failed = ""
        except Problem as problem:
            self.failed = problem.why


def well_formed(secret: str, tenant: str) -> bool:
    """Whether a text can be a key of a tenant: prefix, parts and checksum are right."""
    parts = secret.rsplit("_", 2)
    if len(parts) != 3 or parts[0] != PREFIX + tenant or len(parts[2]) != _SECRET_LENGTH + _CHECK_LENGTH:
        return False
    return secret.isascii() and _checksum(secret[:-_CHECK_LENGTH]) == secret[-_CHECK_LENGTH:]


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode("ascii")), _CHECK_LENGTH)


def _base62(value: int, length: int) -> str:
    digits = []
    for _ in range(length):
        value, digit = divmod(value, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def _of_row(row: tuple[str, str, str, str, int, int, int | None, int | None]) -> ApiKey:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return ApiKey(**{**values, "scopes": tuple(row[2].split())})  # type: ignore[arg-type]
