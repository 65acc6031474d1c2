"""The built-in projection: a row for every decision, a row for every event, and what is counted of both."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from importlib.resources import files

import msgspec

from waglan.index import tally
from waglan.index.combination import Book, Detail
from waglan.index.days import day_of
from waglan.index.later import take_events
from waglan.index.projection import Placed

__all__ = ["Decisions", "Detail"]

_INSERT = "INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Decisions:
    """What the console's pages ask of decisions and events; see `waglan.index.projection.Projection`."""

    name = "decisions"
    version = 1

    def tables(self) -> tuple[str, ...]:
        """The statements of ``record.sql``."""
        script = files("waglan.index").joinpath("record.sql").read_text(encoding="utf-8")
        lines = [line for line in script.splitlines() if not line.startswith("--")]
        return tuple(each.strip() for each in "\n".join(lines).split(";") if each.strip())

    def apply(self, connection: sqlite3.Connection, leaves: Sequence[Placed]) -> None:
        """Take in the next entries."""
        book = Book(connection)
        rows = []
        scores: list[tuple[int, int, str | None]] = []
        sureness: list[tuple[int, int, str | None]] = []
        latencies: list[tuple[int, int, int]] = []
        events: list[Placed] = []
        for place in leaves:
            leaf = place.decision
            if leaf is None:
                events.append(place)
                continue
            facts, at_ms = leaf.facts, leaf.at_ms
            day = day_of(at_ms)
            number, shape, detail = book.of(facts)
            us, score = facts.latency_us, facts.score
            rows.append((place.index, leaf.id, at_ms, day, shape, detail, leaf.subject, score, facts.stakes_hkd, us))
            scores.append((number, day, score))
            sureness.append((number, day, facts.confidence))
            latencies.append((number, day, us))
        if rows:
            connection.executemany(_INSERT, rows)
            tally.shapes(connection, rows)
            tally.said(connection, book, [(number, day) for number, day, _ in latencies])
            tally.measured(connection, book, scores=scores, confidences=sureness, latencies=latencies)
        if events:
            take_events(connection, events)


def details(said: str) -> Detail:
    """What stands in ``detail.said``."""
    return msgspec.json.decode(said, type=Detail)
