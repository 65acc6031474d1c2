"""SQLite under the conformance suite, and what only a file can suffer."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waglan.core.ids import Ids
from waglan.core.problem import Problem
from waglan.disk.wal import enter
from waglan.ledger import chunk, soundness
from waglan.ledger.sqlite import SqliteStore
from waglan.ledger.store import Batch, Head, Row, join_peaks, split_peaks
from waglan.ledger.wal import Checkpointer
from waglan.testing import store as suite


@pytest.mark.parametrize("check", suite.CHECKS, ids=lambda check: check.__name__)
def test_conformance(check: suite.Check, tmp_path: Path) -> None:
    check(partial(SqliteStore, tmp_path / "ledger.db"))


def test_the_whole_suite_runs_in_one_call(tmp_path: Path) -> None:
    made = []

    def fresh() -> suite.Opener:
        made.append(tmp_path / f"{len(made)}.db")
        return partial(SqliteStore, made[-1])

    suite.check_store(fresh)
    assert len(made) == len(suite.CHECKS)


def filled(path: Path, *counts: int) -> SqliteStore:
    store, ids = SqliteStore(path), Ids()
    for count in counts:
        suite.append(store, suite.make_rows(count, ids))
    return store


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE chunk SET leaves = x'00' || substr(leaves, 2) WHERE first = (SELECT max(first) FROM chunk)",
        "UPDATE edge SET hashes = x'00' || substr(hashes, 2) WHERE level = 0",
        "UPDATE edge SET hashes = substr(hashes, 33) WHERE level = 0",
        "UPDATE tile SET data = x'00' || substr(data, 2) WHERE idx = 1",
        "DELETE FROM tile WHERE idx = 1",
        "UPDATE edge SET hashes = hashes || hashes WHERE level = 1",
        "UPDATE head SET note = replace(note, char(10) || '571' || char(10), char(10) || '570' || char(10))",
        "UPDATE head SET peaks = x'00' || substr(peaks, 2)",
        "UPDATE head SET size = size - 1",
        "DELETE FROM chunk WHERE first = (SELECT max(first) FROM chunk)",
    ],
)
def test_damage_at_the_right_edge_is_found(tmp_path: Path, damage: str) -> None:
    filled(tmp_path / "ledger.db", 300, 241, 30).close()
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        assert connection.execute(damage).rowcount == 1
    connection.close()
    store = SqliteStore(tmp_path / "ledger.db")
    with pytest.raises(Problem) as told:
        soundness.check_head(store, store.head())
    assert told.value.code in (soundness.INCONSISTENT, "ledger.unavailable")
    store.close()


def test_a_removed_chunk_in_the_middle_is_told_when_read(tmp_path: Path) -> None:
    filled(tmp_path / "ledger.db", 10, 10, 10).close()
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        connection.execute("DELETE FROM chunk WHERE first = 10")
    connection.close()
    store = SqliteStore(tmp_path / "ledger.db")
    with pytest.raises(Problem, match="Entry 10 is missing"):
        list(store.rows(0, 30))
    store.close()


def test_a_tile_that_its_own_level_above_contradicts_is_found(tmp_path: Path) -> None:
    filled(tmp_path / "ledger.db", 300, 241, 30).close()
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        other = b"".join(os.urandom(32) for _ in range(256))
        assert connection.execute("UPDATE tile SET data = ? WHERE level = 0 AND idx = 1", (other,)).rowcount == 1
    connection.close()
    store = SqliteStore(tmp_path / "ledger.db")
    with pytest.raises(Problem, match="isn't what level 1 was made from") as told:
        soundness.check_head(store, store.head())
    assert told.value.code == soundness.INCONSISTENT
    store.close()


def test_a_kept_checkpoint_whose_tiles_are_gone_is_told(tmp_path: Path) -> None:
    store = filled(tmp_path / "ledger.db", 300)
    kept = store.head().note
    suite.append(store, suite.make_rows(300, Ids()))
    soundness.check_kept(store, store.head(), kept, suite.ORIGIN)
    store.close()
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        assert connection.execute("DELETE FROM tile WHERE idx = 1").rowcount == 1
    connection.close()
    with pytest.raises(Problem) as told:
        soundness.check_kept(store, store.head(), kept, suite.ORIGIN)
    assert told.value.code == soundness.INCONSISTENT and "tile" in told.value.why
    store.close()


def test_a_newer_kept_checkpoint_is_not_replaced_by_an_older(tmp_path: Path) -> None:
    store, path = filled(tmp_path / "ledger.db", 3), tmp_path / "kept"
    older = store.head().note
    suite.append(store, suite.make_rows(1, Ids()))
    newer = store.head().note
    store.close()
    for text in (newer, older, ""):
        soundness.write_kept(path, text)
        assert soundness.read_kept(path) == newer


def test_a_database_that_no_disk_holds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Problem, match="local disk") as told:
        SqliteStore(Path(":memory:")).head()
    assert "'memory'" in told.value.why


def test_a_folder_that_is_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    store = SqliteStore(tmp_path / "file" / "ledger.db")
    for use in (store.head, lambda: suite.append(store, suite.make_rows(1, Ids()))):
        with pytest.raises(Problem) as told:
            use()
        assert told.value.code == "ledger.unavailable" and "can't be opened" in told.value.what


def test_a_file_that_was_deleted_is_noticed(tmp_path: Path) -> None:
    store = filled(tmp_path / "ledger.db", 5)
    assert store.head().size == 5
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"ledger.db{suffix}").unlink()
    assert store.head().size == 0
    store.close()


def test_after_a_failure_nothing_goes_on_until_what_is_visible_is_on_the_disk(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "ledger.db", busy_s=0.05)
    suite.append(store, suite.make_rows(1, Ids()))
    holder = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    for _ in range(2):  # the second has the first one's doubt to settle, which the holder keeps it from
        with pytest.raises(Problem, match="locked"):
            suite.append(store, suite.make_rows(1, Ids()))
    holder.execute("ROLLBACK")
    holder.close()
    assert suite.append(store, suite.make_rows(1, Ids())) == 1
    store.close()


def test_a_connection_that_cannot_roll_back_is_given_up(tmp_path: Path) -> None:
    store = filled(tmp_path / "ledger.db", 2)

    def fails(head: Head) -> Batch:
        assert store._writer is not None
        store._writer.close()
        raise ValueError("no batch")

    with pytest.raises(ValueError, match="no batch"):
        store.commit(fails)
    assert suite.append(store, suite.make_rows(1, Ids())) == 2
    store.close()


def test_a_reader_that_stays_keeps_the_write_ahead_log_and_nobody_else(tmp_path: Path) -> None:
    path, ids = tmp_path / "ledger.db", Ids()
    store = SqliteStore(path, soft_bytes=1 << 16, hard_bytes=1 << 18)
    suite.append(store, suite.make_rows(1, ids))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT size FROM head").fetchone()
    for number in range(20):
        assert suite.append(store, suite.make_rows(256, ids)) == 1 + 256 * number
    assert path.with_name("ledger.db-wal").stat().st_size > 1 << 18
    reader.execute("COMMIT")
    reader.close()
    suite.append(store, suite.make_rows(1, ids))
    assert store.head().size == 2 + 256 * 20
    store.close()


def test_a_checkpoint_that_cannot_connect_is_told_and_tried_again(tmp_path: Path) -> None:
    path, refused, broken = tmp_path / "a.db", [1, 2], [1]

    def connect() -> sqlite3.Connection:
        if refused:
            raise sqlite3.OperationalError(f"refused, {refused.pop()} left")
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        if broken:
            broken.pop()
            connection.close()  # it fails at its first use
        return connection

    checkpointer = Checkpointer(connect, soft_bytes=1, hard_bytes=1 << 20)
    checkpointer.wrote(10)
    until = time.monotonic() + 10
    seen = set()
    while (refused or broken or checkpointer.failed) and time.monotonic() < until:
        seen.add(checkpointer.failed)
        time.sleep(0.01)
    assert not refused and not checkpointer.failed and any("closed database" in each for each in seen)
    checkpointer.close()


def test_the_file_is_ours_alone_and_durable(tmp_path: Path) -> None:
    store = filled(tmp_path / "ledger.db", 1)
    assert (tmp_path / "ledger.db").stat().st_mode & 0o777 == 0o600
    assert store._writer is not None
    assert store._writer.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert store._writer.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    store.close()


def test_a_file_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    filled(tmp_path / "ledger.db", 1).close()
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(Problem, match="newer Waglan"):
        SqliteStore(tmp_path / "ledger.db").head()


def test_something_else_in_place_of_the_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"not a database at all" * 500)
    with pytest.raises(Problem, match="damaged"):
        SqliteStore(tmp_path / "ledger.db").head()


def test_another_file_put_in_its_place_is_noticed(tmp_path: Path) -> None:
    store = filled(tmp_path / "ledger.db", 5)
    filled(tmp_path / "other.db", 2).close()
    store.head()
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"ledger.db{suffix}").unlink()
    (tmp_path / "other.db").replace(tmp_path / "ledger.db")
    assert store.head().size == 2
    assert suite.append(store, suite.make_rows(1, Ids())) == 2
    store.close()


def test_a_held_lock_is_told_after_the_time_given(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "ledger.db", busy_s=0.1)
    suite.append(store, suite.make_rows(1, Ids()))
    holder = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(Problem, match="locked"):
        suite.append(store, suite.make_rows(1, Ids()))
    assert store.head().size == 1
    holder.execute("ROLLBACK")
    holder.close()
    assert suite.append(store, suite.make_rows(1, Ids())) == 1
    store.close()


def test_the_write_ahead_log_is_emptied_and_used_again(tmp_path: Path) -> None:
    path, ids = tmp_path / "ledger.db", Ids()
    store = SqliteStore(path, soft_bytes=1 << 19, hard_bytes=2 << 20)
    for _ in range(60):
        suite.append(store, suite.make_rows(256, ids, leaf_bytes=500, sealed_bytes=500))
    assert path.with_name("ledger.db-wal").stat().st_size < 6 << 20
    assert path.stat().st_size > 8 << 20
    soundness.check_head(store, store.head())
    store.close()
    assert not path.with_name("ledger.db-wal").exists()


def test_memory_stays_bounded_however_many_rows_are_read(tmp_path: Path) -> None:
    filled(tmp_path / "ledger.db", *[5000] * 8).close()
    script = (
        "import sys, resource, tracemalloc; from pathlib import Path; from waglan.ledger.sqlite import SqliteStore\n"
        "s = SqliteStore(Path(sys.argv[1])); tracemalloc.start()\n"
        "n = sum(1 for _ in s.rows(0, 40_000)); print(n, tracemalloc.get_traced_memory()[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "ledger.db")], capture_output=True, text=True, check=True
    )
    count, peak = map(int, done.stdout.split())
    assert count == 40_000
    assert peak < 12 << 20


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 1 << 40),
    st.lists(st.tuples(st.binary(max_size=40), st.binary(max_size=40)), min_size=1, max_size=600),
    st.integers(0, 700),
    st.integers(0, 700),
)
def test_packing_is_undone_by_unpacking(first: int, contents: list[tuple[bytes, bytes]], skip: int, width: int) -> None:
    ids = Ids()
    rows = [Row(ids.new(at), *each) for at, each in enumerate(contents)]
    chunks = chunk.pack(first, rows)
    start, stop = first + skip, first + skip + width
    found = [pair for each in chunks for pair in chunk.unpack(each, start, stop)]
    assert found == list(enumerate(rows, first))[skip : skip + width]
    for each in chunks:
        assert len(each.ids) <= 26 * chunk.MAX_ROWS
        for at in range(0, len(each.ids), 26):
            entry_id = each.ids[at : at + 26]
            assert chunk.position(each.ids, entry_id) == at // 26
            assert chunk.prefix(entry_id) in chunk.prefixes(each)


def test_an_id_is_found_only_where_one_begins() -> None:
    ids = "0" * 13 + "1" * 13 + "1" * 13 + "2" * 13
    assert chunk.position(ids, "1" * 26) is None
    assert chunk.position(ids + "1" * 26, "1" * 26) == 2


def test_large_rows_are_packed_apart() -> None:
    rows = [Row(Ids().new(1), b"", bytes(chunk.MAX_BYTES - 1)) for _ in range(3)]
    assert [len(each.ids) for each in chunk.pack(0, rows)] == [26, 26, 26]


@given(st.integers(0, 1 << 50))
def test_peaks_come_back_from_what_a_store_keeps(size: int) -> None:
    peaks = tuple(os.urandom(32) if size >> level & 1 else b"" for level in range(size.bit_length()))
    assert split_peaks(size, join_peaks(peaks)) == peaks
    assert Head().peaks == split_peaks(0, b"")


def test_entering_write_ahead_mode_waits_for_who_is_in_the_way(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("CREATE TABLE t (a)")
    holder.execute("BEGIN EXCLUSIVE")
    comer = sqlite3.connect(path, timeout=0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        enter(comer, 0.02)
    threading.Timer(0.1, holder.rollback).start()
    assert enter(comer, 5.0) == "wal"
    comer.close()
    holder.close()
    (tmp_path / "no.db").write_bytes(b"this is no database, " * 50)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        enter(sqlite3.connect(tmp_path / "no.db"), 5.0)
