"""Passkeys: to sign in, and to sign what was shown.

An approval's challenge is the SHA-256 of what was shown, so the authenticator's own signature covers it: whoever has
the passkey's public key can check later what its owner had before them.

References
----------
w3.org/TR/webauthn-3: § 7.1 (registering), § 7.2 (verifying), § 6.1.1 (signature counter), § 13.4.3 (challenges).
"""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from waglan.access import refusals
from waglan.access.basis import Basis
from waglan.access.challenges import Challenges
from waglan.access.person import COLUMNS, Person, of_row
from waglan.core.problem import Problem

if TYPE_CHECKING:
    from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

LASTS_MS = 5 * 60 * 1_000
"""How long an answer of an authenticator is waited for."""
_CHALLENGE_BYTES = 32
_MOST_BYTES = 64 * 1_024
_PREFIX = "passkey:"


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey as it is listed: its authenticator's name in the record, what its owner calls it, and when it was used.

    Times are milliseconds since 1970 UTC.
    """

    id: str
    name: str = ""
    created_ms: int
    used_ms: int | None = None


class SignedIn(NamedTuple):
    """Who signed in, and with what."""

    person: Person
    authenticator: str


class _Stored(NamedTuple):
    credential: bytes
    person: str
    public_key: bytes
    sign_count: int


class Passkeys:
    """See `waglan.access.Access`, whose ``passkeys`` this is.

    Options are the mappings that a browser's ``PublicKeyCredential.parse…OptionsFromJSON`` takes, responses what its
    ``toJSON`` gives (a mapping or its text), and an origin is the page's, ``https://waglan.firm.example``: from the
    settings, never from the request. Every refusal is a Problem with code ``access.passkey``.
    """

    def __init__(self, basis: Basis) -> None:
        self._database = basis.database
        self._challenges = Challenges(basis)
        self._clock = basis.clock
        self._urandom = basis.urandom
        self._tenant = basis.tenant

    def registration_options(self, person: Person, origin: str) -> dict[str, Any]:
        """What the person's browser needs to make a passkey here."""
        from webauthn import generate_registration_options
        from webauthn.helpers import options_to_json_dict
        from webauthn.helpers.structs import (
            AuthenticatorSelectionCriteria,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        challenge = self._urandom(_CHALLENGE_BYTES)
        self._challenges.put("register", person.id, challenge, lasts_ms=LASTS_MS)
        options = generate_registration_options(
            rp_id=_rp_id(origin),
            rp_name=f"Waglan {self._tenant}",
            user_id=person.id.encode(),
            user_name=person.email,
            user_display_name=person.name,
            challenge=challenge,
            timeout=LASTS_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=self._descriptors(person.id),
        )
        return options_to_json_dict(options)

    def register(self, person: Person, response: str | Mapping[str, Any], origin: str, name: str = "") -> str:
        """Take the passkey that the browser made; gives the authenticator's name, ``passkey:…``."""
        from webauthn import verify_registration_response

        with _refusing():
            answer = _read(response)
            challenge = _challenge(answer)
            if self._challenges.take("register", person.id, challenge) is None:
                raise _unasked()
            made = verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=_rp_id(origin),
                expected_origin=origin,
                require_user_verification=True,
            )
        row = (
            made.credential_id, person.id, made.credential_public_key, made.sign_count,
            "".join(c for c in name if c.isprintable())[:60], self._clock.now_ms(),
        )  # fmt: skip
        with self._database.writing() as connection:
            if connection.execute("SELECT 1 FROM passkey WHERE credential = ?", row[:1]).fetchone():
                raise refusals.passkey("This passkey belongs to somebody here already.")
            connection.execute("INSERT INTO passkey VALUES (?, ?, ?, ?, ?, ?, NULL)", row)
        return _name(made.credential_id)

    def authentication_options(self, origin: str, *, person: str = "") -> dict[str, Any]:
        """What a browser needs to sign somebody in; the same for everybody, so it tells nobody who exists.

        Somebody who is signed in already (``person``, an id) is asked for one of their own.
        """
        challenge = self._urandom(_CHALLENGE_BYTES)
        self._challenges.put("sign in", challenge, lasts_ms=LASTS_MS)
        return _asking(challenge, _rp_id(origin), self._descriptors(person) if person else [])

    def authenticate(self, response: str | Mapping[str, Any], origin: str) -> SignedIn:
        """Who signed in by a passkey, and which one it was."""
        with _refusing():
            answer = _read(response)
            challenge = _challenge(answer)
            if self._challenges.take("sign in", challenge) is None:
                raise _unasked()
            stored = self._stored(answer)
            verified = _verify(answer, challenge, origin, stored)
        return SignedIn(self._used(stored, verified), _name(stored.credential))

    def approval_options(self, person: Person, challenge: bytes, origin: str = "") -> dict[str, Any]:
        """What the person's browser needs to sign something; ``challenge`` is the SHA-256 of what is shown."""
        if len(challenge) != hashlib.sha256().digest_size:
            raise ValueError("the challenge of an approval is a SHA-256")
        self._challenges.put("approve", person.id, challenge, lasts_ms=LASTS_MS)
        return _asking(challenge, _rp_id(origin) if origin else "", self._descriptors(person.id))

    def approve(
        self, person: Person, response: str | Mapping[str, Any], challenge: bytes, origin: str
    ) -> dict[str, str]:
        """The person's signature over what was shown, with all that is needed to check it later.

        Returns
        -------
        dict
            ``authenticator`` (its name), ``challenge`` (hexadecimal), and in base64url ``credential``,
            ``client_data``, ``authenticator_data``, ``signature`` (over ``authenticator_data`` and the SHA-256 of
            ``client_data``) and ``public_key`` (COSE).
        """
        with _refusing():
            answer = _read(response)
            if self._challenges.take("approve", person.id, challenge) is None:
                raise _unasked()
            stored = self._stored(answer)
            if stored.person != person.id:
                raise refusals.passkey("It is somebody else's passkey.")
            verified = _verify(answer, challenge, origin, stored)
        self._used(stored, verified)
        signed = answer["response"]
        return {
            "authenticator": _name(stored.credential),
            "authenticator_data": signed["authenticatorData"],
            "challenge": challenge.hex(),
            "client_data": signed["clientDataJSON"],
            "credential": answer["id"],
            "public_key": base64.urlsafe_b64encode(stored.public_key).rstrip(b"=").decode(),
            "signature": signed["signature"],
        }

    def all(self, person_id: str) -> list[Passkey]:
        """The passkeys of a person, the oldest first."""
        query = "SELECT credential, name, created_ms, used_ms FROM passkey WHERE person = ? ORDER BY created_ms"
        with self._database.reading() as connection:
            rows = connection.execute(query, (person_id,)).fetchall()
        return [Passkey(id=_name(row[0]), name=row[1], created_ms=row[2], used_ms=row[3]) for row in rows]

    def remove(self, person_id: str, passkey_id: str) -> None:
        """Take a passkey away and end the sessions begun with it; a Problem (``access.missing``) when there is none."""
        with self._database.writing() as connection:
            rows = connection.execute("SELECT credential FROM passkey WHERE person = ?", (person_id,)).fetchall()
            found = [row for row in rows if _name(row[0]) == passkey_id]
            if not found:
                raise refusals.missing("passkey")
            connection.execute("DELETE FROM passkey WHERE credential = ?", found[0])
            connection.execute("DELETE FROM session WHERE authenticator = ?", (passkey_id,))

    def _descriptors(self, person_id: str) -> list[PublicKeyCredentialDescriptor]:
        from webauthn.helpers.structs import PublicKeyCredentialDescriptor

        with self._database.reading() as connection:
            rows = connection.execute("SELECT credential FROM passkey WHERE person = ?", (person_id,)).fetchall()
        return [PublicKeyCredentialDescriptor(id=row[0]) for row in rows]

    def _stored(self, answer: dict[str, Any]) -> _Stored:
        credential = _decoded(answer["id"])
        query = "SELECT credential, person, public_key, sign_count FROM passkey WHERE credential = ?"
        with self._database.reading() as connection:
            row = connection.execute(query, (credential,)).fetchone()
        if row is None:
            raise refusals.passkey("It isn't known here.")
        stored = _Stored(*row)
        handle = answer["response"].get("userHandle")
        if handle and _decoded(handle) != stored.person.encode():
            raise refusals.passkey("It was made for somebody else.")
        return stored

    def _used(self, stored: _Stored, verified: VerifiedAuthentication) -> Person:
        """Count the use, unless the same counter was used in the meantime; gives its owner."""
        now_ms = self._clock.now_ms()
        with self._database.writing() as connection:
            counted = connection.execute(
                "UPDATE passkey SET sign_count = ?, used_ms = ? WHERE credential = ? AND sign_count = ?",
                (verified.new_sign_count, now_ms, stored.credential, stored.sign_count),
            )
            if counted.rowcount != 1:
                raise refusals.passkey("Its counter was used in the meantime, as by a copy of it.")
            return _owner(connection, stored.person, now_ms)


def _owner(connection: sqlite3.Connection, person_id: str, now_ms: int) -> Person:
    person = of_row(connection.execute(f"SELECT {COLUMNS} FROM person WHERE id = ?", (person_id,)).fetchone())
    if not person.open(now_ms):
        raise refusals.credentials()
    return person


def _asking(challenge: bytes, rp_id: str, allowed: list[PublicKeyCredentialDescriptor]) -> dict[str, Any]:
    from webauthn import generate_authentication_options
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=rp_id or "localhost",
        challenge=challenge,
        timeout=LASTS_MS,
        allow_credentials=allowed,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    found = options_to_json_dict(options)
    if not rp_id:
        del found["rpId"]  # browsers then take the page's own host
    return found


def _verify(answer: dict[str, Any], challenge: bytes, origin: str, stored: _Stored) -> VerifiedAuthentication:
    from webauthn import verify_authentication_response

    return verify_authentication_response(
        credential=answer,
        expected_challenge=challenge,
        expected_rp_id=_rp_id(origin),
        expected_origin=origin,
        credential_public_key=stored.public_key,
        credential_current_sign_count=stored.sign_count,
        require_user_verification=True,
    )


@contextmanager
def _refusing() -> Iterator[None]:
    """Whatever can't be read in bytes from outside is a refusal, and no bug of ours."""
    try:
        yield
    except (Problem, sqlite3.Error):
        raise
    except Exception as error:
        raise refusals.passkey(f"{str(error) or type(error).__name__}.".replace("..", ".")) from error


def _read(response: str | Mapping[str, Any]) -> dict[str, Any]:
    text = response if isinstance(response, str) else json.dumps(dict(response))
    if len(text) > _MOST_BYTES:
        raise refusals.passkey("It is too long.")
    answer = json.loads(text)
    if not isinstance(answer, dict) or not isinstance(answer.get("response"), dict):
        raise refusals.passkey("It isn't what an authenticator answers.")
    client = json.loads(_decoded(answer["response"]["clientDataJSON"]))
    if client.get("crossOrigin"):
        raise refusals.passkey("It was made inside a page of another site.")
    return answer


def _challenge(answer: dict[str, Any]) -> bytes:
    return _decoded(json.loads(_decoded(answer["response"]["clientDataJSON"]))["challenge"])


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _rp_id(origin: str) -> str:
    """The host for which passkeys are made; ``ValueError`` for an origin that browsers give none."""
    parts = urlsplit(origin)
    if not parts.hostname or (parts.scheme != "https" and (parts.scheme, parts.hostname) != ("http", "localhost")):
        raise ValueError(f"passkeys need https or localhost, not {origin!r}")
    return parts.hostname


def _name(credential: bytes) -> str:
    return _PREFIX + hashlib.sha256(credential).hexdigest()[:16]


def _unasked() -> Problem:
    return refusals.passkey("It answers a question that wasn't asked, was answered before, or is too old.")
