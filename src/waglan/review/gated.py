"""An answer that a person lets go, shown to the rules that block; see `waglan.runtime.leaving`."""

from __future__ import annotations

from typing import NamedTuple

from waglan.core.entry import Entry
from waglan.review.item import Item
from waglan.review.room import Room
from waglan.runtime.leaving import Leaving, check


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
    if not workspace.registers.rules.gating:
        return
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
    check(workspace.registers, index, workspace.ledger.leaf(index), leaving)
