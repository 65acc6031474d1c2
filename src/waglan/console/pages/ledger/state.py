"""The state of the log for a page: its head and who signed it, its keys, its witnesses."""

from __future__ import annotations

from typing import Any

from waglan.console.pages.decisions.proof import ALGORITHMS, signers
from waglan.console.pages.ledger.verify import WITNESSED
from waglan.console.visit import Visit
from waglan.ledger import note


def shown(visit: Visit) -> dict[str, Any]:
    """Size, head, keys and witness of the log, and whether it takes entries."""
    ledger = visit.house.workspace.ledger
    head, signer = ledger.head(), ledger.signer
    vkeys = (*signer.vkeys, *signer.retired)
    return {
        "log": signer.name,
        "size": head.size,
        "open": ledger.available,
        "trouble": ledger.problem.as_dict() if ledger.problem else None,
        "rotating": signer.rotating,
        "head": checkpoint(head.note, vkeys),
        "dual": checkpoint(head.dual_note, vkeys),
        "witness": _witness(visit, vkeys),
        "keys": [_key(each, True) for each in signer.vkeys] + [_key(each, False) for each in signer.retired],
    }


def checkpoint(text: str, vkeys: tuple[str, ...]) -> dict[str, Any] | None:
    """A signed head taken apart; None where there is none yet."""
    if not text:
        return None
    read = note.parse(text)
    signed = signers(read, vkeys)
    times = [each["at_ms"] for each in signed if each["at_ms"]]
    return {
        "text": text,
        "origin": read.origin,
        "size": read.size,
        "root": read.root.hex(),
        "signed_by": signed,
        "at_ms": max(times) if times else None,
    }


def _witness(visit: Visit, vkeys: tuple[str, ...]) -> dict[str, Any] | None:
    path = visit.house.workspace.folder / WITNESSED
    return checkpoint(path.read_text(encoding="utf-8"), vkeys) if path.is_file() else None


def _key(text: str, in_force: bool) -> dict[str, Any]:
    verifier = note.parse_vkey(text)
    return {
        "vkey": text,
        "name": verifier.name,
        "key_id": verifier.key_id.hex(),
        "algorithm": ALGORITHMS[verifier.kind],
        "in_force": in_force,
    }
