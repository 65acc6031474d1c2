"""Which decisions an incident was seen in, held fast: their number and one digest over their ids.

The query can be asked again on any day: up to the same place in the log it gives the same ids, so the same digest.
"""

from __future__ import annotations

import hashlib
import sqlite3
from typing import NamedTuple

from waglan.core.problem import Problem
from waglan.index import decisions
from waglan.index.decisions import Filter

MOST = 50_000
NEWEST = 20
"""So many of the newest decisions the incident refers to."""


class Frozen(NamedTuple):
    """What a query named: how many, the SHA-256 of their sorted ids (one per line), the newest, up to which place."""

    n: int
    sha256: str
    newest: tuple[str, ...]
    before: int


def freeze(connection: sqlite3.Connection, wanted: Filter, before: int | None = None) -> Frozen:
    """The decisions that a query names, up to a place in the log (its end when left out).

    Raises
    ------
    Problem
        ``register.query`` (422) for more than `MOST` decisions.
    """
    if before is None:
        row = connection.execute("SELECT ifnull(max(idx), -1) + 1 FROM decision").fetchone()
        before = int(row[0])
    ids: list[str] = []
    at: int | None = before
    while at is not None:
        page = decisions.latest(connection, wanted, before=at, limit=decisions.LARGEST)
        ids += [row.id for row in page.rows]
        at = page.older
        if len(ids) > MOST:
            raise Problem(
                f"The query names more than {MOST:,} decisions.",
                "An incident holds them fast by one digest, which takes reading each.",
                "Narrow it to a day, a route or a model.",
                code="register.query",
            )
    return Frozen(len(ids), digest(ids), tuple(ids[:NEWEST]), before)


def digest(ids: list[str]) -> str:
    """SHA-256 over the sorted ids, each followed by a line feed; of no ids, of nothing."""
    return hashlib.sha256("".join(f"{each}\n" for each in sorted(ids)).encode()).hexdigest()
