"""The writer: who hears what, when, and what the log holds afterwards."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests import postgres
from waglan.core import Entry, Ids, Problem, SystemClock
from waglan.ledger import merkle, note, soundness, writer
from waglan.ledger.assembly import StepDetector
from waglan.ledger.keys import Signer
from waglan.ledger.log import Ledger, Recorded
from waglan.ledger.postgres import PostgresStore
from waglan.ledger.queue import Queue, Ticket
from waglan.ledger.sqlite import SqliteStore
from waglan.ledger.store import Batch, Head, Store
from waglan.ledger.vault import Vault

IDS = Ids()


def entry(**changed: Any) -> Entry:
    now_ms = time.time_ns() // 1_000_000
    told: dict[str, Any] = {"id": IDS.new(now_ms), "kind": "decision", "at_ms": now_ms, "facts": {"a": 1}}
    return Entry(**{**told, **changed})


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.wall_ms = 1_800_000_000_000
        self.ns = 5_000_000_000

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_ns(self) -> int:
        return self.ns

    def wait(self, ms: int, wall_ms: int | None = None) -> None:
        self.ns += ms * 1_000_000
        self.wall_ms += ms if wall_ms is None else wall_ms


class Faulty:
    """A store that fails where it is told to, and else passes on."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.before: BaseException | None = None
        self.after: BaseException | None = None
        self.blind = False
        self.gate = threading.Event()
        self.gate.set()
        self.sizes: list[int] = []

    def commit(self, build: Callable[[Head], Batch]) -> Head:
        self.gate.wait(10)
        if self.before is not None:
            raise self.before

        def counted(head: Head) -> Batch:
            batch = build(head)
            self.sizes.append(len(batch.rows))
            return batch

        done = self.store.commit(counted)
        if self.after is not None:
            error, self.after, self.blind = self.after, None, True
            raise error
        return done

    def head(self) -> Head:
        if self.blind:
            raise Problem("gone", "gone", "wait", code="ledger.unavailable")
        return self.store.head()

    def __getattr__(self, name: str) -> Any:
        if name == "path":
            raise AttributeError(name)
        return getattr(self.store, name)


UNAVAILABLE = Problem("The ledger's test fails.", "It was told to.", "Tell it not to.", code="ledger.unavailable")
UNKNOWN = Problem("Who knows?", "Nobody.", "Wait.", code="ledger.unknown")


class Scene:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SystemClock()
        self.vault = Vault.open(folder / "vault.db", folder / "keys" / "tenant.key", clock=self.clock)
        self.signer = Signer.load_or_create(folder / "keys", "waglan.test/bank-a")
        self.opened: list[Ledger] = []

    def ledger(self, store: Any = None, **more: Any) -> Ledger:
        store = store or SqliteStore(self.folder / "ledger.db", busy_s=0.2)
        made = Ledger(store, self.vault, self.signer, **{"tenant": "bank-a", "source": "gw", **more})
        self.opened.append(made)
        return made

    def faulty(self, **more: Any) -> tuple[Ledger, Faulty]:
        store = Faulty(SqliteStore(self.folder / "ledger.db", busy_s=0.2))
        return self.ledger(store, **more), store


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    for each in made.opened:
        each.close()
    made.vault.close()


def eventually(holds: Callable[[], object], seconds: float = 5.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it didn't happen in time"
        time.sleep(0.002)


def audited(log: Ledger) -> dict[str, list[int]]:
    """Check root, signature, counters; returns the numbers per source."""
    head = log.head()
    rows = [row for _, row in log.rows(0, head.size)]
    frontier, _ = merkle.extend(merkle.Frontier(), [merkle.leaf_hash(row.leaf) for row in rows])
    checkpoint = note.check(head.note, log.signer.vkeys)
    assert (checkpoint.size, checkpoint.root) == (head.size, merkle.root(frontier))
    soundness.check_head(log.store, head)
    numbers: dict[str, list[int]] = {}
    for row in rows:
        leaf = msgspec.json.decode(row.leaf)
        numbers.setdefault(leaf["source"], []).append(leaf["n"])
    assert all(each == list(range(len(each))) for each in numbers.values())
    return numbers


def test_entries_are_numbered_signed_found_and_opened(scene: Scene) -> None:
    log = scene.ledger()
    person = scene.vault.subject("A123456(3)")
    entries = [entry(), entry(subject=person, private={"in": b'{"x":1}', "out": b"[2]"}), entry()]
    replies = log.submit(entries).result()
    assert replies == tuple(Recorded(index, each.id) for index, each in enumerate(entries))
    assert log.find(entries[2].id) == 2
    leaf = log.leaf(1)
    assert (leaf["n"], leaf["tenant"], leaf["source"]) == (1, "bank-a", log.source)
    assert log.opened(1) == {"in": b'{"x":1}', "out": b"[2]"}
    assert log.opened(0) == {}
    assert audited(log) == {log.source: [0, 1, 2]}
    with pytest.raises(Problem, match="no entry 3"):
        log.leaf(3)


def test_a_bad_entry_fails_its_own_submission_only(scene: Scene) -> None:
    log, store = scene.faulty()
    store.gate.clear()
    first = log.submit([entry()])
    good, bad, also = log.submit([entry()]), log.submit([entry(), entry(facts={"f": 0.5})]), log.submit([entry()])
    store.gate.set()
    assert first.result()[0].index == 0
    assert [good.result()[0].index, also.result()[0].index] == [1, 2]
    with pytest.raises(Problem) as told:
        bad.result()
    assert told.value.code == "leaf.value"
    assert audited(log) == {log.source: [0, 1, 2]}


class _Odd(msgspec.Struct):
    """Its encoding fails in a way that no Problem foresees."""

    a: Any


def test_an_entry_that_breaks_the_encoder_fails_alone(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    log = scene.ledger()
    monkeypatch.setattr("waglan.ledger.leaf._facts", lambda facts: 1 / 0 if isinstance(facts, _Odd) else facts)
    with pytest.raises(Problem, match="wasn't foreseen"):
        log.submit([entry(facts=_Odd(a=1))]).result(timeout=5)
    assert log.available
    assert log.submit([entry()]).result(timeout=5)[0].index == 0


def test_a_vault_that_refuses_is_told_and_nothing_is_written(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    log = scene.ledger()
    broken: list[BaseException] = [Problem("v", "v", "v", code="vault.unavailable"), OSError("no vault")]
    sealing = scene.vault.seal
    monkeypatch.setattr(scene.vault, "seal", lambda entries: _raise(broken[0]) if broken else sealing(entries))
    with pytest.raises(Problem) as told:
        log.submit([entry()]).result(timeout=5)
    assert told.value.code == "vault.unavailable"
    broken.pop(0)
    with pytest.raises(Problem, match="wasn't foreseen"):
        log.submit([entry()]).result(timeout=5)
    broken.pop(0)
    assert log.submit([entry()]).result(timeout=5)[0].index == 0
    broken.append(KeyboardInterrupt())
    with pytest.raises(Problem):
        log.submit([entry()]).result(timeout=5)
    assert not log.available


def _raise(error: BaseException) -> Any:
    raise error


def test_a_receipt_comes_from_the_ledger(scene: Scene) -> None:
    log = scene.ledger()
    made = entry(private={"in": b"{}"})
    log.submit([made]).result()
    assert log.receipt(made.id).index == 0
    assert log.receipt(made.id, opened=True).opened is not None


def test_what_queues_shares_a_commit_and_groups_stay_together(scene: Scene) -> None:
    log, store = scene.faulty()
    store.gate.clear()
    head = log.submit([entry()])
    eventually(lambda: not log._queue._tickets)
    waiting = [log.submit([entry() for _ in range(40)]) for _ in range(30)]
    large = log.submit([entry() for _ in range(1500)])
    store.gate.set()
    assert head.result()[0].index == 0
    for number, future in enumerate(waiting):
        assert [each.index for each in future.result()] == list(range(1 + 40 * number, 41 + 40 * number))
    assert len(large.result()) == 1500
    assert store.sizes[:4] == [1, 1000, 200, 1500]
    audited(log)


def test_many_event_loops_and_threads_at_once(scene: Scene) -> None:
    log = scene.ledger()
    found: list[Recorded] = []

    def loop() -> None:
        async def caller() -> None:
            for _ in range(10):
                found.extend(await log.append((entry(), entry())))

        async def main() -> None:
            await asyncio.gather(*[caller() for _ in range(8)])

        asyncio.run(main())

    def thread() -> None:
        for _ in range(20):
            found.extend(log.submit([entry()]).result())

    threads = [threading.Thread(target=each) for each in (loop, loop, thread, thread)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(each.index for each in found) == list(range(2 * 8 * 20 + 2 * 20))
    assert all(log.find(each.id) == each.index for each in found)
    audited(log)


def test_a_cancelled_caller_disturbs_nobody(scene: Scene) -> None:
    log, store = scene.faulty()

    async def main() -> int:
        store.gate.clear()
        first = asyncio.create_task(log.append([entry()]))
        await asyncio.sleep(0.05)
        second, third = asyncio.create_task(log.append([entry()])), asyncio.create_task(log.append([entry()]))
        await asyncio.sleep(0.01)
        first.cancel()
        second.cancel()
        await asyncio.sleep(0.01)
        store.gate.set()
        return (await third)[0].index

    assert asyncio.run(main()) in (1, 2)
    left = log.submit([entry()])
    assert left.result()
    audited(log)


def test_a_full_queue_holds_threads_and_loops_back() -> None:
    queue, entries = Queue(4), tuple(entry() for _ in range(3))
    queue.put(Ticket(entries, future=Future()))
    blocked = threading.Thread(target=queue.put, args=(Ticket(entries, future=Future()),))
    blocked.start()
    time.sleep(0.02)
    assert blocked.is_alive()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        ticket = Ticket(entries, loop=loop, waiter=loop.create_future())
        room = queue.offer(ticket)
        assert room is not None
        assert [len(each.entries) for each in queue.take(100, 1) or []] == [3]
        await asyncio.wait_for(room, 1)

    asyncio.run(main())
    blocked.join(1)
    assert not blocked.is_alive()
    assert queue.take(100, 0.01) != []
    assert queue.take(100, 0.01) == []


def test_a_loop_waits_for_room_and_one_that_gives_up_is_passed_over(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("waglan.ledger.log.QUEUE_ENTRIES", 2)
    log, store = scene.faulty()
    store.gate.clear()

    async def main() -> list[int]:
        callers = [asyncio.create_task(log.append([entry()])) for _ in range(8)]
        await asyncio.sleep(0.05)
        callers.pop().cancel()
        store.gate.set()
        await asyncio.sleep(0)
        return sorted(reply[0].index for reply in await asyncio.gather(*callers))

    assert asyncio.run(main()) == list(range(7))


def test_room_for_a_caller_who_has_gone_is_no_error_and_a_closed_queue_stays_closed() -> None:
    queue, errors = Queue(1), list[object]()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: errors.append(context))
        queue.put(Ticket((entry(),), future=Future()))
        room = queue.offer(Ticket((entry(),), loop=loop, waiter=loop.create_future()))
        assert room is not None
        room.cancel()
        assert len(queue.take(9, 1) or []) == 1
        await asyncio.sleep(0.01)

    asyncio.run(main())
    assert not errors
    queue.close(UNAVAILABLE)
    queue.accept()
    with pytest.raises(Problem, match="test fails"):
        queue.put(Ticket((entry(),), future=Future()))


def test_a_failed_commit_is_told_to_everybody_and_its_numbers_are_used_again(scene: Scene) -> None:
    log, store = scene.faulty()
    log.submit([entry()]).result()
    store.before = UNAVAILABLE
    store.gate.clear()
    futures = [log.submit([entry()]) for _ in range(5)]
    store.gate.set()
    for future in futures:
        with pytest.raises(Problem) as told:
            future.result(timeout=2)
        assert told.value.code == "ledger.unavailable"
    assert not log.available
    assert log.problem is UNAVAILABLE
    start = time.perf_counter()
    with pytest.raises(Problem):
        log.submit([entry()]).result()
    with pytest.raises(Problem):
        asyncio.run(log.append([entry()]))
    assert time.perf_counter() - start < 0.1
    assert log.head().size == 1
    store.before = None
    eventually(lambda: log.available)
    log.submit([entry(), entry()]).result()
    assert audited(log) == {log.source: [0, 1, 2]}


def test_a_commit_whose_outcome_is_unknown_is_looked_up_before_anybody_hears(scene: Scene) -> None:
    log, store = scene.faulty()
    log.submit([entry()]).result()
    store.after = UNKNOWN  # it is written, but the answer is lost
    future = log.submit([entry(), entry()])
    eventually(lambda: not log.available)
    time.sleep(0.05)
    assert not future.done()
    store.blind = False
    assert [each.index for each in future.result(timeout=5)] == [1, 2]
    eventually(lambda: log.available)
    store.before = UNKNOWN  # it isn't written, and nobody knows
    future = log.submit([entry()])
    eventually(lambda: not log.available)
    store.before = None
    with pytest.raises(Problem):
        future.result(timeout=5)
    log.submit([entry()]).result()
    assert audited(log) == {log.source: [0, 1, 2, 3]}


def test_an_outcome_that_stays_unknown_is_told_as_such(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SETTLE_S", 0.05)
    log, store = scene.faulty()
    log.submit([entry()]).result()
    store.after = UNKNOWN
    future = log.submit([entry()])
    with pytest.raises(Problem) as told:
        future.result(timeout=5)
    assert told.value.code == "ledger.unknown"
    store.blind = False
    eventually(lambda: log.available)
    log.submit([entry()]).result()
    assert audited(log) == {log.source: [0, 1, 2]}


def test_the_writer_survives_bugs_and_tells_what_kills_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    log, store = scene.faulty()
    store.before = ZeroDivisionError("a bug")
    future = log.submit([entry()])
    eventually(lambda: not log.available)
    store.before = None
    with pytest.raises(Problem, match="wasn't foreseen"):
        future.result(timeout=5)
    eventually(lambda: log.available)
    log.submit([entry()]).result()
    store.before = SystemExit(1)
    with pytest.raises(Problem, match="wasn't foreseen"):
        log.submit([entry()]).result(timeout=5)
    assert not log.available
    with pytest.raises(Problem):
        log.submit([entry()]).result(timeout=5)


def test_a_vault_that_cannot_be_asked_at_the_last_moment_seals_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = scene.ledger()
    asked, refusals = scene.vault.custody.epoch, [Problem("v", "v", "v", code="vault.unavailable")]
    monkeypatch.setattr(scene.vault.custody, "epoch", lambda: _raise(refusals.pop()) if refusals else asked())
    made = entry(private={"in": b"{}"})
    assert log.submit([made]).result(timeout=5)[0].index == 0
    assert not refusals and log.opened(0) == {"in": b"{}"}
    audited(log)


def test_a_head_that_another_process_spoilt_is_not_extended(scene: Scene) -> None:
    log = scene.ledger()
    log.submit([entry(), entry()]).result()
    with sqlite3.connect(scene.folder / "ledger.db") as connection:
        connection.execute("UPDATE edge SET hashes = zeroblob(length(hashes)) WHERE level = 0")
        connection.execute("UPDATE head SET note = note || 'more'")
    connection.close()
    with pytest.raises(Problem, match="don't fit together") as told:
        log.submit([entry()]).result(timeout=5)
    assert told.value.code == soundness.ROLLBACK and log.head().size == 2


def test_a_signature_asked_for_while_the_outcome_is_unknown_is_refused(scene: Scene) -> None:
    log, store = scene.faulty()
    log.submit([entry()]).result()
    store.before = UNKNOWN
    future = log.submit(())
    eventually(lambda: not log.available)
    store.before = None
    with pytest.raises(Problem) as told:
        future.result(timeout=5)
    assert told.value.code == "ledger.unknown"
    eventually(lambda: log.available)
    assert log.signed().size == 1


def test_a_look_up_that_fails_is_made_again(scene: Scene) -> None:
    log, store = scene.faulty()
    log.submit([entry()]).result()
    refusals: list[Problem] = [UNAVAILABLE]
    store.find = lambda entry_id: _raise(refusals.pop()) if refusals else store.store.find(entry_id)  # type: ignore[attr-defined]
    store.after = UNKNOWN
    future = log.submit([entry()])
    eventually(lambda: not log.available)
    store.blind = False
    assert future.result(timeout=5)[0].index == 1
    assert not refusals and audited(log) == {log.source: [0, 1]}


def test_a_commit_that_hangs_makes_the_ledger_unavailable(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "STALL_S", 0.05)
    log, store = scene.faulty()
    store.gate.clear()
    future = log.submit([entry()])
    eventually(lambda: not log.available)
    with pytest.raises(Problem, match="doesn't answer"):
        log.submit([entry()]).result()
    store.gate.set()
    assert future.result()[0].index == 0
    assert log.available


def test_both_signatures_come_within_a_second_and_at_the_end(scene: Scene) -> None:
    log = scene.ledger()
    log.submit([entry()]).result()
    for _ in range(3):
        log.submit([entry()]).result()
    head = log.head()
    assert len(note.check(head.note, scene.signer.vkeys).signatures) == 1
    assert len(note.check(head.dual_note, scene.signer.vkeys).signatures) == 2
    signed = log.signed()
    assert signed.note == signed.dual_note
    log.submit([entry()]).result()
    eventually(lambda: log.head().dual_note == log.head().note, 3)
    log.submit([entry()]).result()
    log.close()
    again = SqliteStore(scene.folder / "ledger.db")
    assert again.head().note == again.head().dual_note
    again.close()
    kept = note.parse((scene.folder / "ledger.db.checkpoint").read_text())
    assert kept.size == 6


def test_an_older_copy_is_not_written_to(scene: Scene) -> None:
    log = scene.ledger()
    log.submit([entry()]).result()
    log.close()
    older = (scene.folder / "ledger.db").read_bytes()
    log = scene.ledger()
    log.submit([entry()]).result()
    log.close()
    newer = (scene.folder / "ledger.db").read_bytes()
    (scene.folder / "ledger.db").write_bytes(older)
    log = scene.ledger()
    assert not log.available
    with pytest.raises(Problem) as told:
        log.submit([entry()]).result()
    assert told.value.code == soundness.ROLLBACK
    assert log.head().size == 1
    assert log.leaf(0)["n"] == 0
    replacement = scene.folder / "restored"
    replacement.write_bytes(newer)
    log.store.close()
    replacement.replace(scene.folder / "ledger.db")
    eventually(lambda: log.available)
    assert log.submit([entry()]).result()[0].index == 2


def test_an_older_copy_put_in_place_of_a_running_log_is_noticed(scene: Scene) -> None:
    log = scene.ledger()
    log.submit([entry()]).result()
    with sqlite3.connect(scene.folder / "ledger.db") as source, sqlite3.connect(scene.folder / "older") as copy:
        source.backup(copy)
    copy.close()
    source.close()
    log.submit([entry()]).result()
    for suffix in ("-wal", "-shm"):
        (scene.folder / f"ledger.db{suffix}").unlink()
    (scene.folder / "older").replace(scene.folder / "ledger.db")
    with pytest.raises(Problem) as told:
        log.submit([entry()]).result()
    assert told.value.code == soundness.ROLLBACK
    assert not log.available


def test_a_rewritten_log_is_not_extended(scene: Scene, tmp_path: Path) -> None:
    log = scene.ledger()
    log.submit([entry(), entry()]).result()
    witnessed = log.head().note
    log.close()
    for name in ("ledger.db", "ledger.db.checkpoint"):
        (scene.folder / name).unlink()
    forged = scene.ledger()
    forged.submit([entry() for _ in range(5)]).result()
    forged.close()
    log = scene.ledger(witnessed=witnessed)
    assert log.problem is not None
    assert log.problem.code == soundness.ROLLBACK
    other = scene.ledger(witnessed=witnessed.replace("bank-a", "bank-b"))
    assert other.problem is not None
    assert "another log" in other.problem.what


def test_a_kept_checkpoint_that_is_not_one_is_passed_over(scene: Scene) -> None:
    (scene.folder / "ledger.db.checkpoint").write_text("half a li")
    log = scene.ledger()
    assert log.submit([entry()]).result()[0].index == 0
    log.close()
    assert note.parse((scene.folder / "ledger.db.checkpoint").read_text()).size == 1


def test_a_closed_ledger_says_so(scene: Scene) -> None:
    log = scene.ledger()
    waiting = [log.submit([entry()]) for _ in range(20)]
    log.close()
    log.close()
    assert [future.result()[0].index for future in waiting] == list(range(20))
    with pytest.raises(Problem, match="closed"):
        log.submit([entry()]).result()


def test_a_ledger_that_never_came_up_closes(scene: Scene) -> None:
    log, store = scene.faulty()
    store.before = UNKNOWN
    future = log.submit([entry()])
    eventually(lambda: not log.available)
    log.close()
    with pytest.raises(Problem):
        future.result(timeout=1)


def test_clock_steps_stand_before_the_next_entries(scene: Scene) -> None:
    clock = Clock()
    log = scene.ledger(clock=clock)
    log.submit([entry()]).result()
    clock.wait(1000, wall_ms=-4000)
    log.submit([entry()]).result()
    clock.wait(1000, wall_ms=62_000)
    log.submit([entry()]).result()
    clock.wait(1000)
    log.submit([entry()]).result()
    leaves = [log.leaf(index) for index in range(6)]
    assert [leaf["kind"] for leaf in leaves] == ["decision", *["clock_step", "decision"] * 2, "decision"]
    assert [leaves[1]["facts"], leaves[3]["facts"]] == [{"step_ms": -5000}, {"step_ms": 61_000}]
    audited(log)


def test_small_steps_add_up_and_slewing_does_not() -> None:
    clock = Clock()
    steps = StepDetector(clock)
    told = []
    for _ in range(3):
        clock.wait(100, wall_ms=-800)
        told.append(steps.step_ms())
    assert told[:2] == [0, 0]
    assert told[2] == pytest.approx(-2700, abs=2)
    for _ in range(100):
        clock.wait(100_000, wall_ms=99_960)
        assert steps.step_ms() == 0


def test_two_ledgers_on_one_file(scene: Scene) -> None:
    one, other = scene.ledger(source="a"), scene.ledger(source="b")
    futures = [log.submit([entry()]) for _ in range(100) for log in (one, other)]
    assert sorted(future.result()[0].index for future in futures) == list(range(200))
    assert {len(each) for each in audited(one).values()} == {100}


def test_the_same_on_postgresql_with_a_backend_killed(scene: Scene) -> None:
    with postgres.server() as server:
        log = scene.ledger(PostgresStore(server.database(), tenant="bank-a", log="x"), kept=scene.folder / "kept")
        log.submit([entry(), entry()]).result()
        server.kill_backends()
        eventually(lambda: log.submit([entry()]).exception() is None, 20)
        server.stop("immediate")
        with pytest.raises(Problem):
            log.submit([entry()]).result(timeout=10)
        assert not log.available
        server.start()
        eventually(lambda: log.available, 10)
        log.submit([entry()]).result()
        audited(log)
        assert (scene.folder / "kept").exists()
        log.close()
    assert (scene.folder / "kept").exists()
