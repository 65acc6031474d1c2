"""What the fault scripts share: a whole ledger in a folder, entries for it, and the audit of what is left of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from waglan.core.clock import Clock, SystemClock
from waglan.core.entry import Entry
from waglan.core.events import Event
from waglan.core.ids import Ids
from waglan.ledger import merkle, note, soundness, tiles
from waglan.ledger.keys import Signer
from waglan.ledger.log import Ledger
from waglan.ledger.sqlite import SqliteStore
from waglan.ledger.store import Store
from waglan.ledger.vault import Vault

TENANT, NAME = "bank-a", "waglan.test/bank-a"
Acked = dict[str, int]


def signer(folder: Path) -> Signer:
    return Signer.load_or_create(folder / "keys", NAME)


def store(folder: Path, dsn: str = "", **settings: Any) -> Store:
    """The log of a scene: a file in the folder, or a database."""
    if dsn:
        from waglan.ledger.postgres import PostgresStore

        return PostgresStore(dsn, tenant=TENANT, log=NAME, **settings)
    return SqliteStore(folder / "ledger.db", **settings)


def ledger(
    folder: Path, of: Store | None = None, *, vault: Path | None = None, clock: Clock | None = None, source: str = "gw"
) -> Ledger:
    """A ledger with a vault and keys in the folder, over a store of the folder unless another is given."""
    clock = clock or SystemClock()
    where = vault or folder
    opened = Vault.open(where / "vault.db", where / "keys" / "tenant.key", clock=clock)
    return Ledger(of or store(folder), opened, signer(where), tenant=TENANT, source=source, clock=clock)


class Facts(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A public part as decisions have one: a Struct whose fields are known to be canonical."""

    kind: ClassVar[str] = "decision"

    number: int
    route: str
    why: tuple[str, ...]


class Entries:
    """A source of decisions of usual size: about 700 bytes of leaf, 600 of ciphertext."""

    def __init__(self, subjects: Sequence[str], *, large: int = 0) -> None:
        self._ids = Ids()
        self._subjects = subjects
        self._made = 0
        self._in = b'{"inputs":{"text":"' + b"x" * (250 + large) + b'"}}'
        self._out = b'{"outcome":{"text":"' + b"y" * 250 + b'"}}'

    def new(self, count: int = 1) -> list[Entry]:
        made = []
        for _ in range(count):
            self._made += 1
            now_ms = time.time_ns() // 1_000_000
            made.append(
                Entry(
                    id=self._ids.new(now_ms),
                    kind=Facts.kind,
                    at_ms=now_ms,
                    facts=Facts(number=self._made, route="auto", why=("z" * 230,)),
                    subject=self._subjects[self._made % len(self._subjects)],
                    private={"in": self._in, "out": self._out},
                )
            )
        return made


class Audit:
    """Recomputes the log from its rows, going on where the last look ended.

    Counts what must stay 0: acknowledged entries that are lost, and logs that don't fit their signed checkpoint.
    """

    def __init__(self, vkeys: Sequence[str]) -> None:
        self.vkeys = tuple(vkeys)
        self.frontier = merkle.Frontier()
        self.next_n: dict[str, int] = {}
        self.lost = 0
        self.inconsistent = 0
        self.said: list[str] = []

    def look(self, of: Store, acked: Acked) -> None:
        """Check everything that came since the last look, and that ``acked`` is there."""
        try:
            head = of.head()
            hashes = [self._row(row.leaf, row.id) for _, row in of.rows(self.frontier.size, head.size)]
            self.frontier, _ = merkle.extend(self.frontier, hashes)
            if head.size:
                checkpoint = note.check(head.note, self.vkeys)
                soundness.check_head(of, head)
                root = merkle.root(self.frontier)
                if (checkpoint.size, checkpoint.root) != (self.frontier.size, root):
                    raise ValueError("the rows give another root than the signed checkpoint")
                if tiles.root_at(of, head, head.size) != root:
                    raise ValueError("the tiles give another root than the rows")
        except Exception as error:
            self.inconsistent += 1
            self.said.append(f"{type(error).__name__}: {error}")
            return
        for entry_id, index in acked.items():
            if of.find(entry_id) != index:
                self.lost += 1
                self.said.append(f"{entry_id} was acknowledged at {index} and is at {of.find(entry_id)}")

    def _row(self, leaf: bytes, entry_id: str) -> bytes:
        members = msgspec.json.decode(leaf)
        expected = self.next_n.get(members["source"], 0)
        if members["n"] != expected or members["id"] != entry_id:
            raise ValueError(f"{members['source']} counts {members['n']} where {expected} is due")
        self.next_n[members["source"]] = expected + 1
        return merkle.leaf_hash(leaf)

    def figures(self) -> dict[str, Any]:
        return {
            "size": self.frontier.size,
            "acknowledged_lost": self.lost,
            "inconsistent": self.inconsistent,
            "said": self.said[:5],
        }


def seconds_until(holds: Any, limit: float) -> float:
    """How long it takes until ``holds()``; ``TimeoutError`` past the limit."""
    start = time.perf_counter()
    while not holds():
        if time.perf_counter() - start > limit:
            raise TimeoutError(f"not within {limit} seconds")
        time.sleep(0.001)
    return time.perf_counter() - start


def failed(figures: dict[str, Any], zero: Iterable[str]) -> int:
    """The exit status: 1 when a count that must be 0 isn't."""
    return int(any(figures[name] for name in zero))
