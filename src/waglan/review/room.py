"""What every verb needs: the workspace, the index, who may do what, and one way to the log."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from waglan.access.action import Action
from waglan.access.identity import Identity
from waglan.access.policy import Resource, require
from waglan.core.entry import Entry
from waglan.core.events import Event
from waglan.core.problem import Problem
from waglan.index.index import Index
from waglan.index.projection import DecisionLeaf
from waglan.ledger.log import Recorded
from waglan.review.item import Item, Kept, find
from waglan.review.key import ReviewKey
from waglan.review.policy import policy
from waglan.review.projection import decision_leaf, policy_in_force
from waglan.review.settings import ReviewSection
from waglan.runtime.workspace import Workspace

if TYPE_CHECKING:
    from waglan.access.access import Access

MINUTE_MS = 60_000
_FRESH = 2_000
_json = msgspec.json.Encoder(order="deterministic").encode


class Told(NamedTuple):
    """An entry of the log as it stands there, and its private parts opened."""

    log_index: int
    leaf: dict[str, Any]
    private: Mapping[str, bytes]


class Room:
    """The parts of the review room; see `waglan.review.Desk`, which is what others use."""

    def __init__(
        self,
        workspace: Workspace,
        index: Index,
        access: Access | None,
        settings: ReviewSection,
        urandom: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.workspace = workspace
        self.index = index
        self.access = access
        self.settings = settings
        self.key = ReviewKey.load_or_create(workspace.folder / "keys")
        self.urandom = urandom

    def now_ms(self) -> int:
        """Wall time, milliseconds since 1970 UTC."""
        return self.workspace.clock.now_ms()

    def settle(self) -> None:
        """Record settings of the queue that differ from those on the log; doing it again does nothing.

        Call it when the index has read the log to its head: only then is it known what is in force.
        """
        wanted = policy(self.settings)
        with self.index.reading() as connection:
            known = policy_in_force(connection)
        if wanted == known:
            return
        with self.index.writing() as connection:
            if wanted != policy_in_force(connection):
                self.record(self.entry(wanted, actor="review", refs=()))

    # ---- who may

    def may(self, who: Identity | None, action: Action, kind: str = "review", author: str = "") -> Identity:
        """Go on only when it is allowed; a Problem of `waglan.access.require` otherwise."""
        require(who, action, Resource(kind, self.workspace.settings.workspace.tenant, author))
        assert who is not None
        return who

    def may_touch(self, who: Identity | None, action: Action, kept: Kept, *, reviewer: str = "") -> Identity:
        """The same for a review: nobody reviews what they made themselves, nor what they reviewed themselves."""
        tenant = self.workspace.settings.workspace.tenant
        kind = "request" if action.startswith("request.") else "review"
        require(who, action, Resource(kind, tenant, kept.author, reviewer))
        if kept.asked_by:
            require(who, action, Resource(kind, tenant, kept.asked_by, reviewer))
        assert who is not None
        return who

    # ---- reading

    def kept(self, connection: sqlite3.Connection, item_id: str) -> Kept:
        """A review as it stands now."""
        return find(connection, item_id, self.now_ms())

    @contextmanager
    def fresh(self) -> Iterator[sqlite3.Connection]:
        """A snapshot that has what was recorded a moment ago, unless much is missing: that isn't a page's work."""
        self.index.follow(_FRESH)
        with self.index.reading() as connection:
            yield connection

    def item(self, item_id: str) -> Item:
        """A review as people see it."""
        with self.index.reading() as connection:
            return self.kept(connection, item_id).item

    def decision(self, decision_id: str) -> DecisionLeaf:
        """The leaf of a decision; a Problem (``decision.missing``, 404) when there is none."""
        found = decision_leaf(self.workspace.ledger, decision_id)
        if found is None:
            raise Problem(
                "There is no such decision.",
                "It was never recorded here, or the id was mistyped.",
                "Take the id from the reply or the results file.",
                code="decision.missing",
                where=decision_id,
                status=404,
            )
        return found

    def told(self, log_index: int) -> Told:
        """An entry with its private parts; the vault's Problem when they were erased."""
        ledger = self.workspace.ledger
        return Told(log_index, dict(ledger.leaf(log_index)), ledger.opened(log_index))

    def told_by_id(self, entry_id: str) -> Told:
        """The same by id; a Problem (``decision.missing``) when there is none."""
        found = self.workspace.ledger.find(entry_id)
        return self.told(found) if found is not None else self.told(self._missing(entry_id))

    def _missing(self, entry_id: str) -> int:
        self.decision(entry_id)
        raise AssertionError("the ledger's find and the decision's leaf disagree")

    # ---- writing

    def entry(
        self,
        facts: Event,
        *,
        actor: str,
        refs: tuple[str, ...],
        subject: str = "",
        private: Mapping[str, object] | None = None,
    ) -> Entry:
        """An entry of now; private parts that are empty are left out, bytes are taken as JSON already."""
        now_ms = self.now_ms()
        sealed = {
            name: value if isinstance(value, bytes) else _json(value)
            for name, value in (private or {}).items()
            if value not in (None, "")
        }
        return Entry(
            id=self.workspace.ids.new(now_ms),
            kind=facts.kind,
            at_ms=now_ms,
            facts=facts,
            subject=subject,
            private=sealed,
            refs=refs,
            actor=actor,
        )

    def record(self, *entries: Entry) -> tuple[Recorded, ...]:
        """Put entries on the log next to each other, durable when this returns."""
        return self.workspace.ledger.submit(entries).result()
