"""The test bench: a draft asked of recorded decisions, each with what every part of it came to. Nothing is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from waglan.core.decision import DecisionFacts
from waglan.core.finding import Verdict
from waglan.core.problem import Problem
from waglan.index import decisions, events
from waglan.index.decisions import Filter
from waglan.rulebook.checking import checked
from waglan.rulebook.parts import Part, parts
from waglan.rulebook.rule import Draft
from waglan.runtime.gates import PREFIX, VERDICTS, read_tables, schema
from waglan.runtime.leaving import recorded_row
from waglan.runtime.live import awaited
from waglan.runtime.workspace import Workspace

MOST = 50
"""So many decisions are tried at once."""
Answer = Literal["out", "holds", "fails", "unknown"]


class Tried(NamedTuple):
    """What a draft says of one decision.

    Attributes
    ----------
    id, use_case, at_ms, route
        The decision, when it was made (milliseconds since 1970 UTC), and where it went.
    answer
        Out of scope, holds, fails, or unknown.
    effect
        The verdict that it would have had: ``pass``, ``note``, ``review`` or ``block``.
    scope, holds
        Every condition with its value; ``holds`` is asked of a decision out of scope, too.
    """

    id: str
    use_case: str
    at_ms: int
    route: str
    answer: Answer
    effect: str
    scope: tuple[Part, ...]
    holds: tuple[Part, ...]


def tried(
    workspace: Workspace, connection: sqlite3.Connection, draft: Draft, wanted: Sequence[str] = (), newest: int = 20
) -> tuple[Tried, ...]:
    """A draft on the decisions of these ids, or on the newest live ones.

    Raises
    ------
    Problem
        Of `checked`; ``decision.missing`` (404) for an id that no decision has, ``rule.too_many`` for more than `MOST`.
    """
    checked(draft)
    if len(wanted) > MOST:
        raise Problem(
            "Too many decisions for the test bench.", f"It takes {MOST} at a time.",
            "Leave some out, or replay the rule over a period.", code="rule.too_many", where="decisions",
        )  # fmt: skip
    ids = tuple(dict.fromkeys(wanted)) or tuple(
        row.id for row in decisions.latest(connection, Filter(mode="live"), limit=newest).rows
    )
    return tuple([_one(workspace, connection, draft, each) for each in ids])


def _one(workspace: Workspace, connection: sqlite3.Connection, draft: Draft, decision_id: str) -> Tried:
    ledger = workspace.ledger
    index = ledger.find(decision_id)
    leaf: Mapping[str, Any] = ledger.leaf(index) if index is not None else {}
    if index is None or leaf.get("kind") != DecisionFacts.kind:
        raise Problem(
            f"There is no decision {decision_id[:40]!r}.", "Its id has 26 characters and stands on its page.",
            "Copy it from the list of decisions.", code="decision.missing", where="decisions", status=404,
        )  # fmt: skip
    facts = leaf["facts"]
    row = recorded_row(workspace.registers, index, leaf)
    row["route"] = before_rules(facts["route"], facts.get("why", ()))
    row |= _later(connection, decision_id, checked(draft).fields)
    tables, fields = read_tables(draft.tables), schema()
    scope, holds = (
        parts(text, row, leaf["at_ms"], schema=fields, tables=tables) for text in (draft.scope, draft.holds)
    )
    answer = _answer(scope[0].value, holds[0].value)
    effect = Verdict.PASS
    if draft.gate != "none" and answer in ("fails", "unknown"):
        effect = VERDICTS[draft.gate][answer == "unknown"]
    return Tried(
        decision_id, facts.get("use_case", ""), leaf["at_ms"], facts["route"], answer, effect.value, scope, holds
    )


def _answer(scope: bool | None, holds: bool | None) -> Answer:
    if scope is False:
        return "out"
    if scope is None or holds is None:
        return "unknown"
    return "holds" if holds else "fails"


def before_rules(route: str, why: Sequence[str]) -> str:
    """Where a decision was going before rules spoke: to nobody, where nothing but rules had stopped it."""
    return "auto" if why and all(each.startswith(f"control:{PREFIX}") for each in why) else route


def _later(connection: sqlite3.Connection, decision_id: str, fields: frozenset[str]) -> dict[str, Any]:
    """For a draft that speaks of reviews and releases: who reviewed and released the decision since, and when."""
    if not fields & awaited():
        return {}
    found: dict[str, Any] = {}
    for each in events.about(connection, decision_id):
        if each.kind == "review":
            found |= {"reviewer": each.actor, "reviewed_at": each.at_ms,
                      "review_seconds": float(each.facts.get("review_seconds", 0))}  # fmt: skip
            found.setdefault("first_reviewed_at", each.at_ms)
        elif each.kind == "release":
            found |= {"approver": each.actor, "released_at": each.at_ms}
        elif each.kind == "override":
            found["override"] = True
    return found
