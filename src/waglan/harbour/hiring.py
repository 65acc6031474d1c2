"""The sample bank's staff come in: accounts in `waglan.access`, and what the log is told of them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import NamedTuple

from waglan.access import Access, ApiKey, Identity, Person
from waglan.access.registrations import of_key, of_person
from waglan.core.entry import event
from waglan.core.events import Event
from waglan.harbour.period import DAY_MS
from waglan.harbour.plan import Plan
from waglan.harbour.staff import VISITOR
from waglan.runtime.workspace import Workspace

KEY = "SYN front office"
KEY_DAYS = 90


class Employed(NamedTuple):
    """Who was taken on: employees by key, and the front office's own key for the doors.

    ``passwords`` are random, known to this process alone and forgotten with it: whoever is to come in later is invited.
    """

    people: Mapping[str, Person]
    passwords: Mapping[str, str]
    key: ApiKey


def employ(workspace: Workspace, access: Access, plan: Plan) -> Employed:
    """Give everybody an account, the front office a key, and tell the log in one commit.

    Raises
    ------
    Problem
        Of `waglan.access`, or the ledger's.
    """
    people: dict[str, Person] = {}
    passwords: dict[str, str] = {}
    for employee in plan.bank.staff:
        until_ms = plan.span.until_ms + employee.days * DAY_MS if employee.days else None
        person = access.people.add(
            employee.name, employee.email, employee.roles, until_ms=until_ms, language=employee.language
        )
        people[employee.key] = person
        passwords[employee.key] = secrets.token_urlsafe(18)
        access.passwords.set(person.id, passwords[employee.key])
    admin = people[VISITOR].id
    key = access.keys.create(KEY, ("decision.make",), KEY_DAYS, admin).key
    _tell(workspace, (*(of_person(person) for person in people.values()), of_key(key)), admin)
    return Employed(people, passwords, key)


def sign_in(access: Access, employed: Employed, key: str) -> Identity:
    """An employee's own identity, by their password, as at the door."""
    email = employed.people[key].email
    person = access.passwords.verify(email, employed.passwords[key], where="127.0.0.1")
    return access.sessions.start(person, "password").identity


def _tell(workspace: Workspace, facts: tuple[Event, ...], actor: str) -> None:
    now_ms = workspace.clock.now_ms()
    entries = tuple([event(workspace.ids.new(now_ms), now_ms, each, actor=actor) for each in facts])
    workspace.ledger.submit(entries).result()
