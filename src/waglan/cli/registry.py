"""What commands about registers share: an open registrar, options made from a register's Struct, what is shown."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from waglan.cli.acting import acting, last_day
from waglan.core.events import Competence, Count, DataSource, Document, Entity, Event, TestRun, Vendor

if TYPE_CHECKING:
    from waglan.access import Action, Identity
    from waglan.registers import Kept, Registrar

HONG_KONG = dt.timezone(dt.timedelta(hours=8))
KINDS: dict[str, type[Event]] = {
    "vendor": Vendor, "data": DataSource, "document": Document, "competence": Competence, "entity": Entity,
    "test-run": TestRun, "count": Count,
}  # fmt: skip
NAMED = {Competence: "person", TestRun: "of", Count: "source"}
"""The member that NAME stands for, where it isn't the id."""
_EXAMPLE = {
    "text": "TEXT", "yes_no": "YES", "day": "DAY", "last_day": "DAY", "number": "N", "texts": "TEXT", "choice": "NAME",
    "choices": "NAME",
}  # fmt: skip


class At(NamedTuple):
    """An open registrar and who acts."""

    registrar: Registrar
    who: Identity


@contextmanager
def registering(folder: Path, action: Action, *, clauses: bool = False) -> Iterator[At]:
    """Open a workspace's registers for an action of whoever has the files; ``clauses`` when obligations are named."""
    from waglan.index import FILE, Decisions, Index
    from waglan.registers import Registrar
    from waglan.review import Queue

    with acting(folder, action) as act:
        projections = (Decisions(), Queue.of(act.workspace))
        with Index.open(act.workspace.folder / FILE, act.workspace.ledger, projections) as index:
            known = _clauses() if clauses else frozenset()
            yield At(Registrar(act.workspace, index, clauses=known), act.access.local())


def _clauses() -> frozenset[str]:
    from waglan.evidence.catalogue import load

    return frozenset(each.id for each in load().clauses)


def name_member(kind: type[Event]) -> str:
    """The member of an entry that NAME gives."""
    return NAMED.get(kind, "id")


def options(kind: type[Event]) -> Callable[[Any], Any]:
    """One option for each member of an entry but its name, all of them texts that `facts_of` reads."""
    from waglan.registers.texts import members

    def decorate(command: Any) -> Any:
        for member in reversed(members(kind)):
            if member.name == name_member(kind):
                continue
            many = member.form in ("texts", "choices")
            chosen = f" One of: {', '.join(member.choices)}." if member.choices else ""
            repeated = " Repeat it for more." if many else ""
            command = click.option(
                f"--{member.word}",
                f"given_{member.name}",
                multiple=many,
                default=None,
                metavar=_EXAMPLE[member.form],
                help=f"{_meaning(member.name, member.form)}{chosen}{repeated}",
            )(command)
        return command

    return decorate


def _meaning(name: str, form: str) -> str:
    words = re.sub(r"_(at|ms)$", "", name).replace("_", " ").capitalize()
    said = {"yes_no": ": yes, no or unknown", "day": ": YYYY-MM-DD", "last_day": ": last day, YYYY-MM-DD"}
    return f"{words}{said.get(form, '')}."


def end_of(day: str) -> int | None:
    """The end of a day in Hong Kong, or None for no day."""
    return last_day(day) if day else None


def told(kept: Kept[Any]) -> dict[str, Any]:
    """A thing as JSON: what is said of it now, since when, and how it came to that."""
    return {
        "name": kept.name,
        "facts": plain(kept.facts),
        "since": when(kept.first.at_ms),
        "history": [
            {
                "entry": step.id,
                "at": when(step.at_ms),
                "actor": step.actor,
                "changed": {c.member: [plain(c.before), plain(c.after)] for c in changes},
            }
            for step, changes in kept.changes()
        ],
    }


def plain(value: Any) -> Any:
    """A value as JSON has it; times stay milliseconds since 1970 UTC."""
    import msgspec

    return msgspec.to_builtins(value)


def when(at_ms: int | None) -> str:
    """A time as people in Hong Kong read it, to the minute."""
    if at_ms is None:
        return ""
    return dt.datetime.fromtimestamp(at_ms / 1000, HONG_KONG).strftime("%Y-%m-%d %H:%M")
