"""What people do about an incident: they open it, take steps, and close it; it can be opened again."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from waglan.access.action import Action
from waglan.access.identity import Identity
from waglan.core.clock import iso
from waglan.core.events import Incident, IncidentStep
from waglan.core.problem import Problem, nearest
from waglan.index.decisions import Filter
from waglan.ledger.log import Recorded
from waglan.registers.checks import wrong
from waglan.registers.freezing import freeze
from waglan.registers.incident import IncidentRecord
from waglan.registers.office import Office

_MINUTE_MS = 60_000
MOST_REFS = 100
"""So many entries an incident refers to; more are named by a query."""
MOVES: Mapping[bool, tuple[str, ...]] = MappingProxyType(
    {
        False: ("assessed", "contained", "notified", "root_cause", "fixed", "closed"),
        True: ("notified", "reopened"),
    }
)
"""What can be done about an incident that is open (False) or closed (True): a late notification is still one."""


def open_incident(
    office: Office, who: Identity | None, facts: Incident, *, refs: tuple[str, ...], wanted: Filter | None, note: str
) -> str:
    """Open an incident by hand; gives its id.

    ``wanted`` names the decisions it was seen in: their number and the digest of their ids are frozen, the newest of
    them are referred to, and the query is kept among the private parts.
    """
    person = office.may(who, Action.INCIDENT_OPEN)
    private: dict[str, object] = {}
    with office.index.writing() as connection:
        book = office.read(connection)
        office.known(book).check(msgspec.structs.replace(facts, vendor=""))
        if facts.vendor:
            office.known(book).need("supplier", facts.vendor, "vendor")
        _check_times(facts)
        if wanted is not None:
            frozen = freeze(connection, wanted)
            facts = msgspec.structs.replace(facts, decisions=frozen.n, query_sha256=frozen.sha256)
            refs = tuple(dict.fromkeys((*refs, *frozen.newest)))
            private["query"] = {"filter": wanted, "before": frozen.before}
        _check_refs(refs)
        entry = office.entry(person.id, facts, refs=refs, note=note, **private)
        office.record(entry)
    return entry.id


def step(office: Office, who: Identity | None, incident_id: str, facts: IncidentStep, note: str) -> Recorded:
    """Do something about an incident.

    Raises
    ------
    Problem
        ``register.missing`` (404), ``register.state`` (409) for a step that doesn't follow, ``register.value`` for a
        clock that isn't there or a time before the incident.
    """
    person = office.may(who, Action.INCIDENT_ACT)
    with office.writing() as book:
        record = book.incident(incident_id)
        if record is None:
            raise no_incident(incident_id)
        _check_step(office, record, facts)
        (recorded,) = office.record(office.entry(person.id, facts, refs=(incident_id,), note=note))
    return recorded


def no_incident(incident_id: str) -> Problem:
    """The refusal of an id that is no incident's."""
    return Problem(
        "There is no such incident.", "It was never opened here, or the id was mistyped.", "Take the id from the list.",
        code="register.missing", where=incident_id[:60], status=404,
    )  # fmt: skip


def _check_step(office: Office, record: IncidentRecord, facts: IncidentStep) -> None:
    allowed = MOVES[record.closed]
    if facts.step not in allowed:
        raise Problem(
            f"{str(facts.step)[:40]!r} can't follow: the incident is {record.state}.",
            f"It can be {', '.join(allowed)}.",
            "Open it again first." if record.closed else "Choose one of these.",
            code="register.state",
            where=record.id,
            status=409,
        )
    names = office.clocks.names()
    if facts.step == "notified" and facts.clock not in names:
        raise wrong("clock", nearest(facts.clock, names), "Name the clock that the notification stops.")
    if facts.clock and facts.step != "notified":
        raise wrong("clock", "Only a notification stops a clock.", "Leave it out, or take the step 'notified'.")
    known = record.facts
    began = min(known.detected_at, known.detected_at if known.occurred_at is None else known.occurred_at)
    if facts.done_at < began:
        raise wrong("done_at", f"The incident began at {iso(began)}.", "Give the time at which it was done.")
    if facts.done_at > office.now_ms() + _MINUTE_MS:
        raise wrong("done_at", f"{iso(facts.done_at)} hasn't come yet.", "Record it when it is done.")


def _check_times(facts: Incident) -> None:
    if facts.occurred_at is not None and facts.occurred_at > facts.detected_at:
        raise wrong("occurred_at", f"It was detected at {iso(facts.detected_at)}, before it began.", "Correct one.")


def _check_refs(refs: tuple[str, ...]) -> None:
    if len(refs) > MOST_REFS:
        raise wrong("refs", f"It takes {MOST_REFS} entries.", "Name decisions by a query instead.")
