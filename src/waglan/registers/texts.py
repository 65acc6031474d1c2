"""A register's entry from texts, as options on a command line and cells of a file hold them: read from its Struct."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from waglan.core.events import Event
from waglan.core.problem import Problem, nearest
from waglan.index.days import AHEAD_MS, DAY_MS, number
from waglan.registers.checks import wrong

E = TypeVar("E", bound=Event)
Form = Literal["text", "yes_no", "day", "last_day", "number", "texts", "choice", "choices"]
_LAST_DAYS = frozenset({"contract_until", "expires_at", "until_ms"})
_YES_NO: dict[str, bool | None] = {"yes": True, "no": False, "unknown": None}
_SUFFIXES = ("_at", "_ms")


class Member(NamedTuple):
    """A member of an entry and how its text is read.

    Attributes
    ----------
    name, word
        The Struct's member, and what people call it: without ``_at`` and ``_ms``, with dashes.
    form
        ``day`` is ``2026-11-21`` in Hong Kong, its beginning; ``last_day`` a day that still counts, so its end.
    choices
        What may be chosen.
    required
        Whether an entry can't do without.
    """

    name: str
    word: str
    form: Form
    choices: tuple[str, ...] = ()
    required: bool = False


def members(kind: type[Event]) -> tuple[Member, ...]:
    """The members of an entry, in the order of its Struct; ``state`` is what verbs change."""
    hints = get_type_hints(kind)
    return tuple(
        [
            Member(field.name, _word(field.name), *_form(field.name, hints[field.name]), field.required)
            for field in msgspec.structs.fields(kind)
            if field.name != "state"
        ]
    )


def facts_of(kind: type[E], given: Mapping[str, str | tuple[str, ...]], earlier: E | None = None) -> E:
    """An entry of texts by member or word; what isn't given stays as ``earlier`` has it, empty text takes it back.

    Raises
    ------
    Problem
        ``register.member`` with the nearest name, ``register.value`` for a text that can't be read, or none where one
        is needed.
    """
    values: dict[str, Any] = {}
    for name, text in given.items():
        member = member_of(kind, name)
        values[member.name] = _value(member, text)
    fields = {each.name: each for each in msgspec.structs.fields(kind)}
    for member in members(kind):
        if member.required and earlier is None and values.get(member.name) in (None, ""):
            raise wrong(member.word, "It is needed.", "Give it.")
    kept = {name: fields[name].default if value is None else value for name, value in values.items()}
    kept = {name: value for name, value in kept.items() if value is not msgspec.NODEFAULT}
    return kind(**kept) if earlier is None else msgspec.structs.replace(earlier, **kept)


def member_of(kind: type[Event], name: str) -> Member:
    """The member that a name or a word means; a Problem (``register.member``) with the nearest one otherwise."""
    known = {each: member for member in members(kind) for each in (member.name, member.word)}
    plain = name.strip().lower().replace(" ", "-")
    found = known.get(plain) or known.get(plain.replace("-", "_"))
    if found is None:
        raise Problem(
            f"A {kind.kind.replace('_', ' ')} has no {name[:40]!r}.",
            nearest(plain, {each.word for each in known.values()}),
            "Correct the name.",
            code="register.member",
            where=name[:40],
        )
    return found


def _value(member: Member, text: str | tuple[str, ...]) -> Any:
    if member.form in ("texts", "choices"):
        parts = text if isinstance(text, tuple) else tuple(text.replace(";", ",").split(","))
        return tuple([each for part in parts if (each := _chosen(member, part.strip()))])
    plain = (text if isinstance(text, str) else ",".join(text)).strip()
    if not plain:
        return None
    if member.form == "yes_no":
        if plain.lower() not in _YES_NO:
            raise wrong(member.word, f"{plain[:40]!r} is neither yes nor no.", "Say yes, no or unknown.")
        return _YES_NO[plain.lower()]
    if member.form in ("day", "last_day"):
        return _day(member, plain)
    if member.form == "number":
        try:
            return int(plain)
        except ValueError:
            raise wrong(member.word, f"{plain[:40]!r} isn't a whole number.", "Write it like 42.") from None
    return _chosen(member, plain)


def _day(member: Member, text: str) -> int:
    try:
        day = number(dt.date.fromisoformat(text).isoformat())
    except ValueError:
        raise wrong(member.word, f"{text[:40]!r} isn't a day.", "Write it like 2026-11-21.") from None
    return (day + (member.form == "last_day")) * DAY_MS - AHEAD_MS


def _chosen(member: Member, text: str) -> str:
    if text and member.choices and text not in member.choices:
        raise wrong(member.word, nearest(text, member.choices), f"Choose one of: {', '.join(member.choices)}.")
    return text


def _word(name: str) -> str:
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return name.replace("_", "-")


def _form(name: str, hint: Any) -> tuple[Form, tuple[str, ...]]:
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = [each for each in get_args(hint) if each is not types.NoneType]
    if hint is bool:
        return "yes_no", ()
    if hint is int:
        timed = name.endswith(_SUFFIXES) or name in ("contract_until", "next_review")
        return ("last_day" if name in _LAST_DAYS else "day") if timed else "number", ()
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        return ("choices", get_args(inner)) if get_origin(inner) is Literal else ("texts", ())
    return ("choice", get_args(hint)) if get_origin(hint) is Literal else ("text", ())
