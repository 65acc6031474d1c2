"""What needs somebody now: for their roles, each with the list it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from waglan.access import Action
from waglan.console.marked import _
from waglan.console.pages.incidents import told
from waglan.console.pages.registers.book import rows
from waglan.console.pages.registers.due import due
from waglan.console.pages.registers.tables import TABLES
from waglan.console.pages.trying.jobs import Jobs
from waglan.console.pages.use_cases.card import WARN_MS, validation
from waglan.console.visit import Visit
from waglan.core.problem import Problem
from waglan.index import events
from waglan.review.attention import statement

SOON_MS = WARN_MS
ESCALATIONS = 500
_SEEDED = (
    "SELECT json_extract(e.facts, '$.reviewer'), count(*), sum(json_extract(e.facts, '$.caught')) FROM event e "
    "WHERE e.kind = 'attention' AND NOT EXISTS (SELECT 1 FROM event_ref r JOIN event v USING (idx) "
    "WHERE r.ref = json_extract(e.refs, '$[1]') AND r.kind = 'void' AND json_extract(v.facts, '$.reason') = 'undone') "
    "GROUP BY 1"
)
"""Per reviewer: cases with a known wrong answer, and those seen through; a verdict taken back doesn't count."""


class Need(NamedTuple):
    """Something to be done.

    Attributes
    ----------
    key
        A code, for tests and programs.
    label
        What it is; a msgid.
    n
        How many.
    address
        Where it is done, below ``/console``.
    tone
        ``bad`` for what is late or broken, ``warn`` for what comes due, empty for ordinary work.
    """

    key: str
    label: str
    n: int
    address: str
    tone: str = ""


def needs(visit: Visit) -> list[dict[str, Any]]:
    """What needs this person now, the gravest first."""
    found = [need for source in _SOURCES for need in source(visit) if need.n]
    order = {"bad": 0, "warn": 1, "": 2}
    return [need._asdict() for need in sorted(found, key=lambda need: order[need.tone])]


def _reviews(visit: Visit) -> Iterator[Need]:
    if not visit.may(Action.REVIEW_READ, "review"):
        return
    counts = visit.house.desk.counts(visit.me)
    if visit.may(Action.REVIEW_TAKE, "review"):
        yield Need("in_hand", _("Cases that you have in hand"), counts.mine, "/reviews?tab=mine", "warn")
        yield Need("to_judge", _("Cases that wait for a reviewer"), counts.open, "/reviews")
    if visit.may(Action.REVIEW_RELEASE, "review"):
        yield Need("to_release", _("Verdicts that wait for a second person"), counts.judged, "/reviews?tab=release")
    if visit.may(Action.REQUEST_ANSWER, "request"):
        yield Need("requests", _("Customers' requests that are open"), counts.requests, "/reviews/requests", "warn")
    yield Need("overdue", _("Reviews past their deadline"), counts.overdue, "/reviews?tab=overdue", "bad")
    yield Need("handed_up", _("Reviews that somebody handed up"), _handed_up(visit), "/reviews", "warn")


def _handed_up(visit: Visit) -> int:
    """How many of the newest escalations by people still wait for somebody's verdict."""
    with visit.house.index.reading() as connection:
        found = events.latest(connection, ("escalation",), limit=ESCALATIONS).rows
        decisions = [each.refs[0] for each in found if each.facts["reason"] == "handed_up" and each.refs]
        marks = ", ".join("?" * len(decisions))
        query = f"SELECT count(*) FROM review_item WHERE decision IN ({marks}) AND waiting = 1 AND escalated & 2"
        return int(connection.execute(query, decisions).fetchone()[0])


def _attention(visit: Visit) -> Iterator[Need]:
    if not visit.may(Action.ATTENTION_READ, "attention"):
        return
    settings = visit.house.desk.room.settings
    with visit.house.index.reading() as connection:
        seeded = connection.execute(_SEEDED).fetchall()
    careless = [person for person, n, caught in seeded if statement(caught, n, settings) == "careless"]
    yield Need(
        "careless", _("Reviewers who agree with answers known to be wrong"), len(careless), "/reviews/attention", "bad"
    )


def _ledger(visit: Visit) -> Iterator[Need]:
    if visit.may(Action.LEDGER_READ, "ledger") and not visit.house.workspace.ledger.available:
        yield Need("ledger", _("The log can't be written"), 1, "/ledger", "bad")


def _models(visit: Visit) -> Iterator[Need]:
    if not visit.may(Action.MODEL_READ, "model"):
        return
    now_ms = visit.house.workspace.clock.now_ms()
    in_use = [m for m in visit.house.workspace.registers.models() if m.state == "in_use"]
    states = [validation(each, now_ms) for each in in_use]
    without = states.count("expired") + states.count("none")
    yield Need("not_validated", _("Models in use without a valid validation"), without, "/models", "bad")
    yield Need("validation", _("Model validations that end within 30 days"), states.count("soon"), "/models", "warn")


def _use_cases(visit: Visit) -> Iterator[Need]:
    if not visit.may(Action.USE_CASE_TRY, "use_case"):
        return
    broken = 0
    for name in visit.house.workspace.catalogue:
        try:
            visit.house.workspace.catalogue.get(name)
        except Problem as problem:
            broken += problem.code != "use_case.phase"
    yield Need("broken", _("Use cases that can't be used"), broken, "/use-cases", "bad")
    jobs = Jobs(visit.house.workspace)
    stopped = [job for job in jobs.all() if job.actor == visit.me.id and jobs.resumable(job)]
    yield Need("files", _("Files of yours that were cut off"), len(stopped), "/try#files", "warn")


def _keys(visit: Visit) -> Iterator[Need]:
    if not visit.may(Action.KEY_MANAGE, "key"):
        return
    now_ms = visit.house.workspace.clock.now_ms()
    ending = [
        each for each in visit.house.access.keys.all() if each.open(now_ms) and each.expires_ms - now_ms < SOON_MS
    ]
    yield Need("keys", _("Keys for machines that expire within 30 days"), len(ending), "/settings/keys", "warn")


def _people(visit: Visit) -> Iterator[Need]:
    if not visit.may(Action.PERSON_MANAGE, "person"):
        return
    now_ms = visit.house.workspace.clock.now_ms()
    ending = [
        each
        for each in visit.house.access.people.all()
        if each.open(now_ms) and each.until_ms is not None and each.until_ms - now_ms < SOON_MS
    ]
    yield Need("people", _("People whose access ends within 30 days"), len(ending), "/settings/people", "warn")


def _incidents(visit: Visit) -> Iterator[Need]:
    if not visit.may(Action.INCIDENT_ACT, "incident"):
        return
    book = visit.house.registrar.book()
    open_ = [told.brief(book, each) for each in book.incidents if not each.closed and not each.drill]
    late = sum(each["clock"] is not None and each["clock"]["state"] == "missed" for each in open_)
    yield Need("clocks", _("Incidents whose reporting clock ran out"), late, "/incidents?state=open", "bad")
    yield Need("incidents", _("Incidents that are open"), len(open_), "/incidents?state=open", "warn")
    stopped = sum(each.facts.active for each in book.suspensions)
    yield Need("stopped", _("Use cases, models or vendors that are stopped"), stopped, "/suspensions", "warn")
    if visit.may(Action.REGISTER_KEEP, "register"):
        past = sum(each.state == "past" for table in TABLES for each in due(table, rows(book, table), book.now_ms))
        yield Need("registers", _("Register entries past their day"), past, "/registers", "warn")


_SOURCES: tuple[Callable[[Visit], Iterator[Need]], ...] = (
    _ledger, _incidents, _reviews, _attention, _models, _use_cases, _keys, _people,
)  # fmt: skip
