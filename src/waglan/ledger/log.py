"""The ledger: one writer thread, many callers, and an answer only when the entry is durable and signed for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from waglan.core.clock import Clock, SystemClock
from waglan.core.entry import Entry
from waglan.core.ids import Ids
from waglan.core.problem import Problem
from waglan.ledger.assembly import Assembly
from waglan.ledger.keys import Signer
from waglan.ledger.queue import Queue, Recorded, Reply, Ticket
from waglan.ledger.store import UNAVAILABLE, Head, Row, Store
from waglan.ledger.vault import Vault
from waglan.ledger.writer import Writer

if TYPE_CHECKING:
    from waglan.ledger.receipt import Receipt

__all__ = ["Ledger", "Recorded"]

QUEUE_ENTRIES = 16_384


class Ledger:
    """One process's way to one log. Threads and event loops may share it; so may processes the store.

    Parameters
    ----------
    store, vault, signer
        Where rows lie, where subjects' keys lie, who signs. The ledger closes none but the store.
    tenant
        The institution, written into each leaf.
    source
        The name of this writer; the ULID of the process's start is appended, and entries are counted under it
        without a gap.
    witnessed
        The newest checkpoint that a witness holds. A store that doesn't extend it is not written to.
    kept
        The file for our own newest checkpoint, checked in the same way; by default beside a store that is a file.

    Notes
    -----
    A store that can't be used doesn't keep the ledger from opening: `available` is False, `problem` says why,
    every submission gets that Problem, reading goes on as far as the store allows, and the writer tries again by
    itself until it works.
    """

    def __init__(
        self,
        store: Store,
        vault: Vault,
        signer: Signer,
        *,
        tenant: str,
        source: str,
        clock: Clock | None = None,
        ids: Ids | None = None,
        witnessed: str = "",
        kept: Path | None = None,
    ) -> None:
        clock = clock or SystemClock()
        ids = ids or Ids()
        path: Path | None = getattr(store, "path", None)
        self.store = store
        self.vault = vault
        self.signer = signer
        self.tenant = tenant
        self.source = f"{source}.{ids.new(clock.now_ms())}"
        self._queue = Queue(QUEUE_ENTRIES)
        self._writer = Writer(
            store,
            self._queue,
            Assembly(vault, signer, tenant=tenant, source=self.source, clock=clock, ids=ids),
            name=signer.name,
            witnessed=witnessed,
            kept=kept or (path.with_name(f"{path.name}.checkpoint") if path else None),
        )
        self._closing = threading.Lock()
        self._closed = False
        self._writer.start()

    # ---- writing

    def submit(self, entries: Sequence[Entry]) -> Future[Reply]:
        """Hand over entries; the future holds where they stand, once they are durable.

        The entries of one call stand next to each other, in order, in one commit. Blocks while the queue is full.
        An empty call asks for a checkpoint with both signatures.

        The future raises a Problem: ``ledger.unavailable`` (not recorded), ``ledger.unknown`` (can't be said yet),
        or what was wrong with an entry (``leaf.value``, ``leaf.size``, ``vault.erased`` …).
        """
        future: Future[Reply] = Future()
        try:
            self._writer.admit()
            self._queue.put(Ticket(tuple(entries), future=future))
        except Problem as problem:
            future.set_exception(problem)
        return future

    async def append(self, entries: Sequence[Entry]) -> Reply:
        """`submit` for event loops: waits without blocking the loop, and raises where the future would."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Reply] = loop.create_future()
        ticket = Ticket(tuple(entries), loop=loop, waiter=waiter)
        self._writer.admit()
        while (room := self._queue.offer(ticket)) is not None:
            await room
        return await waiter

    def signed(self) -> Head:
        """The head of this moment under both signatures, for exports and anchors."""
        self.submit(()).result()
        return self.head()

    @property
    def available(self) -> bool:
        """Whether entries are accepted now."""
        return self._writer.problem is None

    @property
    def problem(self) -> Problem | None:
        """Why not, when they aren't."""
        return self._writer.problem

    def close(self) -> None:
        """Write what waits, sign the head with both keys, end the writer, close the store."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._queue.close(
                Problem("The ledger is closed.", "It was shut down.", "Open it again.", code=UNAVAILABLE, status=503)
            )
            self._writer.join()
            self.store.close()

    # ---- reading

    def head(self) -> Head:
        """The committed head."""
        return self.store.head()

    def rows(self, start: int, stop: int) -> Iterator[tuple[int, Row]]:
        """Entries ``start ≤ index < stop``; bounded memory however many."""
        return self.store.rows(start, stop)

    def find(self, entry_id: str) -> int | None:
        """The index of an entry by id, or None."""
        return self.store.find(entry_id)

    def leaf(self, index: int) -> Mapping[str, Any]:
        """The members of an entry's leaf."""
        members: dict[str, Any] = msgspec.json.decode(self._row(index).leaf)
        return members

    def opened(self, index: int) -> Mapping[str, bytes]:
        """The private fields of an entry; a Problem (``vault.erased``) when its key was shredded."""
        row = self._row(index)
        if not row.sealed:
            return {}
        return self.vault.unseal(msgspec.json.decode(row.leaf)["kid"], row.id, row.sealed)

    def receipt(self, entry_id: str, opened: bool = False) -> Receipt:
        """The proof that an entry is in the log, optionally with what its private fields say."""
        from waglan.ledger import receipt

        return receipt.make(self, entry_id, opened=opened)

    def _row(self, index: int) -> Row:
        for _, row in self.store.rows(index, index + 1):
            return row
        raise Problem(
            f"The ledger has no entry {index:,}.",
            f"It holds {self.head().size:,}, counted from 0.",
            "Look the entry up by its id.",
            code="ledger.missing",
            status=404,
        )
