"""What a reviewer and an approver have before them: the case, the answer, why it came, what the log says of it since.

It is read out of what the desk showed, whose hash the verdict names: the page adds titles and words, no facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from waglan.console.pages.decisions import answer, case
from waglan.console.pages.decisions.actors import Actors
from waglan.console.pages.decisions.checks import checks
from waglan.console.pages.decisions.record import Opened, find
from waglan.console.pages.decisions.why import explained
from waglan.console.visit import Visit
from waglan.core.decision import Private
from waglan.core.finding import Verdict
from waglan.review import Item
from waglan.review.shown import Shown

_BESIDE = ("protected", "identifier", "subject")


def evidence(visit: Visit, item: Item, shown: Shown, actors: Actors) -> dict[str, Any]:
    """Everything that was shown, in words."""
    record = find(visit, item.decision)
    recorded: Mapping[str, Any] = shown.case or {}
    out = msgspec.convert(shown.outcome, Private) if shown.outcome else None
    opened = Opened("open", recorded.get("inputs", {}), recorded.get("aside", {}), out)
    fields = [field._asdict() | {"parts": [p._asdict() for p in field.parts]} for field in case.inputs(record, opened)]
    found = checks(record, opened)
    return {
        "sha256": shown.sha256,
        "shown_ms": shown.content["shown_ms"],
        "inputs": [f for f in fields if f["role"] not in (*_BESIDE, "unused") and (f["given"] or f["removed"])],
        "absent": [f for f in fields if f["role"] == "feature" and not f["given"] and not f["removed"]],
        "beside": [f for f in fields if f["role"] in _BESIDE and f["given"]],
        "answer": answer.shown(record, opened) if out and out.outcome else None,
        "why": [explained(code)._asdict() for code in record.facts.why],
        "checks": [c._asdict() for c in found if c.verdict != Verdict.PASS.value],
        "passed": [c.control for c in found if c.verdict == Verdict.PASS.value],
        "language": record.facts.language or "",
        "channel": record.facts.channel,
        "decided_ms": record.leaf["at_ms"],
        "events": [_event(each, actors) for each in shown.content["events"]],
    }


def _event(found: Mapping[str, Any], actors: Actors) -> dict[str, Any]:
    """An event of the log about this decision; its sealed words are decoded."""
    private = {name: msgspec.json.decode(text) for name, text in found["private"].items()}
    return {
        "id": found["id"],
        "kind": found["kind"],
        "at_ms": found["at_ms"],
        "by": actors.of(found["actor"]),
        "facts": found["facts"],
        "note": private.get("note", ""),
        "correct": private.get("correct") or {},
        "value": private.get("value"),
    }
