"""A real ledger in a folder, events and decisions for it, and a projection small enough to check by eye."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from tests.facts.log import decision
from waglan.core.clock import SystemClock
from waglan.core.entry import Entry
from waglan.core.events import Event
from waglan.core.ids import Ids
from waglan.index import Placed
from waglan.ledger.keys import Signer
from waglan.ledger.log import Ledger
from waglan.ledger.sqlite import SqliteStore
from waglan.ledger.store import Store
from waglan.ledger.vault import Vault

__all__ = ["Bank", "Kinds", "decision"]
START_MS = 1_760_000_000_000
HOUR_MS = 3_600_000


class Bank:
    """A ledger with its vault and keys in one folder; ids and times count up from a fixed start."""

    def __init__(self, folder: Path, store: Store | None = None, *, log: str = "test/decisions") -> None:
        self.folder = folder
        self.ids = Ids()
        self.at_ms = START_MS
        self.vault = Vault.open(folder / "vault.db", folder / "keys" / "tenant.key", clock=SystemClock())
        signer = Signer.load_or_create(folder / "keys", log)
        self.ledger = Ledger(store or SqliteStore(folder / "ledger.db"), self.vault, signer, tenant="t", source="s")

    def entry(self, facts: Event, *, who: str = "", refs: tuple[str, ...] = (), actor: str = "", at: int = 0) -> Entry:
        self.at_ms += 60_000
        at_ms = at or self.at_ms
        subject = self.vault.subject(who) if who else ""
        return Entry(
            id=self.ids.new(at_ms), kind=facts.kind, at_ms=at_ms, facts=facts, subject=subject, refs=refs, actor=actor
        )

    def add(self, *facts: Event, who: str = "", refs: tuple[str, ...] = (), actor: str = "", at: int = 0) -> list[str]:
        entries = [self.entry(each, who=who, refs=refs, actor=actor, at=at) for each in facts]
        self.ledger.submit(entries).result()
        return [e.id for e in entries]

    def close(self) -> None:
        self.ledger.close()
        self.vault.close()


class Kinds:
    """Counts entries by kind, and keeps the order in which they came."""

    def __init__(self, name: str = "kinds", version: int = 1) -> None:
        self.name = name
        self.version = version

    def tables(self) -> tuple[str, ...]:
        return (
            f"CREATE TABLE {self.name}_seen (idx INTEGER PRIMARY KEY, kind TEXT NOT NULL)",
            f"CREATE INDEX {self.name}_by ON {self.name}_seen (kind)",
        )

    def apply(self, connection: sqlite3.Connection, leaves: Sequence[Placed]) -> None:
        rows = [(p.index, "decision" if p.decision else p.leaf["kind"]) for p in leaves]
        connection.executemany(f"INSERT INTO {self.name}_seen VALUES (?, ?)", rows)


def seen(index, name: str = "kinds") -> list[tuple[int, str]]:
    with index.reading() as connection:
        return connection.execute(f"SELECT idx, kind FROM {name}_seen ORDER BY idx").fetchall()
