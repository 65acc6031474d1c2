"""Who may knock: names of the loopback only, and no page of another site. Plus headers on every answer.

There is no access control yet, so the door opens to this machine alone. A browser on this machine could still be
turned against it: by a foreign name that resolves to 127.0.0.1 (DNS rebinding), caught by the Host header, or by a
cross-site request, caught by Origin and Sec-Fetch-Site.

References
----------
fetch.spec.whatwg.org § 3.2 (Origin); w3.org/TR/fetch-metadata; OWASP *Secure Headers Project*.
"""

from __future__ import annotations

from waglan.api import problems
from waglan.api.respond import Scope

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


def check(scope: Scope, headers: dict[bytes, bytes]) -> None:
    """A Problem 421 or 403 for a request that isn't meant for us."""
    host = headers.get(b"host", b"")
    if _name(host) not in LOOPBACK or _several(scope):
        raise problems.host(host.decode("latin-1"))
    if scope["method"] in _SAFE:
        return
    origin = headers.get(b"origin")
    if origin is not None and origin != b"http://" + host:
        raise problems.origin(origin.decode("latin-1"))
    if headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin"):
        raise problems.origin(headers[b"sec-fetch-site"].decode("latin-1"))


def _name(host: bytes) -> bytes:
    name, colon, port = host.rpartition(b":")
    return (name if colon and port.isdigit() else host).lower()


def _several(scope: Scope) -> bool:
    return [name for name, _ in scope["headers"]].count(b"host") != 1
