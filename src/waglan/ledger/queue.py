"""Callers waiting for the log: a bounded queue in, one wake-up per event loop out."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from typing import NamedTuple

from waglan.core.entry import Entry
from waglan.core.problem import Problem
from waglan.ledger.store import UNAVAILABLE


class Recorded(NamedTuple):
    """Where an entry stands in the log."""

    index: int  # type: ignore[assignment] # the log's own word; tuple.index isn't wanted here
    id: str


Reply = tuple[Recorded, ...]


class Ticket(NamedTuple):
    """Entries that stand next to each other in one commit, and who waits for them.

    Exactly one of ``future`` (any thread) and ``waiter`` (a future of ``loop``) is set.
    """

    entries: tuple[Entry, ...]
    future: Future[Reply] | None = None
    loop: asyncio.AbstractEventLoop | None = None
    waiter: asyncio.Future[Reply] | None = None

    def begun(self) -> bool:
        """Whether it is still wanted; afterwards a thread's future can't be cancelled any more."""
        if self.future is not None:
            return self.future.set_running_or_notify_cancel()
        return self.waiter is not None and not self.waiter.cancelled()


class Answer(NamedTuple):
    """What a ticket's owner gets."""

    ticket: Ticket
    reply: Reply | Problem


class Queue:
    """First in, first out, bounded in entries: threads block when it is full, event loops wait."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._count = 0
        self._tickets: deque[Ticket] = deque()
        self._changed = threading.Condition()
        self._taker_waits = False
        self._putters = 0
        self._rooms: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self._refusal: Problem | None = None
        self._closed = False

    def put(self, ticket: Ticket) -> None:
        """Add from a thread, waiting for room; raises the Problem for which nothing is accepted."""
        with self._changed:
            while not self._add(ticket):
                self._putters += 1
                self._changed.wait()
                self._putters -= 1

    def offer(self, ticket: Ticket) -> asyncio.Future[None] | None:
        """Add from the ticket's event loop; when there is no room, a future to wait for before trying again."""
        assert ticket.loop is not None
        with self._changed:
            if self._add(ticket):
                return None
            room: asyncio.Future[None] = ticket.loop.create_future()
            self._rooms.append((ticket.loop, room))
            return room

    def _add(self, ticket: Ticket) -> bool:
        if self._refusal is not None:
            raise self._refusal.again()
        if self._tickets and self._count + len(ticket.entries) > self._bound:
            return False
        self._tickets.append(ticket)
        self._count += len(ticket.entries)
        if self._taker_waits:
            self._taker_waits = False
            self._changed.notify_all()
        return True

    def take(self, most: int, timeout: float | None) -> list[Ticket] | None:
        """All that waits, up to ``most`` entries or one larger ticket; empty after ``timeout``, None once closed."""
        with self._changed:
            until = None if timeout is None else time.monotonic() + timeout
            while not self._tickets:
                if self._closed:
                    return None
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    return []
                self._taker_waits = True
                self._changed.wait(left)
            self._taker_waits = False
            taken: list[Ticket] = []
            count = 0
            while self._tickets and (not taken or count + len(self._tickets[0].entries) <= most):
                ticket = self._tickets.popleft()
                count += len(ticket.entries)
                taken.append(ticket)
            self._count -= count
            rooms = self._made_room()
        _tell(rooms)
        return [ticket for ticket in taken if ticket.begun()]

    def refuse(self, problem: Problem) -> list[Ticket]:
        """Accept nothing from now on; gives back what still waited."""
        with self._changed:
            self._refusal = problem
            left = [ticket for ticket in self._tickets if ticket.begun()]
            self._tickets.clear()
            self._count = 0
            rooms = self._made_room()
        _tell(rooms)
        return left

    def accept(self) -> None:
        """Accept again."""
        with self._changed:
            if not self._closed:
                self._refusal = None

    def close(self, problem: Problem) -> None:
        """Refuse what comes; what waits is still taken, then the taker is told."""
        with self._changed:
            self._closed = True
            self._refusal = problem
            rooms = self._made_room()
            self._changed.notify_all()
        _tell(rooms)

    def closed_within(self, seconds: float) -> bool:
        """Wait; True as soon as the queue is closed."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, timeout=seconds)

    def _made_room(self) -> list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]]:
        if self._putters:
            self._changed.notify_all()
        rooms, self._rooms = self._rooms, []
        return rooms


def unforeseen(error: BaseException) -> Problem:
    """An error as a Problem; one that already is one stays what it is."""
    if isinstance(error, Problem):
        return error
    return Problem(
        "The ledger failed in a way that wasn't foreseen.",
        f"{type(error).__name__}: {error}".rstrip(": ") + ".",
        "Restart the program when it doesn't recover, and report this with its log.",
        code=UNAVAILABLE,
        status=503,
    )


def answer(answers: Sequence[Answer]) -> None:
    """Give everybody their reply: threads at once, each event loop by a single wake-up for all of its callers."""
    loops: dict[asyncio.AbstractEventLoop, list[Answer]] = {}
    for each in answers:
        future = each.ticket.future
        if future is None:
            assert each.ticket.loop is not None
            loops.setdefault(each.ticket.loop, []).append(each)
        elif isinstance(each.reply, Problem):
            future.set_exception(each.reply.again())
        else:
            future.set_result(each.reply)
    for loop, theirs in loops.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(_resolve, theirs)


def _resolve(answers: Sequence[Answer]) -> None:
    for ticket, reply in answers:
        waiter = ticket.waiter
        if waiter is None or waiter.done():  # its caller was cancelled
            continue
        if isinstance(reply, Problem):
            waiter.set_exception(reply.again())
        else:
            waiter.set_result(reply)


def _tell(rooms: Sequence[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]]) -> None:
    for loop, room in rooms:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(_open, room)


def _open(room: asyncio.Future[None]) -> None:
    if not room.done():
        room.set_result(None)
