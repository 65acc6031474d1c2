"""The second pair of eyes: letting an answer leave, sending it back, or keeping it from leaving.

References
----------
``waglan.access.four_eyes``; NIST SP 800-63B §4.2.3 on reauthentication before what matters.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from waglan.access.action import Action
from waglan.access.four_eyes import Signed, four_eyes
from waglan.access.identity import Identity
from waglan.core.entry import Entry
from waglan.core.problem import Problem
from waglan.review import gated, leases, shape, shown
from waglan.review.item import Item, Kept
from waglan.review.judging import Basis, Final, check_words, final_of, manifest_of, outcome_of, released, void
from waglan.review.room import MINUTE_MS, Room
from waglan.review.shown import Shown
from waglan.review.state import State

if TYPE_CHECKING:
    from waglan.access.access import Access


class Approval(NamedTuple):
    """A passkey's answer to `options`, and the address of the page it was given on."""

    response: Mapping[str, Any]
    origin: str


def release(room: Room, who: Identity | None, item_id: str, sha256: str, approval: Approval | None) -> None:
    """Let the answer leave as it was judged."""

    def final(item: Item, seen: Shown) -> Final:
        verdict = room.told_by_id(item.review).private
        value = msgspec.json.decode(verdict["value"]) if "value" in verdict else None
        return final_of(item.verdict, item.changed_effect, value, outcome_of(seen.outcome))

    _let(room, who, item_id, sha256=sha256, approval=approval, final=final, private={})


def refuse(
    room: Room, who: Identity | None, item_id: str, sha256: str, approval: Approval | None, *, reason: str, note: str
) -> None:
    """Keep the answer from leaving, whatever the verdict was."""
    check_words(reason, note, needed=True)
    nothing = Final("refused", "", None)
    private = {"note": note, "reason": reason}
    _let(room, who, item_id, sha256=sha256, approval=approval, final=lambda _item, _seen: nothing, private=private)


def send_back(room: Room, who: Identity | None, item_id: str, note: str) -> None:
    """Ask for another verdict."""
    check_words("", note, needed=False)
    with room.index.writing() as connection:
        kept = room.kept(connection, item_id)
        person = _may(room, who, kept)
        entry = void(room, kept.item, person.id, "returned")
        room.record(msgspec.structs.replace(entry, private={"note": msgspec.json.encode(note)} if note else {}))
        leases.forget(connection, item_id)


def options(room: Room, who: Identity | None, item_id: str, sha256: str, origin: str) -> dict[str, Any]:
    """What the approver's browser needs to sign the hash of what it shows."""
    with room.fresh() as connection:
        kept = room.kept(connection, item_id)
        person = _may(room, who, kept)
        seen = shown.again(room, connection, kept.item, person.id, sha256)
    access = _access(room)
    return access.passkeys.approval_options(access.people.get(person.id), bytes.fromhex(seen.sha256), origin)


def _let(
    room: Room,
    who: Identity | None,
    item_id: str,
    *,
    sha256: str,
    approval: Approval | None,
    final: Callable[[Item, Shown], Final],
    private: dict[str, Any],
) -> None:
    refused: Problem | None = None
    with room.index.writing() as connection:
        kept = room.kept(connection, item_id)
        person = _may(room, who, kept)
        item = kept.item
        if item.stale or room.now_ms() > (item.expires_ms or 0):
            room.record(void(room, item, "review", "changed" if item.stale else "expired"))
            leases.forget(connection, item.id)
            refused = _no_longer(item)
        else:
            seen = shown.again(room, connection, item, person.id, sha256)
            signature = _signed(room, person, item, seen, approval)
            who_signs = person
            if signature is not None:
                who_signs = msgspec.structs.replace(person, authenticator=signature["authenticator"])
            _two(item, who_signs)
            sealed = {"shown": seen.json, "signature": signature, **private}
            basis = Basis(item.review, item.reason)
            ends = final(item, seen)
            leaving = released(room, item, who_signs, basis, ends, private=sealed)
            if ends.outcome != "refused":
                _ask_rules(room, connection, item, leaving[0], ends)
            room.record(*leaving)
            leases.forget(connection, item.id)
    if refused is not None:
        raise refused


def _ask_rules(room: Room, connection: sqlite3.Connection, item: Item, release: Entry, final: Final) -> None:
    """The rules that block see the answer as it leaves, with its reviewer and its approver."""
    facts = room.told_by_id(item.review).leaf["facts"]
    changed = final.outcome == "as_changed"
    adverse = item.adverse
    if changed:
        known = shape.known_effects(connection, item.use_case, manifest_of(room, item.use_case))
        adverse = known.get(final.effect)
    said = gated.Verdict(item.judged_by, item.judged_ms or 0, facts.get("review_seconds"))
    gated.may_leave(room, item, said, release, gated.Out(final.effect, adverse, changed))


def _may(room: Room, who: Identity | None, kept: Kept) -> Identity:
    """Somebody who may release it, and is neither its author nor its reviewer; the case as it must stand for that."""
    person = room.may_touch(who, Action.REVIEW_RELEASE, kept, reviewer=kept.item.judged_by)
    if kept.item.state is not State.JUDGED:
        raise leases.wrong_state(kept.item)
    return person


def _two(item: Item, person: Identity) -> None:
    """Two people with two authenticators, whatever the tier: who only needs one pair of eyes never comes here."""
    first = Signed(item.judged_by, item.judged_with)
    wrong = four_eyes(first, Signed(person.id, person.authenticator), "critical")
    if wrong:
        raise Problem(
            "This release needs a second person.",
            {
                "same_person": "You gave the verdict yourself.",
                "same_authenticator": "The verdict was given with the same authenticator.",
            }.get(wrong, "It isn't known what one of you signed in with."),
            "Ask an approver who signs in with an authenticator of their own.",
            code=f"review.{wrong}",
            where=item.id,
            status=403,
        )


def _signed(room: Room, person: Identity, item: Item, seen: Shown, approval: Approval | None) -> dict[str, str] | None:
    """The passkey's signature over what was shown; for the tier critical that, or a sign-in of a moment ago."""
    if approval is not None:
        access = _access(room)
        challenge = bytes.fromhex(seen.sha256)
        return access.passkeys.approve(access.people.get(person.id), approval.response, challenge, approval.origin)
    age_ms = room.now_ms() - person.authenticated_ms
    if item.tier == "critical" and not 0 <= age_ms <= room.settings.fresh_minutes * MINUTE_MS:
        raise Problem(
            "Confirm that it is you.",
            f"A critical release needs a passkey's approval, or a sign-in of the last {room.settings.fresh_minutes} "
            "minutes.",
            "Approve with your passkey, or enter your password again.",
            code="review.fresh",
            where=item.id,
            status=403,
        )
    return None


def _access(room: Room) -> Access:
    if room.access is None:
        raise Problem(
            "Passkeys aren't available here.",
            "This program was started without its people.",
            "Release it from the console.",
            code="review.passkeys",
            status=409,
        )
    return room.access


def _no_longer(item: Item) -> Problem:
    why = "Something about the case changed after it." if item.stale else "It is older than 24 hours."
    return Problem(
        "The verdict no longer counts.",
        why,
        "The case is back in the queue and needs a new verdict.",
        code="review.changed" if item.stale else "review.expired",
        where=item.id,
        status=409,
    )
