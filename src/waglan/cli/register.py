"""``waglan register``: vendors, data, documents, training, institutions, tests, counters; from the line or a file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import click
import msgspec

from waglan.cli.acting import common
from waglan.cli.registry import KINDS, At, end_of, name_member, options, plain, registering, told, when
from waglan.core.events import Document, Event
from waglan.core.problem import Problem, nearest

ACTIONS = ("add", "list", "show", "end")
_CHUNK = 1 << 20


@click.group()
def register() -> None:
    """What obligations ask about beside decisions. ACTION is add (also: change), list, show or end."""


def _command(word: str, kind: type[Event]) -> click.Command:
    """The command of one register, its options made from what an entry holds."""

    @register.command(word, help=f"{kind.__doc__ or ''}".splitlines()[0])
    @click.argument("action", type=click.Choice(ACTIONS))
    @click.argument("name", default="")
    @options(kind)
    @click.option("--note", default="", help="Words of your own; sealed beside the entry, never in it.")
    @click.option("--on", "day", default="", metavar="DAY", help="List and show: as it stood at the end of this day.")
    @common
    def run(*, action: str, name: str, note: str, day: str, folder: Path, as_json: bool, **texts: Any) -> None:
        from waglan.access import Action

        given = {
            n.removeprefix("given_"): t for n, t in texts.items() if n.startswith("given_") and t not in (None, ())
        }
        looks = action in ("list", "show")
        wanted = Action.REGISTER_READ if looks else Action.REGISTER_KEEP
        with registering(folder, wanted, clauses=bool(given.get("clauses"))) as at:
            if action == "list":
                _list(at, kind, end_of(day), as_json)
            elif action == "show":
                _show(at, kind, _named(name), end_of(day), as_json)
            elif action == "end":
                _say(at.registrar.end(at.who, kind, _named(name), note), f"{name} has ended", as_json)
            else:
                _add(at, kind, {name_member(kind): _named(name), **given}, note, as_json)

    return run


def _with_file(command: click.Command) -> None:
    """A document is a file: it is hashed, and stays where it is."""
    command.params.insert(2, click.Argument(["file"], required=False, type=click.Path(path_type=Path)))
    inner: Any = command.callback

    def run(*, file: Path | None, **options: Any) -> None:
        if file is not None:
            options["given_digest"] = _digest(file)
        inner(**options)

    command.callback = run


for _word, _kind in KINDS.items():
    _made = _command(_word, _kind)
    if _kind is Document:
        _with_file(_made)


@register.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "word", required=True, help=f"What its rows are: {', '.join(KINDS)}.")
@click.option("--rejects", type=click.Path(path_type=Path), help="Where refused rows go; default FILE.rejects.csv.")
@click.option("--note", default="", help="Words of your own, sealed beside every entry.")
@common
def import_(*, file: Path, word: str, rejects: Path | None, note: str, folder: Path, as_json: bool) -> None:
    """Register every row of FILE; columns are named as options are. Exit code 1 when rows were refused."""
    from waglan.access import Action
    from waglan.registers.imports import import_rows, write_refused

    kind = KINDS.get(word) or KINDS.get(word.removesuffix("s"))
    if kind is None:
        raise Problem(
            f"There is no register {word!r}.", nearest(word, KINDS), "Name one of these.", code="usage.register",
            where="--as",
        )  # fmt: skip
    with registering(folder, Action.REGISTER_KEEP, clauses=kind is Document) as at:
        taken = import_rows(at.registrar, at.who, kind, file, note)
    out = rejects or file.with_name(f"{file.name}.rejects.csv")
    if taken.refused:
        write_refused(out, taken.refused)
    said = {"registered": taken.registered, "same": taken.same, "refused": len(taken.refused)}
    if as_json:
        click.echo(json.dumps({**said, "rejects": str(out) if taken.refused else ""}))
    else:
        click.echo(f"{taken.registered} registered, {taken.same} as they were, {len(taken.refused)} refused.")
        if taken.refused:
            click.echo(f"Row {taken.refused[0].number}: {taken.refused[0].problem.why}\nThe refused rows are in {out}.")
    if taken.refused:
        raise SystemExit(1)


def _add(at: At, kind: type[Event], given: dict[str, Any], note: str, as_json: bool) -> None:
    from waglan.registers.keeping import keep, things
    from waglan.registers.texts import facts_of

    name = given[name_member(kind)]
    found = next((each.facts for each in things(at.registrar.book(), kind) if each.name == name), None)
    facts: Any = facts_of(kind, given, found)
    if getattr(facts, "state", "in_force") == "ended":
        facts = msgspec.structs.replace(facts, state="in_force")
    recorded = keep(at.registrar.office, at.who, facts, note)
    _say(recorded, f"{name} is {'changed' if found else 'registered'}", as_json)


def _list(at: At, kind: type[Event], at_ms: int | None, as_json: bool) -> None:
    from waglan.registers.keeping import things

    book = at.registrar.book(at_ms)
    found = [(k.name, k.facts, k.first.at_ms, k.last.at_ms) for k in things(book, kind)]
    if as_json:
        rows = [{"name": name, "since": when(first), **plain(facts)} for name, facts, first, _ in found]
        click.echo(json.dumps({"rows": rows}, ensure_ascii=False))
        return
    for name, facts, _, last in found:
        state = getattr(facts, "state", "in_force")
        click.echo(f"{when(last)}  {name}  {_short(kind, facts)}{'' if state == 'in_force' else f'  ({state})'}")
    if not found:
        click.echo(f"Nothing here. Next: waglan register {next(w for w, k in KINDS.items() if k is kind)} add NAME")


def _show(at: At, kind: type[Event], name: str, at_ms: int | None, as_json: bool) -> None:
    from waglan.registers.keeping import missing, things

    kept = {each.name: each for each in things(at.registrar.book(at_ms), kind)}
    if name not in kept:
        raise missing(kind.kind, name, list(kept))
    if as_json:
        click.echo(json.dumps(told(kept[name]), ensure_ascii=False))
        return
    for word, said in _said(kind, kept[name].facts):
        click.echo(f"{word:<16}{said}")
    for step, changes in kept[name].changes():
        what = "; ".join(f"{c.member} {_text(c.before)} -> {_text(c.after)}" for c in changes) or "registered"
        click.echo(f"{when(step.at_ms)}  {step.actor}  {what}")


def _short(kind: type[Event], facts: Event) -> str:
    """The first few things said of an entry."""
    skipped = (name_member(kind), "digest")
    return ", ".join([f"{word}={said}" for word, said in _said(kind, facts) if word not in skipped][:4])


def _said(kind: type[Event], facts: Event) -> list[tuple[str, str]]:
    """What an entry says, in words; a last day as the day that still counts."""
    from waglan.registers.texts import members

    found = []
    for member in members(kind):
        value = getattr(facts, member.name)
        if value not in (None, "", ()):
            timed = member.form in ("day", "last_day")
            found.append((member.word, when(value - (member.form == "last_day"))[:10] if timed else _text(value)))
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value) or "-"
    return "-" if value in (None, "") else str(value)


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise Problem(
            f"The document {file} can't be read.", f"{error.strerror or error}.", "Name a file that is there.",
            code="file.missing", where="FILE",
        ) from None  # fmt: skip
    return digest.hexdigest()


def _named(name: str) -> str:
    if not name:
        raise Problem(
            "NAME is missing.", "This is done to one entry.", "Give its name.", code="usage.name", where="NAME"
        )
    return name


def _say(recorded: Any, done: str, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"id": recorded.id, "index": recorded.index}))
    else:
        click.echo(f"{done}; entry {recorded.index} of the log.")
