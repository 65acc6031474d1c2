"""C2SP tlog-tiles: where hashes and entries lie, growing the tiles, and reading any node of a tree from them.

References
----------
c2sp.org/tlog-tiles. Tiles are 256 hashes wide; tile level ``L`` holds hashes of subtrees of height ``8·L``.
"""

from __future__ import annotations

from collections.abc import Iterable

from waglan.ledger import merkle
from waglan.ledger.store import Head, Store

WIDTH = 256
HASH_BYTES = 32
TILE_BYTES = WIDTH * HASH_BYTES


def grow(
    edges: tuple[bytes, ...], new: dict[int, list[bytes]], size_before: int
) -> tuple[list[tuple[int, int, bytes]], tuple[bytes, ...]]:
    """Append what `merkle.extend` made to the right edge and cut off what became full.

    Parameters
    ----------
    edges
        Per tile level the hashes of the rightmost, not yet full tile (`Head.edges`).
    new
        Per tile level the new hashes.
    size_before
        Number of leaves before the batch.

    Returns
    -------
    tuple
        Full tiles as (level, index, 8,192 bytes), and the new edges.
    """
    full: list[tuple[int, int, bytes]] = []
    grown = list(edges)
    for level in sorted(new):
        if level == len(grown):
            grown.append(b"")
        data = grown[level] + b"".join(new[level])
        index = size_before >> merkle.TILE_HEIGHT * (level + 1)
        whole = len(data) - len(data) % TILE_BYTES
        for start in range(0, whole, TILE_BYTES):
            full.append((level, index, data[start : start + TILE_BYTES]))
            index += 1
        grown[level] = data[whole:]
    return full, tuple(grown)


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """``tile/0/x001/067`` or, for a partial tile, ``tile/0/x001/067.p/112``."""
    return f"tile/{level}/{_number(index)}{_partial(width)}"


def entries_path(index: int, width: int = WIDTH) -> str:
    """``tile/entries/x001/067``, with ``.p/<width>`` for a partial bundle."""
    return f"tile/entries/{_number(index)}{_partial(width)}"


def pack(leaves: Iterable[bytes]) -> bytes:
    """An entry bundle: each leaf after its length as a big-endian uint16; ``ValueError`` past 65,535 bytes."""
    parts: list[bytes] = []
    for leaf in leaves:
        if len(leaf) >> 16:
            raise ValueError(f"an entry of {len(leaf)} bytes; a bundle takes at most 65,535")
        parts += (len(leaf).to_bytes(2, "big"), leaf)
    return b"".join(parts)


def unpack(bundle: bytes) -> list[bytes]:
    """The leaves of an entry bundle; ``ValueError`` when it ends in the middle of one."""
    leaves: list[bytes] = []
    at = 0
    while at < len(bundle):
        stop = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if at + 2 > len(bundle) or stop > len(bundle):
            raise ValueError(f"the bundle ends inside entry {len(leaves)}")
        leaves.append(bundle[at + 2 : stop])
        at = stop
    return leaves


def reader(store: Store, head: Head) -> merkle.Node:
    """Any complete subtree's hash at ``head``; ``LookupError`` when the store doesn't hold its tile.

    The reader remembers the tiles it read, so make one per proof or per small set of proofs.
    """
    read: dict[tuple[int, int], bytes] = {}

    def tile(level: int, index: int) -> bytes:
        if (level, index) not in read:
            if index == head.size >> merkle.TILE_HEIGHT * (level + 1):
                data = head.edges[level] if level < len(head.edges) else b""
            else:
                data = store.tile(level, index) or b""
            read[level, index] = data
        return read[level, index]

    def node(height: int, index: int) -> bytes:
        level, above = divmod(height, merkle.TILE_HEIGHT)
        first = index << above
        data = tile(level, first // WIDTH)
        start = first % WIDTH * HASH_BYTES
        hashes = [data[at : at + HASH_BYTES] for at in range(start, start + (HASH_BYTES << above), HASH_BYTES)]
        if len(hashes[-1]) != HASH_BYTES:
            raise LookupError(f"the log holds no {tile_path(level, first // WIDTH)} of that width")
        while len(hashes) > 1:
            hashes = [merkle.node_hash(a, b) for a, b in zip(hashes[::2], hashes[1::2], strict=True)]
        return hashes[0]

    return node


def inclusion(store: Store, head: Head, index: int) -> list[bytes]:
    """The audit path of an entry at ``head``."""
    return merkle.inclusion_proof(index, head.size, reader(store, head))


def consistency(store: Store, head: Head, old_size: int) -> list[bytes]:
    """The proof that the log at ``head`` extends the one of ``old_size`` entries."""
    return merkle.consistency_proof(old_size, head.size, reader(store, head))


def root_at(store: Store, head: Head, size: int) -> bytes:
    """The root that the log had at an earlier (or the present) size."""
    return merkle.subtree_root(0, size, reader(store, head))


def _number(index: int) -> str:
    digits = [f"{index % 1000:03d}"]
    while index := index // 1000:
        digits.append(f"x{index % 1000:03d}")
    return "/".join(reversed(digits))


def _partial(width: int) -> str:
    return "" if width == WIDTH else f".p/{width}"
