"""What happened to a decision afterwards, in order, with the names of people; and where the answer stands by now."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from waglan.access import Action
from waglan.console.pages.decisions.actors import Actors
from waglan.console.pages.decisions.record import Record, fields, may_open
from waglan.console.pages.reviews.reasons import label
from waglan.console.visit import Visit
from waglan.core.events import Attention, Read
from waglan.index import events
from waglan.review import Item, State

_SHOWN = ("note", "text", "value", "correct")
"""Private parts of events that a page shows; what a reviewer had before them (``shown``) is the page itself."""
MOST = 200
_BEYOND = frozenset((State.JUDGED, State.DONE, State.VOID))


class Standing(NamedTuple):
    """Where an answer stands.

    Attributes
    ----------
    state
        ``stands``, ``blocked``, ``waiting``, ``judged``, ``done`` (a case that only measured attention), ``void``,
        ``overridden``, or a release's ``as_decided``, ``as_changed``, ``refused``.
    effect
        What it does by now; empty while a person decides, and when none left.
    corrected
        Whether the record was corrected.
    """

    state: str
    effect: str
    corrected: bool


def happened(visit: Visit, connection: sqlite3.Connection, record: Record, actors: Actors) -> list[dict[str, Any]]:
    """Every later event that names the decision, oldest first, as far as the visitor may see it."""
    found = []
    private = may_open(visit, record)
    for event in events.about(connection, record.id, limit=MOST):
        facts = event.facts
        if event.kind == Read.kind:
            continue
        if event.kind == Attention.kind and not _may_see(visit, facts):
            continue
        parts = _private(visit, event.index) if private else {}
        found.append(
            {
                "id": event.id,
                "index": event.index,
                "kind": event.kind,
                "at_ms": event.at_ms,
                "actor": actors.of(event.actor),
                "facts": {**facts, "fields": facts.get("fields", []), "effect": facts.get("effect", ""),
                          "reason": facts.get("reason", ""), "review_seconds": facts.get("review_seconds", 0)},
                "label": label(record.facts.use_case, facts["reason"]) if facts.get("reason") else "",
                "private": {name: parts.get(name) for name in _SHOWN},
            }
        )  # fmt: skip
    return found


def standing(record: Record, later: Sequence[Mapping[str, Any]], items: Sequence[Item]) -> Standing:
    """Where the answer stands after what happened."""
    route, effect = str(record.facts.route or ""), record.facts.effect
    corrected = any(each["kind"] == "correction" for each in later)
    acts = [each for each in later if each["kind"] in ("release", "override")]
    if len(acts) > 1 and acts[-2]["kind"] == "release" and acts[-1]["index"] == acts[-2]["index"] + 1:
        acts.pop()  # a release of a changed answer puts the override beside itself in the same commit
    last = acts[-1] if acts else None
    if last is not None and last["kind"] == "override":
        return Standing("overridden", last["facts"]["effect"] or effect, corrected)
    if last is not None:
        outcome = str(last["facts"]["outcome"])
        new = "" if outcome == "refused" else last["facts"]["effect"] or effect
        return Standing(outcome, new, corrected)
    if route == "blocked":
        return Standing("blocked", "", corrected)
    if route == "human":
        own = next((item.state for item in items if item.id == record.id), State.OPEN)
        return Standing(str(own) if own in _BEYOND else "waiting", "", corrected)
    return Standing("stands", effect, corrected)


def _may_see(visit: Visit, facts: Mapping[str, Any]) -> bool:
    return visit.may(Action.ATTENTION_READ, "attention", author=str(facts.get("reviewer", "")))


def _private(visit: Visit, index: int) -> dict[str, Any]:
    """An event's private parts that a page shows; none where they were erased."""
    found = fields(visit, index)
    if isinstance(found, str):
        return {}
    return {name: msgspec.json.decode(found[name]) for name in _SHOWN if name in found}
