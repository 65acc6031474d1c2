"""From entries to a commit: sealing, leaves, counters, clock steps, and the next signed head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from waglan.core.clock import Clock
from waglan.core.entry import Entry, event
from waglan.core.events import ClockStep
from waglan.core.ids import Ids
from waglan.core.problem import Problem
from waglan.ledger import leaf, merkle, tiles
from waglan.ledger.keys import Signer
from waglan.ledger.queue import Answer, Recorded, Reply, Ticket, unforeseen
from waglan.ledger.sealing import Sealed
from waglan.ledger.store import Batch, Head, Row, Tile
from waglan.ledger.vault import Vault

BACK_MS = 2_000
AHEAD_MS = 60_000
SLEW = 0.0005
DUAL_NS = 1_000_000_000
DUAL_LEAVES = 4_096


class Prepared(NamedTuple):
    """Rows ready to be written, whose they are, and what was refused.

    ``next_n`` is the source's counter afterwards.
    """

    tickets: tuple[Ticket, ...]
    rows: tuple[Row, ...]
    lead: int
    refused: tuple[Answer, ...]
    next_n: int

    def replies(self, first: int) -> list[Answer]:
        """What each ticket's owner hears when the rows stand in the log from index ``first`` on."""
        answers: list[Answer] = []
        index = first + self.lead
        for ticket in self.tickets:
            reply: Reply = tuple([Recorded(index + at, entry.id) for at, entry in enumerate(ticket.entries)])
            answers.append(Answer(ticket, reply))
            index += len(reply)
        return answers


class _Kid(msgspec.Struct, frozen=True):
    kid: str = ""


_kid = msgspec.json.Decoder(_Kid).decode


class StepDetector:
    """Tells when the wall clock was set, by comparing it with the monotonic one.

    The difference may drift by 500 parts per million, which is what clocks are corrected by unnoticed; several
    small steps add up and are told as one.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_ms, self._at_ns = self._read()

    def step_ms(self) -> int:
        """How far the wall clock was set since it was last told; 0 for what doesn't count as a step."""
        offset, now_ns = self._read()
        slew = (now_ns - self._at_ns) / 1e6 * SLEW
        step = offset - self._offset_ms
        self._at_ns = now_ns
        if -BACK_MS <= step <= AHEAD_MS:
            self._offset_ms += max(-slew, min(slew, step))
            return 0
        self._offset_ms = offset
        return round(step)

    def _read(self) -> tuple[float, int]:
        now_ns = self._clock.monotonic_ns()
        return self._clock.now_ms() - now_ns / 1e6, now_ns


class Assembly:
    """What one process writes to one log; used by the writer's thread alone.

    Attributes
    ----------
    n
        The next number of the source's gapless counter; it moves only when a commit is known to have happened.
    """

    def __init__(self, vault: Vault, signer: Signer, *, tenant: str, source: str, clock: Clock, ids: Ids) -> None:
        self.n = 0
        self._epoch = -1
        self._vault = vault
        self._signer = signer
        self._tenant = tenant
        self._source = source
        self._clock = clock
        self._ids = ids
        self._steps = StepDetector(clock)
        self._step_ms = 0
        self._dual_ns = 0
        self._dual_size = -DUAL_LEAVES

    def prepare(self, tickets: Sequence[Ticket]) -> Prepared:
        """Seal and encode; a ticket with an entry that can't be recorded is refused alone.

        Raises the vault's Problem when nothing can be sealed at all.
        """
        self._step_ms += self._steps.step_ms()
        lead = self._clock_step()
        entries = [*lead, *[entry for ticket in tickets for entry in ticket.entries]]
        sealed = self._vault.seal(entries) if entries else ()
        rows: list[Row] = self._rows(lead, sealed[: len(lead)], self.n)
        good: list[Ticket] = []
        refused: list[Answer] = []
        at = len(lead)
        for ticket in tickets:
            count = len(ticket.entries)
            try:
                rows += self._rows(ticket.entries, sealed[at : at + count], self.n + len(rows))
                good.append(ticket)
            except Exception as error:  # one caller's entry never keeps the others' from the log
                refused.append(Answer(ticket, unforeseen(error)))
            at += count
        return Prepared(tuple(good), tuple(rows), len(lead), tuple(refused), self.n + len(rows))

    def stale(self, prepared: Prepared) -> bool:
        """Whether a key of these rows was shredded since they were sealed; costs microseconds where nothing moved.

        Asked while nobody else can write to the log, a False holds until the commit: an erasure's event is appended
        after the key is gone. The epoch that was seen last is from before this sealing, so an equal one says that
        nothing happened since. A vault that can't be asked counts as stale: sealing again tells callers why.
        """
        try:
            custody = self._vault.custody
            epoch = custody.epoch()
            if epoch == self._epoch:
                return False
            kids = {_kid(row.leaf).kid for row in prepared.rows}
            stale = not custody.has(sorted(kids - {""}))
        except Problem:
            return True
        self._epoch = epoch
        return stale

    def done(self, prepared: Prepared) -> None:
        """The prepared rows stand in the log."""
        self.n = prepared.next_n
        if prepared.lead:
            self._step_ms = 0

    def batch(self, head: Head, rows: Sequence[Row], *, dual: bool) -> Batch:
        """What a commit of ``rows`` on top of ``head`` writes."""
        frontier, new = merkle.extend(merkle.Frontier(head.size, head.peaks), [merkle.leaf_hash(r.leaf) for r in rows])
        full, edges = tiles.grow(head.edges, new, head.size)
        now_ns = self._clock.monotonic_ns()
        dual = dual or now_ns - self._dual_ns >= DUAL_NS or frontier.size - self._dual_size >= DUAL_LEAVES
        text = self._signer.checkpoint(frontier.size, merkle.root(frontier), self._clock.now_ms() // 1000, dual=dual)
        if dual:
            self._dual_ns, self._dual_size = now_ns, frontier.size
        after = Head(
            size=frontier.size,
            peaks=frontier.peaks,
            edges=edges,
            note=text,
            dual_note=text if dual else head.dual_note,
        )
        return Batch(rows, [Tile(*each) for each in full], after)

    def _clock_step(self) -> tuple[Entry, ...]:
        if not self._step_ms:
            return ()
        now_ms = self._clock.now_ms()
        return (event(self._ids.new(now_ms), now_ms, ClockStep(step_ms=self._step_ms), actor="ledger"),)

    def _rows(self, entries: Sequence[Entry], sealed: Sequence[Sealed | Problem], n: int) -> list[Row]:
        rows: list[Row] = []
        tenant, source = self._tenant, self._source
        for entry, each in zip(entries, sealed, strict=True):
            if isinstance(each, Problem):
                raise each
            kid, subject, commit, ciphertext = each
            data = leaf.build(
                entry, tenant=tenant, source=source, n=n + len(rows), kid=kid, commit=commit, subject=subject
            )
            rows.append(Row(entry.id, data, ciphertext))
        return rows
