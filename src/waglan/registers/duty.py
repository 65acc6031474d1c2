"""A duty to report, as data: to whom, how soon, counted from when, and how far its wording was checked."""

from __future__ import annotations

import datetime as dt
import functools
import importlib.resources
from collections.abc import Mapping
from typing import Literal

import msgspec

from waglan.core.case import Language
from waglan.core.manifest import parse_toml
from waglan.core.problem import Problem, nearest
from waglan.registers.schema import SCHEMAS
from waglan.rules import Closure, Type, parse

_FILE = "clocks.toml"
_ENTITY = {"critical": Type.BOOLEAN, "licences": Type.TEXTS}
Letter = Literal["V", "S", "U"]
Basis = Literal["hours", "same_day", "business_days", "promptly"]


class Duty(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A reporting clock as ``clocks.toml`` writes it.

    Attributes
    ----------
    id
        What steps and settings call it.
    of, when
        Whether it is about incidents or use cases, and which: a rule over the row of that register, ``licences`` and
        ``critical`` of the institution. Unknown means that it may apply.
    basis, figure
        How its end is counted: so many hours, the end of the day in Hong Kong, the end of the so-many-th business day
        after it, or ``promptly``: no figure.
    starts
        What sets it going: when it was detected, when it occurred (when detected, while that isn't known), or when the
        incident was opened.
    addressee, title, note
        Whom to tell, what it is, and what to know of its wording.
    source, letter, as_of, clauses
        The paper, V, S or U, when it was last looked at, and obligations that it belongs to.
    """

    id: str
    of: Literal["incident", "use_case"] = "incident"
    when: str
    basis: Basis
    figure: float | None = None
    starts: Literal["detected", "occurred", "opened"]
    addressee: dict[Language, str]
    title: dict[Language, str]
    note: dict[Language, str] = {}
    source: str
    letter: Letter
    as_of: dt.date
    clauses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.figure is not None) != (self.basis in ("hours", "business_days")):
            raise ValueError(f"{self.id}: hours and business_days have a figure, the others have none")
        if self.figure is not None and (self.figure <= 0 or (self.basis == "business_days" and self.figure % 1)):
            raise ValueError(f"{self.id}: the figure isn't a number of hours or days")


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    clocks: tuple[Duty, ...]


class Ruled(msgspec.Struct, frozen=True):
    """A duty with its rule ready to ask, and the hours to which the firm tightened it."""

    duty: Duty
    applies: Closure
    tightened: float | None = None


def read(text: str, origin: str = _FILE) -> tuple[Ruled, ...]:
    """Duties from TOML.

    Raises
    ------
    Problem
        ``manifest.*`` with the line, ``rule.*`` with the clock, ``clocks.twice`` for an id that stands there twice.
    """
    found = parse_toml(text, _Document, origin).clocks
    names = [duty.id for duty in found]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise Problem(
            f"The clock {twice!r} stands in {origin} twice.",
            "Steps and settings name clocks by id.",
            "Give each its own.",
            code="clocks.twice",
            where=origin,
        )
    return tuple(Ruled(duty, _rule(duty, origin)) for duty in found)


@functools.cache
def shipped() -> tuple[Ruled, ...]:
    """The clocks that come with Waglan, read once."""
    return read(importlib.resources.files("waglan.registers").joinpath(_FILE).read_text(encoding="utf-8"))


def tighten(duties: tuple[Ruled, ...], hours: Mapping[str, float]) -> tuple[Ruled, ...]:
    """Duties with the hours that the firm sets itself.

    Raises
    ------
    Problem
        ``settings.invalid`` for a clock that isn't there, and for hours that would loosen one.
    """
    known = {each.duty.id: each.duty for each in duties if each.duty.of == "incident"}
    for name, wanted in hours.items():
        if name not in known:
            raise _wrong(name, nearest(name, known), "Name one of the clocks.")
        most = {"hours": known[name].figure, "same_day": 24.0}.get(known[name].basis)
        if wanted <= 0 or (most is not None and wanted > most):
            why = f"It gives {most:g} hours as it is." if wanted > 0 and most is not None else "It isn't a time."
            raise _wrong(name, why, "A firm may be stricter with itself, never laxer: give fewer hours.")
    return tuple(
        msgspec.structs.replace(each, tightened=hours[each.duty.id]) if each.duty.id in hours else each
        for each in duties
    )


def _rule(duty: Duty, origin: str) -> Closure:
    register = SCHEMAS["incidents" if duty.of == "incident" else "use_cases"]
    return parse(duty.when, {**register, **_ENTITY}, where=f"{origin}: {duty.id}").closure()


def _wrong(name: str, why: str, then: str) -> Problem:
    return Problem(f"[registers] tighten: {name!r} can't be set so.", why, then, code="settings.invalid", where=name)
