"""What every store must do, as functions that a firm runs over its own (`waglan.ledger.store.Store`).

Each check gets an *opener*: a picklable function without arguments that opens one and the same, at first empty, log
again and again, in this process and in others. `check_store` runs them all; a failure is an ``AssertionError`` that
says what was expected.
"""

from __future__ import annotations

import base64
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

from waglan.core.ids import Ids
from waglan.core.problem import Problem
from waglan.ledger import merkle, note, soundness, tiles
from waglan.ledger.store import Batch, Head, Row, Store, Tile

Opener = Callable[[], Store]
Check = Callable[[Opener], None]

ORIGIN = "waglan.test/store"
_UNSIGNED = f"— {ORIGIN} {base64.b64encode(bytes(68)).decode()}\n"


def make_rows(count: int, ids: Ids, *, leaf_bytes: int = 60, sealed_bytes: int = 40) -> list[Row]:
    """Rows with fresh ids and random contents; every seventh without a ciphertext."""
    rows = []
    for number in range(count):
        sealed = os.urandom(sealed_bytes) if number % 7 else b""
        rows.append(Row(ids.new(time.time_ns() // 1_000_000), os.urandom(leaf_bytes), sealed))
    return rows


def grown(head: Head, rows: Sequence[Row]) -> Batch:
    """The batch that appends ``rows`` to ``head``, with a note that nobody signed."""
    frontier, new = merkle.extend(merkle.Frontier(head.size, head.peaks), [merkle.leaf_hash(r.leaf) for r in rows])
    full, edges = tiles.grow(head.edges, new, head.size)
    text = f"{note.body(ORIGIN, frontier.size, merkle.root(frontier))}\n{_UNSIGNED}"
    dual = text if frontier.size % 2 else head.dual_note
    after = Head(size=frontier.size, peaks=frontier.peaks, edges=edges, note=text, dual_note=dual)
    return Batch(rows, [Tile(*each) for each in full], after)


def append(store: Store, rows: Sequence[Row]) -> int:
    """Commit rows; returns the index of the first."""
    first = -1

    def build(head: Head) -> Batch:
        nonlocal first
        first = head.size
        return grown(head, rows)

    store.commit(build)
    return first


def check_empty(opener: Opener) -> None:
    """A new log has an empty head, no rows, no tiles, and finds nothing."""
    store = opener()
    _equal(store.head(), Head(), "the head of a new log")
    _equal(list(store.rows(0, 10)), [], "the rows of a new log")
    _equal(store.tile(0, 0), None, "a tile of a new log")
    _equal(store.find(Ids().new(1)), None, "an unknown id")
    store.close()


def check_order(opener: Opener) -> None:
    """What was committed comes back byte for byte, in order, with its index, in any window, and is found by id."""
    store, ids = opener(), Ids()
    written: list[Row] = []
    for count in (1, 2, 255, 256, 1, 700, 3):
        rows = make_rows(count, ids)
        _equal(append(store, rows), len(written), "the head that build sees")
        written += rows
    _equal(list(store.rows(0, len(written))), list(enumerate(written)), "all rows")
    for start, stop in ((0, 1), (1, 3), (250, 260), (257, 514), (900, 10_000), (5, 5), (1216, 1218), (9, 3)):
        expected = list(enumerate(written))[start:stop]
        _equal(list(store.rows(start, stop)), expected, f"rows {start} to {stop}")
    for index, row in enumerate(written):
        _equal(store.find(row.id), index, f"the index of {row.id}")
    store.close()


def check_far_ids(opener: Opener) -> None:
    """Ids needn't be of the present, nor in order: an import brings those of years ago."""
    store, ids = opener(), Ids()
    far = [Ids().new(at_ms) for at_ms in (0, 1, 1_700_000_000_000, (1 << 48) - 1, 5, 1_700_000_000_001)]
    rows = [Row(entry_id, os.urandom(20), b"") for entry_id in far]
    append(store, rows)
    append(store, make_rows(300, ids))
    for index, row in enumerate(rows):
        _equal(store.find(row.id), index, f"the index of {row.id}")
    _equal(store.find(Ids().new(1_700_000_000_000)), None, "an id that isn't there, of a time that is")
    store.close()


def check_sizes(opener: Opener) -> None:
    """Empty leaves, leaves of 16 KiB and ciphertexts of megabytes come back as they were."""
    store, ids = opener(), Ids()
    rows = [
        Row(ids.new(0), leaf, sealed)
        for leaf, sealed in ((b"", b""), (bytes(16_384), b"x" * 3_000_000), (b"\xff\x00", b""), (b"{}", bytes(900_000)))
    ]
    append(store, rows * 1)
    _equal([row for _, row in store.rows(0, 4)], rows, "rows of all sizes")
    store.close()


def check_head(opener: Opener) -> None:
    """Head, edges and both notes are those of the last commit; another opening sees the same; a probe keeps them."""
    store, ids = opener(), Ids()
    for count in (3, 253, 300, 1):
        head = store.commit(lambda before, count=count: grown(before, make_rows(count, ids)))  # type: ignore[misc]
        _equal(store.head(), head, "the head after a commit")
        other = opener()
        _equal(other.head(), head, "the head of another opening")
        other.close()
        soundness.check_head(store, head)
    again = store.commit(lambda before: Batch((), (), before))
    _equal(again, head, "the head after a commit without rows")
    store.close()
    _equal(store.head(), head, "the head after closing and going on")
    store.close()


def check_tiles(opener: Opener) -> None:
    """Full tiles are there, partial ones are not; the root that they give is that of the rows."""
    store, ids = opener(), Ids()
    for count in (256, 255, 1, 1000, 24):
        append(store, make_rows(count, ids))
    head = store.head()
    hashes = [merkle.leaf_hash(row.leaf) for _, row in store.rows(0, head.size)]
    for index in range(head.size // 256):
        _equal(store.tile(0, index), b"".join(hashes[256 * index : 256 * index + 256]), f"tile {index}")
    _equal(store.tile(0, head.size // 256), None, "the partial tile")
    _equal(store.tile(1, 0), None, "the partial tile of level 1")
    frontier, _ = merkle.extend(merkle.Frontier(), hashes)
    _equal(tiles.root_at(store, head, head.size), merkle.root(frontier), "the root from tiles")
    store.close()


class _RefusedError(Exception):
    pass


def check_atomic(opener: Opener) -> None:
    """When build refuses, or a row can't be stored, nothing of the commit stays, and the error is passed on."""
    store, ids = opener(), Ids()
    append(store, make_rows(5, ids))
    before = store.head()

    def refuse(head: Head) -> Batch:
        raise _RefusedError

    broken = [*make_rows(3, ids), Row("too short", b"leaf", b"")]
    for build, error in ((refuse, _RefusedError), (lambda head: grown(head, broken), Exception)):
        try:
            store.commit(build)
        except error:
            pass
        else:
            raise AssertionError("a commit that can't be made must raise")
        _equal(store.head(), before, "the head after a refused commit")
        _equal(store.find(broken[0].id), None, "an id of a refused commit")
    _equal(append(store, make_rows(1, ids)), 5, "where the next commit begins")
    store.close()


def check_two_writers(opener: Opener) -> None:
    """Two openings that commit at once: every commit whole, on top of the one before, none lost."""
    groups: dict[str, list[Row]] = {}
    errors: list[BaseException] = []

    def write(store: Store) -> None:
        ids = Ids()
        try:
            for _ in range(15):
                rows = make_rows(7, ids)
                append(store, rows)
                groups[rows[0].id] = rows
        except BaseException as error:
            errors.append(error)

    stores = [opener(), opener()]
    threads = [threading.Thread(target=write, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _equal(errors, [], "errors of the two writers")
    head = stores[0].head()
    _equal(head.size, 2 * 15 * 7, "the number of rows")
    rows = [row for _, row in stores[1].rows(0, head.size)]
    for start in range(0, head.size, 7):
        _equal(rows[start : start + 7], groups.pop(rows[start].id), "a group of seven")
    soundness.check_head(stores[1], stores[1].head())
    for store in stores:
        store.close()


def check_tampering(opener: Opener) -> None:
    """A row that isn't what was hashed into the tree is found: stores give back bytes, they don't mend them."""
    store, ids = opener(), Ids()
    append(store, make_rows(300, ids))
    forged = make_rows(2, ids)

    def lie(head: Head) -> Batch:
        batch = grown(head, forged)
        return batch._replace(rows=[forged[0]._replace(leaf=b"another"), forged[1]])

    store.commit(lie)
    try:
        soundness.check_head(store, store.head())
    except Problem as problem:
        _equal(problem.code, soundness.INCONSISTENT, "the code of the Problem")
    else:
        raise AssertionError("a row that isn't in the tree must be found")
    store.close()


def check_killed(opener: Opener, rounds: int = 2) -> None:
    """What a process was told is stored stays when it is killed; the log goes on where it was."""
    context = multiprocessing.get_context("spawn")
    for number in range(rounds):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_append_for_ever, args=(opener, theirs), daemon=True)
        process.start()
        theirs.close()
        told = [ours.recv() for _ in range(10 + 7 * number)]
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        try:
            while ours.poll():
                told.append(ours.recv())
        except (EOFError, OSError):
            pass  # cut off in the middle of a message: that answer never arrived
        store = opener()
        for first, entry_id in told:
            _equal(store.find(entry_id), first, "an acknowledged entry after the kill")
        head = store.head()
        soundness.check_head(store, head)
        _equal(append(store, make_rows(2, Ids())), head.size, "where the log goes on")
        store.close()


def _append_for_ever(opener: Opener, told: Connection) -> None:
    store, ids = opener(), Ids()
    while True:
        rows = make_rows(3, ids)
        told.send((append(store, rows), rows[0].id))


def _equal(found: object, expected: object, what: str) -> None:
    if found != expected:
        raise AssertionError(f"{what}: expected {_short(expected)}, found {_short(found)}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 200 else f"{text[:200]} …"


CHECKS: tuple[Check, ...] = (
    check_empty,
    check_order,
    check_far_ids,
    check_sizes,
    check_head,
    check_tiles,
    check_atomic,
    check_two_writers,
    check_tampering,
    check_killed,
)


def check_store(fresh: Callable[[], Opener]) -> None:
    """Run every check, each over a new log that ``fresh`` makes."""
    for check in CHECKS:
        check(fresh())
