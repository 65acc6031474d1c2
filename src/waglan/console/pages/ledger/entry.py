"""One entry of the log: what it says, what it points at, and its proof."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from waglan.access import Action
from waglan.access.refusals import missing
from waglan.console.page import Download, Goto
from waglan.console.pages.decisions import proof, secrecy
from waglan.console.pages.decisions.actors import Actors
from waglan.console.pages.decisions.record import well_formed
from waglan.console.visit import Visit
from waglan.core.decision import DecisionFacts
from waglan.core.events import Attention
from waglan.core.problem import Problem


def find(visit: Visit) -> Goto:
    """From an id or a number to the entry."""
    wanted = visit.query.get("id", "").strip().upper()
    ledger = visit.house.workspace.ledger
    if well_formed(wanted) and ledger.find(wanted) is not None:
        return Goto(f"/ledger/entries/{wanted}")
    digits = wanted.replace(",", "")
    if digits.isascii() and digits.isdigit() and len(digits) <= 15 and int(digits) < ledger.head().size:
        return Goto(f"/ledger/entries/{ledger.leaf(int(digits))['id']}")
    raise Problem(
        "The log has no such entry.",
        f"It holds {ledger.head().size:,} entries, counted from 0; an id has 26 characters.",
        "Check the id or the number.",
        code="ledger.missing",
        where="id",
        status=404,
    )


def show(visit: Visit) -> dict[str, Any]:
    """The entry with its proof, checked anew."""
    index, raw, leaf = read(visit)
    actors = Actors(visit)
    checked = proof.verified(visit, leaf["id"])
    return {
        "id": leaf["id"],
        "kind": leaf["kind"],
        "at_ms": leaf["at_ms"],
        "actor": actors.of(leaf.get("actor", "")),
        "subject": leaf.get("subject", ""),
        "refs": [{"id": each, "decision": _is_decision(visit, each)} for each in leaf.get("refs", [])],
        "commits": sorted(leaf.get("commit", {})),
        "index": index,
        "raw": proof.pretty(raw),
        "verified": checked,
        "file": f"{leaf['id']}.receipt.json",
        "command": proof.command(visit, f"{leaf['id']}.receipt.json"),
    }


def receipt(visit: Visit) -> Download:
    """The entry's receipt, nothing private opened."""
    _, _, leaf = read(visit)
    made = visit.house.workspace.ledger.receipt(leaf["id"])
    return Download(f"{leaf['id']}.receipt.json", "application/json", made.json())


def read(visit: Visit) -> tuple[int, bytes, Mapping[str, Any]]:
    """Place, bytes and members of the entry that the address names, if the visitor may see it now."""
    ledger, wanted = visit.house.workspace.ledger, visit.path["id"]
    index = ledger.find(wanted) if well_formed(wanted) else None
    if index is None:
        raise missing("ledger")
    raw = next(row.leaf for _, row in ledger.rows(index, index + 1))
    leaf = msgspec.json.decode(raw)
    if leaf["kind"] == DecisionFacts.kind:
        visit.require(Action.DECISION_READ, "decision")
        secrecy.refuse_closed(visit, wanted)
    elif leaf["kind"] == Attention.kind:
        visit.require(Action.ATTENTION_READ, "attention", author=leaf.get("facts", {}).get("reviewer", ""))
    return index, raw, leaf


def _is_decision(visit: Visit, entry_id: str) -> bool:
    ledger = visit.house.workspace.ledger
    index = ledger.find(entry_id) if well_formed(entry_id) else None
    return index is not None and ledger.leaf(index)["kind"] == DecisionFacts.kind
