"""``waglan subject``: a person's data - find, opt out, restrict, hold, retain, erase. Each act is on the log."""

from __future__ import annotations

import datetime as dt
import getpass
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from waglan.core.problem import Problem

if TYPE_CHECKING:
    from waglan.ledger.erasure import Found
    from waglan.ledger.log import Recorded

F = TypeVar("F", bound=Callable[..., Any])


def _common(command: F) -> F:
    """The options that every command here has."""
    options = (
        click.option("--workspace", "folder", type=click.Path(path_type=Path), default=Path(), help="Its folder."),
        click.option("--actor", default="", help="Who acts, for the record; your login name when left out."),
        click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def subject() -> None:
    """A person's data, named by their reference (such as an identity card number), pseudonym or key id."""


@subject.command()
@click.argument("ref")
@click.option("--why", default="data access request", show_default=True, help="The ground for looking; recorded.")
@_common
def find(ref: str, why: str, folder: Path, actor: str, as_json: bool) -> None:
    """Show everything recorded about a person. The look itself is recorded."""
    from waglan.ledger import erasure
    from waglan.runtime import Workspace

    with Workspace.open(folder) as workspace:
        found = erasure.find(workspace.ledger, ref, why, actor or getpass.getuser())
    rows = [_plain(each) for each in found]
    if as_json:
        click.echo(json.dumps({"entries": rows}, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['index']:>8}  {row['at']}  {row['kind']}  {row['id']}")
        for field, value in row["private"].items():
            click.echo(f"          {field}: {json.dumps(value, ensure_ascii=False)}")
    click.echo(f"{len(rows)} entries. That you looked is recorded.")


@subject.command("opt-out")
@click.argument("ref")
@click.option("--use-case", default="", help="Only this use case; all when left out.")
@_common
def opt_out(ref: str, use_case: str, folder: Path, actor: str, as_json: bool) -> None:
    """A person refuses automated decisions; they get a person's decision from now on."""
    _opt(ref, use_case, folder, actor, as_json, active=True)


@subject.command("opt-in")
@click.argument("ref")
@click.option("--use-case", default="", help="Only this use case; all when left out.")
@_common
def opt_in(ref: str, use_case: str, folder: Path, actor: str, as_json: bool) -> None:
    """A person takes an opt-out back."""
    _opt(ref, use_case, folder, actor, as_json, active=False)


@subject.command()
@click.argument("ref")
@click.option("--basis", required=True, help="The case or order; no personal data.")
@_common
def hold(ref: str, basis: str, folder: Path, actor: str, as_json: bool) -> None:
    """Put a person's data under a legal hold: it can't be erased until released."""
    from waglan.ledger import erasure

    _act(folder, as_json, "Held", lambda ledger: erasure.hold(ledger, ref, basis, actor or getpass.getuser()))


@subject.command()
@click.argument("ref")
@click.option("--basis", required=True, help="As given when the hold began.")
@_common
def release(ref: str, basis: str, folder: Path, actor: str, as_json: bool) -> None:
    """End a legal hold."""
    from waglan.ledger import erasure

    who = actor or getpass.getuser()
    _act(folder, as_json, "Released", lambda ledger: erasure.release_hold(ledger, ref, basis, who))


@subject.command()
@click.argument("ref")
@click.option("--basis", required=True, help="The ground; no personal data.")
@click.option("--lift", is_flag=True, help="End the restriction.")
@_common
def restrict(*, ref: str, basis: str, lift: bool, folder: Path, actor: str, as_json: bool) -> None:
    """Keep a person's data, but let nobody read it."""
    from waglan.ledger import erasure

    who, done = actor or getpass.getuser(), "Restriction lifted" if lift else "Restricted"
    _act(folder, as_json, done, lambda ledger: erasure.restrict(ledger, ref, basis, who, active=not lift))


@subject.command()
@click.argument("ref")
@click.option("--until", required=True, help="YYYY-MM-DD, the first day on which erasure is allowed (UTC).")
@click.option("--basis", required=True, help="The law or policy that asks for it.")
@_common
def retain(*, ref: str, until: str, basis: str, folder: Path, actor: str, as_json: bool) -> None:
    """Keep a person's data at least until a day."""
    from waglan.ledger import erasure

    try:
        until_ms = int(dt.datetime.fromisoformat(until).replace(tzinfo=dt.UTC).timestamp() * 1000)
    except ValueError as error:
        raise Problem(
            f"{until!r} is not a date.", f"{error}.", "Write it as 2031-12-31.", code="usage.date", where="--until"
        ) from None
    who = actor or getpass.getuser()
    _act(folder, as_json, "Retained", lambda ledger: erasure.retain(ledger, ref, until_ms, basis, who))


@subject.command()
@click.argument("ref")
@click.option("--basis", required=True, help="The ground; stays on the log, so no personal data.")
@_common
def erase(ref: str, basis: str, folder: Path, actor: str, as_json: bool) -> None:
    """Erase a person: key and mapping are shredded, here and in backups. Nothing brings them back."""
    from waglan.ledger import erasure

    _act(folder, as_json, "Erased", lambda ledger: erasure.erase(ledger, ref, basis, actor or getpass.getuser()))


def _opt(ref: str, use_case: str, folder: Path, actor: str, as_json: bool, *, active: bool) -> None:
    from waglan.runtime import Workspace

    with Workspace.open(folder) as workspace:
        if use_case:
            workspace.catalogue.get(use_case)
        recorded = workspace.opt_out(ref, use_case, active=active, actor=actor or getpass.getuser())
    _say(recorded, as_json, "Opted out" if active else "Opted in")


def _act(folder: Path, as_json: bool, done: str, act: Callable[[Any], Recorded]) -> None:
    from waglan.runtime import Workspace

    with Workspace.open(folder) as workspace:
        recorded = act(workspace.ledger)
    _say(recorded, as_json, done)


def _say(recorded: Recorded, as_json: bool, done: str) -> None:
    if as_json:
        click.echo(json.dumps({"done": done.lower(), "id": recorded.id, "index": recorded.index}))
    else:
        click.echo(f"{done}. Recorded as entry {recorded.index}, {recorded.id}.")


def _plain(found: Found) -> dict[str, Any]:
    from waglan.core.clock import iso

    each = found.leaf
    return {
        "index": found.index,
        "id": each.id,
        "at": iso(each.at_ms),
        "kind": each.kind,
        "facts": each.facts,
        "private": {field: json.loads(payload) for field, payload in found.opened.items()},
    }
