"""Several workers at one queue: one of two wins, and one that is killed harms nobody else's work."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.conftest import ROOT
from tests.review.parts import create, person
from waglan.index import Index
from waglan.review import Desk, Judgement, Queue, ReviewSection, State
from waglan.runtime import Ask, Workspace


def worker(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    made = subprocess.Popen(
        [sys.executable, "-m", "tests.review.worker", str(folder), *arguments],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert made.stdout is not None and made.stdout.readline() == "ready\n"
    return made


def filled(folder: Path, count: int, tier: str = "low") -> tuple[Workspace, list[str]]:
    workspace = create(folder, tier)
    rows = [{"days": 3, "doubt": True, "customer": f"C-{at}"} for at in range(count)]
    replies = workspace.runtime.decide_many("triage", rows, Ask())
    return workspace, [reply.decision.id for reply in replies]  # type: ignore[union-attr]


def leaves(workspace: Workspace) -> list[dict[str, object]]:
    return [dict(workspace.ledger.leaf(at)) for at in range(workspace.ledger.head().size)]


def test_of_two_processes_that_judge_a_case_exactly_one_does(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    workspace, ids = filled(folder, 6)
    with workspace, Index.open(folder / "index.db", workspace.ledger, (Queue.of(workspace),)) as index:
        desk = Desk.open(workspace, index, settings=ReviewSection())
        for each in ids:
            desk.take(person("rita", "reviewer"), each)
        both = [worker(folder, "rita", "same", *ids) for _ in range(2)]
        said: list[Counter[str]] = []
        for _ in ids:
            for each in both:
                assert each.stdin is not None
                each.stdin.write("go\n")
                each.stdin.flush()
            said.append(Counter(each.stdout.readline().strip() for each in both))  # type: ignore[union-attr]
        for each in both:
            each.communicate(timeout=30)
        assert all(found["won"] == 1 and found["review.state"] == 1 for found in said), said
        kinds = Counter((leaf["kind"], tuple(leaf.get("refs", ()))[:1]) for leaf in leaves(workspace))  # type: ignore[arg-type]
        assert all(kinds["review", (each,)] == kinds["release", (each,)] == 1 for each in ids)


def test_a_reviewer_goes_on_while_another_worker_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    workspace, ids = filled(folder, 40)
    with workspace, Index.open(folder / "index.db", workspace.ledger, (Queue.of(workspace),)) as index:
        desk = Desk.open(workspace, index, settings=ReviewSection())
        mine = person("sam", "reviewer")
        done, told = 0, []
        for round_number in range(2):
            other = worker(folder, f"rita{round_number}", "on")
            for _ in range(4):
                item = desk.next(mine)
                if item is not None:
                    shown = desk.show(mine, item.id).sha256
                    desk.judge(mine, item.id, Judgement(verdict="agree"), shown=shown)
                    done += 1
            other.send_signal(signal.SIGKILL)
            told += [line.strip() for line in (other.communicate(timeout=30)[0] or "").splitlines()]
        index.follow()
        found = leaves(workspace)
        reviews = Counter(str(leaf["refs"][0]) for leaf in found if leaf["kind"] == "review")  # type: ignore[index]
        releases = Counter(str(leaf["refs"][0]) for leaf in found if leaf["kind"] == "release")  # type: ignore[index]
        assert reviews == releases and set(reviews.values()) == {1}, "a verdict and its release are one commit"
        assert done == 8 and len(reviews) >= done + len(told) and set(told) <= set(reviews)
        waiting = [item for item in (desk.item(mine, each) for each in ids) if item.state is not State.RELEASED]
        assert len(waiting) == len(ids) - len(reviews)
        assert all(item.state in (State.OPEN, State.LEASED) for item in waiting)
        assert sum(item.state is State.LEASED for item in waiting) <= 2  # what the killed had in hand, until it ends
