"""What people saw: an obligation's wording is raised to V when somebody opened the paper and found the paragraph."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from waglan.core.events import WordingSeen
from waglan.evidence.catalogue.catalogue import Catalogue
from waglan.evidence.catalogue.clause import Clause, Seen
from waglan.index import days, events


class Sighting(NamedTuple):
    """A `WordingSeen` of the log, with who saw it (an id) and when (milliseconds since 1970 UTC)."""

    seen: WordingSeen
    by: str
    at_ms: int


def sightings(connection: sqlite3.Connection) -> tuple[Sighting, ...]:
    """The newest sighting of each clause, by clause."""
    newest: dict[str, Sighting] = {}
    before: int | None = None
    while True:
        pieces = events.latest(connection, (WordingSeen.kind,), before=before, limit=events.LARGEST)
        for each in pieces.rows:
            seen = msgspec.convert(each.facts, WordingSeen)
            newest.setdefault(seen.clause, Sighting(seen, each.actor, each.at_ms))
        if pieces.older is None:
            return tuple([newest[clause] for clause in sorted(newest)])
        before = pieces.older


def with_wording(catalogue: Catalogue, seen: Iterable[Sighting]) -> Catalogue:
    """The catalogue with what people saw since it was written; what it says otherwise, and its version, stay.

    A sighting of the primary text that names the paragraph makes a clause V. Anything less leaves it as it is: nobody
    lowers a clause by not having found its paper. The newest of a clause counts, so a sighting is taken back by
    another one. Its digest is another than that of the catalogue in force, which is what judges.
    """
    raising = {each.seen.clause: each for each in seen if each.seen.wording == "primary" and each.seen.locator.strip()}
    return msgspec.structs.replace(
        catalogue,
        clauses=tuple([_raised(c, raising[c.id]) if c.id in raising else c for c in catalogue.clauses]),
    )


def _raised(clause: Clause, sighting: Sighting) -> Clause:
    day = dt.date.fromisoformat(days.iso(days.day_of(sighting.at_ms)))
    where = sighting.seen.where or sighting.seen.document or clause.source
    return msgspec.structs.replace(
        clause,
        locator=sighting.seen.locator,
        wording="primary",
        single=False,
        existence=False,
        seen=(*clause.seen, Seen(by=sighting.by, on=day, where=where, primary=True)),
    )
