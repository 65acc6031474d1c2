"""People: who may come in, as what, until when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from waglan.access import PEOPLE_ROLES, Action, Person, registrations
from waglan.console import language
from waglan.console.page import Goto, Page, Shown
from waglan.console.visit import Visit
from waglan.core.problem import Problem


def everybody(visit: Visit) -> Shown:
    """All people, and the form for one more."""
    now_ms = visit.house.workspace.clock.now_ms()
    return {
        "people": [_shown(person, now_ms) for person in visit.house.access.people.all()],
        "roles": PEOPLE_ROLES,
        "link": "",
    }


def add(visit: Visit) -> Shown:
    """Let somebody in; the page shows the one-time link once, for the administrator to pass on."""
    form = visit.form
    person = visit.house.access.people.add(
        form.required("name"),
        form.required("email"),
        _roles(visit),
        until_ms=_until(visit),
        language=language.known(form.text("language")) or visit.language,
        vendor=form.text("vendor"),
    )
    visit.house.workspace.record(registrations.of_person(person), actor=visit.me.id)
    return {**everybody(visit), "link": _link(visit, person), "invited": person.name}


def one(visit: Visit) -> Shown:
    """One person: roles, state, end of access, what they did last."""
    person = _person(visit)
    return {
        "person": _shown(person, visit.house.workspace.clock.now_ms()),
        "passkeys": [msgspec.to_builtins(each) for each in visit.house.access.passkeys.all(person.id)],
        "roles": PEOPLE_ROLES,
        "link": "",
    }


def change(visit: Visit) -> Goto:
    """Change roles, state or end of access; it holds from the person's next request on."""
    before = _person(visit)
    person = visit.house.access.people.change(
        before.id,
        roles=_roles(visit),
        state="active" if visit.form.text("active") else "disabled",
        until_ms=_until(visit),
    )
    visit.house.workspace.record(registrations.of_person(person), actor=visit.me.id)
    return Goto(f"/settings/people/{person.id}", "saved")


def invite(visit: Visit) -> Shown:
    """A new one-time link: for a first sign-in, or for a forgotten password."""
    person = _person(visit)
    return {**one(visit), "link": _link(visit, person), "invited": person.name}


def end_sessions(visit: Visit) -> Goto:
    """Sign somebody out everywhere, now."""
    person = _person(visit)
    visit.house.access.sessions.end_all(person.id)
    return Goto(f"/settings/people/{person.id}", "saved")


def _person(visit: Visit) -> Person:
    return visit.house.access.people.get(visit.path["id"])


def _shown(person: Person, now_ms: int) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(person)
    shown["state"] = person.state if person.open(now_ms) or person.state == "disabled" else "expired"
    shown["until"] = f"{language.local(person.until_ms):%Y-%m-%d}" if person.until_ms else ""
    return shown


def _link(visit: Visit, person: Person) -> str:
    """The one-time link as the colleague will open it."""
    home = visit.house.public_url or visit.origin
    return f"{home}/console/join/{visit.house.access.people.invite(person.id)}"


def _roles(visit: Visit) -> tuple[Any, ...]:
    """The ticked roles; the policy's own Problem when there is none."""
    return tuple(role for role in PEOPLE_ROLES if visit.form.text(f"role-{role}"))


def _until(visit: Visit) -> int | None:
    """The last day of access, its end in Hong Kong; None when the field is empty."""
    text = visit.form.text("until")
    if not text:
        return None
    try:
        day = datetime.fromisoformat(text).replace(hour=23, minute=59, second=59, tzinfo=language.HONG_KONG)
    except ValueError:
        raise Problem(
            "This isn't a date.", "The last day of access is written as 2027-03-31.",
            "Choose a date, or leave the field empty.", code="form.date", where="until",
        ) from None  # fmt: skip
    return int(day.timestamp() * 1000)


_ALL = Page("/settings/people", everybody, "settings/people.html", Action.PERSON_READ, "person", nav="settings")
_ONE = Page("/settings/people/{id}", one, "settings/person.html", Action.PERSON_READ, "person", nav="settings")

PAGES: tuple[Page, ...] = (
    _ALL,
    _ALL._replace(show=add, action=Action.PERSON_MANAGE, method="POST", again=_ALL),
    _ONE,
    _ONE._replace(show=change, action=Action.PERSON_MANAGE, method="POST", again=_ONE),
    _ONE._replace(
        address="/settings/people/{id}/link", show=invite, action=Action.PERSON_MANAGE, method="POST", again=_ONE
    ),
    Page("/settings/people/{id}/sign-out", end_sessions, "", Action.PERSON_MANAGE, "person", "POST"),
)
