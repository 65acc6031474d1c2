"""An answer that a person lets go, shown to the rules that block; see `waglan.runtime.leaving`."""

from __future__ import annotations

from typing import NamedTuple

from waglan.core.entry import Entry
from waglan.core.events import RuleInForce
from waglan.core.problem import Problem
from waglan.review.item import Item
from waglan.review.room import Room
from waglan.runtime.leaving import Leaving, breaking


class Verdict(NamedTuple):
    """Whose verdict lets it go, when it was given (milliseconds since 1970 UTC), and how many seconds it took."""

    person: str
    at_ms: int
    seconds: float | None


class Out(NamedTuple):
    """What leaves: its effect, whether that is adverse, and whether a person put it in the place of the answer."""

    effect: str
    adverse: bool | None
    changed: bool


def may_leave(room: Room, item: Item, verdict: Verdict, release: Entry, out: Out) -> None:
    """Go on only when no rule of gate ``block`` is broken by the answer as it leaves (``rule.blocks``, 409)."""
    workspace = room.workspace
    workspace.runtime.refresh()
    index = workspace.ledger.find(item.decision)
    assert index is not None
    leaving = Leaving(
        effect=out.effect,
        adverse=out.adverse,
        reviewer=verdict.person,
        reviewed_at=verdict.at_ms,
        review_seconds=verdict.seconds,
        approver=release.actor,
        released_at=release.at_ms,
        override=out.changed,
        corrected=item.corrected,
    )
    found = breaking(workspace.registers, index, workspace.ledger.leaf(index), leaving)
    if found:
        raise _blocked(found, item.decision)


def _blocked(rules: tuple[RuleInForce, ...], decision_id: str) -> Problem:
    clauses = sorted({clause for rule in rules for clause in rule.clauses})
    named = ", ".join(f"{rule.title} ({rule.id})" if rule.title else rule.id for rule in rules)
    serves = ", ".join(clauses)
    return Problem(
        "A rule doesn't let this answer leave.",
        f"It breaks {named}, which serves {serves}." if serves else f"It breaks {named}.",
        "Change the answer so that the rule holds, refuse it, or have the rule changed by two people.",
        code="rule.blocks",
        where=decision_id,
        status=409,
    )
