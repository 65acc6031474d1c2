"""Sign-in by the firm's own identity provider: OpenID Connect, authorisation code flow with PKCE.

Nobody comes in who isn't known here: an account of the provider is linked to the person who has its verified e-mail
address, once, and from then on by its subject alone.

References
----------
OpenID Connect Core 1.0 § 3.1 (code flow; § 3.1.3.7, what to check of an ID token); RFC 7636 (PKCE); RFC 9700 § 2.1
(state bound to the browser, exact redirect address); RFC 9207 (issuer in the answer).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import sqlite3
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from waglan.access import oidc_settings, oidc_wire, refusals
from waglan.access.basis import Basis
from waglan.access.challenges import Challenges
from waglan.access.identity import PEOPLE_ROLES, Role
from waglan.access.oidc_settings import OidcSection
from waglan.access.people import People
from waglan.access.person import Person
from waglan.core.problem import Problem

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

COOKIE = "__Host-waglan-oidc"
"""Carries `Begun.binding` in the browser while the provider has the user: Secure, HttpOnly, SameSite=Lax, Path=/."""
LASTS_MS = 10 * 60 * 1_000
LEEWAY_S = 60
"""How far the provider's clock may be off."""
_KEYS_MS = 10 * 60 * 1_000
_AGAIN_MS = 30 * 1_000
_OLDEST_S = 15 * 60


class Begun(NamedTuple):
    """Where to send the browser, and what to leave in it as the cookie `COOKIE` until it comes back."""

    url: str
    binding: str


class Returned(NamedTuple):
    """Who came back, with what, where they wanted to go, and whether their roles changed (which is an event)."""

    person: Person
    authenticator: str
    forward: str
    changed: bool


class _Kept(msgspec.Struct, frozen=True):
    nonce: str
    verifier: str
    redirect_uri: str
    forward: str


class Oidc:
    """See `waglan.access.Access`, whose ``oidc`` this is when the settings name a provider. Blocks: ask in a thread.

    Parameters
    ----------
    basis, people
        Of the workspace.
    section
        The provider; a Problem (``settings.oidc``) when it can't be used as it is.
    """

    def __init__(self, basis: Basis, people: People, section: OidcSection) -> None:
        oidc_settings.check(section)
        self._basis = basis
        self._people = people
        self._section = section
        self._challenges = Challenges(basis)
        self._lock = threading.Lock()
        self._keys: dict[str, Any] = {}
        self._keys_ms = 0

    def begin(self, forward: str, redirect_uri: str) -> Begun:
        """Begin a sign-in.

        Parameters
        ----------
        forward
            Where the user wants to go afterwards; kept here, not in the browser.
        redirect_uri
            Where the provider sends the browser back to, from this installation's public address in the settings.
        """
        secret = self._basis.secret
        state, binding, verifier, nonce = secret(), secret(), secret(), secret()
        kept = msgspec.json.encode(_Kept(nonce, verifier, redirect_uri, forward))
        self._challenges.put("oidc", state, binding, lasts_ms=LASTS_MS, kept=kept)
        query = {
            "response_type": "code",
            "client_id": self._section.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self._section.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": _base64url(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in self._section.authorization_endpoint else "?"
        return Begun(f"{self._section.authorization_endpoint}{joint}{urlencode(query)}", binding)

    def finish(self, query: Mapping[str, str], redirect_uri: str, binding: str) -> Returned:
        """End a sign-in.

        Parameters
        ----------
        query
            What the browser brought back.
        redirect_uri
            As given to `begin`.
        binding
            The value of the cookie `COOKIE`.

        Raises
        ------
        Problem
            ``access.provider`` (401, or 502 when the provider can't be asked), ``access.credentials`` when the
            account is nobody's here.
        """
        taken = self._challenges.take("oidc", query.get("state", ""), binding)
        if taken is None:
            raise refusals.provider("It wasn't begun in this browser, was finished already, or took too long.")
        kept = msgspec.json.decode(taken.kept, type=_Kept)
        if kept.redirect_uri != redirect_uri or query.get("iss", self._section.issuer) != self._section.issuer:
            raise refusals.provider("It came back from another provider or to another address.")
        if not query.get("code"):
            raise refusals.provider("The provider refused, or the sign-in was broken off there.")
        token = oidc_wire.exchange(self._section, query["code"], kept.verifier, redirect_uri)
        claims = self._claims(token)
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), kept.nonce.encode()):
            raise refusals.provider("Its token belongs to another sign-in.")
        return self._known(claims, kept.forward)

    def _claims(self, token: str) -> dict[str, Any]:
        """What an ID token says, once signature, issuer, audience and times are right."""
        from joserfc import jwt
        from joserfc.errors import JoseError

        section, now_s = self._section, self._basis.clock.now_ms() // 1_000
        registry = jwt.JWTClaimsRegistry(
            now=now_s,
            leeway=LEEWAY_S,
            iss={"essential": True, "value": section.issuer},
            aud={"essential": True, "value": section.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True},
        )
        try:
            try:
                decoded = jwt.decode(token, self._key_set(), [*section.algorithms])
            except JoseError:  # perhaps by a key that is newer than what is kept here
                decoded = jwt.decode(token, self._key_set(again=True), [*section.algorithms])
            registry.validate(decoded.claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise refusals.provider(f"Its token can't be accepted ({type(error).__name__}).") from error
        claims = decoded.claims
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if claims.get("azp", section.client_id) != section.client_id or (len(audience) > 1 and "azp" not in claims):
            raise refusals.provider("Its token was made for somebody else.")
        if now_s - claims["iat"] > _OLDEST_S:
            raise refusals.provider("Its token is too old.")
        return claims

    def _key_set(self, *, again: bool = False) -> KeySet:
        """The provider's keys for signatures; those of a kind that isn't known here are left out (RFC 7517 § 5)."""
        from joserfc.jwk import KeySet

        found = [
            key
            for key in self._jwks(again=again).get("keys", [])
            if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig"
        ]
        return KeySet.import_key_set({"keys": found})

    def _jwks(self, *, again: bool) -> dict[str, Any]:
        now_ms = self._basis.clock.now_ms()
        with self._lock:
            age_ms = now_ms - self._keys_ms
            if not self._keys or age_ms >= _KEYS_MS or age_ms < 0 or (again and age_ms >= _AGAIN_MS):
                self._keys, self._keys_ms = oidc_wire.keys(self._section), now_ms
            return self._keys

    def _known(self, claims: dict[str, Any], forward: str) -> Returned:
        """The person behind the claims; the first time, whoever has the verified address."""
        account = self._basis.pepper.mac("link", self._section.issuer, str(claims["sub"]))
        with self._basis.database.writing() as connection:
            row = connection.execute("SELECT person FROM link WHERE mac = ?", (account,)).fetchone()
            person = self._people.get(row[0]) if row else self._by_email(claims)
            if person is None or not person.open(self._basis.clock.now_ms()):
                raise refusals.credentials()
            if row is None:
                self._link(connection, account, person)
            roles = None if {*person.roles} & {*oidc_settings.NEVER_BY_GROUP} else self._roles(claims)
            changed = roles is not None and roles != person.roles
            if changed:
                person = self._people.change(person.id, roles=roles)
        return Returned(person, f"oidc:{account.hex()[:16]}", forward, changed)

    def unlink(self, person_id: str) -> None:
        """Forget which account of the provider is somebody's, as when the person has got a new one."""
        with self._basis.database.writing() as connection:
            connection.execute("DELETE FROM link WHERE person = ?", (person_id,))

    @staticmethod
    def _link(connection: sqlite3.Connection, account: bytes, person: Person) -> None:
        """Remember an account. An address given to a second account may have passed to somebody else."""
        if connection.execute("SELECT 1 FROM link WHERE person = ?", (person.id,)).fetchone():
            raise refusals.credentials()
        connection.execute("INSERT INTO link VALUES (?, ?)", (account, person.id))

    def _by_email(self, claims: dict[str, Any]) -> Person | None:
        if claims.get("email_verified") is not True or not isinstance(claims.get("email"), str):
            return None
        return self._people.find(claims["email"])

    def _roles(self, claims: dict[str, Any]) -> tuple[Role, ...] | None:
        """The roles of the person's groups; None when roles are kept here."""
        if not self._section.roles:
            return None
        groups = claims.get(self._section.group_claim, [])
        named = {self._section.roles.get(group) for group in groups if isinstance(group, str)}
        found = tuple([role for role in PEOPLE_ROLES if role in named])
        if not found:
            raise _no_group()
        return found


def _no_group() -> Problem:
    return Problem(
        "Your account has no role here.", "None of its groups at the identity provider stands for one.",
        "Ask an administrator to put you into a group.", code="access.denied", where="oidc.roles", status=403,
    )  # fmt: skip


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
