"""Twenty rules of the sort that gates, and a decision: what is timed is also what is tested."""

from __future__ import annotations

from typing import Any

LIVE = (
    'route in ("auto", "human", "blocked") and tier is not None',
    "not (adverse and customer_facing) or explanation_id is not None",
    'reviewed_at is None or (reviewed_at <= released_at and reviewer != author)',
    'use_type not in ("advice", "recommendation", "research") or oversight_level == "in_the_loop"',
    'controls["privacy.identifiers"] in ("pass", "redact")',
    'controls["purpose.consent"] == "pass" or consent_ref is not None',
    'controls["model.validated"] is None or controls["model.validated"] != "block"',
    "confidence is not None and 0.0 <= confidence <= 1.0",
    "not adverse or len(reasons) > 0",
    "stakes_hkd <= 1000000 or route == \"human\"",
    "validation_expires_at is None or validation_expires_at > decided_at",
    "not cross_border or notice_id is not None",
    'disclosure_id is not None or audience != "customer"',
    "latency_us < 5000000",
    "not pii_found or redacted",
    "opt_out is None or not opt_out or route == \"human\"",
    'any(startswith(r, "AML") for r in reasons) or score < 0.9',
    '"identity" not in data_classes or purpose in purposes',
    'model_state == "in_use" and region in ("HK", "SG")',
    "now - decided_at <= days(7) and 0 <= weekday(decided_at) <= 6",
)  # fmt: skip
DECISION: dict[str, Any] = {
    "route": "auto", "tier": "high", "adverse": True, "customer_facing": True, "explanation_id": "reasons/1",
    "reviewed_at": None, "use_type": "scoring", "oversight_level": "in_command", "consent_ref": "c-1",
    "controls": {"privacy.identifiers": "pass", "purpose.consent": "pass", "model.validated": "pass"},
    "confidence": "0.910000", "reasons": ["R07", "R11", "R02"], "stakes_hkd": "250000.00",
    "decided_at": 1_767_196_800_000,
    "validation_expires_at": 1_790_000_000_000, "cross_border": False, "notice_id": "n-3", "disclosure_id": "d-1",
    "audience": "customer", "latency_us": 4200, "pii_found": False, "redacted": False, "opt_out": False,
    "score": "0.420000", "data_classes": ["financial", "identity"], "purpose": "credit", "purposes": ["credit"],
    "model_state": "in_use", "region": "HK",
}  # fmt: skip
