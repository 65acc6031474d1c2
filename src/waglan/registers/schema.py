"""The registers that obligations ask about, each with its fields; a register is a fold over the log, never a table.

Types are those of rules. Times are UTC and end in ``_at``; text that isn't known is null.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from waglan.rules import Type

_T, _B, _I, _N, _AT, _S = Type.TEXT, Type.BOOLEAN, Type.INTEGER, Type.NUMBER, Type.TIME, Type.TEXTS

_SCHEMAS: dict[str, dict[str, Type]] = {
    # One row per use case that is registered, as its newest registration says.
    "use_cases": {
        "use_case": _T, "use_case_version": _T, "owner": _T, "tier": _T, "assessed_tier": _T, "observed_tier": _T,
        "effective_tier": _T, "lowered": _B, "phase": _T, "sector": _T, "opportunity": _T, "use_type": _T,
        "audience": _T, "customer_facing": _B, "regulated_activity": _T, "purposes": _S, "profile": _S,
        "registered_at": _AT, "first_decision_at": _AT, "last_decision_at": _AT, "decisions_30d": _I, "suspended": _B,
    },
    # One row per model version that isn't withdrawn.
    "models": {
        "model_id": _T, "model_version": _T, "state": _T, "origin": _T, "owner": _T, "builder": _T, "validator": _T,
        "approver": _T, "provider": _T, "region": _T, "vendor": _T, "licence": _T, "use_case": _T, "fallback": _T,
        "intended_use": _T, "limits": _T, "data_sources": _S, "validated_at": _AT, "validation_expires_at": _AT,
        "registered_at": _AT, "first_decision_at": _AT, "last_decision_at": _AT, "decisions_30d": _I, "suspended": _B,
    },
    # One row per vendor in force; what it saw and its share come from decisions.
    "vendors": {
        "vendor": _T, "legal_entity": _T, "service": _T, "region": _T, "sub_processors": _S, "audit_right": _B,
        "no_training": _B, "exit_plan": _T, "substitute": _T, "reviewed_at": _AT, "next_review_at": _AT,
        "contract_until_at": _AT, "registered_at": _AT, "last_drill_at": _AT, "decisions_30d": _I, "share_30d": _N,
        "data_seen": _S, "incidents": _I, "suspended": _B,
    },
    "data_sources": {
        "source_id": _T, "title": _T, "licence": _T, "purposes": _S, "personal": _B, "balanced": _B, "card_digest": _T,
        "region": _T, "vendor": _T, "reviewed_at": _AT, "expires_at": _AT, "registered_at": _AT,
    },
    "documents": {
        "document": _T, "type": _T, "title": _T, "digest": _T, "approver": _T, "clauses": _S, "approved_at": _AT,
        "expires_at": _AT, "registered_at": _AT,
    },
    "competences": {
        "person": _T, "role": _T, "topic": _T, "document": _T, "completed_at": _AT, "expires_at": _AT,
    },
    # One row per person who may act; `trained_at` is the newest competence that hasn't expired.
    "people": {"person": _T, "roles": _S, "since_at": _AT, "until_at": _AT, "trained_at": _AT, "topics": _S},
    "incidents": {
        "incident": _T, "cause": _T, "detail": _T, "severity": _T, "use_case": _T, "model": _T, "vendor": _T,
        "clauses": _S, "affected": _I, "personal_data": _B, "core_function": _B, "automatic": _B, "drill": _B,
        "occurred_at": _AT, "detected_at": _AT, "opened_at": _AT, "assessed_at": _AT, "contained_at": _AT,
        "notified_at": _AT, "root_cause_at": _AT, "fixed_at": _AT, "closed_at": _AT, "clocks_missed": _I,
    },
    "drills": {
        "drill": _T, "what": _T, "use_case": _T, "target": _T, "passed": _B, "asked": _I, "fallback": _I,
        "queued": _I, "uncontrolled": _I, "recovery_seconds": _N, "target_seconds": _N, "began_at": _AT,
        "ended_at": _AT,
    },
    "attestations": {
        "clause": _T, "entity": _T, "person": _T, "document": _T, "given_at": _AT, "expires_at": _AT,
    },
    # One row per request or complaint of a customer.
    "requests": {
        "request": _T, "what": _T, "use_case": _T, "channel": _T, "language": _T, "outcome": _T, "answerer": _T,
        "opened_at": _AT, "answered_at": _AT,
    },
    # The newest run of each use case, model, kind of test, metric and group.
    "test_runs": {
        "run": _T, "of": _T, "use_case": _T, "model": _T, "model_version": _T, "metric": _T, "group": _T, "passed": _B,
        "value": _N, "limit": _N, "n": _I, "report": _T, "run_at": _AT,
    },
    # One row per rule that is or was in force.
    "rules": {
        "rule": _T, "gate": _T, "state": _T, "clauses": _S, "proposer": _T, "approver": _T, "replayed": _I,
        "proposed_at": _AT, "released_at": _AT,
    },
    # One row per period that somebody else counted.
    "counts": {
        "use_case": _T, "source": _T, "counted": _I, "recorded": _I, "ratio": _N, "from_at": _AT, "until_at": _AT,
    },
    # One row each time somebody's data was to be corrected, kept, held, erased or not used automatically.
    "subject_events": {"event": _T, "kind": _T, "use_case": _T, "active": _B, "recorded_at": _AT},
    # One row per look at private data, the 500 newest.
    "reads": {"what": _T, "why": _T, "actor": _T, "recorded_at": _AT},
    "suspensions": {"target": _T, "id": _T, "active": _B, "reason": _T, "actor": _T, "recorded_at": _AT},
}  # fmt: skip

SCHEMAS: Mapping[str, Mapping[str, Type]] = MappingProxyType(
    {name: MappingProxyType(fields) for name, fields in _SCHEMAS.items()}
)
"""Field to type by register."""

RECORDED: frozenset[str] = frozenset(
    {"requests", "incidents", "drills", "test_runs", "rules", "reads", "subject_events"}
)
"""Registers whose rows are made by what happened, not by what somebody says of it: they are met, not attested."""
