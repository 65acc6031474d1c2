"""Several cases at once: in order, each answered by a reply or a Problem."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from waglan.api import problems
from waglan.api.respond import encode
from waglan.core import Problem
from waglan.runtime import Ask, Reply, Workspace


async def decide_rows(
    workspace: Workspace, use_case: str, rows: list[tuple[int, Any]], ask: Ask, noun: str
) -> list[Reply | Problem]:
    """Decide numbered rows in one go, apart from the event loop.

    Parameters
    ----------
    rows
        Number and JSON value, or the Problem that stands in its place.
    ask
        How they came; a ``source_seq`` is the first case's, the others count on.
    noun
        What a number counts, for the ``where`` of Problems: ``item 3``, ``line 17, field age``.
    """
    results: list[Reply | Problem | None] = []
    good: list[int] = []
    for at, (_, value) in enumerate(rows):
        wrong = _unusable(value)
        results.append(wrong)
        if wrong is None:
            good.append(at)
    if good:
        cases = [rows[at][1] for at in good]
        asks = None
        if ask.source_seq is not None:
            asks = [msgspec.structs.replace(ask, source_seq=ask.source_seq + at) for at in good]
        decided = await asyncio.to_thread(workspace.runtime.decide_many, use_case, cases, ask, asks=asks)
        for at, result in zip(good, decided, strict=True):
            results[at] = result
    return [
        placed(result, f"{noun} {number}") if isinstance(result, Problem) else result
        for (number, _), result in zip(rows, results, strict=True)
        if result is not None
    ]


def _unusable(value: Any) -> Problem | None:
    if isinstance(value, Problem):
        return value
    return None if type(value) is dict else problems.shape(kind(value))


def rendered(result: Reply | Problem) -> bytes:
    """A reply or a Problem as one line of JSON."""
    return problems.body(result) if isinstance(result, Problem) else encode(result.body())


def placed(problem: Problem, place: str) -> Problem:
    """The same Problem, saying which of several cases it is about."""
    where = f"{place}, {problem.where}" if problem.where else place
    return Problem(problem.what, problem.why, problem.next, code=problem.code, where=where,
                   status=problem.status, errors=problem.errors)  # fmt: skip


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    return {bool: "true or false", int: "a number", float: "a number", str: "text", list: "an array"}[type(value)]
