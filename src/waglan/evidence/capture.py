"""What was recorded against what somebody else counted: without it, every share is only one of what was recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from waglan.core.events import Entity
from waglan.evidence.result import Capture
from waglan.registers import Book

LEAST = 0.99
"""Below this share of what was counted elsewhere, every share must be read as one of what was recorded."""


def captures(book: Book, entity: Entity, since_ms: int, until_ms: int) -> tuple[Capture, ...]:
    """The counts of others that reach into a time, each with what was recorded in the same period.

    A use case that decided nothing where nothing was counted is captured whole.
    """
    ours = set(entity.use_cases)
    made = []
    for each in book.counts:
        said = each.facts
        if (
            said.until_ms <= since_ms
            or said.from_ms >= until_ms
            or (ours and said.use_case and said.use_case not in ours)
        ):
            continue
        recorded = book.recorded[each.id]
        made.append(
            Capture(
                source=said.source,
                use_case=said.use_case,
                from_ms=said.from_ms,
                until_ms=said.until_ms,
                counted=said.counted,
                recorded=recorded,
                ratio=recorded / said.counted if said.counted else 1.0,
            )
        )
    return tuple(made)


def of_recorded(found: Iterable[Capture], deciding: Collection[str]) -> bool:
    """Whether shares are of what was recorded only: somebody counted more, or nobody counted some use case.

    Parameters
    ----------
    found
        What `captures` gave.
    deciding
        The use cases with live decisions in the same time.
    """
    known = tuple(found)
    counted = {each.use_case for each in known}
    alone = not counted or ("" not in counted and any(each not in counted for each in deciding))
    return alone or any(each.ratio < LEAST for each in known)
