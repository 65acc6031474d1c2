"""Tiles as c2sp.org/tlog-tiles has them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.logs import NAME, MemoryStore, append, leaf
from waglan.ledger import merkle, tiles
from waglan.ledger.keys import Signer
from waglan.ledger.verify import tile as verifier_tile


@pytest.mark.parametrize(
    ("index", "width", "path"),
    [
        (0, 256, "tile/0/000"),
        (67, 112, "tile/0/067.p/112"),
        (1_067, 256, "tile/0/x001/067"),
        (1_234_067, 256, "tile/0/x001/x234/067"),
        (1_000_000, 1, "tile/0/x001/x000/000.p/1"),
    ],
)
def test_paths_are_the_specifications(index: int, width: int, path: str, tmp_path: Path) -> None:
    assert tiles.tile_path(0, index, width) == path
    assert tiles.entries_path(index, width) == path.replace("tile/0", "tile/entries")
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_bytes(b"x")
    assert verifier_tile(tmp_path, 0, index, index * 256 + width) == b"x"


@given(st.lists(st.binary(max_size=300), max_size=40))
def test_bundles_give_back_what_went_in(leaves: list[bytes]) -> None:
    assert tiles.unpack(tiles.pack(leaves)) == leaves


def test_bundles_refuse_what_they_cannot_say() -> None:
    with pytest.raises(ValueError, match="65,535"):
        tiles.pack([b"x" * 65_536])
    for torn in (b"\x00", b"\x00\x05abc", b"\x00\x01a\x00"):
        with pytest.raises(ValueError, match="ends inside"):
            tiles.unpack(torn)


@given(st.lists(st.integers(0, 900), max_size=5))
@settings(max_examples=40, deadline=None)
def test_tiles_are_the_same_however_the_log_grew(batches: list[int]) -> None:
    hashes = [merkle.leaf_hash(i.to_bytes(4, "big")) for i in range(sum(batches))]
    frontier, edges, full, at = merkle.Frontier(), (), {}, 0
    for count in batches:
        grown, new = merkle.extend(frontier, hashes[at : at + count])
        made, edges = tiles.grow(edges, new, frontier.size)
        assert not {(level, index) for level, index, _ in made} & full.keys()
        full.update({(level, index): data for level, index, data in made})
        frontier, at = grown, at + count
    for index in range(len(hashes) // 256):
        assert full[0, index] == b"".join(hashes[256 * index : 256 * index + 256])
    assert b"".join(edges[:1]) == b"".join(hashes[len(hashes) // 256 * 256 :])
    for level, edge in enumerate(edges):
        assert len(edge) == (len(hashes) >> 8 * level) % 256 * 32


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> MemoryStore:
    signer, store = Signer.load_or_create(tmp_path_factory.mktemp("keys"), NAME), MemoryStore()
    for start, stop in ((0, 300), (300, 301), (301, 66_000)):
        append(store, signer, [leaf(i) for i in range(start, stop)], dual=False)
    return store


def test_proofs_from_a_store_verify(log: MemoryStore) -> None:
    head = log.head()
    root = merkle.root(merkle.Frontier(head.size, head.peaks))
    for index in (0, 255, 256, 299, 65_535, 65_536, head.size - 1):
        path = tiles.inclusion(log, head, index)
        assert merkle.verify_inclusion(index, head.size, merkle.leaf_hash(log.kept[index].leaf), path, root)
    for size in (0, 1, 255, 256, 300, 65_536, 65_999, head.size):
        old = tiles.root_at(log, head, size)
        assert old == merkle.root(
            merkle.extend(merkle.Frontier(), [merkle.leaf_hash(r.leaf) for r in log.kept[:size]])[0]
        )
        assert merkle.verify_consistency(size, head.size, old, root, tiles.consistency(log, head, size))


def test_a_missing_tile_is_named(log: MemoryStore) -> None:
    torn = MemoryStore()
    torn.tiles = {key: data for key, data in log.tiles.items() if key != (0, 7)}
    with pytest.raises(LookupError, match="tile/0/007"):
        tiles.inclusion(torn, log.head(), 7 * 256)
