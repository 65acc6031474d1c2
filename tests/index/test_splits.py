"""However the log is taken in - whole, in pieces, by several processes, after a kill - the tables are the same."""

from __future__ import annotations

import itertools
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import postgres
from tests.conftest import ROOT
from tests.index.scene import HOUR_MS, START_MS, Bank
from tests.index.test_pages import drawn
from waglan.core.events import Erasure, ModelRegistration, OptOut, OutcomeLabel, Override, Release, Review
from waglan.index import Decisions, Index
from waglan.index import index as following


def fill(bank: Bank, count: int) -> None:
    """Decisions and events that speak of them, of others and of nothing, in one order."""
    rng = random.Random(3)
    known: list[str] = []
    for _ in range(count // 10):
        made = [drawn(rng) for _ in range(7)]
        known += bank.add(*made, who=rng.choice(("", "Ada", "Bo")), at=START_MS + rng.randrange(90) * HOUR_MS)
        first, second = rng.choice(known), rng.choice(known)
        review = bank.add(Review(verdict="agree"), refs=(first,), actor="p-1")[0]
        bank.add(Release(outcome="as_decided"), refs=(first, review), actor="p-2")
        other = rng.choice(
            (Override(reason="policy"), OutcomeLabel(label="repaid", label_at=1), OptOut(),
             ModelRegistration(id="m.one", version="1", digest="aa"), Erasure(basis="request", erased_kid="K1"))
        )  # fmt: skip
        bank.add(other, refs=(second, second), who="Ada")


def dumped(path: Path) -> list[str]:
    """Everything in the file but where the projections stand."""
    with closing(sqlite3.connect(path)) as connection:
        return sorted(line for line in connection.iterdump() if '"projection"' not in line and '"owned"' not in line)


def built(bank: Bank, path: Path, *steps: int) -> list[str]:
    """The tables after following in such steps, the file closed and opened between them, then to the head."""
    for step in steps:
        with Index.open(path, bank.ledger, (Decisions(),)) as index:
            index.follow(step)
    with Index.open(path, bank.ledger, (Decisions(),)) as index:
        assert index.follow() == 0 and index.check() == ""
    return dumped(path)


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    made = Bank(tmp_path_factory.mktemp("splits"))
    fill(made, 300)
    yield made
    made.close()


@pytest.fixture(scope="module")
def whole(bank):
    found = built(bank, bank.folder / "whole.db")
    assert sum("INSERT INTO" in line for line in found) > 1_000
    return found


_numbers = itertools.count()


@given(steps=st.lists(st.integers(1, 120), max_size=8), batch=st.integers(1, 200))
@settings(max_examples=25)
def test_any_split_gives_the_tables_of_one_rebuild(bank, whole, steps, batch):
    patch = pytest.MonkeyPatch()
    patch.setattr(following, "BATCH", batch)
    try:
        assert built(bank, bank.folder / f"split-{next(_numbers)}.db", *steps) == whole
    finally:
        patch.undo()


FOLLOWER = """
import sys
from pathlib import Path
from tests.index.scene import Bank
from waglan.index import Decisions, Index, index as module
module.BATCH, module.STRETCH_S = 7, 0.0
bank = Bank(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
with Index.open(Path(sys.argv[2]), bank.ledger, (Decisions(),)) as index:
    print(index.follow(), flush=True)
bank.close()
"""


def test_two_processes_one_of_them_killed(bank, whole):
    path = bank.folder / "both.db"
    command = [sys.executable, "-c", FOLLOWER, str(bank.folder), str(path)]
    both = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    with Index.open(path, bank.ledger, (Decisions(),)) as index:
        size = bank.ledger.head().size
        while index.missing() == size:
            pass
        both[0].send_signal(signal.SIGKILL)
        assert both[1].communicate()[0] == "0\n"
        both[0].communicate()
        assert index.missing() == 0
    assert dumped(path) == whole


def test_the_same_from_a_log_in_postgresql(tmp_path):
    from waglan.ledger.postgres import PostgresStore

    with postgres.server() as server:
        store = PostgresStore(server.database(), tenant="t", log="test/decisions")
        bank = Bank(tmp_path, store)
        fill(bank, 100)
        first = built(bank, tmp_path / "one.db", 13, 40)
        assert first == built(bank, tmp_path / "two.db")
        bank.add(drawn(random.Random(1)))
        with Index.open(tmp_path / "one.db", bank.ledger, (Decisions(),)) as index:
            assert index.missing() == 1 and index.follow() == 0
        bank.close()
