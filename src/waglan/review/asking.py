"""A customer's question comes in: by staff, by the firm's own systems, or from the page of a receipt.

References
----------
HKMA, *Consumer Protection in respect of Use of Big Data Analytics and AI* (2019): customers can ask why, and for a
person.
"""

from __future__ import annotations

import re
from typing import Literal

from waglan.core.case import LANGUAGES, Language
from waglan.core.events import Request
from waglan.core.problem import Problem, nearest
from waglan.index.projection import DecisionLeaf
from waglan.review.judging import check_words
from waglan.review.room import Room

What = Literal["explanation", "human_review", "correction", "complaint"]
WHATS: tuple[What, ...] = ("explanation", "human_review", "correction", "complaint")
_CHANNEL = re.compile(r"[a-z][a-z0-9_.-]{0,31}")


def opened(room: Room, actor: str, decision_id: str, what: What, *, channel: str, language: Language, note: str) -> str:
    """Put a question on the log, unless the same is open; gives the review's id. Who may ask, the caller knows."""
    check_words("", note, needed=False)
    for name, value, valid in (("what", what, WHATS), ("language", language, LANGUAGES)):
        if value not in valid:
            raise Problem(
                f"{str(value)[:40]!r} is no {name} of a request.",
                nearest(str(value), valid),
                "Choose one of them.",
                code="review.request",
                where=name,
            )
    if not _CHANNEL.fullmatch(channel):
        raise Problem(
            "The channel of a request is a short code.",
            f"{channel[:40]!r} isn't one.",
            "Give 'branch', 'phone', 'web', 'staff' …",
            code="review.request",
            where="channel",
        )
    with room.index.writing() as connection:
        leaf = real(room, decision_id)
        query = "SELECT id FROM review_item WHERE decision = ? AND what = ? AND waiting > 0"
        row = connection.execute(query, (decision_id, what)).fetchone()
        if row is not None:
            return str(row[0])
        facts = Request(channel=channel, language=language, what=what)
        entry = room.entry(facts, actor=actor, refs=(decision_id,), subject=leaf.subject, private={"note": note})
        room.record(entry)
    return entry.id


def real(room: Room, decision_id: str) -> DecisionLeaf:
    """A decision that customers can have met."""
    leaf = room.decision(decision_id)
    if leaf.facts.drill or leaf.facts.replay:
        raise Problem(
            "This was an exercise.",
            "No customer ever met its answer.",
            "Take the id of a real decision.",
            code="review.exercise",
            where=decision_id,
            status=409,
        )
    return leaf
