"""What the tests of formats and proofs share: a store in memory, small logs, and their exports."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from waglan.core.ids import ulid
from waglan.ledger import merkle, tiles
from waglan.ledger.export import export
from waglan.ledger.keys import Signer
from waglan.ledger.store import Batch, Head, Row, Tile

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("WAGLAN_DATA", ROOT / ".." / "shared" / "data"))
NAME = "bank-a.example/bank-a/decisions"
AT_S = 1_795_272_000


def vectors(name: str) -> dict | list:
    path = DATA / "security" / name
    if not path.exists():
        pytest.skip(f"{path} is not on this machine")
    return msgspec.json.decode(path.read_bytes())


class MemoryStore:
    """A store of one process that forgets when it ends."""

    def __init__(self) -> None:
        self.present = Head()
        self.kept: list[Row] = []
        self.tiles: dict[tuple[int, int], bytes] = {}

    def head(self) -> Head:
        return self.present

    def commit(self, build: Callable[[Head], Batch]) -> Head:
        batch = build(self.present)
        self.kept += batch.rows
        self.tiles.update({(tile.level, tile.index): tile.data for tile in batch.tiles})
        self.present = batch.head
        return self.present

    def rows(self, start: int, stop: int) -> Iterator[tuple[int, Row]]:
        yield from enumerate(self.kept[start:stop], start)

    def find(self, entry_id: str) -> int | None:
        return next((i for i, row in enumerate(self.kept) if row.id == entry_id), None)

    def tile(self, level: int, index: int) -> bytes | None:
        return self.tiles.get((level, index))

    def close(self) -> None:
        return


def leaf(index: int, n: int | None = None, source: str = "gw-1.01JD0000000000000000000000", **more: object) -> bytes:
    members = {
        "at_ms": AT_S * 1000 + index,
        "facts": {"adverse": bool(index % 3), "reasons": [f"R{i}" for i in range(index % 3)], "route": "auto"},
        "id": ulid(AT_S * 1000 + index, index),
        "kind": "decision",
        "n": index if n is None else n,
        "source": source,
        "tenant": "bank-a",
        "v": 1,
        **more,
    }
    return msgspec.json.encode({k: v for k, v in members.items() if v is not None}, order="sorted")


def append(store: MemoryStore, signer: Signer, leaves: Sequence[bytes], *, dual: bool = True) -> Head:
    def build(head: Head) -> Batch:
        rows = [Row(msgspec.json.decode(each)["id"], each, b"") for each in leaves]
        frontier, new = merkle.extend(merkle.Frontier(head.size, head.peaks), [merkle.leaf_hash(e) for e in leaves])
        full, edges = tiles.grow(head.edges, new, head.size)
        note = signer.checkpoint(frontier.size, merkle.root(frontier), AT_S, dual=dual)
        after = Head(size=frontier.size, peaks=frontier.peaks, edges=edges, note=note, dual_note=note if dual else "")
        return Batch(rows, [Tile(*each) for each in full], after)

    return store.commit(build)


def exported(folder: Path, leaves: Sequence[bytes], name: str = NAME) -> tuple[MemoryStore, Signer, Path]:
    """A log of these leaves, its signer, and its export."""
    store, signer = MemoryStore(), Signer.load_or_create(folder / "keys", name)
    append(store, signer, leaves)
    export(store, signer, folder / "export")
    return store, signer, folder / "export"
