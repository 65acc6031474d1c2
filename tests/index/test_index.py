"""Following: whole, in pieces, by several, over a rollback, another log, a damaged file."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest

from tests.conftest import ROOT
from tests.index.scene import Bank, Kinds, decision, seen
from waglan.core.events import OptOut
from waglan.core.problem import Problem
from waglan.index import Index


@pytest.fixture
def bank(tmp_path):
    made = Bank(tmp_path / "bank")
    yield made
    made.close()


def opened(bank, *projections):
    return Index.open(bank.folder / "index.db", bank.ledger, projections or (Kinds(),))


def test_follows_to_the_head_and_says_what_is_missing(bank):
    bank.add(decision(), OptOut(), decision())
    with opened(bank) as index:
        assert index.missing() == 3
        assert index.follow(2) == 1
        assert index.follow() == 0
        assert seen(index) == [(0, "decision"), (1, "opt_out"), (2, "decision")]
        assert index.check() == ""
        bank.add(decision())
        assert index.missing() == 1 and index.follow(0) == 1 and index.follow() == 0
        assert len(seen(index)) == 4


def test_the_file_is_private_and_opened_again_where_it_was(bank):
    bank.add(decision())
    with opened(bank) as index:
        index.follow()
    with opened(bank) as index:
        assert index.missing() == 0 and len(seen(index)) == 1
    assert (bank.folder / "index.db").stat().st_mode & 0o777 == 0o600


def test_writing_starts_at_the_head_and_takes_in_what_it_submits(bank):
    bank.add(decision())
    with opened(bank) as index:
        with index.writing() as connection:
            assert connection.execute("SELECT count(*) FROM kinds_seen").fetchone() == (1,)
            bank.add(OptOut())
            index.take(connection)
            assert connection.execute("SELECT count(*) FROM kinds_seen").fetchone() == (2,)
            bank.add(OptOut())
        assert len(seen(index)) == 3


def test_a_block_that_raises_leaves_the_tables_and_the_next_follow_heals(bank):
    with opened(bank) as index:
        with pytest.raises(KeyError), index.writing():
            bank.add(OptOut())
            raise KeyError
        assert seen(index) == [] and index.missing() == 1
        index.follow()
        assert len(seen(index)) == 1


def test_another_version_or_other_statements_make_only_those_tables_anew(bank):
    bank.add(decision(), decision())
    with opened(bank, Kinds("a"), Kinds("b")) as index:
        index.follow()
    with opened(bank, Kinds("a"), Kinds("b", 2)) as index:
        assert len(seen(index, "a")) == 2 and seen(index, "b") == [] and index.missing() == 2
        index.follow()
        assert len(seen(index, "a")) == len(seen(index, "b")) == 2
    with pytest.raises(Problem, match="newer") as refused:
        opened(bank, Kinds("b", 1))
    assert refused.value.code == "index.newer"


def test_who_knows_fewer_projections_leaves_the_others_theirs(bank):
    bank.add(decision())
    with opened(bank, Kinds("a"), Kinds("b")) as both, opened(bank, Kinds("a")) as one:
        one.follow()
        assert one.missing() == 0 and both.missing() == 1 and len(seen(both, "a")) == 1
        bank.add(OptOut())
        assert both.follow() == 0 and seen(both, "a") == seen(both, "b") and one.missing() == 0


def test_a_rollback_and_a_log_that_grew_again_differently_are_noticed(bank, tmp_path):
    bank.add(decision(), decision())
    bank.close()
    shutil.copytree(bank.folder, tmp_path / "older")
    again = Bank(bank.folder)
    again.add(OptOut(), OptOut())
    with opened(again) as index:
        index.follow()
    again.close()
    for name in ("index.db", "index.db.lock"):
        shutil.copy(bank.folder / name, tmp_path / "older" / name)
    older = Bank(tmp_path / "older")
    with opened(older) as index:
        assert index.missing() == 2
        assert index.follow() == 0 and [k for _, k in seen(index)] == ["decision"] * 2
    for name in ("index.db", "index.db.lock"):
        shutil.copy(bank.folder / name, tmp_path / "older" / name)
    older.add(decision(), decision(), decision())
    with opened(older) as index:
        assert index.follow() == 0 and [k for _, k in seen(index)] == ["decision"] * 5
    older.close()


def test_a_log_of_another_name_is_another_log(bank, tmp_path):
    bank.add(decision())
    with opened(bank) as index:
        index.follow()
    other = Bank(tmp_path / "other", log="test/others")
    other.add(OptOut())
    shutil.copy(bank.folder / "index.db", tmp_path / "other" / "index.db")
    with opened(other) as index:
        assert seen(index) == [] and index.follow() == 0 and seen(index) == [(0, "opt_out")]
    other.close()


def test_entries_that_do_not_make_the_head_are_refused(bank, monkeypatch):
    bank.add(decision(), OptOut())
    with opened(bank) as index:
        rows = list(bank.ledger.rows(0, 2))
        swapped = [(0, rows[1][1]), (1, rows[0][1])]
        monkeypatch.setattr(bank.ledger, "rows", lambda start, stop: iter(swapped[start:stop]))
        with pytest.raises(Problem) as refused:
            index.follow()
        assert refused.value.code == "ledger.inconsistent" and seen(index) == []


@pytest.mark.parametrize("how", ["header", "gone", "middle", "while open"])
def test_a_damaged_or_missing_file_is_made_anew(bank, how):
    bank.add(*[decision() for _ in range(300)])
    path = bank.folder / "index.db"
    with opened(bank) as index:
        index.follow()
        if how == "while open":
            path.unlink()
            assert index.follow() == 0 and len(seen(index)) == 300
            return
    if how == "gone":
        path.unlink()
    else:
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.seek(0 if how == "header" else size // 2)
            file.write(os.urandom(100 if how == "header" else size - size // 2))
    with opened(bank) as index:
        assert (index.check() == "") is (how != "middle")
        assert index.follow() == 0 and len(seen(index)) == 300 and index.check() == ""


def test_damage_found_while_reading_is_told_and_healed(bank):
    bank.add(*[decision() for _ in range(300)])
    path = bank.folder / "index.db"
    with opened(bank) as index:
        index.follow()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(os.urandom(path.stat().st_size // 2))
    with opened(bank) as index:
        with pytest.raises(Problem) as damaged:
            seen(index)
        assert damaged.value.code == "index.damaged" and damaged.value.status == 503
        assert index.follow() == 0 and len(seen(index)) == 300


def test_the_others_let_go_of_a_damaged_file(bank):
    bank.add(*[decision() for _ in range(50)])
    with opened(bank) as one, opened(bank) as other:
        one.follow()
        assert len(seen(other)) == 50
        (bank.folder / "index.db.damaged").touch()
        failed = []

        def work(index):
            try:
                for _ in range(20):
                    index.follow()
                    seen(index)
            except Problem as problem:
                failed.append(problem)

        threads = [threading.Thread(target=work, args=(each,)) for each in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed and len(seen(one)) == len(seen(other)) == 50


def test_threads_share_it_and_readers_do_not_wait_for_a_writer(bank):
    bank.add(*[decision() for _ in range(20)])
    with opened(bank) as index:
        index.follow()
        with index.writing():
            bank.add(OptOut())
            assert len(seen(index)) == 20
            assert index.missing() == 1
            busy = []
            other = threading.Thread(target=lambda: busy.append(index.follow(10)))
            other.start()
            other.join(5)
            assert busy == [1]
        assert len(seen(index)) == 21


FOLLOWER = """
import sys
from pathlib import Path
from tests.index.scene import Bank, Kinds
from waglan.index import Index, index as module
module.BATCH = 50
module.STRETCH_S = 0.0
bank = Bank(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
with Index.open(bank.folder / "index.db", bank.ledger, (Kinds(),)) as index:
    print(index.follow())
bank.close()
"""


def started(bank):
    process = subprocess.Popen(
        [sys.executable, "-c", FOLLOWER, str(bank.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_at_once_and_one_of_them_killed(bank):
    bank.add(*[decision() for _ in range(4_000)])
    wanted = [(at, "decision") for at in range(4_000)]
    both = [started(bank), started(bank)]
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    with opened(bank) as index:
        while index.missing() > 3_500:
            pass
        both[0].send_signal(signal.SIGKILL)
        partly = seen(index)
        assert partly == wanted[: len(partly)]
        assert both[1].communicate()[0] == "0\n"
        both[0].wait()
        both[0].stdin.close()
        both[0].stdout.close()
        assert index.follow() == 0 and seen(index) == wanted and index.check() == ""


def test_a_refusal_of_the_storage_is_a_problem(bank, monkeypatch):
    bank.add(decision())
    with opened(bank) as index:
        locked = sqlite3.connect(bank.folder / "index.db", isolation_level=None)
        locked.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(index._file, "_wait_s", 0.05)
        with pytest.raises(Problem) as refused:
            index.follow()
        assert refused.value.code == "index.unavailable" and refused.value.status == 503
        locked.close()
        assert index.follow() == 0
