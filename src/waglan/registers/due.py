"""Which drills are due: as often as the tier in force asks, counted from the last one that passed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from waglan.core.events import Drill
from waglan.core.problem import Problem
from waglan.core.usecase import Tier, UseCase
from waglan.disk.held import held
from waglan.index.index import Index
from waglan.registers.book import Book, read_book
from waglan.registers.drilling import Plan, run_drill
from waglan.registers.standing import standing
from waglan.runtime.exercise import Exercised
from waglan.runtime.workspace import Workspace
from waglan.tiers import lattice

LOCK = "drill.lock"
AGAIN_MS = 86_400_000
"""After a drill that failed, the next one is due a day later."""
_DAY_MS = 86_400_000


class Due(NamedTuple):
    """A drill of a use case and when it is due, milliseconds since 1970 UTC.

    Attributes
    ----------
    tier
        In force; it says how often.
    last
        The newest drill of that kind, None when there was none.
    """

    use_case: str
    what: Exercised
    tier: Tier
    due_ms: int
    last: Drill | None


def schedule(book: Book, manifests: Mapping[str, UseCase]) -> tuple[Due, ...]:
    """Every drill that use cases here need, the most urgent first.

    Parameters
    ----------
    book
        The registers.
    manifests
        By name, of the use cases that are installed; those that never decided aren't drilled.
    """
    newest: dict[tuple[str, str], Drill] = {}
    for each in sorted((kept.facts for kept in book.drills), key=lambda drill: drill.ended_at):
        newest[each.use_case, each.what] = each
    found = []
    for use_case in book.use_cases:
        manifest = manifests.get(use_case.name)
        if manifest is None or use_case.name not in book.usage.use_cases:
            continue
        tier = standing(book, use_case).effective
        every_ms = lattice().terms[tier].drill_days * _DAY_MS
        for what in _kinds(manifest):
            last = newest.get((use_case.name, what))
            since = use_case.first.at_ms if last is None else last.ended_at
            wait_ms = every_ms if last is None or last.passed else min(AGAIN_MS, every_ms)
            found.append(Due(use_case.name, what, tier, since + wait_ms, last))
    return tuple(sorted(found, key=lambda each: (each.due_ms, each.use_case, each.what)))


def due(book: Book, manifests: Mapping[str, UseCase], now_ms: int) -> tuple[Due, ...]:
    """Those that should have run by now."""
    return tuple(each for each in schedule(book, manifests) if each.due_ms <= now_ms)


def manifests(workspace: Workspace) -> dict[str, UseCase]:
    """The manifests that decide here, by name."""
    found = {}
    for name in workspace.catalogue:
        try:
            found[name] = workspace.catalogue.get(name).manifest
        except Problem:  # in design or retired, or it can't be loaded, which doctor tells
            continue
    return found


def run_due(workspace: Workspace, index: Index, plan: Plan = Plan()) -> tuple[Drill, ...]:  # noqa: B008
    """Run the drills that are due, by themselves; one process of a machine at a time does, the others go on.

    ``plan`` says how; what and seed are each drill's own. A drill that can't be run is a Problem once the others ran.
    """
    done: list[Drill] = []
    failed: Problem | None = None
    with held(workspace.folder / LOCK) as mine:
        for each in _waiting(workspace, index) if mine else ():
            try:
                done.append(run_drill(workspace, None, each.use_case, plan._replace(what=each.what, seed=_seed(each))))
            except Problem as problem:  # the others are run all the same
                failed = failed or problem
    if failed is not None:
        raise failed
    return tuple(done)


def _waiting(workspace: Workspace, index: Index) -> tuple[Due, ...]:
    """What is due of the use cases that aren't suspended."""
    index.follow()
    now_ms = workspace.clock.now_ms()
    with index.reading() as connection:
        waiting = due(read_book(connection, now_ms), manifests(workspace), now_ms)
    return tuple(each for each in waiting if not workspace.registers.use_case_suspended(each.use_case))


def _kinds(manifest: UseCase) -> tuple[Exercised, ...]:
    return ("failover", "kill_switch") if manifest.models else ("kill_switch",)


def _seed(each: Due) -> int:
    """A seed of its own for every drill, the same whoever runs it."""
    text = f"{each.use_case} {each.what} {each.due_ms}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
