"""Rows of registers that people keep: models, vendors, data, documents, people and what they answer for."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from waglan.core.events import ModelRegistration, RuleProposal

if TYPE_CHECKING:
    from waglan.registers.book import Book

Row = dict[str, Any]


def models(book: Book) -> list[Row]:
    """One row per model version that isn't withdrawn."""
    return [_model(book, each.facts, each.first.at_ms) for each in book.models if each.facts.state != "withdrawn"]


def _model(book: Book, m: ModelRegistration, since_ms: int) -> Row:
    span = book.usage.models.get((m.id, m.version))
    return {
        "model_id": m.id, "model_version": m.version, "state": m.state, "origin": m.origin, "owner": m.owner,
        "builder": m.builder, "validator": m.validator, "approver": m.approver, "provider": m.provider,
        "region": m.region, "vendor": m.vendor, "licence": m.licence, "use_case": m.use_case, "fallback": m.fallback,
        "intended_use": m.intended_use, "limits": m.limits, "data_sources": m.data_sources,
        "validated_at": m.validated_at, "validation_expires_at": m.validation_expires_at, "registered_at": since_ms,
        "first_decision_at": span and span.first_ms, "last_decision_at": span and span.last_ms,
        "decisions_30d": span.recent if span else 0,
        "suspended": book.suspended("model", m.id) or bool(m.vendor and book.suspended("vendor", m.vendor)),
    }  # fmt: skip


def vendors(book: Book) -> list[Row]:
    """One row per vendor in force; its share, the data it saw, its incidents and drills are observed."""
    classes = {each.name: each.facts.data_classes for each in book.use_cases}
    hit = [each.facts.vendor for each in book.incidents if not each.drill]
    made = []
    for each in book.vendors:
        v = each.facts
        if v.state != "in_force":
            continue
        of = book.models_of(v.id)
        spans = [span for m in of if (span := book.usage.models.get((m.id, m.version)))]
        recent = sum(span.recent for span in spans)
        asked = {name for m in of for name in book.usage.asked.get(m.id, ())}
        targets = {v.id, *[m.id for m in of]}
        made.append({
            "vendor": v.id, "legal_entity": v.legal_entity, "service": v.service, "region": v.region,
            "sub_processors": v.sub_processors, "audit_right": v.audit_right, "no_training": v.no_training,
            "exit_plan": v.exit_plan, "substitute": v.substitute, "reviewed_at": v.reviewed_at,
            "next_review_at": v.next_review, "contract_until_at": v.contract_until, "registered_at": each.first.at_ms,
            "last_drill_at": max((d.facts.ended_at for d in book.drills if d.facts.target in targets), default=None),
            "decisions_30d": recent, "share_30d": recent / book.usage.answered if book.usage.answered else None,
            "data_seen": sorted({name for use_case in asked for name in classes.get(use_case, ())}),
            "incidents": hit.count(v.id), "suspended": book.suspended("vendor", v.id),
        })  # fmt: skip
    return made


def data_sources(book: Book) -> list[Row]:
    """One row per data source in force."""
    return [
        {
            "source_id": d.id, "title": d.title, "licence": d.licence, "purposes": d.purposes, "personal": d.personal,
            "balanced": d.balanced, "card_digest": d.card_digest, "region": d.region, "vendor": d.vendor,
            "reviewed_at": d.reviewed_at, "expires_at": d.expires_at, "registered_at": each.first.at_ms,
        }
        for each in book.data_sources if (d := each.facts).state == "in_force"
    ]  # fmt: skip


def documents(book: Book) -> list[Row]:
    """One row per document in force, also where it has expired."""
    return [
        {
            "document": d.id, "type": d.type, "title": d.title, "digest": d.digest, "approver": d.approver,
            "clauses": d.clauses, "approved_at": d.approved_at, "expires_at": d.expires_at,
            "registered_at": each.first.at_ms,
        }
        for each in book.documents if (d := each.facts).state == "in_force"
    ]  # fmt: skip


def competences(book: Book) -> list[Row]:
    """One row per person, role and topic: the newest that was recorded."""
    return [
        {
            "person": c.person, "role": c.role, "topic": c.topic, "document": c.document,
            "completed_at": c.completed_at, "expires_at": c.expires_at,
        }
        for c in [each.facts for each in book.competences]
    ]  # fmt: skip


def people(book: Book) -> list[Row]:
    """One row per person who may act."""
    able = defaultdict(list)
    for each in book.competences:
        if each.facts.expires_at is None or each.facts.expires_at > book.now_ms:
            able[each.facts.person].append(each.facts)
    made = []
    for kept in book.people:
        p = kept.facts
        if p.state == "active" and (p.until_ms is None or p.until_ms > book.now_ms):
            made.append({
                "person": p.person, "roles": p.roles, "since_at": kept.first.at_ms, "until_at": p.until_ms,
                "trained_at": max((c.completed_at for c in able[p.person]), default=None),
                "topics": sorted({c.topic for c in able[p.person]}),
            })  # fmt: skip
    return made


def attestations(book: Book) -> list[Row]:
    """One row per clause and entity that somebody stands for, also where it has expired."""
    return [
        {
            "clause": a.clause, "entity": a.entity, "person": each.last.actor, "document": a.document,
            "given_at": each.last.at_ms, "expires_at": a.until_ms,
        }
        for each in book.attestations if (a := each.facts).state == "given"
    ]  # fmt: skip


def test_runs(book: Book) -> list[Row]:
    """The newest run of each use case, model, kind of test, metric and group."""
    return [
        {
            "run": each.last.id, "of": t.of, "use_case": t.use_case, "model": t.model, "model_version": t.model_version,
            "metric": t.metric, "group": t.group, "passed": t.passed, "value": t.value or None,
            "limit": t.limit or None, "n": t.n, "report": t.report, "run_at": each.last.at_ms,
        }
        for each in book.test_runs for t in [each.facts]
    ]  # fmt: skip


def rules(book: Book) -> list[Row]:
    """One row per rule that is or was in force."""
    proposals = {each.id: each for each in book.events(RuleProposal)}
    made = []
    for each in book.rules:
        r = each.facts
        proposal = proposals.get(each.last.refs[0]) if each.last.refs else None
        made.append({
            "rule": r.id, "gate": r.gate, "state": r.state, "clauses": r.clauses,
            "proposer": proposal.actor if proposal else "", "approver": each.last.actor,
            "replayed": proposal.facts.replayed if proposal else None,
            "proposed_at": proposal.at_ms if proposal else None, "released_at": each.last.at_ms,
        })  # fmt: skip
    return made


def suspensions(book: Book) -> list[Row]:
    """The newest word on each use case, model or vendor that was ever suspended."""
    return [
        {
            "target": s.facts.target, "id": s.facts.id, "active": s.facts.active, "reason": s.facts.reason,
            "actor": s.last.actor, "recorded_at": s.last.at_ms,
        }
        for s in book.suspensions
    ]  # fmt: skip
