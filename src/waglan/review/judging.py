"""The verdict of one person, and taking it back."""

from __future__ import annotations

import re
import sqlite3
from typing import Any, Literal, NamedTuple

import msgspec

from waglan.access.action import Action
from waglan.access.identity import Identity
from waglan.core.decision import Private
from waglan.core.entry import Entry
from waglan.core.events import Attention, Override, Release, Review, Void
from waglan.core.outcome import Outcome
from waglan.core.problem import Problem
from waglan.review import gated, leases, shape, shown
from waglan.review.item import Item, Kept
from waglan.review.projection import rules_in_force
from waglan.review.room import Room
from waglan.review.state import State

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
LONGEST_NOTE = 4_000
VERDICTS = ("agree", "change", "reject")


class Judgement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person says of a case.

    Attributes
    ----------
    verdict
        ``agree``: the answer may leave as it is; ``change``: it may leave as given here; ``reject``: it may not leave.
    reason
        A code; needed unless one agrees.
    note
        One's own words. Sealed under the subject's key, never in the open.
    effect, value
        The changed answer. The value may be left out where the use case's value is no more than its effect.
    """

    verdict: Literal["agree", "change", "reject"]
    reason: str = ""
    note: str = ""
    effect: str = ""
    value: Any = msgspec.UNSET


class Final(NamedTuple):
    """What leaves the house: as decided, as changed, or nothing."""

    outcome: Literal["as_decided", "as_changed", "refused"]
    effect: str
    value: Any


def judge(room: Room, who: Identity | None, item_id: str, judgement: Judgement, sha256: str) -> None:
    """Record a verdict; where one pair of eyes is enough, the answer leaves in the same commit."""
    with room.index.writing() as connection:
        kept = room.kept(connection, item_id)
        person = room.may_touch(who, Action.REVIEW_JUDGE, kept)
        item = kept.item
        leases.held(item, person.id)
        if item.what not in ("", "human_review"):
            raise _only_answered(item)
        seen = shown.again(room, connection, item, person.id, sha256)
        answer = outcome_of(seen.outcome)
        value, adverse = _checked(room, connection, item, judgement, answer)
        spent = leases.seconds(connection, item.id, person.id, room.now_ms())
        facts = Review(
            authenticator=person.authenticator,
            cause=kept.cause,
            effect=judgement.effect if judgement.verdict == "change" else "",
            reason=judgement.reason,
            review_seconds=spent,
            verdict=judgement.verdict,
        )
        private = {"note": judgement.note, "shown": seen.json, "value": value}
        review = room.entry(facts, actor=person.id, refs=item.refs, subject=item.subject, private=private)
        final = final_of(judgement.verdict, judgement.effect, value, answer)
        follows = _follows(
            room, connection, kept, person, review=review, final=final, adverse=adverse, reason=judgement.reason,
            spent=spent,
        )  # fmt: skip
        room.record(review, *follows)
        leases.drop(connection, item.id)
        leases.forget(connection, item.id)


def _only_answered(item: Item) -> Problem:
    return Problem(
        "This request is answered, not judged.",
        f"The customer asks for: {item.what}.",
        "Answer it; correct the record first where it is wrong.",
        code="review.answer_only",
        where=item.id,
        status=409,
    )


def _checked(
    room: Room, connection: sqlite3.Connection, item: Item, judgement: Judgement, answer: Outcome | None
) -> tuple[Any, bool | None]:
    """The changed value, and whether what would leave is adverse."""
    if judgement.verdict not in VERDICTS:
        raise Problem(
            f"{str(judgement.verdict)[:40]!r} is no verdict.",
            f"It is one of: {', '.join(VERDICTS)}.",
            "Choose one of them.",
            code="review.verdict",
            where="verdict",
        )
    check_words(judgement.reason, judgement.note, needed=judgement.verdict != "agree")
    if judgement.verdict == "agree" and answer is None and item.cause != "request":
        raise Problem(
            "There is no answer to agree with.",
            "The use case gave none, so a person's own is needed.",
            "Change it to your answer, or reject the case.",
            code="review.no_answer",
            where="verdict",
        )
    if judgement.verdict != "change":
        return None, item.adverse
    manifest = manifest_of(room, item.use_case)
    known = shape.known_effects(connection, item.use_case, manifest, answer)
    shape.check_effect(judgement.effect, known)
    old, old_effect = (answer.value, answer.effect) if answer else (None, "")
    return shape.changed_value(judgement.value, judgement.effect, old, old_effect), known[judgement.effect]


def _follows(
    room: Room,
    connection: sqlite3.Connection,
    kept: Kept,
    person: Identity,
    *,
    review: Entry,
    final: Final,
    adverse: bool | None,
    reason: str,
    spent: int,
) -> tuple[Entry, ...]:
    """What stands beside the verdict in its commit: the measure of attention, or the release where one is enough."""
    item = kept.item
    if kept.cause == "seeded":
        caught = final.outcome != "as_decided"
        return (room.entry(Attention(caught=caught, reviewer=person.id), actor="review", refs=(item.id, review.id)),)
    if kept.cause == "sample" and final.outcome == "as_decided":
        return ()
    verdict = {"as_decided": "agree", "as_changed": "change", "refused": "reject"}[final.outcome]
    eyes = rules_in_force(connection).eyes(item.tier, adverse if verdict == "change" else item.adverse, verdict)  # type: ignore[arg-type]
    if max(eyes, item.eyes) > 1:
        return ()
    leaving = released(room, item, person, Basis(review.id, reason), final)
    if final.outcome != "refused":
        said = gated.Verdict(person.id, review.at_ms, spent)
        out = gated.Out(final.effect, adverse if verdict == "change" else item.adverse, verdict == "change")
        gated.may_leave(room, item, said, leaving[0], out)
    return leaving


class Basis(NamedTuple):
    """What a release rests on: the verdict's entry, and its reason."""

    review: str
    reason: str


def released(
    room: Room, item: Item, person: Identity, basis: Basis, final: Final, *, private: dict[str, Any] | None = None
) -> tuple[Entry, ...]:
    """The entries by which an answer leaves: a release, and an override where it isn't the use case's own."""
    refs = (item.decision, basis.review)
    facts = Release(authenticator=person.authenticator, effect=final.effect, outcome=final.outcome)
    sealed = {"value": final.value, **(private or {})}
    release = room.entry(facts, actor=person.id, refs=refs, subject=item.subject, private=sealed)
    if final.outcome != "as_changed":
        return (release,)
    instead = Override(authenticator=person.authenticator, effect=final.effect, reason=basis.reason)
    sealed = {"value": final.value}
    override = room.entry(instead, actor=person.id, refs=refs, subject=item.subject, private=sealed)
    return release, override


def final_of(verdict: str, effect: str, value: Any, answer: Outcome | None) -> Final:
    """What a verdict lets out."""
    if verdict == "agree" and answer is not None:
        return Final("as_decided", answer.effect, answer.value)
    if verdict == "change":
        return Final("as_changed", effect, value)
    return Final("refused", "", None)


def undo(room: Room, who: Identity | None, item_id: str) -> None:
    """Take one's own verdict back while it hasn't been released and the grace period lasts."""
    with room.index.writing() as connection:
        kept = room.kept(connection, item_id)
        person = room.may_touch(who, Action.REVIEW_JUDGE, kept)
        item = kept.item
        if item.state is not State.JUDGED:
            raise leases.wrong_state(item)
        if item.judged_by != person.id:
            raise Problem(
                "This is somebody else's verdict.",
                "Only who gave a verdict can take it back.",
                "Send it back with a note instead, if you may release it.",
                code="review.not_yours",
                where=item.id,
                status=403,
            )
        if room.now_ms() - (item.judged_ms or 0) > room.settings.grace_seconds * 1_000:
            raise Problem(
                "It is too late to take this verdict back.",
                f"That can be done for {room.settings.grace_seconds} seconds.",
                "Ask an approver to send it back.",
                code="review.grace",
                where=item.id,
                status=409,
            )
        room.record(void(room, item, person.id, "undone"))


def void(room: Room, item: Item, actor: str, reason: Literal["expired", "changed", "returned", "undone"]) -> Entry:
    """The entry after which a verdict no longer counts."""
    return room.entry(Void(reason=reason), actor=actor, refs=(item.decision, item.review), subject=item.subject)


def check_words(reason: str, note: str, *, needed: bool) -> None:
    """Refuse a reason that isn't a code, or a note that is a document (``review.reason``, ``review.note``)."""
    if (needed or reason) and not _CODE.fullmatch(reason):
        raise Problem(
            "A reason is needed, as a code." if not reason else f"{reason[:40]!r} is no code.",
            "The reason stands on the log for ever, so it holds no words of one's own.",
            "Choose one of the listed reasons; write the rest as a note.",
            code="review.reason",
            where="reason",
        )
    if len(note) > LONGEST_NOTE:
        raise Problem(
            "The note is too long.",
            f"It takes {LONGEST_NOTE:,} characters.",
            "Say it shorter.",
            code="review.note",
            where="note",
        )


def outcome_of(sealed: dict[str, Any] | None) -> Outcome | None:
    """The use case's answer in the sealed part of a decision."""
    return None if sealed is None else msgspec.convert(sealed, Private).outcome


def manifest_of(room: Room, use_case: str) -> Any:
    """The manifest as it is now, or None where the use case isn't installed (any more)."""
    try:
        return room.workspace.catalogue.get(use_case).manifest
    except Problem as problem:
        if problem.code in ("use_case.unknown", "use_case.phase"):
            return None
        raise
