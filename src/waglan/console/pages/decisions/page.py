"""One decision on one page: the case, controls, models, answer, route, people and proof."""

from __future__ import annotations

from typing import Any

import msgspec

from waglan.access import Action
from waglan.console.page import Download, Shown
from waglan.console.pages.decisions import actions, answer, case, checks, proof, secrecy
from waglan.console.pages.decisions.actors import Actors
from waglan.console.pages.decisions.later import happened, standing
from waglan.console.pages.decisions.record import Opened, Record, find, may_open, opened
from waglan.console.pages.decisions.why import explained
from waglan.console.visit import Visit
from waglan.core.problem import Problem
from waglan.index import decisions
from waglan.ledger.store import UNAVAILABLE, UNKNOWN
from waglan.review import Item, State

_OURS = (State.OPEN, State.RETURNED, State.LEASED, State.JUDGED)


def show(visit: Visit) -> Shown:
    """Everything that is known of a decision, as far as the visitor may see it."""
    record = find(visit, visit.path["id"])
    visit.require(Action.DECISION_READ, "decision", author=record.actor)
    items = _items(visit, record)
    found, looked = _look(visit, record, items)
    closed = secrecy.closed(visit, record.id)
    actors = Actors(visit)
    with visit.house.index.reading() as connection:
        later = happened(visit, connection, record, actors)
        beside = decisions.neighbours(connection, record.index)
    stands = standing(record, later, items)
    mode = _mode(record, closed)
    facts, may = record.facts, actions.may(visit, record, mode)
    may["override"] &= str(facts.route) == "auto" or stands.state in ("as_decided", "as_changed", "refused")
    return {
        "id": record.id,
        "at_ms": record.leaf["at_ms"],
        "title": dict(record.manifest.title) if record.manifest else {"en": facts.use_case},
        "use_case": facts.use_case,
        "use_case_version": facts.use_case_version,
        "manifest_current": record.current,
        "mode": mode,
        "subject": record.subject,
        "asked": _asked(record, actors, closed),
        "privacy": {"state": found.state, "recorded": looked},
        "inputs": [case.plain(each) for each in case.inputs(record, found)],
        "checks": [_plain(each._asdict()) for each in checks.checks(record, found)],
        "answer": _plain(answer.shown(record, found)),
        "route": {
            "route": str(facts.route or ""),
            "why": [explained(code)._asdict() for code in facts.why],
            "tier": facts.tier or "",
            "oversight": facts.oversight_level or "",
        },
        "disclosure": _disclosure(record),
        "standing": stands._asdict(),
        "items": [_item(each, actors) for each in items],
        "later": later,
        "can": may,
        "older": beside.older.id if beside.older else "",
        "newer": beside.newer.id if beside.newer else "",
        "customer_link": _customer_link(visit, record, found, closed),
        "closed": closed,
        "proof": None if closed else proof.place(record.index, record.raw, visit),
        "raw": "" if closed else proof.pretty(record.raw),
        "command": "" if closed else proof.command(visit, _file(record)),
    }


def verify(visit: Visit) -> Shown:
    """The proof of a decision, made and checked anew."""
    record = find(visit, visit.path["id"])
    secrecy.refuse_closed(visit, record.id)
    return {
        "id": record.id,
        "title": dict(record.manifest.title) if record.manifest else {"en": record.facts.use_case},
        "verified": proof.verified(visit, record.id),
        "command": proof.command(visit, _file(record)),
    }


def receipt(visit: Visit) -> Download:
    """The receipt as a file; with ``open`` it holds what was private, and that somebody took it is recorded first."""
    record = find(visit, visit.path["id"])
    secrecy.refuse_closed(visit, record.id)
    whole = visit.query.get("open", "") == "1"
    if whole:
        visit.require(Action.DECISION_READ_PRIVATE, "decision", author=record.actor)
        visit.read("decision.receipt", (record.id,), record.subject)
    made = visit.house.workspace.ledger.receipt(record.id, opened=whole)
    return Download(_file(record), "application/json", made.json())


def _file(record: Record) -> str:
    return f"{record.id}.receipt.json"


def _items(visit: Visit, record: Record) -> tuple[Item, ...]:
    if not visit.may(Action.REVIEW_READ, "review"):
        return ()
    return visit.house.desk.of_decision(visit.me, record.id)


def _look(visit: Visit, record: Record, items: tuple[Item, ...]) -> tuple[Opened, bool]:
    """The private parts, and whether that they are shown was recorded now; what can't be recorded isn't shown.

    A reviewer with the case in hand is on record by the review itself, an examiner by the door.
    """
    found = opened(visit, record)
    if found.state != "open":
        return found, False
    if "examiner" in visit.me.roles:
        return found, True
    if any(item.holder == visit.me.id and item.state is State.LEASED for item in items):
        return found, False
    try:
        visit.read("decision", (record.id,), record.subject)
    except Problem as problem:
        if problem.code not in (UNAVAILABLE, UNKNOWN):
            raise
        return Opened("unrecorded"), False
    return found, True


def _mode(record: Record, closed: bool) -> str:
    """What kind of decision it is; while its entry is closed, a planted one looks like any other."""
    facts = record.facts
    if facts.imported:
        return "imported"
    if facts.replay:
        return "replay"
    return "drill" if facts.drill and not closed else "live"


def _asked(record: Record, actors: Actors, closed: bool) -> dict[str, Any]:
    facts = record.facts
    return {
        "actor": None if closed else actors.of(record.actor),
        "channel": facts.channel,
        "purpose": facts.purpose,
        "consent_ref": facts.consent_ref,
        "notice_id": facts.notice_id,
        "language": facts.language or "",
        "source": facts.source,
        "source_seq": facts.source_seq,
    }


def _disclosure(record: Record) -> dict[str, Any] | None:
    """What the customer was told; its words are the manifest's of today, which may have changed since."""
    facts = record.facts
    if not facts.disclosure_id:
        return None
    own = record.manifest.disclosure if record.manifest else None
    same = own is not None and own.id == facts.disclosure_id
    return {
        "id": facts.disclosure_id,
        "language": facts.disclosure_lang or "en",
        "text": dict(own.text) if own and same else {},
        "contact": own.contact if own and same else "",
        "current": record.current,
    }


def _item(item: Item, actors: Actors) -> dict[str, Any]:
    return {
        "id": item.id,
        "cause": item.cause,
        "state": str(item.state),
        "holder": actors.of(item.holder),
        "due_ms": item.due_ms,
        "overdue": item.overdue and item.state in _OURS,
    }


def _customer_link(visit: Visit, record: Record, found: Opened, closed: bool) -> str:
    """The customer's own page, for those who may open a request for them."""
    plain = not (record.facts.drill or record.facts.replay or closed) and found.state in (
        "open",
        "closed",
        "unrecorded",
    )
    if not plain or record.manifest is None or not record.manifest.customer_facing:
        return ""
    if not (visit.may(Action.REQUEST_OPEN, "request") or may_open(visit, record)):
        return ""
    return f"/console/receipts/{visit.house.desk.receipts.token(record.id)}"


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)
