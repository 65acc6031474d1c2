"""Where a projection stands in the log, and making its tables anew."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence

import msgspec

from waglan.core.problem import Problem
from waglan.index.projection import Projection
from waglan.ledger.merkle import Frontier
from waglan.ledger.store import join_peaks, split_peaks

_OBJECTS = "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'index', 'view', 'trigger') AND sql NOT NULL"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far a projection's tables are.

    Attributes
    ----------
    name, version, tables
        The projection, its version, and the digest of its statements.
    log
        The name of the log that the tables are made from.
    frontier
        How many entries were taken in, and the peaks of the log's tree at that size.
    """

    name: str
    version: int
    tables: str
    log: str
    frontier: Frontier = Frontier()

    @property
    def size(self) -> int:
        """How many entries were taken in."""
        return self.frontier.size

    def of(self, other: Standing) -> bool:
        """Whether both mean the same tables of the same log, however full."""
        return (self.version, self.tables, self.log) == (other.version, other.tables, other.log)


def wanted(projection: Projection, log: str) -> Standing:
    """A projection's standing before the first entry."""
    text = "\0".join(projection.tables())
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Standing(name=projection.name, version=projection.version, tables=digest, log=log)


def read(connection: sqlite3.Connection) -> dict[str, Standing]:
    """Every projection's standing by its name."""
    found = connection.execute("SELECT name, version, tables, log, size, peaks FROM projection").fetchall()
    return {
        name: Standing(
            name=name, version=version, tables=tables, log=log, frontier=Frontier(size, split_peaks(size, peaks))
        )
        for name, version, tables, log, size, peaks in found
    }


def save(connection: sqlite3.Connection, standings: Sequence[Standing]) -> None:
    """Write how far projections are."""
    connection.executemany(
        "INSERT OR REPLACE INTO projection VALUES (?, ?, ?, ?, ?, ?)",
        [(s.name, s.version, s.tables, s.log, s.size, join_peaks(s.frontier.peaks)) for s in standings],
    )


def reset(connection: sqlite3.Connection, projection: Projection, fresh: Standing) -> Standing:
    """Drop what belongs to a projection, make its tables anew, and give its standing before the first entry."""
    name = projection.name
    mine = connection.execute("SELECT type, name FROM owned WHERE projection = ? AND type != 'index'", (name,))
    for kind, each in mine.fetchall():
        connection.execute(f'DROP {kind} IF EXISTS "{each}"')
    connection.execute("DELETE FROM owned WHERE projection = ?", (name,))
    before = set(connection.execute(_OBJECTS).fetchall())
    for statement in projection.tables():
        connection.execute(statement)
    made = set(connection.execute(_OBJECTS).fetchall()) - before
    connection.executemany("INSERT INTO owned VALUES (?, ?, ?)", [(*each, name) for each in sorted(made)])
    save(connection, [fresh])
    return fresh


def newer(found: Standing, version: int) -> Problem:
    """The refusal of tables that a newer release made."""
    return Problem(
        f"The index's tables '{found.name}' were made by a newer Waglan.",
        f"They have version {found.version}; this program makes version {version}.",
        "Use the newer program for all processes of this workspace, or delete index.db: it is made from the log.",
        code="index.newer",
        status=503,
    )
