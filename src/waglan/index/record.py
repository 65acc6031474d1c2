"""The built-in projection: a row for every decision, a row for every event, and what is counted of both."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from waglan.disk.script import statements
from waglan.index import tally
from waglan.index.combination import Book, Detail
from waglan.index.days import day_of
from waglan.index.later import take_events
from waglan.index.projection import Placed
from waglan.index.subject import key
from waglan.index.tally import Measures, Row

__all__ = ["Decisions", "Detail"]

_INSERT = "INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Decisions:
    """What the console's pages ask of decisions and events; see `waglan.index.projection.Projection`."""

    name = "decisions"
    version = 1

    def tables(self) -> tuple[str, ...]:
        """The statements of ``record.sql``."""
        return tuple(each.strip() for each in statements("waglan.index", "record.sql"))

    def apply(self, connection: sqlite3.Connection, leaves: Sequence[Placed]) -> None:
        """Take in the next entries."""
        book = Book(connection)
        rows: list[Row] = []
        measures: dict[tuple[int, int], Measures] = {}
        combinations: list[tuple[int, int]] = []
        events: list[Placed] = []
        for place in leaves:
            leaf = place.decision
            if leaf is None:
                events.append(place)
                continue
            facts, at_ms = leaf.facts, leaf.at_ms
            day = day_of(at_ms)
            number, group, shape, detail = book.of(facts)
            us, score, subject = facts.latency_us, facts.score, leaf.subject
            rows.append(
                (place.index, leaf.id, at_ms, day, shape, detail, key(subject), subject, score, facts.stakes_hkd, us)
            )
            combinations.append((number, day))
            measured = measures.get((group, day))
            if measured is None:
                measured = measures[group, day] = ([], [], [])
            measured[0].append(score)
            measured[1].append(facts.confidence)
            measured[2].append(us)
        if rows:
            connection.executemany(_INSERT, rows)
            tally.shapes(connection, rows)
            tally.said(connection, book, combinations)
            tally.measured(connection, book, measures)
        if events:
            take_events(connection, events)


def details(said: str) -> Detail:
    """What stands in ``detail.said``."""
    return msgspec.json.decode(said, type=Detail)
