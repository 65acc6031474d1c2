"""``waglan rule``: rules that gate. Releasing one needs a second person who signed in, in the console."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from waglan.cli.acting import acting, common
from waglan.core.clock import iso
from waglan.core.problem import Problem

if TYPE_CHECKING:
    from waglan.access import Action, Identity
    from waglan.rulebook import Proposal, Replay, Rule, Rulebook


class Open(NamedTuple):
    """The rulebook, open, the command line's identity, and the time (milliseconds since 1970 UTC)."""

    book: Rulebook
    who: Identity
    now_ms: int


@contextmanager
def _book(folder: Path, action: Action) -> Iterator[Open]:
    from waglan.console.house import open_index
    from waglan.rulebook import Rulebook

    with acting(folder, action) as opened, closing(open_index(opened.workspace)) as index:
        yield Open(Rulebook(opened.workspace, index), opened.access.local(), opened.workspace.clock.now_ms())


@click.group()
def rule() -> None:
    """Rules that gate: list, show, propose, replay, drop. Another person releases them in the console."""


@rule.command("list")
@click.option("--all", "everything", is_flag=True, help="Withdrawn rules and earlier proposals, too.")
@common
def list_(*, everything: bool, folder: Path, as_json: bool) -> None:
    """Rules in force, and proposals that wait for somebody."""
    from waglan.access import Action

    with _book(folder, Action.RULE_READ) as opened:
        rules = [r for r in opened.book.rules(opened.who) if everything or r.in_force]
        proposals = opened.book.proposals(opened.who, open_only=not everything)
    if as_json:
        click.echo(_json({"rules": [_rule(r) for r in rules], "proposals": [_proposal(p) for p in proposals]}))
        return
    for each in rules:
        state = "" if each.in_force else " (withdrawn)"
        click.echo(f"{each.id}  {each.draft.gate}{state}  {each.draft.title}  since {iso(each.since_ms)[:10]}")
    for waiting in proposals:
        replayed = (
            f"{waiting.replay.changed} of {waiting.replay.looked_at} change" if waiting.replay else "never replayed"
        )
        click.echo(f"{waiting.id}  {waiting.state}: {waiting.draft.id}  {waiting.draft.title}  {replayed}")
    if not rules and not proposals:
        click.echo("No rule is in force. Next: waglan rule propose ID --title … --holds …")


@rule.command("show")
@click.argument("name")
@common
def show(*, name: str, folder: Path, as_json: bool) -> None:
    """A rule by its id, or a proposal by its own."""
    from waglan.access import Action

    with _book(folder, Action.RULE_READ) as opened:
        found = next((p for p in opened.book.proposals(opened.who) if p.id == name), None)
        told = _proposal(found) if found else _rule(opened.book.rule(opened.who, name))
    if as_json:
        click.echo(_json(told))
        return
    for key, value in told.items():
        if value not in ("", None, [], False):
            click.echo(f"{key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")


@rule.command("propose")
@click.argument("rule_id", metavar="ID")
@click.option("--title", default="", help="What must be so, in a few words.")
@click.option("--holds", default="", help="What must be true: an expression over the fields of a decision.")
@click.option("--scope", default="True", help="About which decisions; every one if left out.")
@click.option("--gate", default="human", help="What breaks it is: block, human, warn or none (counted only).")
@click.option("--clause", "clauses", multiple=True, help="An obligation that it serves; repeat for more.")
@click.option("--incident", is_flag=True, help="A decision that breaks it opens an incident.")
@click.option("--tables", type=click.Path(path_type=Path), help="A file of decision tables.")
@click.option("--withdraw", is_flag=True, help="Propose the rule's end instead.")
@common
def propose(
    *,
    rule_id: str,
    title: str,
    holds: str,
    scope: str,
    gate: Any,
    clauses: tuple[str, ...],
    incident: bool,
    tables: Path | None,
    withdraw: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Propose a new rule, or a change of the one with this ID; it counts once another person released it."""
    from waglan.access import Action
    from waglan.rulebook import Draft
    from waglan.rulebook import tables as decision_tables

    with _book(folder, Action.RULE_PROPOSE) as opened:
        if withdraw:
            made = opened.book.withdraw(opened.who, rule_id)
        else:
            draft = Draft(
                id=rule_id, title=title, holds=holds, scope=scope, gate=gate, clauses=clauses, incident=incident,
                tables=decision_tables.read(_text(tables)) if tables else (),
            )  # fmt: skip
            made = opened.book.propose(opened.who, draft)
    _say(made, as_json, f"Proposed as {made.id}. Next: waglan rule replay {made.id}")


@rule.command("replay")
@click.argument("proposal")
@click.option("--period", default="30d", help="30d, or a month such as 2026-11 (Hong Kong).")
@click.option("--keep/--no-keep", default=True, help="Keep it on the proposal, so that it can be released.")
@common
def replay(*, proposal: str, period: str, keep: bool, folder: Path, as_json: bool) -> None:
    """Count what a PROPOSAL would have done to the live decisions of a period, and to whom."""
    from waglan.access import Action
    from waglan.rulebook import months

    with _book(folder, Action.RULE_PROPOSE) as opened:
        found = opened.book.proposal(opened.who, proposal)
        found_period = months.period(period, opened.now_ms)
        shown = opened.book.replay(opened.who, found.draft, *found_period)
        if keep:
            opened.book.keep_replay(opened.who, proposal, shown)
    if as_json:
        click.echo(_json(_replay(shown)))
        return
    all_ = shown.all
    click.echo(
        f"{shown.all.changed} of {all_.looked_at} decisions would have been treated otherwise: {all_.blocked} blocked, "
        f"{all_.human} to a person, {all_.freed} no longer stopped; {all_.noted} noted, {all_.already} stopped anyway, "
        f"{all_.unknown} unknown."
    )
    for group in shown.groups:
        if group.by in ("use_case", "effect", "route") and group.counts.changed:
            click.echo(f"  {group.by} {group.value or '-'}: {group.counts.changed} of {group.counts.looked_at}")
    click.echo(f"Digest {shown.sha256}{', kept on the proposal' if keep else ''}")


@rule.command("drop")
@click.argument("proposal")
@common
def drop(*, proposal: str, folder: Path, as_json: bool) -> None:
    """Take a PROPOSAL off the table."""
    from waglan.access import Action

    with _book(folder, Action.RULE_PROPOSE) as opened:
        opened.book.drop(opened.who, proposal)
        made = opened.book.proposal(opened.who, proposal)
    _say(made, as_json, f"Dropped: {made.draft.id}.")


def _say(made: Proposal, as_json: bool, text: str) -> None:
    click.echo(_json(_proposal(made)) if as_json else text)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(
            f"{path} can't be read.", str(error), "Give a text file with decision tables.", code="usage.file",
            where="--tables",
        ) from None  # fmt: skip


def _json(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False)


def _rule(each: Rule) -> dict[str, Any]:
    import msgspec

    from waglan.rulebook import tables

    told: dict[str, Any] = msgspec.to_builtins(each.draft)
    told["tables"] = tables.write(each.draft.tables)
    return {**told, "digest": each.digest, "since": iso(each.since_ms), "approver": each.approver,
            "proposer": each.proposer, "index": each.index}  # fmt: skip


def _proposal(each: Proposal) -> dict[str, Any]:
    import msgspec

    from waglan.rulebook import tables

    told: dict[str, Any] = msgspec.to_builtins(each.draft)
    told["tables"] = tables.write(each.draft.tables)
    told |= {"rule": told.pop("id"), "wanted": told.pop("state")}
    return {
        "id": each.id, "state": each.state, **told, "digest": each.digest, "proposer": each.proposer,
        "hands": list(each.hands), "at": iso(each.at_ms), "replay": each.replay._asdict() if each.replay else None,
    }  # fmt: skip


def _replay(shown: Replay) -> dict[str, Any]:
    import msgspec

    told: dict[str, Any] = msgspec.to_builtins(shown)
    return {**told, "changed": shown.all.changed, "sha256": shown.sha256,
            "examples": [each._asdict() for each in shown.examples]}  # fmt: skip
