"""Who is calling: a key in the Authorization header, or a session's cookie. No door but three opens without.

References
----------
RFC 6750 (bearer tokens; the query parameter of § 2.3 isn't taken, addresses end up in logs); RFC 6265 § 5.4 (Cookie).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from waglan.access import COOKIE, Access, Action, Buckets, Identity, Resource, require
from waglan.api import problems
from waglan.api.access_log import ACTOR
from waglan.api.limits import Limits
from waglan.api.respond import Scope
from waglan.core import Clock

CALLER = "waglan.caller"
"""The key of the ASGI scope under which doors find the `Caller`."""
_BEARER = b"bearer "
_COOKIE = COOKIE.encode() + b"="
_SAFE = ("GET", "HEAD")
_KINDS = {action: action.partition(".")[0] for action in Action}


class Caller(NamedTuple):
    """Somebody who may use the door they stand before.

    Attributes
    ----------
    identity
        Who it is.
    still
        Raises a Problem once they may no longer: for answers that take long.
    """

    identity: Identity
    still: Callable[[], None]


class _Shown(NamedTuple):
    """How to look up what a caller showed: for the request, and again while its answer lasts."""

    look: Callable[[], Identity | None]
    again: Callable[[], Identity | None]


class Callers:
    """Admits callers of one workspace.

    Parameters
    ----------
    access
        Knows keys and sessions.
    limits
        How many requests one of them may send.
    clock
        For that.
    """

    def __init__(self, access: Access, limits: Limits, clock: Clock) -> None:
        self._access = access
        self._buckets = Buckets(limits.requests_per_s, limits.requests_burst, clock)
        self._things = {action: Resource(kind, access.tenant) for action, kind in _KINDS.items()}

    def admit(self, scope: Scope, headers: dict[bytes, bytes], action: Action) -> Caller:
        """The caller, when they may do what the door is for.

        Raises
        ------
        Problem
            401 when nobody is known, 403 when they may not, 429 when they ask too often.
        """
        shown = self._credentials(scope, headers)
        identity = shown.look()
        if identity is not None:
            scope[ACTOR] = identity.id
        found = self._allowed(identity, action)
        self._buckets.require(found.id)
        return Caller(found, partial(self._still, shown.again, action))

    def _credentials(self, scope: Scope, headers: dict[bytes, bytes]) -> _Shown:
        authorization = headers.get(b"authorization")
        if authorization is not None:
            if authorization[:7].lower() != _BEARER or _several(scope):
                raise problems.credentials("The Authorization header isn't one 'Bearer' and a key.")
            check = partial(self._access.keys.check, authorization[7:].strip().decode("latin-1"))
            return _Shown(check, check)
        cookie = _cookie(headers.get(b"cookie", b""))
        if not cookie:
            raise problems.credentials("The request brings neither a key nor a session.")
        if scope["method"] not in _SAFE and b"origin" not in headers and b"sec-fetch-site" not in headers:
            raise problems.origin("nowhere")  # a browser says where from; a cookie alone proves no intention
        resume = self._access.sessions.resume
        return _Shown(partial(resume, cookie), partial(resume, cookie, touch=False))

    def _allowed(self, identity: Identity | None, action: Action) -> Identity:
        if identity is None:
            raise problems.credentials("The key or session isn't known here, was revoked, or has ended.")
        require(identity, action, self._things[action])
        return identity

    def _still(self, identify: Callable[[], Identity | None], action: Action) -> None:
        self._allowed(identify(), action)


def _cookie(raw: bytes) -> str:
    for pair in raw.split(b";"):
        if pair.strip().startswith(_COOKIE):
            return pair.strip()[len(_COOKIE) :].decode("latin-1")
    return ""


def _several(scope: Scope) -> bool:
    return [name for name, _ in scope["headers"]].count(b"authorization") > 1
