"""Reporting clocks of an incident: which run, until when, which were stopped, which were missed and by how much.

Pure functions of the incident's events, the institution and the time: folded again after a restart, on another machine
or in another time zone they say the same. Days are Hong Kong's, times milliseconds since 1970 UTC.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from waglan.core.case import Language
from waglan.core.events import Entity, Incident
from waglan.registers.calendar import Calendar, hong_kong
from waglan.registers.duty import Duty, Letter, Ruled, shipped, tighten
from waglan.registers.incident import IncidentRecord
from waglan.registers.schema import SCHEMAS
from waglan.rules import Type, row

if TYPE_CHECKING:
    from waglan.registers.book import Book

HOUR_MS = 3_600_000
_FIELDS: Mapping[str, Type] = {**SCHEMAS["incidents"], "licences": Type.TEXTS, "critical": Type.BOOLEAN}
_USE_CASE_FIELDS: Mapping[str, Type] = {**SCHEMAS["use_cases"], "licences": Type.TEXTS, "critical": Type.BOOLEAN}


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """A reporting clock of one incident and one institution, as of a time.

    Attributes
    ----------
    id, title, addressee, note, source, letter, as_of
        As its `Duty` says; ``as_of`` is ``2026-11-21``.
    of, subject, entity
        ``incident`` or ``use_case``, its id, and the institution's id (empty while none is registered).
    applies
        True, or None while something isn't known that decides it: then it runs as if it did.
    state
        ``running``; ``stopped`` by a notification in time; ``missed``: its end passed without one, or the notification
        came after it; ``none``: what turned out since means that it doesn't apply after all.
    started_ms, due_ms, left_ms, elapsed_ms
        When it began, when it ends (None without a figure), how much is left (below zero once missed), how much passed
        until the notification or until now.
    stopped_ms, late_ms
        When the addressee was told, and how much too late that was.
    unknown
        Why there is no end although there should be one: ``holidays`` where the table of holidays doesn't go so far.
    tightened
        Whether the firm's own, shorter time is meant.
    drill
        An exercise: it counts apart.
    """

    id: str
    of: Literal["incident", "use_case"] = "incident"
    subject: str
    entity: str = ""
    title: Mapping[Language, str]
    addressee: Mapping[Language, str]
    note: Mapping[Language, str]
    source: str
    letter: Letter
    as_of: str
    applies: bool | None
    state: Literal["running", "stopped", "missed", "none"]
    started_ms: int
    due_ms: int | None
    left_ms: int | None
    elapsed_ms: int
    stopped_ms: int | None = None
    late_ms: int = 0
    unknown: str = ""
    tightened: bool = False
    drill: bool = False


class Clocks:
    """Duties with a calendar.

    Parameters
    ----------
    duties, calendar
        As `load_clocks` gives them.
    """

    def __init__(self, duties: tuple[Ruled, ...], calendar: Calendar) -> None:
        self.duties = duties
        self._calendar = calendar

    def names(self) -> tuple[str, ...]:
        """What a step ``notified`` may name."""
        return tuple([each.duty.id for each in self.duties if each.duty.of == "incident"])

    def of(self, record: IncidentRecord, entities: Sequence[Entity], now_ms: int) -> tuple[Clock, ...]:
        """An incident's clocks for each institution that answers for it, the most urgent first.

        Without any institution it isn't known which apply, so those that may are there.
        """
        found = [clock for entity in entities or (None,) for clock in self._of_entity(record, entity, now_ms)]
        return tuple(sorted(found, key=_urgency))

    def plans(self, book: Book) -> tuple[Clock, ...]:
        """What has to be told before a use case starts; a document of type ``notification`` for its clause stops it."""
        return tuple(
            [
                _plan(each, line, entity, book)
                for each in self.duties
                if each.duty.of == "use_case"
                for line in book.rows("use_cases")
                for entity in book.answering(line["use_case"])
                if each.applies(row({**line, **_licensed(entity)}, _USE_CASE_FIELDS), book.now_ms) is True
            ]
        )

    def _of_entity(self, record: IncidentRecord, entity: Entity | None, now_ms: int) -> list[Clock]:
        facts, opened = record.facts, record.opened.facts
        now = row({**_row(record, facts), **_licensed(entity)}, _FIELDS)
        then = now if facts is opened else row({**_row(record, opened), **_licensed(entity)}, _FIELDS)
        made = []
        for each in self.duties:
            if each.duty.of != "incident":
                continue
            applies = each.applies(now, now_ms)
            if applies is not False:
                made.append(self._clock(each, record, entity, now_ms, applies))
            elif each.applies(then, now_ms) is not False:
                made.append(msgspec.structs.replace(self._clock(each, record, entity, now_ms, False), state="none"))
        return made

    def _clock(
        self, ruled: Ruled, record: IncidentRecord, entity: Entity | None, now_ms: int, applies: bool | None
    ) -> Clock:
        duty, facts = ruled.duty, record.facts
        started = {
            "detected": facts.detected_at,
            "occurred": facts.detected_at if facts.occurred_at is None else facts.occurred_at,
            "opened": record.opened.at_ms,
        }[duty.starts]
        due, unknown = self._due(ruled, started)
        return _run(
            duty,
            Clock(
                **_words(duty), subject=record.id, entity=entity.id if entity else "", applies=applies, state="running",
                started_ms=started, due_ms=due, left_ms=None, elapsed_ms=0, unknown=unknown,
                tightened=ruled.tightened is not None, drill=record.drill,
            ),
            record.notified_at(duty.id),
            now_ms,
        )  # fmt: skip

    def _due(self, ruled: Ruled, started: int) -> tuple[int | None, str]:
        duty, figure = ruled.duty, ruled.duty.figure or 0
        own: int | None = None
        unknown = ""
        if duty.basis == "hours":
            own = started + round(figure * HOUR_MS)
        elif duty.basis == "same_day":
            own = self._calendar.end_of_day(started)
        elif duty.basis == "business_days":
            own = self._calendar.end_of_day(started, int(figure))
            unknown = "holidays" if own is None else ""
        if ruled.tightened is None:
            return own, unknown
        stricter = started + round(ruled.tightened * HOUR_MS)
        return (stricter if own is None else min(own, stricter)), ""


@functools.cache
def _shipped() -> Clocks:
    return Clocks(shipped(), hong_kong())


def load_clocks(hours: Mapping[str, float] | None = None) -> Clocks:
    """The shipped clocks, tightened to the firm's own hours where it has some; see `waglan.registers.duty.tighten`."""
    return Clocks(tighten(shipped(), hours), hong_kong()) if hours else _shipped()


def clocks(record: IncidentRecord, entity: Entity | None, now_ms: int) -> tuple[Clock, ...]:
    """An incident's clocks as shipped, for one institution."""
    return _shipped().of(record, (entity,) if entity else (), now_ms)


def _run(duty: Duty, clock: Clock, told: int | None, now_ms: int) -> Clock:
    """A clock with its state as of now; what was told after now isn't known yet."""
    if told is not None and told > now_ms:
        told = None
    until = now_ms if told is None else told
    due = clock.due_ms
    missed = due is not None and until > due
    return msgspec.structs.replace(
        clock,
        state="missed" if missed else "running" if told is None else "stopped",
        left_ms=None if due is None or told is not None else due - now_ms,
        elapsed_ms=max(0, until - clock.started_ms),
        stopped_ms=told,
        late_ms=until - due if missed and due is not None else 0,
    )


def _plan(ruled: Ruled, line: Mapping[str, Any], entity: Entity, book: Book) -> Clock:
    duty = ruled.duty
    told = [
        each.facts.approved_at
        for each in book.documents
        if each.facts.type == "notification"
        and each.facts.state == "in_force"
        and each.facts.approved_at is not None
        and set(duty.clauses) & set(each.facts.clauses)
    ]
    return _run(
        duty,
        Clock(
            **_words(duty), subject=line["use_case"], entity=entity.id, applies=True, state="running",
            started_ms=line["registered_at"], due_ms=line["first_decision_at"], left_ms=None, elapsed_ms=0,
        ),
        min(told, default=None),
        book.now_ms,
    )  # fmt: skip


def _words(duty: Duty) -> dict[str, Any]:
    return {
        "id": duty.id, "of": duty.of, "title": duty.title, "addressee": duty.addressee, "note": duty.note,
        "source": duty.source, "letter": duty.letter, "as_of": duty.as_of.isoformat(),
    }  # fmt: skip


def _row(record: IncidentRecord, facts: Incident) -> dict[str, Any]:
    given = {name: getattr(facts, name) for name in facts.__struct_fields__ if name in SCHEMAS["incidents"]}
    return {**given, "incident": record.id, "automatic": record.automatic, "opened_at": record.opened.at_ms}


def _licensed(entity: Entity | None) -> dict[str, Any]:
    """What clocks ask of an institution; unknown while none is registered."""
    return {} if entity is None else {"licences": list(entity.licences), "critical": entity.critical}


def _urgency(clock: Clock) -> tuple[int, bool, int, str]:
    """Missed ones before those that run, certain ones before those that may apply, then by their end."""
    order = {"missed": 0, "running": 1, "stopped": 2, "none": 3}
    rank = 2 if clock.stopped_ms is not None else order[clock.state]
    return rank, clock.applies is None, clock.started_ms if clock.due_ms is None else clock.due_ms, clock.id
