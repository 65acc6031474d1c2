"""Verify now: the newest entries hashed again up to the signed root, and the kept heads, in milliseconds or seconds.

The whole log is checked by ``waglan ledger verify``, with a program that knows nothing of this one.

References
----------
RFC 6962 §2.1 (tree), RFC 9162 §2.1.4.2 (consistency).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from waglan.console.pages.decisions.proof import signers
from waglan.console.visit import Visit
from waglan.core.problem import Problem
from waglan.ledger import merkle, note, tiles
from waglan.ledger.store import Head, Store

FIRST = 512
"""Entries that are hashed again at once; they also tell how fast this store is."""
MOST = 50_000
BUDGET_S = 1.2
"""How long more of them may take, when more are asked for; with all else it stays below two seconds."""
WITNESSED, KEPT = "witnessed.checkpoint", "ledger.checkpoint"


class Older(NamedTuple):
    """A head that was kept elsewhere: its size, and whether the log still extends it."""

    what: str
    size: int
    sound: bool


def verified(visit: Visit, *, more: bool = False) -> dict[str, Any]:
    """What was checked just now, and whether it is sound; with ``more``, as many entries as `BUDGET_S` allows.

    Returns
    -------
    dict
        ``sound``; ``signed_by`` the head; ``first`` and ``size`` of the entries that were hashed again; ``kept`` heads;
        ``seconds`` it took. An empty log is sound and ``size`` is 0.
    """
    workspace = visit.house.workspace
    ledger, started = workspace.ledger, time.monotonic()
    head = ledger.head()
    now_ms = workspace.clock.now_ms()
    if not head.size:
        return {"sound": True, "size": 0, "first": 0, "root": "", "signed_by": [], "kept": [], "seconds": 0.0,
                "checked_ms": now_ms}  # fmt: skip
    vkeys = (*ledger.signer.vkeys, *ledger.signer.retired)
    checkpoint = note.parse(head.note)
    signed = signers(checkpoint, vkeys)
    first = newest(ledger.store, head, checkpoint.root, BUDGET_S if more else 0.0)
    kept = older(ledger.store, head, [(name, _text(visit, name)) for name in (WITNESSED, KEPT)], ledger.signer.name)
    trusted = [each for each in signed if each["known"]]
    sound = (
        checkpoint.size == head.size
        and checkpoint.origin == ledger.signer.name
        and bool(trusted)
        and all(each["holds"] for each in trusted)
        and first is not None
        and all(each.sound for each in kept)
    )
    return {
        "sound": sound,
        "size": head.size,
        "first": first,
        "root": checkpoint.root.hex(),
        "signed_by": signed,
        "kept": [each._asdict() for each in kept],
        "seconds": round(time.monotonic() - started, 3),
        "checked_ms": now_ms,
    }


def newest(store: Store, head: Head, root: bytes, budget_s: float = BUDGET_S) -> int | None:
    """Hash the newest entries again and see that with all before them they make the root that was signed.

    Returns
    -------
    int or None
        The first entry that was hashed again; None when the root isn't the one that was signed.
    """
    started = time.monotonic()
    first = max(0, head.size - FIRST)
    if not _leads(store, head, first, root):
        return None
    spent = max(time.monotonic() - started, 1e-4)
    more = min(MOST, int(FIRST * (budget_s - spent) / spent))
    if first == 0 or more <= FIRST:
        return first
    first = max(0, head.size - more)
    return first if _leads(store, head, first, root) else None


def root_from(store: Store, head: Head, first: int) -> bytes:
    """The root made of the tree before ``first`` as the tiles have it, and of the entries from there, hashed anew."""
    node = tiles.reader(store, head)
    peaks = tuple(
        [node(height, (first >> height) - 1) if first >> height & 1 else b"" for height in range(first.bit_length())]
    )
    hashes = [merkle.leaf_hash(row.leaf) for _, row in store.rows(first, head.size)]
    grown, _ = merkle.extend(merkle.Frontier(first, peaks), hashes)
    return merkle.root(grown) if grown.size == head.size else b""


def _leads(store: Store, head: Head, first: int, root: bytes) -> bool:
    """Whether the entries from ``first`` lead to the root; a tile that isn't there leads nowhere."""
    try:
        return root_from(store, head, first) == root
    except LookupError:
        return False


def older(store: Store, head: Head, kept: Sequence[tuple[str, str]], origin: str) -> list[Older]:
    """Whether the log extends heads that were kept; those that aren't there are left out."""
    found = []
    for what, text in kept:
        if not text:
            continue
        try:
            old = note.parse(text)
        except Problem:
            found.append(Older(what, 0, False))
            continue
        found.append(Older(what, old.size, old.origin == origin and _extends(store, head, old)))
    return found


def _extends(store: Store, head: Head, old: note.Checkpoint) -> bool:
    try:
        return old.size <= head.size and tiles.root_at(store, head, old.size) == old.root
    except LookupError:
        return False


def _text(visit: Visit, name: str) -> str:
    path = visit.house.workspace.folder / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""
