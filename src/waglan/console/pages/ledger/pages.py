"""The ledger's pages: its state, its entries, verification, and what can be downloaded."""

from __future__ import annotations

from typing import Any

from waglan.console.page import Download
from waglan.console.pages.decisions.actors import Actors
from waglan.console.pages.ledger import entries, state
from waglan.console.pages.ledger.verify import verified
from waglan.console.visit import Visit
from waglan.core.problem import Problem
from waglan.ledger.export import VERIFIER

LATEST = 10
DAYS = 30


def overview(visit: Visit) -> dict[str, Any]:
    """The state of the log, what came lately, and what is counted by kind and day."""
    with visit.house.index.reading() as connection:
        return {
            **state.shown(visit),
            "kinds": entries.kinds(connection),
            "days": entries.days(connection, visit.house.workspace.clock.now_ms(), DAYS),
            "latest": entries.latest(visit, connection, Actors(visit), kind="", before=None, limit=LATEST)["entries"],
            "may_export": True,
        }


def listing(visit: Visit) -> dict[str, Any]:
    """Entries, newest first, of one kind or of all."""
    with visit.house.index.reading() as connection:
        kinds = entries.kinds(connection)
        kind = visit.query.get("kind", "")
        return {
            "kinds": kinds,
            "kind": kind if kind in {each["kind"] for each in kinds} else "",
            **entries.latest(
                visit, connection, Actors(visit), kind=kind, before=_number(visit.query.get("before", ""))
            ),
        }


def checked(visit: Visit) -> dict[str, Any]:
    """What verification found just now."""
    return {
        "verified": verified(visit, more=visit.query.get("more", "") == "1"),
        "log": visit.house.workspace.ledger.signer.name,
    }


def checkpoint(visit: Visit) -> Download:
    """The newest head under both signatures."""
    ledger = visit.house.workspace.ledger
    head = ledger.signed() if ledger.available else ledger.head()
    text = head.dual_note or head.note
    if not text:
        raise Problem(
            "There is no head yet.", "The log is empty.", "Come back after the first decision.",
            code="ledger.missing", status=404,
        )  # fmt: skip
    return Download("checkpoint.txt", "text/plain; charset=utf-8", text.encode())


def vkeys(visit: Visit) -> Download:
    """The keys in force, one on each line."""
    signer = visit.house.workspace.ledger.signer
    return Download("vkeys.txt", "text/plain; charset=utf-8", "".join(f"{each}\n" for each in signer.vkeys).encode())


def verifier(visit: Visit) -> Download:
    """The program with which anybody checks the log or a receipt."""
    return Download("verify.py", "text/x-python; charset=utf-8", VERIFIER.read_bytes())


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None
