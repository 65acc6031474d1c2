"""What the log is told of people and keys: ids, roles and times, never a name. Whoever changes them records it."""

from __future__ import annotations

from waglan.access.keys import ApiKey
from waglan.access.person import Person
from waglan.core import events


def of_person(person: Person) -> events.Person:
    """The event for a person who was added or changed."""
    return events.Person(person=person.id, roles=person.roles, state=person.state, until_ms=person.until_ms)


def of_key(key: ApiKey) -> events.ApiKey:
    """The event for a key that was made or revoked."""
    return events.ApiKey(
        expires_ms=key.expires_ms,
        key=key.id,
        name=key.name,
        scopes=key.scopes,
        state="active" if key.revoked_ms is None else "revoked",
    )
