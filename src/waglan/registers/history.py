"""A thing that a register is kept of: what is said of it now, and everything that was said before."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from waglan.core.events import Event
from waglan.index.events import Raw

E = TypeVar("E", bound=Event)
_refs = msgspec.json.Decoder(tuple[str, ...]).decode
_NO_REFS = "[]"


class Step(msgspec.Struct, Generic[E], frozen=True, gc=False):
    """One event of a thing's history: where it stands in the log, when, by whom, and what it says.

    ``at_ms`` is milliseconds since 1970 UTC.
    """

    index: int
    id: str
    at_ms: int
    actor: str
    refs: tuple[str, ...]
    facts: E


class Change(NamedTuple):
    """A member of the facts that an event changed, with both values."""

    member: str
    before: Any
    after: Any


class Kept(msgspec.Struct, Generic[E], frozen=True, gc=False):
    """A thing in a register, by its name; ``steps`` are its history, oldest first, never empty."""

    name: str
    steps: tuple[Step[E], ...]

    @property
    def facts(self) -> E:
        """What is said of it now: the newest event."""
        return self.steps[-1].facts

    @property
    def first(self) -> Step[E]:
        return self.steps[0]

    @property
    def last(self) -> Step[E]:
        return self.steps[-1]

    def changes(self) -> tuple[tuple[Step[E], tuple[Change, ...]], ...]:
        """Each event with what it changed against the one before, newest first; the first changes nothing."""
        pairs = [(self.steps[0], ())] + [
            (now, changed(before.facts, now.facts)) for before, now in zip(self.steps, self.steps[1:], strict=False)
        ]
        return tuple(reversed(pairs))


def changed(before: Event, after: Event) -> tuple[Change, ...]:
    """The members in which two events of one kind differ."""
    names = type(after).__struct_fields__
    both = [Change(name, getattr(before, name), getattr(after, name)) for name in names]
    return tuple([each for each in both if each.before != each.after])


def steps(rows: Iterable[Raw], kind: type[E]) -> list[Step[E]]:
    """Events as typed steps, in the order given; members that a newer Waglan wrote are passed over."""
    decode = msgspec.json.Decoder(kind).decode
    return [
        Step(
            row.index, row.id, row.at_ms, row.actor, () if row.refs == _NO_REFS else _refs(row.refs), decode(row.facts)
        )
        for row in rows
    ]


def fold(found: Iterable[Step[E]], name: Callable[[E], Hashable]) -> tuple[Kept[E], ...]:
    """Things by name, in the order in which they were first spoken of."""
    groups: dict[Hashable, list[Step[E]]] = {}
    for step in found:
        groups.setdefault(name(step.facts), []).append(step)
    return tuple([Kept(_text(key), tuple(each)) for key, each in groups.items()])


def _text(key: Hashable) -> str:
    return " ".join(str(part) for part in key if part) if isinstance(key, tuple) else str(key)
