"""Who acts: a person, a machine's key, or whoever sits at the command line."""

from __future__ import annotations

from typing import Literal

import msgspec

from waglan.core.case import Language

Role = Literal["admin", "developer", "provider", "user", "reviewer", "approver", "auditor", "examiner", "machine"]
ROLES: tuple[Role, ...] = (
    "admin", "developer", "provider", "user", "reviewer", "approver", "auditor", "examiner", "machine",
)  # fmt: skip
PEOPLE_ROLES: tuple[Role, ...] = ROLES[:-1]
"""What a person may be; ``machine`` is for keys."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whose sign-in or key was checked.

    Attributes
    ----------
    id
        ``p-…`` of a person, ``k-…`` of a key, ``cli``: the ``actor`` of what they cause on the log.
    tenant
        The institution; nothing of another one is theirs.
    roles
        What they may be here.
    kind
        A person, a key, or the local command line.
    name, language
        Of a person, for pages. Never for the log.
    authenticator
        What they signed in with: ``password:…``, ``passkey:…``, ``oidc:…``, ``key:…``.
    authenticated_ms
        When they last proved who they are.
    until_ms
        When their access ends; None when it doesn't.
    scopes
        Of a key, the values of the actions it may do; of a vendor's person, ``vendor:…``.
    session
        The session's id, which isn't its cookie; empty without one.
    at_ms
        When all this was last looked up; what ended before then is refused.

    All times are milliseconds since 1970 UTC.
    """

    id: str
    tenant: str
    roles: tuple[Role, ...]
    kind: Literal["person", "machine", "local"]
    name: str = ""
    language: Language = "en"
    authenticator: str = ""
    authenticated_ms: int = 0
    until_ms: int | None = None
    scopes: tuple[str, ...] = ()
    session: str = ""
    at_ms: int = 0


def local(tenant: str) -> Identity:
    """The command line: whoever may read the workspace's files has what is in them anyway."""
    return Identity(id="cli", tenant=tenant, roles=("admin",), kind="local", name="cli")
