"""Cases that come at the same moment are decided in one go: one pass of each control, one commit, one wake-up.

A server with many callers spends most of a decision on what surrounds it. Callers of one event loop whose cases are
ready in the same turn of that loop therefore share a company; a single caller is a company of one. Only for use cases
that promise bounded work without I/O, so that nobody waits for somebody else's slow model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from waglan.core.problem import Problem
from waglan.runtime.ask import Question, Reply
from waglan.runtime.judge import Judge

COMPANY = 64
"""So many cases are decided before the loop may do something else."""


class _Waiting(NamedTuple):
    question: Question
    answer: asyncio.Future[Reply]


class Together:
    """Brings cases together.

    Parameters
    ----------
    decide
        Decides and records cases of one use case; one Reply or Problem for each.
    """

    def __init__(self, decide: Callable[[Judge, Sequence[Question]], Awaitable[Sequence[Reply | Problem]]]) -> None:
        self._decide = decide
        self._waiting: dict[tuple[asyncio.AbstractEventLoop, Judge], list[_Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, judge: Judge, question: Question) -> Reply:
        """The reply to one case; raises its Problem."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Reply] = loop.create_future()
        key = (loop, judge)
        company = self._waiting.get(key)
        if company is None:
            company = self._waiting[key] = []
            loop.call_soon(self._leave, key)
        company.append(_Waiting(question, answer))
        return await answer

    def _leave(self, key: tuple[asyncio.AbstractEventLoop, Judge]) -> None:
        loop, judge = key
        waiting = self._waiting.pop(key)
        for start in range(0, len(waiting), COMPANY):
            task = loop.create_task(self._serve(judge, waiting[start : start + COMPANY]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, judge: Judge, company: Sequence[_Waiting]) -> None:
        try:
            replies = await self._decide(judge, [each.question for each in company])
        except BaseException as error:
            for each in company:
                if not each.answer.done():
                    each.answer.set_exception(error.again() if isinstance(error, Problem) else error)
            if not isinstance(error, Exception):
                raise
            return
        for each, reply in zip(company, replies, strict=True):
            if each.answer.done():  # its caller gave up; the decision is on the log all the same
                continue
            if isinstance(reply, Problem):
                each.answer.set_exception(reply)
            else:
                each.answer.set_result(reply)
