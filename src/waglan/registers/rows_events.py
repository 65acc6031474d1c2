"""Rows of registers that fill by themselves: use cases, incidents, drills, customers' requests, counts, looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from waglan.core.events import Answer, Request, UseCaseRegistration
from waglan.registers.history import Kept, Step
from waglan.registers.incident import IncidentRecord
from waglan.registers.standing import standing
from waglan.registers.told import SUBJECT_KINDS

if TYPE_CHECKING:
    from waglan.index.events import Raw
    from waglan.registers.book import Book

Row = dict[str, Any]
_facts = msgspec.json.Decoder(dict[str, Any]).decode
_refs = msgspec.json.Decoder(tuple[str, ...]).decode


def use_cases(book: Book) -> list[Row]:
    """One row per use case, as its newest registration says."""
    return [_use_case(book, each) for each in book.use_cases]


def _use_case(book: Book, kept: Kept[UseCaseRegistration]) -> Row:
    u, span, tiers = kept.facts, book.usage.use_cases.get(kept.name), standing(book, kept)
    return {
        "use_case": u.name, "use_case_version": u.version, "owner": u.owner, "tier": u.tier,
        "assessed_tier": tiers.assessed, "observed_tier": tiers.observed, "effective_tier": tiers.effective,
        "lowered": tiers.lowered, "phase": u.phase, "sector": u.sector, "opportunity": u.opportunity,
        "use_type": u.use_type, "audience": u.audience, "customer_facing": u.customer_facing,
        "regulated_activity": u.regulated_activity, "purposes": u.purposes, "profile": u.profile,
        "registered_at": kept.first.at_ms, "first_decision_at": span and span.first_ms,
        "last_decision_at": span and span.last_ms, "decisions_30d": span.recent if span else 0,
        "suspended": book.suspended("use_case", u.name),
    }  # fmt: skip


def incidents(book: Book) -> list[Row]:
    """One row per incident, drills among them."""
    return [incident(book, each) for each in book.incidents]


def incident(book: Book, record: IncidentRecord) -> Row:
    """An incident as rules see it; ``clocks_missed`` counts the clocks that apply for certain."""
    i = record.facts
    clocks = book.clocks.of(record, book.answering(i.use_case), book.now_ms)
    return {
        "incident": record.id, "cause": i.cause, "detail": i.detail, "severity": i.severity, "use_case": i.use_case,
        "model": i.model, "vendor": i.vendor, "clauses": i.clauses, "affected": i.affected,
        "personal_data": i.personal_data, "core_function": i.core_function, "automatic": record.automatic,
        "drill": i.drill, "occurred_at": i.occurred_at, "detected_at": i.detected_at, "opened_at": record.opened.at_ms,
        "assessed_at": record.done_at("assessed"), "contained_at": record.done_at("contained"),
        "notified_at": record.done_at("notified"), "root_cause_at": record.done_at("root_cause"),
        "fixed_at": record.done_at("fixed"), "closed_at": record.done_at("closed"),
        "clocks_missed": sum(clock.state == "missed" and clock.applies is True for clock in clocks),
    }  # fmt: skip


def drills(book: Book) -> list[Row]:
    """One row per drill."""
    return [
        {
            "drill": d.id, "what": d.what, "use_case": d.use_case, "target": d.target, "passed": d.passed,
            "asked": d.asked, "fallback": d.fallback, "queued": d.queued, "uncontrolled": d.uncontrolled,
            "recovery_seconds": None if d.recovery_ms is None else d.recovery_ms / 1000,
            "target_seconds": d.target_ms / 1000, "began_at": d.began_at, "ended_at": d.ended_at,
        }
        for each in book.drills for d in [each.facts]
    ]  # fmt: skip


def requests(book: Book) -> list[Row]:
    """One row per request or complaint of a customer; the first answer is the one that counts."""
    answers: dict[str, Step[Answer]] = {}
    for answered in book.events(Answer):
        if len(answered.refs) > 1:
            answers.setdefault(answered.refs[1], answered)
    made = []
    for asked in book.events(Request):
        answer = answers.get(asked.id)
        made.append({
            "request": asked.id, "what": asked.facts.what,
            "use_case": book.use_case_of.get(asked.refs[0], "") if asked.refs else "",
            "channel": asked.facts.channel, "language": asked.facts.language,
            "outcome": answer.facts.outcome if answer else "", "answerer": answer.actor if answer else "",
            "opened_at": asked.at_ms, "answered_at": answer.at_ms if answer else None,
        })  # fmt: skip
    return made


def counts(book: Book) -> list[Row]:
    """One row per period that somebody else counted, with what was recorded of it."""
    return [
        {
            "use_case": c.use_case, "source": c.source, "counted": c.counted, "recorded": book.recorded[each.id],
            "ratio": book.recorded[each.id] / c.counted if c.counted else None, "from_at": c.from_ms,
            "until_at": c.until_ms,
        }
        for each in book.counts for c in [each.facts]
    ]  # fmt: skip


def subject_events(book: Book) -> list[Row]:
    """One row per opt-out, hold, erasure, restriction, retention and correction, in log order."""
    found = sorted(raw for kind in SUBJECT_KINDS for raw in book.raw(kind))
    return [_subject_event(book, raw) for raw in found]


def _subject_event(book: Book, raw: Raw) -> Row:
    facts = _facts(raw.facts)
    refs = _refs(raw.refs)
    ended = facts.get("active") is False or (raw.kind == "retention" and facts.get("until_ms") is None)
    use_case = facts.get("use_case", "") or (book.use_case_of.get(refs[0], "") if refs else "")
    return {"event": raw.id, "kind": raw.kind, "use_case": use_case, "active": not ended, "recorded_at": raw.at_ms}


def reads(book: Book) -> list[Row]:
    """The newest looks at private data, newest first."""
    return [{"what": s.facts.what, "why": s.facts.why, "actor": s.actor, "recorded_at": s.at_ms} for s in book.reads]
