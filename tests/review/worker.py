"""A reviewer in a process of their own: judges what there is until told to stop, or until killed."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.review.parts import person
from waglan.core import Problem
from waglan.index import Index
from waglan.review import Desk, Judgement, Queue, ReviewSection
from waglan.runtime import Workspace


def main() -> None:
    folder, name, mode = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    who = person(name, "reviewer")
    with (
        Workspace.open(folder) as workspace,
        Index.open(folder / "index.db", workspace.ledger, (Queue.of(workspace),)) as index,
    ):
        desk = Desk.open(workspace, index, settings=ReviewSection())
        if mode == "same":
            same(desk, who, sys.argv[4:])
        else:
            on(desk, who)


def same(desk: Desk, who: object, items: list[str]) -> None:
    """Judge given cases that somebody took for this person already, each at a word from outside."""
    shown = {item: desk.show(who, item).sha256 for item in items}  # type: ignore[arg-type]
    print("ready", flush=True)
    for item in items:
        sys.stdin.readline()
        try:
            desk.judge(who, item, Judgement(verdict="agree"), shown=shown[item])  # type: ignore[arg-type]
            print("won", flush=True)
        except Problem as problem:
            print(problem.code, flush=True)


def on(desk: Desk, who: object) -> None:
    """Judge one case after the other."""
    print("ready", flush=True)
    while item := desk.next(who):  # type: ignore[arg-type]
        shown = desk.show(who, item.id).sha256  # type: ignore[arg-type]
        desk.judge(who, item.id, Judgement(verdict="agree"), shown=shown)  # type: ignore[arg-type]
        print(item.id, flush=True)


if __name__ == "__main__":
    main()
