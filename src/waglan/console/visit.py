"""One visit of a page: who comes, with what, in which language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from waglan.access import Action, Identity, Resource, require, ruling
from waglan.console.forms import Form
from waglan.console.house import House
from waglan.core.case import Language
from waglan.core.events import Read
from waglan.core.problem import Problem


class Visit(NamedTuple):
    """A request as pages see it.

    Attributes
    ----------
    house
        Everything there is.
    identity
        Who comes; None on public pages.
    language
        In which the page is shown.
    path
        Parameters of the address.
    query
        The last value of each query parameter.
    form
        Fields and files of a POST; empty otherwise.
    cookie
        The session cookie's value.
    origin
        Scheme and host of this request, checked against what this server answers for.
    client
        The address it came from, for rate limits only.
    binding
        What was left in the browser when it went to the identity provider.
    here
        Path and query of this page, to come back to.
    """

    house: House
    identity: Identity | None
    language: Language
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Form
    cookie: str = ""
    origin: str = ""
    client: str = ""
    binding: str = ""
    here: str = "/console/overview"

    @property
    def me(self) -> Identity:
        """Who is signed in; a Problem 401 when nobody is."""
        if self.identity is None:
            raise sign_in_first()
        return self.identity

    def resource(self, kind: str, author: str = "", reviewer: str = "") -> Resource:
        return Resource(kind=kind, tenant=self.house.tenant, author=author, reviewer=reviewer)

    def may(self, action: Action, kind: str, author: str = "", reviewer: str = "") -> bool:
        """Whether the policy allows it: for buttons that would only lead to a refusal."""
        return ruling(self.identity, action, self.resource(kind, author, reviewer)).allowed

    def require(self, action: Action, kind: str, author: str = "", reviewer: str = "") -> None:
        """Raise the policy's Problem unless it is allowed."""
        require(self.identity, action, self.resource(kind, author, reviewer))

    def read(self, what: str, refs: tuple[str, ...] = (), subject: str = "", why: str = "console") -> None:
        """Put on the log that somebody reads private data; every examiner's read is put there by the door."""
        self.house.workspace.record(Read(what=what, why=why), refs=refs, subject=subject, actor=self.me.id)


def sign_in_first() -> Problem:
    """401: nobody is signed in."""
    return Problem(
        "Please sign in.",
        "This page is for people who work here.",
        "Sign in and you will be brought back.",
        code="access.sign_in",
        status=401,
    )
