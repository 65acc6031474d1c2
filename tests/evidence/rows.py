"""Rows for tests of the catalogue: an ordinary decision, and a search for rows that keep or break an expression."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from waglan.rules import Expression, Type, row

NOW = 1_795_000_000_000
DAY = 86_400_000
CONTROLS = (
    "data.minimisation", "model.validated", "output.disclosure", "output.explanation", "output.thresholds",
    "people.opt_out", "privacy.identifiers", "privacy.identifiers_out", "purpose.consent",
)  # fmt: skip
VERDICTS = ("pass", "note", "redact", "review", "block", "error")

CREDIT: Mapping[str, Any] = {
    "log_index": 7, "id": "01M7ZJT1HN77P4AGG2DF81RXD6", "tenant": "bank", "actor": "k-front", "writer": "waglan:01M7",
    "writer_seq": 7, "subject": "s-1", "subject_kid": "kid-1", "erased": False, "use_case": "credit",
    "use_case_version": "1", "policy_digest": "ab" * 32, "sector": "banking", "opportunity": "credit_scoring",
    "use_type": "decision", "audience": "retail", "customer_facing": True, "regulated_activity": None,
    "use_case_owner": "Head of Retail Credit", "purposes": ("credit_assessment",), "purpose": "credit_assessment",
    "channel": "http", "language": "zh-Hant", "consent_ref": "C-1", "notice_id": "PICS-1", "opt_out": False,
    "source": "branch", "source_seq": None, "data_classes": ("financial", "internal", "personal", "sensitive"),
    "pii_found": False, "redacted": False, "tier": "high", "declared_tier": "high", "observed_tier": None,
    "oversight_level": "in_command", "phase": "pilot", "effect": "approve", "adverse": False, "confidence": 0.93,
    "score": 0.04, "stakes_hkd": 20_000_000, "reasons": ("card_utilisation.gained",),
    "explanation_id": "scorecard.points", "citations": 0, "grounding": None,
    "controls": dict.fromkeys(CONTROLS, "pass"), "route": "auto", "why": (), "rules": None,
    "disclosure_id": "credit-1", "disclosure_lang": "zh-Hant", "shown_at": None, "model_id": "credit.scorecard",
    "model_version": "1", "model_digest": "cd" * 32, "provider": "self", "region": "HK", "vendor": None,
    "model_state": "in_use", "model_origin": "own", "model_owner": "Head", "builder": "team", "validator": "mv",
    "model_approver": "cro", "validated_at": NOW - 30 * DAY, "validation_id": "v-1",
    "validation_expires_at": NOW + 300 * DAY, "cross_border": False, "failover": False, "prompt_hash": None,
    "author": None, "reviewer": None, "reviewed_at": None, "first_reviewed_at": None, "review_seconds": None,
    "approver": None,
    "released_at": None, "override": False, "corrected": False, "label": None, "label_at": None, "drill": False,
    "replay": False, "imported": False, "decided_at": NOW, "latency_us": 900, "cost_hkd": None,
}  # fmt: skip
"""A credit decision as the sample bank's are: approved by the scorecard, nobody reviewed it."""

DECLINED: Mapping[str, Any] = {
    **CREDIT, "effect": "decline", "adverse": True, "route": "human", "why": ("review:adverse",),
    "oversight_level": "in_the_loop", "reviewer": "p-lee", "reviewed_at": NOW + DAY, "first_reviewed_at": NOW + DAY,
    "review_seconds": 200.0,
    "approver": "p-ng", "released_at": NOW + DAY + 60_000,
}  # fmt: skip
"""A refusal that a person reviewed and another one released."""


def closed(expression: Expression, values: Mapping[str, Any], schema: Mapping[str, Type]) -> bool | None:
    """What an expression says of a row."""
    answer: bool | None = expression.closure()(row(values, schema), NOW)
    return answer


def drawn(rng: Random, expressions: tuple[Expression, ...], schema: Mapping[str, Type]) -> Iterator[dict[str, Any]]:
    """Rows of the fields that expressions read, full of the values that they name; without end."""
    text = " ".join(each.text for each in expressions)
    constants = (*re.findall(r'"([^"]*)"', text), "else", "other")
    numbers = tuple(float(each) for each in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text))
    fields = sorted({name for each in expressions for name in each.fields})
    while True:
        yield {name: _value(rng, schema[name], constants, numbers) for name in fields}


def _value(rng: Random, kind: Type, constants: tuple[str, ...], numbers: tuple[float, ...]) -> Any:
    if rng.random() < 0.2:
        return None
    if kind is Type.TEXT:
        return rng.choice(constants)
    if kind is Type.BOOLEAN:
        return rng.random() < 0.5
    if kind in (Type.INTEGER, Type.NUMBER, Type.MONEY):
        value = rng.choice((*numbers, 0.0, 1.0)) + rng.choice((-1.0, 0.0, 0.0, 1.0))
        return value if kind is Type.NUMBER else int(value)
    if kind is Type.TIME:
        return NOW + rng.choice((-1000, -300, -31, -1, 0, 1, 31, 300)) * DAY
    if kind is Type.TEXTS:
        some = rng.sample(constants, rng.randint(0, min(2, len(constants))))
        return tuple([f"{each}x" if each.endswith(":") else each for each in some])
    return {name: rng.choice(VERDICTS) for name in constants if rng.random() < 0.8}
