"""Under which names we answer, and no page of another site. Plus headers on every answer.

A browser could be turned against us: by a foreign name that resolves to our address (DNS rebinding), caught by the
Host header, or by a cross-site request, caught by Origin and Sec-Fetch-Site. Our names are those of the loopback and,
where the settings give one, the public address at which the firm's proxy stands.

References
----------
fetch.spec.whatwg.org § 3.2 (Origin); w3.org/TR/fetch-metadata; OWASP *Secure Headers Project*.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from waglan.api import problems
from waglan.api.respond import Scope
from waglan.core import Problem

LOOPBACK = (b"localhost", b"127.0.0.1", b"[::1]")

SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"server", b"waglan"),
)
"""On every answer. ``Cache-Control: no-store`` too, where the route doesn't say otherwise."""

_SAFE = ("GET", "HEAD", "OPTIONS")


class _Public(NamedTuple):
    """The public address as browsers write it: in Origin, and in Host (with or without the usual port)."""

    origin: bytes
    hosts: tuple[bytes, ...]


_USUAL = {"https": 443, "http": 80}


def check(scope: Scope, headers: dict[bytes, bytes], public_url: str = "") -> None:
    """A Problem 421 or 403 for a request that isn't meant for us.

    Parameters
    ----------
    scope, headers
        The request's.
    public_url
        Scheme and host of the settings, ``https://waglan.bank.example``; empty for this machine alone. Origin is then
        that address or, for who calls by a name of the loopback, that name.
    """
    host = headers.get(b"host", b"").lower()
    public = public_address(public_url)
    local = _name(host) in LOOPBACK
    if not (local or host in public.hosts) or _several(scope):
        raise problems.host(host.decode("latin-1"))
    if scope["method"] in _SAFE:
        return
    origin = headers.get(b"origin")
    if origin is not None and not (origin == public.origin or (local and origin.lower() == b"http://" + host)):
        raise problems.origin(origin.decode("latin-1"))
    if headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin"):
        raise problems.origin(headers[b"sec-fetch-site"].decode("latin-1"))


@lru_cache(maxsize=8)
def public_address(public_url: str) -> _Public:
    """What browsers send for a public address; a Problem (``settings.public_url``) when it is none."""
    if not public_url:
        return _Public(b"", ())
    parts = urlsplit(public_url)
    plain = parts.hostname and parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    if parts.scheme not in _USUAL or not plain:
        raise Problem(
            f"{public_url!r} can't be the public address.", "It is a scheme and a host: https://waglan.bank.example.",
            "Correct server.public_url in waglan.toml.", code="settings.public_url", where="server.public_url",
        )  # fmt: skip
    host = parts.netloc.lower().encode()
    bare = host.rpartition(b":")[0] if parts.port == _USUAL[parts.scheme] else host
    usual = b"%b:%d" % (bare, _USUAL[parts.scheme])
    hosts = (bare, usual) if parts.port in (None, _USUAL[parts.scheme]) else (host,)
    return _Public(parts.scheme.encode() + b"://" + bare, hosts)


def _name(host: bytes) -> bytes:
    name, colon, port = host.rpartition(b":")
    return (name if colon and port.isdigit() else host).lower()


def _several(scope: Scope) -> bool:
    return [name for name, _ in scope["headers"]].count(b"host") != 1
