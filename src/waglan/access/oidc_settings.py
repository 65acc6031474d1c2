"""How to reach the firm's identity provider: the section ``[oidc]`` of the settings."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from waglan.access.identity import PEOPLE_ROLES
from waglan.core.problem import Problem, nearest

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA")

NEVER_BY_GROUP = ("examiner", "provider")
"""Roles of outsiders: they are given here, with an end or a firm."""


class OidcSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The firm's OpenID provider; empty: people sign in with a password or a passkey.

    Attributes
    ----------
    issuer
        Its name, exactly as its tokens have it.
    client_id, client_secret
        What it knows this installation as; the secret better given as ``WAGLAN_OIDC__CLIENT_SECRET``.
    authorization_endpoint, token_endpoint, jwks_uri
        Its addresses, from its discovery document: ``https`` only (``http`` on this machine's loopback).
    scopes
        What is asked for.
    group_claim
        The claim that lists a person's groups.
    roles
        Group to role. When given, whoever signs in has the roles of their groups and no others; when empty, roles
        are kept here.
    algorithms
        Signatures that are accepted on its tokens.
    """

    issuer: str = ""
    client_id: str = ""
    client_secret: str = ""
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    jwks_uri: str = ""
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    group_claim: str = "groups"
    roles: dict[str, str] = {}
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256", "EdDSA")


def check(section: OidcSection) -> None:
    """A Problem (``settings.oidc``) when the section can't be used as it is."""
    for field in ("client_id", "authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not getattr(section, field):
            raise _wrong(field, "It is empty, but an issuer is given.")
    for field in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not safe(getattr(section, field)):
            raise _wrong(field, "It has to begin with https:// (or http:// on this machine's loopback).")
    if "openid" not in section.scopes:
        raise _wrong("scopes", "'openid' isn't among them.")
    for role in section.roles.values():
        if role not in PEOPLE_ROLES:
            raise _wrong("roles", f"{role!r} is no role of a person. {nearest(role, PEOPLE_ROLES)}")
        if role in NEVER_BY_GROUP:
            raise _wrong("roles", f"An {role} is added here, with an end or a firm, and never by a group.")
    for algorithm in section.algorithms:
        if algorithm not in ALGORITHMS:
            raise _wrong("algorithms", f"{algorithm!r} isn't accepted. {nearest(algorithm, ALGORITHMS)}")


def safe(address: str) -> bool:
    """Whether an address may be asked: encrypted, or on this machine."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


def _wrong(field: str, why: str) -> Problem:
    return Problem(f"The setting oidc.{field} can't be used.", why, "Correct the section [oidc] of waglan.toml.",
                   code="settings.oidc", where=f"oidc.{field}")  # fmt: skip
