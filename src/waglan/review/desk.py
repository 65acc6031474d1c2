"""The desk: everything that people do with reviews, each checked against the policy and recorded."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from waglan.access.action import Action
from waglan.access.identity import Identity
from waglan.core.case import Language
from waglan.core.events import Escalation
from waglan.index.index import Index
from waglan.ledger.log import Recorded
from waglan.review import (
    afterwards,
    attention,
    judging,
    leases,
    pages,
    releasing,
    requests,
    second_look,
    seeding,
    shown,
)
from waglan.review.asking import What
from waglan.review.attention import Standing
from waglan.review.item import Item, Kept
from waglan.review.judging import Judgement
from waglan.review.notify import Notify
from waglan.review.pages import Counts, Filter, Page
from waglan.review.receipts import Receipts
from waglan.review.releasing import Approval
from waglan.review.requests import Answered
from waglan.review.room import MINUTE_MS, Room
from waglan.review.settings import ReviewSection, read
from waglan.review.shown import Shown
from waglan.review.state import State

if TYPE_CHECKING:
    from waglan.access.access import Access
    from waglan.runtime.workspace import Workspace

FILTER = Filter()
STARTING = 10_000
"""So many entries are taken in while a desk opens."""
_TRIED = (5, 500)
"""So many of the most urgent cases are looked at to find one that somebody may judge: first a few, then many."""


class Desk:
    """Everything that people do with reviews.

    Each verb takes the identity of who does it, checks it against `waglan.access`, and is one write transaction of the
    index: state is read, the event goes to the log, the queue takes it in. So of two people who judge one case exactly
    one does, and what a crash leaves half done the next `Index.follow` completes.

    Every verb raises a Problem: those of `waglan.access.require`, ``review.missing`` (404), ``review.state``,
    ``review.taken``, ``review.not_held``, ``review.stale`` (409), those named with the verb, and the ledger's.
    """

    def __init__(self, room: Room, notify: Notify | None = None) -> None:
        self.room = room
        self.notify = notify

    @classmethod
    def open(
        cls, workspace: Workspace, index: Index, access: Access | None = None, *, settings: ReviewSection | None = None
    ) -> Desk:
        """The desk of a workspace over an index that holds `Queue`.

        Settings of the queue that differ from those on the log are recorded, so that they count from here on. On a
        log that the index has yet to read, that is left to the first of the `rounds`: nobody waits for it.
        """
        settings = settings or read(workspace.settings.review)
        if not settings.public_url:
            settings = msgspec.structs.replace(settings, public_url=workspace.settings.server.public_url)
        room = Room(workspace, index, access, settings)
        if not index.follow(STARTING):
            room.settle()
        tells = settings.webhooks or (settings.smtp_host and access is not None)
        return cls(room, Notify(room) if tells else None)

    @property
    def receipts(self) -> Receipts:
        """The receipts of the workspace's customers."""
        return Receipts(self.room)

    # ---- looking

    def queue(self, who: Identity | None, wanted: Filter = FILTER, *, after: str = "", limit: int = 50) -> Page:
        """A page of the queue; ``after`` is the ``next`` of the page before."""
        self.room.may(who, Action.REVIEW_READ)
        with self.room.fresh() as connection:
            return pages.page(connection, wanted, self.room.now_ms(), after=after, limit=limit)

    def counts(self, who: Identity | None) -> Counts:
        """How many reviews wait, and how many are one's own."""
        person = self.room.may(who, Action.REVIEW_READ)
        with self.room.fresh() as connection:
            return pages.counts(connection, person.id, self.room.now_ms())

    def item(self, who: Identity | None, item_id: str) -> Item:
        """One review."""
        self.room.may(who, Action.REVIEW_READ)
        with self.room.fresh() as connection:
            return self.room.kept(connection, item_id).item

    def of_decision(self, who: Identity | None, decision_id: str) -> tuple[Item, ...]:
        """The reviews of a decision, its own first."""
        self.room.may(who, Action.REVIEW_READ)
        with self.room.fresh() as connection:
            return pages.of_decision(connection, decision_id, self.room.now_ms())

    def show(self, who: Identity | None, item_id: str) -> Shown:
        """What there is to see of a case one has in hand, or that one may release; its time begins to count.

        Raises
        ------
        Problem
            ``review.not_held`` for a case to be judged that isn't in one's hands; the vault's (``vault.erased`` …).
        """
        room = self.room
        with room.index.writing() as connection:
            kept = room.kept(connection, item_id)
            item = kept.item
            if item.state is State.JUDGED:
                person = room.may_touch(who, Action.REVIEW_RELEASE, kept, reviewer=item.judged_by)
                until_ms = room.now_ms() + room.settings.lease_minutes * MINUTE_MS
            else:
                person = room.may_touch(who, Action.REVIEW_JUDGE, kept)
                leases.held(item, person.id)
                until_ms = item.lease_until_ms or 0
            return shown.show(room, connection, item, person.id, until_ms)

    # ---- in hand

    def next(self, who: Identity | None, wanted: Filter = FILTER) -> Item | None:
        """The most urgent case that one may judge, taken; one's own unfinished case first. None when there is none."""
        room = self.room
        person = room.may(who, Action.REVIEW_TAKE)
        with room.index.writing() as connection:
            now_ms = room.now_ms()
            mine = pages.rows(connection, Filter(holder=person.id), now_ms, after="", limit=1)
            free = msgspec.structs.replace(wanted, stage="open", free=True, holder="")
            for limit in (0, *_TRIED):
                found = pages.rows(connection, free, now_ms, after="", limit=limit) if limit else mine
                for kept in found:
                    if self._open_to(connection, kept, person) and not second_look.waits(connection, kept.item):
                        self._lease(connection, kept, person)
                        return room.kept(connection, kept.item.id).item
        return None

    def take(self, who: Identity | None, item_id: str) -> Item:
        """Take a case for the time of a lease, or renew it.

        Raises
        ------
        Problem
            ``review.own_work`` (403) for a case that one handed up, or reviewed before; ``review.first`` (409) for a
            request about a decision whose own review isn't finished.
        """
        room = self.room
        with room.index.writing() as connection:
            kept = room.kept(connection, item_id)
            person = room.may_touch(who, Action.REVIEW_TAKE, kept)
            if not self._open_to(connection, kept, person):
                raise second_look.own_work(kept.item)
            if second_look.waits(connection, kept.item):
                raise second_look.own_review_first(kept.item)
            self._lease(connection, kept, person)
            return room.kept(connection, item_id).item

    def hand_back(self, who: Identity | None, item_id: str) -> Item:
        """Put a case back that one has in hand."""
        room = self.room
        with room.index.writing() as connection:
            kept = room.kept(connection, item_id)
            person = room.may_touch(who, Action.REVIEW_TAKE, kept)
            leases.held(kept.item, person.id)
            leases.end(connection, item_id, person.id, room.now_ms())
            leases.drop(connection, item_id)
        return room.item(item_id)

    def hand_up(self, who: Identity | None, item_id: str) -> Item:
        """Leave a case that one has in hand to somebody else, and say so on the log."""
        room = self.room
        with room.index.writing() as connection:
            kept = room.kept(connection, item_id)
            person = room.may_touch(who, Action.REVIEW_TAKE, kept)
            leases.held(kept.item, person.id)
            facts = Escalation(reason="handed_up")
            room.record(room.entry(facts, actor=person.id, refs=kept.item.refs, subject=kept.item.subject))
            leases.end(connection, item_id, person.id, room.now_ms())
            leases.drop(connection, item_id)
        return room.item(item_id)

    # ---- deciding

    def judge(self, who: Identity | None, item_id: str, judgement: Judgement, *, shown: str) -> Item:
        """Give a verdict on a case that one has in hand; ``shown`` is the hash of what one saw.

        Raises
        ------
        Problem
            ``review.reason``, ``review.note``, ``review.effect``, ``review.value``, ``review.no_answer``.
        """
        judging.judge(self.room, who, item_id, judgement, shown)
        return self.room.item(item_id)

    def undo(self, who: Identity | None, item_id: str) -> Item:
        """Take one's own verdict back (``review.not_yours``, ``review.grace``)."""
        judging.undo(self.room, who, item_id)
        return self.room.item(item_id)

    def release(
        self, who: Identity | None, item_id: str, *, shown: str, passkey: Mapping[str, Any] | None = None,
        origin: str = "",
    ) -> Item:  # fmt: skip
        """Let a judged answer leave, as a second person.

        ``passkey`` is the browser's answer to `approval_options`, ``origin`` the console's own address.

        Raises
        ------
        Problem
            ``review.same_person``, ``review.same_authenticator``, ``review.fresh`` (403); ``review.changed``,
            ``review.expired`` (409), after which the case is open again.
        """
        releasing.release(self.room, who, item_id, shown, Approval(passkey, origin) if passkey else None)
        return self.room.item(item_id)

    def refuse(
        self, who: Identity | None, item_id: str, *, shown: str, reason: str, note: str = "",
        passkey: Mapping[str, Any] | None = None, origin: str = "",
    ) -> Item:  # fmt: skip
        """Keep a judged answer from leaving, as a second person; Problems as of `release`."""
        approval = Approval(passkey, origin) if passkey else None
        releasing.refuse(self.room, who, item_id, shown, approval, reason=reason, note=note)
        return self.room.item(item_id)

    def send_back(self, who: Identity | None, item_id: str, note: str = "") -> Item:
        """Ask for another verdict, as a second person."""
        releasing.send_back(self.room, who, item_id, note)
        return self.room.item(item_id)

    def approval_options(self, who: Identity | None, item_id: str, *, shown: str, origin: str) -> dict[str, Any]:
        """What the approver's browser needs to sign the hash of what was shown with a passkey."""
        return releasing.options(self.room, who, item_id, shown, origin)

    # ---- afterwards

    def override(
        self, who: Identity | None, decision_id: str, effect: str, reason: str, *, value: Any = msgspec.UNSET,
        note: str = "",
    ) -> Recorded:  # fmt: skip
        """Put one's own answer in the place of an automatic one.

        Raises
        ------
        Problem
            ``review.two_people`` (409) where that needs a second person: ask for a review of it instead;
            ``review.held`` while a person decides it anyway; ``review.effect``, ``review.value``, ``review.reason``.
        """
        return afterwards.override(self.room, who, decision_id, effect=effect, reason=reason, value=value, note=note)

    def correct(
        self, who: Identity | None, decision_id: str, correct: Mapping[str, Any], reason: str, note: str = ""
    ) -> Recorded:
        """Say which recorded fields were wrong, and what is right: ``{"inputs.income": 52000}``.

        Raises
        ------
        Problem
            ``review.field`` for a field that the record hasn't, ``review.reason``.
        """
        return afterwards.correct(self.room, who, decision_id, correct, reason=reason, note=note)

    def request(
        self, who: Identity | None, decision_id: str, what: What, *, channel: str, language: Language = "en",
        note: str = "",
    ) -> Item:  # fmt: skip
        """A customer asks about a decision; the same question asked again is the one that is open."""
        item = requests.request(self.room, who, decision_id, what, channel=channel, language=language, note=note)
        return self.room.item(item)

    def draft(self, who: Identity | None, item_id: str) -> str:
        """The text that would answer a request, in the customer's language."""
        return requests.draft(self.room, who, item_id)

    def answer(
        self, who: Identity | None, item_id: str, outcome: Literal["explained", "upheld", "changed", "declined"],
        note: str = "",
    ) -> Answered:  # fmt: skip
        """Answer a request with reasons in the customer's language; ``note`` is added to the text.

        Raises
        ------
        Problem
            ``review.outcome`` for an outcome that doesn't follow from what was done.
        """
        return requests.answer(self.room, who, item_id, outcome, note)

    # ---- attention and time

    def seed(
        self, who: Identity | None, use_case: str, count: int = 1, *, random: Random | None = None
    ) -> tuple[str, ...]:
        """Plant cases with a known wrong answer; see `waglan.review.seeding`."""
        return seeding.seed(self.room, who, use_case, count, random or SystemRandom())

    def attention(self, who: Identity | None, *, since_ms: int = 0) -> tuple[Standing, ...]:
        """How attentive reviewers are, everybody whom one may see; see `Standing`."""
        return attention.report(self.room, who, since_ms=since_ms)

    # ---- inner

    @staticmethod
    def _open_to(connection: sqlite3.Connection, kept: Kept, person: Identity) -> bool:
        """Whether somebody may judge a case: not their own, not handed up by them, not decided by them before."""
        if person.id in (kept.author, kept.asked_by, kept.handed_up_by):
            return False
        return kept.item.cause != "request" or not second_look.decided_by(connection, kept.item, person.id)

    def _lease(self, connection: sqlite3.Connection, kept: Kept, person: Identity) -> None:
        now_ms = self.room.now_ms()
        until_ms = now_ms + self.room.settings.lease_minutes * MINUTE_MS
        leases.take(connection, kept.item, person.id, now_ms, until_ms)
