"""What a page of clauses is asked about: an institution and a stretch of days, out of the address."""

from __future__ import annotations

import re
import sqlite3
from typing import Any, NamedTuple
from urllib.parse import urlencode

from waglan.console.marked import _
from waglan.console.visit import Visit
from waglan.core.events import Entity
from waglan.core.problem import Problem
from waglan.evidence.result import Window
from waglan.index import events
from waglan.index.days import day_of, iso
from waglan.registers.history import fold, steps

DAYS = (7, 30, 90, 365)
USUAL = 30
MOST = 1_100
_WINDOW = re.compile(r"(\d{1,4})d")


class Asked(NamedTuple):
    """An institution, a window, and whom one may choose instead.

    Attributes
    ----------
    entity
        The institution's id; empty while none is declared: then it is the firm itself.
    days
        How many days up to today.
    window
        The same as first and last day.
    entities
        Every institution in force, by id.
    first
        The institution that is shown when the address names none: the first that was declared.
    """

    entity: str
    days: int
    window: Window
    entities: tuple[Entity, ...]
    first: str

    @property
    def query(self) -> str:
        """What links to other pages of clauses carry, so that they are about the same; empty for the usual."""
        said = {}
        if self.entity != self.first:
            said["entity"] = self.entity
        if self.days != USUAL:
            said["window"] = f"{self.days}d"
        return f"?{urlencode(said)}" if said else ""

    def shown(self) -> dict[str, Any]:
        """For the template: what was asked and what one may ask."""
        licences = next((e.licences for e in self.entities if e.id == self.entity), ())
        return {
            "entity": self.entity,
            "entities": [{"id": e.id, "name": e.name or e.id} for e in self.entities],
            "licences": list(licences),
            "window": f"{self.days}d",
            "days": self.days,
            "choices": sorted({*DAYS, self.days}),
            "since": self.window.since,
            "until": self.window.until,
            "carried": self.query,
        }


def asked(visit: Visit, connection: sqlite3.Connection) -> Asked:
    """What the address asks for: ``entity`` and ``window=30d``.

    Raises
    ------
    Problem
        ``clause.entity`` (404) for an institution that isn't registered, ``clause.window`` for what is no window.
    """
    known = tuple([e.facts for e in _entities(connection) if e.facts.state == "in_force"])
    first = known[0].id if known else ""
    entity = visit.query.get("entity") or first
    if entity and entity not in {e.id for e in known}:
        raise _stranger(entity)
    days = _days(visit.query.get("window", ""))
    today = day_of(visit.house.workspace.clock.now_ms())
    return Asked(entity, days, Window(iso(today - days + 1), iso(today)), known, first)


def _entities(connection: sqlite3.Connection) -> Any:
    return fold(steps(events.raw(connection, (Entity.kind,)), Entity), lambda each: each.id)


def _days(text: str) -> int:
    if not text:
        return USUAL
    found = _WINDOW.fullmatch(text)
    days = int(found[1]) if found else 0
    if not 1 <= days <= MOST:
        raise Problem(
            _("That isn't a stretch of days."),
            _("A window is a number of days up to today, such as 30d."),
            _("Write it like 30d, 1100d at most."),
            code="clause.window",
            where="window",
        )
    return days


def _stranger(entity: str) -> Problem:
    return Problem(
        _("There is no such institution here."),
        _("It isn't in the register of institutions, or no longer in force."),
        _("Choose one of the list."),
        code="clause.entity",
        where=entity[:64],
        status=404,
    )
