"""``waglan key``: keys by which machines act here. A secret is shown once and kept nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from waglan.cli.acting import Acting, acting, common
from waglan.core.problem import Problem, nearest

if TYPE_CHECKING:
    from waglan.access import ApiKey


@click.group()
def key() -> None:
    """Keys by which the firm's systems act here, each for named actions and for at most 90 days."""


@key.command("list")
@common
def list_(folder: Path, as_json: bool) -> None:
    """Every key ever made, with what it may do and until when."""
    from waglan.access import Action

    with acting(folder, Action.KEY_MANAGE) as at:
        rows = [_told(at, each) for each in at.access.keys.all()]
    if as_json:
        click.echo(json.dumps({"keys": rows}, ensure_ascii=False))
        return
    if not rows:
        click.echo("No key yet. Next: waglan key create NAME --scope decision.make")
    for row in rows:
        used = f"last used {row['used']}" if row["used"] else "never used"
        what = f"{', '.join(row['scopes'])}; {row['state']} until {row['until']}; {used}"
        click.echo(f"{row['id']}  {row['name']}: {what}")


@key.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="An action it may do; repeat it.")
@click.option("--days", type=click.IntRange(1, 90), default=90, show_default=True, help="How long it counts.")
@common
def create(name: str, scopes: tuple[str, ...], days: int, folder: Path, as_json: bool) -> None:
    """Make a key called NAME, which stands on the log, so it names a system and no person. Prints the secret once."""
    from waglan.access import Action
    from waglan.access.registrations import of_key

    with acting(folder, Action.KEY_MANAGE) as at:
        made = at.access.keys.create(name, scopes, days, at.access.local().id)
        try:
            at.record(of_key(made.key))
        except BaseException:
            at.access.keys.revoke(made.key.id)  # no key counts that the log doesn't know
            raise
        told = _told(at, made.key)
    if as_json:
        click.echo(json.dumps({**told, "secret": made.secret}))
        return
    click.echo(f"{told['id']} may {', '.join(told['scopes'])} until {told['until']}.")
    click.echo("Its secret, shown this once; the system sends it as 'Authorization: Bearer …':")
    click.echo(f"  {made.secret}")


@key.command()
@click.argument("key_id", metavar="KEY")
@common
def revoke(key_id: str, folder: Path, as_json: bool) -> None:
    """End a key now. KEY is its id (k-…) or its name."""
    from waglan.access import Action
    from waglan.access.registrations import of_key

    with acting(folder, Action.KEY_MANAGE) as at:
        after = at.access.keys.revoke(_named(at, key_id))
        at.record(of_key(after))
        told = _told(at, after)
    click.echo(json.dumps(told) if as_json else f"{told['id']} ({told['name']}) counts no more.")


def _named(at: Acting, named: str) -> str:
    """The id of a key given by id, or by a name that one open key has."""
    now_ms = at.workspace.clock.now_ms()
    keys = at.access.keys.all()
    found = [each.id for each in keys if each.id == named or (each.name == named and each.open(now_ms))]
    if len(found) == 1:
        return found[0]
    raise Problem(
        f"{len(found)} keys are called {named!r}." if found else f"There is no key {named!r}.",
        "It must be clear which one." if found else nearest(named, [n for each in keys for n in (each.id, each.name)]),
        "waglan key list shows ids and names.",
        code="access.missing",
        where="KEY",
        status=404,
    )


def _told(at: Acting, each: ApiKey) -> dict[str, Any]:
    from waglan.core.clock import iso

    state = "revoked" if each.revoked_ms else "open" if each.open(at.workspace.clock.now_ms()) else "expired"
    return {
        "id": each.id,
        "name": each.name,
        "scopes": list(each.scopes),
        "state": state,
        "made_by": each.made_by,
        "until": iso(each.expires_ms),
        "used": iso(each.used_ms) if each.used_ms else "",
    }
