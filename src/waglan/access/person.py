"""A person who may act here, and what is asked of their data."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Literal, get_args

import msgspec

from waglan.access import refusals
from waglan.access.identity import PEOPLE_ROLES, Identity, Role
from waglan.core.case import LANGUAGES, Language
from waglan.core.problem import nearest

State = Literal["active", "disabled"]
COLUMNS = "id, name, email, roles, state, language, until_ms, vendor, created_ms"
Row = tuple[str, str, str, str, State, Language, int | None, str, int]
VENDOR = "vendor:"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody; only the id ever stands on the log.

    Attributes
    ----------
    id
        ``p-`` and a ULID; says nothing about the person.
    name, email
        For pages and messages.
    roles
        What they may be.
    state
        ``disabled`` signs in no more.
    language
        Of their pages.
    until_ms
        When their access ends, milliseconds since 1970 UTC; an examiner's always does.
    vendor
        The firm whose models a ``provider`` sees.
    created_ms
        When they were added, milliseconds since 1970 UTC.
    """

    id: str
    name: str
    email: str
    roles: tuple[Role, ...]
    state: State = "active"
    language: Language = "en"
    until_ms: int | None = None
    vendor: str = ""
    created_ms: int = 0

    def open(self, now_ms: int) -> bool:
        """Whether they may act now."""
        return self.state == "active" and (self.until_ms is None or now_ms < self.until_ms)

    def identity(self, tenant: str, now_ms: int) -> Identity:
        """Who they are before they have signed in with anything."""
        return Identity(
            id=self.id,
            tenant=tenant,
            roles=self.roles,
            kind="person",
            name=self.name,
            language=self.language,
            until_ms=self.until_ms,
            scopes=(VENDOR + self.vendor,) if self.vendor else (),
            at_ms=now_ms,
        )


def of_row(row: Row) -> Person:
    """A person of their stored `COLUMNS`."""
    name = dict(zip(COLUMNS.split(", "), row, strict=True))
    return Person(**{**name, "roles": tuple(row[3].split(","))})  # type: ignore[arg-type]


def to_row(person: Person) -> Row:
    """The stored `COLUMNS` of a person."""
    return (
        person.id, person.name, person.email, ",".join(person.roles), person.state, person.language, person.until_ms,
        person.vendor, person.created_ms,
    )  # fmt: skip


def fold(email: str) -> str:
    """An e-mail address as it is looked up."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


def checked(person: Person, now_ms: int) -> Person:
    """The person in tidy form; a Problem (``access.person``) names what can't be."""
    name = unicodedata.normalize("NFC", person.name).strip()
    email = unicodedata.normalize("NFC", person.email).strip()
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise refusals.person(
            "This name can't be used.",
            "It needs 1 to 200 visible characters.",
            "Give the name that colleagues know.",
            "name",
        )
    _check_email(email)
    roles = _checked_roles(person.roles)
    if person.language not in LANGUAGES:
        raise refusals.person(
            f"{person.language!r} is no language of the pages.",
            nearest(person.language, LANGUAGES),
            "Choose one of them.",
            "language",
        )
    if person.state not in get_args(State):
        raise refusals.person(
            f"{person.state!r} is no state.", nearest(person.state, get_args(State)), "Choose one of them.", "state"
        )
    if person.until_ms is not None and person.until_ms <= now_ms and person.state == "active":
        raise refusals.person(
            "This access would have ended already.",
            "Its end lies in the past.",
            "Give a later time, or disable the person.",
            "until_ms",
        )
    _check_outsider(person, roles)
    return msgspec.structs.replace(person, name=name, email=email, roles=roles)


def _check_outsider(person: Person, roles: Sequence[Role]) -> None:
    """Examiners and providers have one role, and what bounds it."""
    if "examiner" in roles and (person.until_ms is None or len(roles) > 1):
        raise refusals.person(
            "An examiner's access has an end, and no second role.",
            "They read as outsiders, for a limited time.",
            "Give the time when it ends, and that role alone.",
            "until_ms",
        )
    if "provider" in roles and (not person.vendor or len(roles) > 1):
        raise refusals.person(
            "A provider belongs to a firm, and has no second role.",
            "They see that firm's models alone.",
            "Name the vendor as model cards do, and that role alone.",
            "vendor",
        )
    if len(person.vendor) > 100 or not person.vendor.isprintable():
        raise refusals.person(
            "This firm's name can't be used.", "It has at most 100 visible characters.", "Shorten it.", "vendor"
        )


def _checked_roles(roles: Sequence[str]) -> tuple[Role, ...]:
    for role in roles:
        if role not in PEOPLE_ROLES:
            raise refusals.person(
                f"{role!r} is no role of a person.", nearest(role, PEOPLE_ROLES), "Choose among the roles.", "roles"
            )
    if not roles:
        raise refusals.person(
            "A person needs a role.", "Without one they may do nothing.", "Choose at least one role.", "roles"
        )
    return tuple([role for role in PEOPLE_ROLES if role in roles])


def _check_email(email: str) -> None:
    local, at, domain = email.rpartition("@")
    plain = email.isprintable() and not any(c.isspace() or c in '<>"(),:;\\' for c in email)
    if not (at and local and domain and plain and "@" not in local and len(email) <= 254):
        raise refusals.person(
            "This e-mail address can't be used.",
            "It isn't of the form name@firm.example.",
            "Give the address that the person reads.",
            "email",
        )
