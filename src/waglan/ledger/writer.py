"""The writer's thread: takes what waits, commits it, answers; and what it does when the storage fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from waglan.core.problem import Problem
from waglan.ledger import soundness
from waglan.ledger.assembly import Assembly, Prepared
from waglan.ledger.queue import Answer, Queue, Ticket, answer, unforeseen
from waglan.ledger.store import UNAVAILABLE, UNKNOWN, Batch, Head, Store

MOST_ENTRIES = 1_024
OWED_S = 1.0
STALL_S = 5.0
SETTLE_S = 10.0
RETRY_S = (0.02, 1.0)


class _Lost(NamedTuple):
    """A commit that failed, whose outcome is still to be looked up; ``until`` is monotonic seconds."""

    prepared: Prepared
    waiting: bool
    problem: Problem
    until: float


class _StaleError(Exception):
    """A key of the batch was shredded between sealing and committing; nothing was written."""


class Writer:
    """See `waglan.ledger.log.Ledger`, which owns it."""

    def __init__(
        self, store: Store, queue: Queue, assembly: Assembly, *, name: str, witnessed: str, kept: Path | None
    ) -> None:
        self._store = store
        self._queue = queue
        self._assembly = assembly
        self._name = name
        self._witnessed = witnessed
        self._kept = kept
        self._last = Head()
        self._lost: _Lost | None = None
        self._problem: Problem | None = None
        self._busy_since = 0.0
        self._thread = threading.Thread(target=self._run, name="waglan-ledger", daemon=True)

    def start(self) -> None:
        """Check the store in the caller's thread, so that a sound log is available at once, then start the thread."""
        try:
            self._check()
        except Exception as error:
            self._stop(unforeseen(error))
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    @property
    def problem(self) -> Problem | None:
        """Why nothing is accepted: a failure, or a commit that takes so long that the disk must be hanging."""
        since = self._busy_since
        if self._problem is None and since and time.monotonic() - since > STALL_S:
            return Problem(
                "The ledger doesn't answer.",
                f"A commit has been waiting for its storage for more than {STALL_S:.0f} seconds.",
                "Look at the disk or the database; the ledger goes on by itself.",
                code=UNAVAILABLE,
                status=503,
            )
        return self._problem

    def admit(self) -> None:
        """Raise the Problem for which nothing is accepted."""
        problem = self.problem
        if problem is not None:
            raise problem.again()

    # ---- the thread

    def _run(self) -> None:
        try:
            if self._problem is not None and not self._recovered():
                return
            while True:
                owed = bool(self._last.size) and self._last.dual_note != self._last.note
                tickets = self._queue.take(MOST_ENTRIES, OWED_S if owed else None)
                if tickets is None:
                    break
                if not self._serve(tickets) and not self._recovered():
                    return
            self._finish()
        except BaseException as error:
            self._give_up(error)
            raise

    def _serve(self, tickets: Sequence[Ticket]) -> bool:
        """Commit tickets and answer them; False when the storage failed. No tickets: sign the head with both keys."""
        while True:
            try:
                return self._serve_once(tickets)
            except _StaleError:  # each turn refuses a ticket whose person was erased, so there is an end
                continue

    def _serve_once(self, tickets: Sequence[Ticket]) -> bool:
        try:
            prepared = self._assembly.prepare(tickets)
        except Exception as error:  # the vault refuses: nothing was sealed, nothing is written
            problem = unforeseen(error)
            answer([Answer(ticket, problem) for ticket in tickets])
            return True
        except BaseException as error:
            answer([Answer(ticket, unforeseen(error)) for ticket in tickets])
            raise
        dual = any(not ticket.entries for ticket in tickets) or not tickets
        if prepared.rows or (dual and self._last.size):
            try:
                first = self._commit(prepared, dual)
            except _StaleError:
                raise
            except Exception as error:
                self._failed(prepared, error)
                return False
            except BaseException as error:
                answer([Answer(ticket, unforeseen(error)) for ticket in tickets])
                raise
            self._assembly.done(prepared)
        else:
            first = 0
        answer([*prepared.replies(first), *prepared.refused])
        if self._last.note == self._last.dual_note:
            soundness.write_kept(self._kept, self._last.note)
        return True

    def _commit(self, prepared: Prepared, dual: bool) -> int:
        """Write; returns the index of the first row."""
        first = 0

        def build(head: Head) -> Batch:
            nonlocal first
            self._same_log(head)
            if prepared.rows and self._assembly.stale(prepared):
                raise _StaleError
            first = head.size
            return self._assembly.batch(head, prepared.rows, dual=dual)

        self._busy_since = time.monotonic()
        try:
            self._last = self._store.commit(build)
        finally:
            self._busy_since = 0.0
        return first

    def _same_log(self, head: Head) -> None:
        """Refuse a head that isn't ours or a successor of it: somebody put an older copy in its place."""
        last = self._last
        if head.note == last.note and head.size == last.size:
            return
        if head.size < last.size or (head.size == last.size and head.peaks != last.peaks):
            raise soundness.rolled_back(f"It holds {head.size:,} entries where {last.size:,} were committed.")
        if soundness.peaks_of(head) != head.peaks:
            raise soundness.rolled_back("Another process left a head whose parts don't fit together.")

    # ---- failure and recovery

    def _failed(self, prepared: Prepared, error: Exception) -> None:
        """Tell everybody whose entry is certainly not recorded, and remember what has to be looked up."""
        problem = unforeseen(error)
        known = isinstance(error, Problem) and error.code != UNKNOWN
        self._lost = _Lost(prepared, not known, problem, time.monotonic() + SETTLE_S)
        self._stop(problem)
        answers = list(prepared.refused)
        if known:
            answers += [Answer(ticket, problem) for ticket in prepared.tickets]
        answer(answers)

    def _stop(self, problem: Problem) -> None:
        self._problem = problem
        answer([Answer(ticket, problem) for ticket in self._queue.refuse(problem)])

    def _recovered(self) -> bool:
        """Try until the storage is back, sound, and writable; False when the ledger is closed before."""
        pause, longest = RETRY_S
        while True:
            try:
                self._check()
                self._probe()
                self._settle()
                self._problem = None
                self._queue.accept()
                return True
            except Exception as error:
                self._stop(unforeseen(error))
            if self._lost is not None and self._lost.waiting and time.monotonic() > self._lost.until:
                self._tell_lost()
            if self._queue.closed_within(pause):
                self._tell_lost()
                return False
            pause = min(2 * pause, longest)

    def _check(self) -> None:
        kept = soundness.read_kept(self._kept)  # before the head: another process may keep a newer one meanwhile
        head = self._store.head()
        self._same_log(head)
        soundness.check_head(self._store, head)
        soundness.check_kept(self._store, head, self._witnessed, self._name)
        soundness.check_kept(self._store, head, kept, self._name)
        self._last = head

    def _probe(self) -> None:
        """A commit without rows: it takes the write lock, so no earlier commit is still under way, and syncs."""

        def build(head: Head) -> Batch:
            return self._assembly.batch(head, (), dual=True) if head.size else Batch((), (), head)

        self._last = self._store.commit(build)

    def _settle(self) -> None:
        """Look up whether the failed commit is in the log after all: its ids say so."""
        lost, self._lost = self._lost, None
        if lost is None or not lost.prepared.rows:
            if lost is not None and lost.waiting:
                answer([Answer(ticket, lost.problem) for ticket in lost.prepared.tickets])
            return
        try:
            first = self._store.find(lost.prepared.rows[0].id)
        except BaseException:
            self._lost = lost
            raise
        if first is not None:
            self._assembly.done(lost.prepared)
        if lost.waiting:
            answer(
                lost.prepared.replies(first)
                if first is not None
                else [Answer(ticket, lost.problem) for ticket in lost.prepared.tickets]
            )

    def _tell_lost(self) -> None:
        """Callers can't wait for ever for a storage that doesn't come back."""
        lost = self._lost
        if lost is None or not lost.waiting:
            return
        self._lost = lost._replace(waiting=False)
        problem = Problem(
            "It isn't known whether this was recorded.",
            f"The storage failed in the middle of a commit and has not come back. {lost.problem.why}",
            "Look the entry up by its id when the ledger is available again; don't act on it before.",
            code=UNKNOWN,
            status=503,
        )
        answer([Answer(ticket, problem) for ticket in lost.prepared.tickets])

    def _finish(self) -> None:
        """Closing: the last head gets both signatures, and is kept."""
        if self._last.size and self._last.dual_note != self._last.note:
            self._serve(())
        soundness.write_kept(self._kept, self._last.note)

    def _give_up(self, error: BaseException) -> None:
        """Something that no retry mends: everybody hears it, and nothing is accepted any more."""
        self._stop(unforeseen(error))
        self._tell_lost()
