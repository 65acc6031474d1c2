"""Bringing the tables up to date with the log: from where they stand to the head, in bounded memory.

The leaves are hashed on the way, and the tree they make must be the head's. So the tables are a fold over exactly
this log: a rollback, a log that grew again differently, or another log altogether is noticed and the tables are
made anew.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

import duckdb
import msgspec

from waglan.core.problem import Problem
from waglan.facts import engine, segments, sql
from waglan.facts.schema import DECISIONS, MODELS, USE_CASES
from waglan.facts.segments import Segment, State
from waglan.ledger.merkle import extend, leaf_hash
from waglan.ledger.store import Head, Row

CHUNK_ROWS = 100_000
CHUNK_BYTES = 96 * 1024 * 1024
FAN_IN = 8
LARGEST = 1_000_000
"""Segments are merged eight at a time into ones of at most so many rows."""


class Log(Protocol):
    """What facts need of a ledger."""

    def head(self) -> Head:
        """The committed head."""
        ...

    def rows(self, start: int, stop: int) -> Iterator[tuple[int, Row]]:
        """Entries ``start <= index < stop`` in order."""
        ...


class _Kind(msgspec.Struct):
    kind: str


class Chunk(NamedTuple):
    """A stretch of the log as staged: the hashes of its leaves, and the file of each table that has any."""

    hashes: list[bytes]
    files: Mapping[str, Path]


def update(
    folder: Path,
    log: Log,
    *,
    rebuild: bool = False,
    known: State | None = None,
    database: duckdb.DuckDBPyConnection | None = None,
    now_s: Callable[[], float] = time.time,
) -> tuple[State, int]:
    """Take in what the log holds beyond the tables.

    Parameters
    ----------
    folder
        Where the tables lie; made when absent.
    log
        The ledger.
    rebuild
        Whether to start from nothing.
    known
        The state that this call gave before to the same caller: its files aren't hashed again.
    database
        A connection of `waglan.facts.engine.connect` to the same folder, to be used instead of one of its own.
    now_s
        The clock for removing files that no longer count.

    Returns
    -------
    tuple
        The new state, and how many entries were taken in.

    Raises
    ------
    Problem
        ``ledger.inconsistent`` when the log's entries don't make its own head.
    """
    with segments.locked(folder):
        head = log.head()
        state = None if rebuild else segments.load(folder, known)
        if state is None or not _fits(state, head):
            state = segments.empty()
        taken = 0
        connection = database or engine.connect(folder)
        try:
            grown = _grow(folder, log, connection, state, head)
            taken = head.size - state.size
            if grown.frontier.peaks != head.peaks and state.size:
                grown = _grow(folder, log, connection, segments.empty(), head)
                taken = head.size
        finally:
            if database is None:
                connection.close()
            shutil.rmtree(folder / "tmp", ignore_errors=True)
        if grown.frontier.peaks != head.peaks:
            raise Problem(
                "The log's entries don't make the root of its own head.",
                f"{head.size:,} entries were read and hashed; the result differs from the committed tree.",
                "Run 'waglan ledger verify', and compare with the last witnessed checkpoint.",
                code="ledger.inconsistent",
                status=503,
            )
        segments.save(folder, grown)
        segments.sweep(folder, grown, now_s=now_s())
        return grown, taken


def _fits(state: State, head: Head) -> bool:
    return state.size < head.size or (state.size == head.size and state.frontier.peaks == head.peaks)


def _grow(folder: Path, log: Log, connection: duckdb.DuckDBPyConnection, state: State, head: Head) -> State:
    """The state at the head, chunk by chunk. Nothing is saved: until the root agrees it isn't known to be true."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    rows = log.rows(state.size, head.size)
    while state.size < head.size:
        try:
            chunk = _stage(temporary, rows, head.size - state.size)
            if not chunk.hashes:
                break
            frontier, _ = extend(state.frontier, chunk.hashes)
            new = _tables(folder, connection, state, frontier.size, chunk)
            state = _merged(folder, connection, state.grown(frontier, new))
        except (duckdb.Error, msgspec.MsgspecError) as error:
            raise Problem(
                f"The entries of the log from {state.size:,} on can't be read as facts.",
                str(error).splitlines()[0],
                "Run 'waglan ledger verify'; if the log is sound, report this as a defect.",
                code="facts.leaf",
                status=500,
            ) from error
    return state


def _stage(temporary: Path, rows: Iterator[tuple[int, Row]], limit: int) -> Chunk:
    """Write the next leaves as lines, a file per table so that each has one shape. Sealed parts are not looked at."""
    decode = msgspec.json.Decoder(_Kind).decode
    hashes: list[bytes] = []
    written = 0
    with ExitStack() as stack:
        open_files: dict[str, BinaryIO] = {}
        for index, row in rows:
            leaf = row.leaf
            hashes.append(leaf_hash(leaf))
            line = b'{"log_index":%d,%b\n' % (index, leaf[1:])
            for table in _tables_of(decode(leaf).kind):
                if table not in open_files:
                    open_files[table] = stack.enter_context((temporary / f"{table}.ndjson").open("wb"))
                open_files[table].write(line)
            written += len(line)
            if len(hashes) >= min(CHUNK_ROWS, limit) or written >= CHUNK_BYTES:
                break
        return Chunk(hashes, {table: temporary / f"{table}.ndjson" for table in open_files})


def _tables_of(kind: str) -> tuple[str, ...]:
    match kind:
        case "decision":
            return ("decisions",)
        case "model":
            return ("events", "models")
        case "use_case":
            return ("events", "use_cases")
    return ("events", "later") if kind in sql.LATER_KINDS else ("events",)


def _tables(
    folder: Path, connection: duckdb.DuckDBPyConnection, state: State, stop: int, chunk: Chunk
) -> tuple[Segment, ...]:
    """Write a staged chunk as segments; the registers are brought up to date first, decisions look things up there."""
    queries: dict[str, Callable[[Path], str]] = {
        "events": lambda file: sql.plain("events", sql.staged(file, "VARCHAR")),
        "models": lambda file: sql.plain("models", sql.staged(file, sql.members(MODELS))),
        "use_cases": lambda file: sql.plain("use_cases", sql.staged(file, sql.members(USE_CASES))),
        "later": lambda file: sql.later(sql.staged(file, sql.later_members())),
        "decisions": lambda file: _decisions(file, connection),
    }
    made: list[Segment] = []
    for table, query in queries.items():
        if table not in chunk.files:
            continue
        if table == "decisions":
            _registers(folder, connection, (*state.segments, *made), state.size)
        segment = _write(folder, connection, query(chunk.files[table]), table=table, start=state.size, stop=stop)
        made.extend([segment] if segment else [])
    return tuple(made)


def _registers(folder: Path, connection: duckdb.DuckDBPyConnection, known: tuple[Segment, ...], start: int) -> None:
    for name in ("models", "use_cases"):
        files = [folder / s.name for s in known if s.table == name]
        connection.execute(f"CREATE OR REPLACE TEMP TABLE now_{name} AS {sql.in_force(name, files, start)}")


def _decisions(file: Path, connection: duckdb.DuckDBPyConnection) -> str:
    read = sql.staged(file, sql.members(DECISIONS))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE stage AS SELECT * FROM {read}")
    controls, asked = sql.dictionaries("stage")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE said AS {controls}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE asked_of AS {asked}")
    return sql.decisions("stage", "said", "asked_of", "now_models", "now_use_cases")


def _write(
    folder: Path, connection: duckdb.DuckDBPyConnection, query: str, *, table: str, start: int, stop: int
) -> Segment | None:
    file = folder / "tmp" / f"{table}.parquet"
    done = connection.execute(
        f"COPY ({query}) TO {engine.quoted(str(file.resolve()))} (FORMAT parquet, COMPRESSION zstd)"
    ).fetchone()
    rows = int(done[0]) if done else 0
    if not rows:
        file.unlink(missing_ok=True)
        return None
    return segments.adopt(folder, file, table=table, start=start, stop=stop, rows=rows)


def _merged(folder: Path, connection: duckdb.DuckDBPyConnection, state: State) -> State:
    """Merge the last eight segments of a table while none of them is larger than all of the others together.

    Each row is copied once per power of eight, however small the updates are.
    """
    kept: list[Segment] = []
    for table in dict.fromkeys(s.table for s in state.segments):
        run = list(state.of(table))
        while len(run) >= FAN_IN:
            last = run[-FAN_IN:]
            rows = sum(s.rows for s in last)
            if rows > LARGEST or max(s.rows for s in last) * 2 > rows:
                break
            query = f"SELECT * FROM {engine.parquet([folder / s.name for s in last])} ORDER BY log_index"
            merged = _write(folder, connection, query, table=table, start=last[0].start, stop=last[-1].stop)
            assert merged is not None
            run[-FAN_IN:] = [merged]
        kept.extend(run)
    return msgspec.structs.replace(state, segments=tuple(kept))
