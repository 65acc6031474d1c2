"""How a review comes into the queue: the row that a decision, or a customer's request about one, begins with."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from waglan.index.projection import DecisionLeaf
from waglan.review.policy import Rules, priority
from waglan.review.state import State

_COLUMNS = (
    "id", "decision", "log_index", "cause", "route", "state", "waiting", "priority", "due_ms", "tier", "use_case",
    "policy_digest", "stakes_hkd", "adverse", "effect", "decided_ms", "opened_ms", "subject", "kid", "author",
    "asked_by", "what", "channel", "language", "eyes", "basis",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO review_item ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{c}' for c in _COLUMNS)}) "
    "ON CONFLICT (id) DO NOTHING"
)


class Opening(NamedTuple):
    """What a review begins with.

    Attributes
    ----------
    decision
        The decision's leaf.
    log_index
        The place of the entry that opens it.
    cause
        ``route``, ``sample``, ``seeded`` or ``request``.
    request
        The leaf of the request, where it is one.
    """

    decision: DecisionLeaf
    log_index: int
    cause: str
    request: dict[str, Any] | None = None


def opening(connection: sqlite3.Connection, found: Opening, rules: Rules) -> None:
    """Put a review into the queue; one that is there stays as it is."""
    leaf, facts, request = found.decision, found.decision.facts, found.request
    asked = request.get("facts", {}) if request else {}
    opened_ms = request["at_ms"] if request else leaf.at_ms
    tier = facts.tier or "critical"
    item = request["id"] if request else leaf.id
    values = {
        "id": item,
        "decision": leaf.id,
        "log_index": found.log_index,
        "cause": found.cause,
        "route": facts.route or "",
        "state": State.OPEN.value,
        "waiting": 1,
        "priority": priority(tier, facts.adverse, sample=shown_cause(found.cause, facts.route) == "sample"),
        "due_ms": rules.due_ms(tier, opened_ms, request=request is not None),
        "tier": tier,
        "use_case": facts.use_case,
        "policy_digest": facts.policy_digest,
        "stakes_hkd": facts.stakes_hkd,
        "adverse": None if facts.adverse is None else int(facts.adverse),
        "effect": facts.effect,
        "decided_ms": leaf.at_ms,
        "opened_ms": opened_ms,
        "subject": leaf.subject,
        "kid": leaf.kid,
        "author": leaf.actor,
        "asked_by": request.get("actor", "") if request else "",
        "what": asked.get("what", ""),
        "channel": asked.get("channel", facts.channel if not request else ""),
        "language": asked.get("language", "en" if request else facts.language or "en"),
        "eyes": rules.eyes(tier, facts.adverse),  # type: ignore[arg-type] # a tier of a later release counts as any other
        "basis": found.log_index,
    }
    connection.execute(_INSERT, values)
    connection.execute("INSERT OR REPLACE INTO review_notice VALUES (?, 'opened', ?)", (found.log_index, item))


def shown_cause(cause: str, route: str | None) -> str:
    """The cause as people see it: a seeded case looks like the kind of case it was made from."""
    if cause != "seeded":
        return cause
    return "route" if route == "human" else "sample"
