"""Running what we don't trust to return: in a thread of its own, under a deadline.

Python can't stop a thread. A call that outlives its deadline is left behind and its thread never used again;
when too many are left behind, further calls are refused, so that decisions go to people instead of hanging.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any

MISBEHAVIOUR = (Exception, SystemExit)
"""What a plug-in may raise without taking anybody along. An interrupt from the keyboard still ends the program."""


class Stuck(Exception):  # noqa: N818 - a state of affairs, handled by the caller as one
    """Too many earlier calls never came back."""


class Overdue(Exception):  # noqa: N818
    """The call didn't come back in time."""


class _Worker(threading.Thread):
    """One thread with an event loop of its own; runs one job at a time until told to stop."""

    def __init__(self) -> None:
        super().__init__(name="waglan-apart", daemon=True)
        self.jobs: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = queue.SimpleQueue()
        self.start()

    def run(self) -> None:
        loop = asyncio.new_event_loop()
        while (job := self.jobs.get()) is not None:
            call, future = job
            try:
                answer = call()
                if isinstance(answer, Awaitable):
                    answer = loop.run_until_complete(_wait(answer))
            except BaseException as error:  # a plug-in's SystemExit must not take the worker along
                future.set_exception(error if isinstance(error, Exception) else RuntimeError(repr(error)))
            else:
                future.set_result(answer)
        loop.close()


async def _wait(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


class Apart:
    """A pool of such threads.

    Parameters
    ----------
    limit
        So many calls may be left behind before new ones are refused.
    """

    def __init__(self, limit: int = 32) -> None:
        self._idle: list[_Worker] = []
        self._limit = limit
        self._lock = threading.Lock()
        self._behind = 0

    @property
    def left_behind(self) -> int:
        """How many calls have outlived their deadline and not come back."""
        return self._behind

    async def run(self, call: Callable[[], Any], deadline_s: float) -> Any:
        """The call's answer (awaited, when it is awaitable).

        Raises
        ------
        Overdue
            After ``deadline_s`` seconds.
        Stuck
            At once, when too many calls are left behind.
        Exception
            Whatever the call raised.
        """
        with self._lock:
            if self._behind >= self._limit:
                raise Stuck(f"{self._behind} earlier calls never came back")
            worker = self._idle.pop() if self._idle else _Worker()
        future: Future[Any] = Future()
        worker.jobs.put((call, future))
        try:
            answer = await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), deadline_s)
        except TimeoutError:
            if not future.done():
                self._leave(worker, future)
                raise Overdue(f"no answer within {deadline_s:g} s") from None
            self._give_back(worker)
            raise
        except asyncio.CancelledError:
            self._leave(worker, future)
            raise
        except Exception:
            self._give_back(worker)
            raise
        self._give_back(worker)
        return answer

    def _give_back(self, worker: _Worker) -> None:
        with self._lock:
            self._idle.append(worker)

    def _leave(self, worker: _Worker, future: Future[Any]) -> None:
        with self._lock:
            self._behind += 1
        worker.jobs.put(None)
        future.add_done_callback(self._came_back)

    def _came_back(self, _: Future[Any]) -> None:
        with self._lock:
            self._behind -= 1

    def close(self) -> None:
        """Let the idle threads end."""
        with self._lock:
            for worker in self._idle:
                worker.jobs.put(None)
            self._idle.clear()
