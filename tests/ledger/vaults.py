"""What tests of the vault and of erasure share: a clock that can be moved, entries, and all bytes of a folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waglan.core import Entry, Ids
from waglan.ledger.keys import Signer
from waglan.ledger.log import Ledger
from waglan.ledger.sqlite import SqliteStore
from waglan.ledger.vault import Vault

PRIVATE = {"in": b'{"inputs":{"income":52000}}', "out": b'{"outcome":"\xe6\x8b\x92\xe7\xb5\x95"}'}
DAY_MS = 86_400_000


class MovableClock:
    """The machine's clock, plus what a test adds."""

    def __init__(self) -> None:
        self.added_ms = 0

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.added_ms

    def monotonic_ns(self) -> int:
        return time.perf_counter_ns() + self.added_ms * 1_000_000


_ids = Ids()


def entry(subject: str = "", private: dict[str, bytes] | None = None, kind: str = "decision") -> Entry:
    at_ms = time.time_ns() // 1_000_000
    private = PRIVATE if private is None else private
    return Entry(id=_ids.new(at_ms), kind=kind, at_ms=at_ms, facts={"route": "auto"}, subject=subject, private=private)


def opened(folder: Path, clock: MovableClock | None = None) -> Vault:
    return Vault.open(folder / "vault.db", folder / "keys" / "tenant.key", clock=clock or MovableClock())


@contextmanager
def workplace(folder: Path, clock: MovableClock | None = None) -> Iterator[Ledger]:
    """A real ledger on SQLite with its vault and keys."""
    clock = clock or MovableClock()
    vault = opened(folder, clock)
    signer = Signer.load_or_create(folder / "keys", "check/decisions")
    ledger = Ledger(SqliteStore(folder / "ledger.db"), vault, signer, tenant="check", source="test", clock=clock)
    try:
        yield ledger
    finally:
        ledger.close()
        vault.close()


def everything(folder: Path, *, but: tuple[str, ...] = ()) -> bytes:
    """All files of a folder, one after the other."""
    return b"\0".join(p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file() and p.name not in but)
