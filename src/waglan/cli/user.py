"""``waglan user``: the people who may act here. Names and addresses stay in ``access.db``; the log holds ids."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from waglan.cli.acting import Acting, acting, common, last_day
from waglan.core.case import LANGUAGES
from waglan.core.problem import Problem

if TYPE_CHECKING:
    from waglan.access import Person

ROLES = ("admin", "developer", "provider", "user", "reviewer", "approver", "auditor", "examiner")
HERE = "http://localhost:8420"
_URL = click.option("--url", default="", help="Where the console is reached, for the link; else [server] public_url.")
_ROLE = click.option("--role", "roles", type=click.Choice(ROLES), multiple=True, help="What they may do; repeat it.")
_UNTIL = click.option("--until", default="", help="Last day of their access, YYYY-MM-DD, Hong Kong; or 'never'.")
_LANGUAGE = click.option("--language", type=click.Choice(LANGUAGES), help="Of their pages.")
_VENDOR = click.option("--vendor", help="A provider's firm, as model cards name it.")


@click.group()
def user() -> None:
    """The people who may act here. PERSON is an id (p-…) or an e-mail address."""


@user.command("list")
@common
def list_(folder: Path, as_json: bool) -> None:
    """Everybody, with roles and state."""
    from waglan.access import Action

    with acting(folder, Action.PERSON_READ) as at:
        rows = [_told(at, person) for person in at.access.people.all()]
    if as_json:
        click.echo(json.dumps({"people": rows}, ensure_ascii=False))
        return
    if not rows:
        click.echo("Nobody yet. Next: waglan serve, and open the one-time link that it prints.")
    for row in rows:
        until = f", until {row['until']}" if row["until"] else ""
        click.echo(f"{row['id']}  {row['name']} <{row['email']}>: {', '.join(row['roles'])}; {row['state']}{until}")


@user.command()
@click.argument("name")
@click.argument("email")
@_ROLE
@_UNTIL
@_LANGUAGE
@_VENDOR
@_URL
@common
def add(
    *, name: str, email: str, roles: tuple[Any, ...], until: str, language: Any, vendor: str | None, url: str,
    folder: Path, as_json: bool,
) -> None:  # fmt: skip
    """Let somebody in, and print the one-time link by which they choose a password."""
    from waglan.access import Action
    from waglan.access.registrations import of_person

    with acting(folder, Action.PERSON_MANAGE) as at:
        person = at.access.people.add(
            name, email, roles, until_ms=_until(until), language=language or "en", vendor=vendor or ""
        )
        at.record(of_person(person))
        _say(as_json, {**_told(at, person), "link": _link(at, person, url)}, f"{person.id} is in.")


@user.command()
@click.argument("person")
@_ROLE
@_UNTIL
@_LANGUAGE
@_VENDOR
@click.option("--name", help="As colleagues know them.")
@click.option("--enable", is_flag=True, help="Let somebody in again who was disabled.")
@common
def change(
    *, person: str, roles: tuple[Any, ...], until: str, language: Any, vendor: str | None, name: str | None,
    enable: bool, folder: Path, as_json: bool,
) -> None:  # fmt: skip
    """Change roles (all of them are given anew), end, language or name. It holds from their next request on."""
    from msgspec import UNSET

    from waglan.access import Action
    from waglan.access.registrations import of_person

    with acting(folder, Action.PERSON_MANAGE) as at:
        before = _person(at, person)
        after = at.access.people.change(
            before.id, roles=roles or None, state="active" if enable else None, language=language,
            until_ms=_until(until) if until else UNSET, name=name, vendor=vendor,
        )  # fmt: skip
        if of_person(after) != of_person(before):
            at.record(of_person(after))
        _say(as_json, _told(at, after), f"{after.id} is changed.")


@user.command()
@click.argument("person")
@_URL
@common
def invite(person: str, url: str, folder: Path, as_json: bool) -> None:
    """Print a new one-time link by which somebody sets a new password; earlier links are void."""
    from waglan.access import Action

    with acting(folder, Action.PERSON_MANAGE) as at:
        found = _person(at, person)
        _say(as_json, {**_told(at, found), "link": _link(at, found, url)}, f"A link for {found.id}.")


@user.command()
@click.argument("person")
@common
def disable(person: str, folder: Path, as_json: bool) -> None:
    """Shut somebody out, at once; their sessions end. What they did stays on the log."""
    from waglan.access import Action
    from waglan.access.registrations import of_person

    with acting(folder, Action.PERSON_MANAGE) as at:
        after = at.access.people.change(_person(at, person).id, state="disabled")
        at.record(of_person(after))
        _say(as_json, _told(at, after), f"{after.id} is out; every session of theirs has ended.")


def _person(at: Acting, named: str) -> Person:
    found = at.access.people.find(named) if "@" in named else at.access.people.get(named)
    if found is None:
        raise Problem(
            "Nobody here has this e-mail address.", "It may be spelt otherwise.", "waglan user list shows everybody.",
            code="access.missing", where="PERSON", status=404,
        )  # fmt: skip
    return found


def _until(text: str) -> int | None:
    return None if text in ("", "never") else last_day(text)


def _link(at: Acting, person: Person, url: str) -> str:
    base = url or at.workspace.settings.server.public_url or HERE
    return f"{base.rstrip('/')}/console/join/{at.access.people.invite(person.id)}"


def _told(at: Acting, person: Person) -> dict[str, Any]:
    from waglan.core.clock import iso

    open_now = person.open(at.workspace.clock.now_ms())
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "roles": list(person.roles),
        "state": "ended" if person.state == "active" and not open_now else person.state,
        "language": person.language,
        "until": "" if person.until_ms is None else iso(person.until_ms),
        "passkeys": len(at.access.passkeys.all(person.id)),
    }


def _say(as_json: bool, told: dict[str, Any], done: str) -> None:
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"{done} {told['name']}: {', '.join(told['roles'])}.")
    if "link" in told:
        click.echo("This link works once, within a day. Give it to them alone; it is shown this once:")
        click.echo(f"  {told['link']}")
