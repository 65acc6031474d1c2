"""The files of the tables and the one small file that says which of them count.

A table is a sequence of Parquet files, each covering a range of the log. ``manifest.json`` names them with their
digests, and the log's frontier at the size they cover; it is replaced in one step, so that a reader sees the old
tables or the new ones, and whatever a killed process left behind is simply not named.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from waglan.core.decision import DecisionFacts
from waglan.core.events import ModelRegistration, UseCaseRegistration
from waglan.disk import durable
from waglan.facts.schema import TABLES
from waglan.ledger.merkle import Frontier, root

FORMAT = 2
MANIFEST = "manifest.json"


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One Parquet file of a table: the log's entries ``start <= index < stop``, of which ``rows`` are the table's."""

    table: str
    start: int
    stop: int
    rows: int
    bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """Its path below the folder. The end is in it so that merging never overwrites what is in use."""
        return f"{self.table}/from={self.start}-to={self.stop}.parquet"


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What the tables cover.

    Attributes
    ----------
    schema
        Digest of the declared fields and defaults: another one means that the tables are rebuilt.
    size, root, peaks
        How many entries of the log, its root at that size, and the peaks to go on from; hexadecimal.
    segments
        The files that count, each table's in the order of the log.
    """

    schema: str
    size: int = 0
    root: str = ""
    peaks: tuple[str, ...] = ()
    segments: tuple[Segment, ...] = ()

    @property
    def frontier(self) -> Frontier:
        """Where the log's tree stood."""
        return Frontier(self.size, tuple(bytes.fromhex(p) for p in self.peaks))

    def of(self, table: str) -> tuple[Segment, ...]:
        """A table's files in the order of the log."""
        return tuple(s for s in self.segments if s.table == table)

    def grown(self, frontier: Frontier, new: tuple[Segment, ...]) -> State:
        """The state after a further stretch of the log."""
        return State(
            schema=self.schema,
            size=frontier.size,
            root=root(frontier).hex(),
            peaks=tuple(p.hex() for p in frontier.peaks),
            segments=(*self.segments, *new),
        )


def empty() -> State:
    """Tables that cover nothing yet."""
    shapes = [
        [(f.encode_name, repr(f.default)) for f in msgspec.structs.fields(kind)]
        for kind in (DecisionFacts, ModelRegistration, UseCaseRegistration)
    ]
    declared = {name: [(f.name, f.type.value, f.source) for f in fields] for name, fields in TABLES.items()}
    text = msgspec.json.encode([FORMAT, shapes, declared])
    return State(schema=hashlib.sha256(text).hexdigest())


def load(folder: Path, known: State | None = None) -> State | None:
    """The state on disk, or None when there is none that can be used: torn, of another schema, or missing files.

    Files that ``known`` names were hashed by the caller before: of them only the length is looked at.
    """
    state = peek(folder)
    if state is None or state.schema != empty().schema:
        return None
    seen = frozenset(known.segments) if known else frozenset()
    return state if all(_whole(folder, s, hashed=s in seen) for s in state.segments) else None


def peek(folder: Path) -> State | None:
    """The state as written, its files not looked at; None when there is none or it can't be read."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=State)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _whole(folder: Path, segment: Segment, *, hashed: bool) -> bool:
    try:
        with (folder / segment.name).open("rb") as file:
            if os.fstat(file.fileno()).st_size != segment.bytes:
                return False
            return hashed or hashlib.file_digest(file, "sha256").hexdigest() == segment.sha256
    except FileNotFoundError:
        return False


def save(folder: Path, state: State) -> None:
    """Make a state the one that counts, durably and in one step."""
    durable.replace(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(state)), 0o644)


def adopt(folder: Path, written: Path, *, table: str, start: int, stop: int, rows: int) -> Segment:
    """Take a finished temporary file in as a segment: made durable, then moved to its name."""
    with written.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
        size = os.fstat(file.fileno()).st_size
    segment = Segment(table=table, start=start, stop=stop, rows=rows, bytes=size, sha256=digest)
    target = folder / segment.name
    target.parent.mkdir(exist_ok=True)
    written.replace(target)
    durable.sync_folder(target.parent)
    return segment


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time brings the tables up to date; readers need no lock."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def sweep(folder: Path, state: State, *, now_s: float, age_s: float = 600.0) -> None:
    """Remove files that no longer count; recent ones stay a while for readers that still have them in hand."""
    named = {s.name for s in state.segments}
    for table in TABLES:
        for file in (folder / table).glob("*.parquet"):
            if f"{table}/{file.name}" not in named and now_s - file.stat().st_mtime > age_s:
                file.unlink()
