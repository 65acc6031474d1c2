"""What every verb of the registrar needs: who may, what is registered, and one way to the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import msgspec

from waglan.access.action import Action
from waglan.access.identity import Identity
from waglan.access.policy import Resource, require
from waglan.core.entry import Entry
from waglan.core.events import Event
from waglan.index.index import Index
from waglan.ledger.log import Recorded
from waglan.registers.book import Book, read_book
from waglan.registers.checks import check_note, shaped
from waglan.registers.clocks import Clocks, load_clocks
from waglan.registers.references import Known
from waglan.registers.settings import RegistersSection
from waglan.registers.told import Told
from waglan.runtime.workspace import Workspace

_FRESH = 2_000
_json = msgspec.json.Encoder().encode


class Office:
    """The parts of the registers' room; see `waglan.registers.Registrar`, which is what others use."""

    def __init__(
        self, workspace: Workspace, index: Index, settings: RegistersSection, clauses: Collection[str] = ()
    ) -> None:
        self.workspace = workspace
        self.index = index
        self.settings = settings
        self.clauses = clauses
        self.clocks: Clocks = load_clocks(settings.tighten)
        self._told: Told | None = None

    def now_ms(self) -> int:
        """Wall time, milliseconds since 1970 UTC."""
        return self.workspace.clock.now_ms()

    def may(self, who: Identity | None, action: Action, author: str = "") -> Identity:
        """Go on only when it is allowed; a Problem of `waglan.access.require` otherwise."""
        kind = action.partition(".")[0]
        require(who, action, Resource(kind, self.workspace.settings.workspace.tenant, author))
        assert who is not None
        return who

    # ---- reading

    def read(self, connection: sqlite3.Connection, at_ms: int | None = None) -> Book:
        """The registers as a connection sees them; of what was read before, only what is new is read."""
        if at_ms is None:
            told = self._told
            self._told = told = Told.read(connection) if told is None else told.grown(connection)
            return read_book(connection, self.now_ms(), clocks=self.clocks, told=told)
        return read_book(connection, self.now_ms(), at_ms, clocks=self.clocks)

    def book(self, at_ms: int | None = None) -> Book:
        """The registers as they stand, or stood at a time."""
        self.index.follow(_FRESH)
        with self.index.reading() as connection:
            return self.read(connection, at_ms)

    def known(self, book: Book) -> Known:
        """The names that entries may point at."""
        return Known(book, tuple(self.workspace.catalogue), self.clauses)

    @contextmanager
    def writing(self) -> Iterator[Book]:
        """One write transaction over what is registered: what the body decides by stays true until it has written."""
        with self.index.writing() as connection:
            yield self.read(connection)

    # ---- writing

    def entry(
        self, actor: str, facts: Event, *, refs: tuple[str, ...] = (), note: str = "", **private: object
    ) -> Entry:
        """An entry of now; words are private parts of it."""
        check_note(note)
        now_ms = self.now_ms()
        said = {"note": note, **private}
        sealed = {name: _json(value) for name, value in said.items() if value not in (None, "")}
        return Entry(
            id=self.workspace.ids.new(now_ms), kind=facts.kind, at_ms=now_ms, facts=shaped(facts, now_ms),
            private=sealed, refs=refs, actor=actor,
        )  # fmt: skip

    def record(self, *entries: Entry) -> tuple[Recorded, ...]:
        """Put entries on the log next to each other, durable when this returns, and count them from now on."""
        recorded = self.workspace.ledger.submit(entries).result()
        self.workspace.runtime.refresh()
        return recorded
