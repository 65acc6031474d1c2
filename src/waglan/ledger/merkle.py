"""The RFC 6962 Merkle tree: growing it by batches, its root, and its two proofs. Pure functions over hashes.

References
----------
RFC 6962 §2.1 (tree, proofs), RFC 9162 §2.1.3.2 and §2.1.4.2 (checking them). SHA-256 throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

EMPTY_ROOT = sha256(b"").digest()
TILE_HEIGHT = 8

Node = Callable[[int, int], bytes]
"""``node(height, index)``: hash of the complete subtree over leaves ``index·2^height … (index+1)·2^height - 1``."""


class Frontier(NamedTuple):
    """All that is needed to grow a tree.

    Attributes
    ----------
    size
        Number of leaves.
    peaks
        ``peaks[h]`` is the hash of the complete subtree of height ``h`` where bit ``h`` of ``size`` is set,
        else empty bytes; as many as ``size`` has bits.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 ‖ data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def extend(frontier: Frontier, leaf_hashes: Sequence[bytes]) -> tuple[Frontier, dict[int, list[bytes]]]:
    """Grow a tree by a batch of leaf hashes, one level of the tree at a time.

    Returns
    -------
    tuple
        The new frontier, and per tile level ``L`` the new complete-subtree hashes of height ``8·L``, in order
        (level 0 is the batch itself). Levels without new hashes are left out.
    """
    hasher = sha256
    level, peaks = list(leaf_hashes), frontier.peaks
    grown: list[bytes] = []
    new: dict[int, list[bytes]] = {}
    height = 0
    while level or height < len(peaks):
        if level and not height % TILE_HEIGHT:
            new[height // TILE_HEIGHT] = level
        left = peaks[height] if height < len(peaks) else b""
        nodes = [left, *level] if left else level
        grown.append(nodes[-1] if len(nodes) & 1 else b"")
        level = [hasher(b"\x01" + a + b).digest() for a, b in zip(nodes[::2], nodes[1::2], strict=False)]
        height += 1
    return Frontier(frontier.size + len(leaf_hashes), tuple(grown)), new


def root(frontier: Frontier) -> bytes:
    """The tree's root; `EMPTY_ROOT` without leaves."""
    top = b""
    for peak in frontier.peaks:
        if peak:
            top = node_hash(peak, top) if top else peak
    return top or EMPTY_ROOT


def subtree_root(start: int, stop: int, node: Node) -> bytes:
    """RFC 6962's MTH(D[start:stop]), where ``start`` is a multiple of the power of two that reaches ``stop``."""
    count = stop - start
    if count == 0:
        return EMPTY_ROOT
    if count & (count - 1) == 0:
        height = count.bit_length() - 1
        return node(height, start >> height)
    middle = start + _split(count)
    return node_hash(subtree_root(start, middle, node), subtree_root(middle, stop, node))


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """The audit path of a leaf, nearest hash first; ``ValueError`` when the tree doesn't hold that leaf."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(subtree_root(middle, stop, node))
            stop = middle
        else:
            path.append(subtree_root(start, middle, node))
            start = middle
    return path[::-1]


def consistency_proof(old_size: int, new_size: int, node: Node) -> list[bytes]:
    """Hashes that show that the first ``old_size`` leaves are unchanged; empty when one size is the other or 0."""
    if not 0 <= old_size <= new_size:
        raise ValueError(f"a tree of {new_size} can't extend one of {old_size}")
    if old_size in (0, new_size):
        return []
    path: list[bytes] = []
    start, stop = 0, new_size
    while old_size < stop:
        middle = start + _split(stop - start)
        if old_size <= middle:
            path.append(subtree_root(middle, stop, node))
            stop = middle
        else:
            path.append(subtree_root(start, middle, node))
            start = middle
    if start:  # the old tree's own root is known to who checks; a right part of it is not
        path.append(subtree_root(start, stop, node))
    return path[::-1]


def verify_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], root_hash: bytes) -> bool:
    """Whether ``path`` leads from a leaf hash at ``index`` to the root of a tree of ``size`` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root_hash


def verify_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree of ``new_size`` extends the one of ``old_size`` (RFC 9162 §2.1.4.2).

    From the empty tree everything is consistent, by the empty proof.
    """
    if not 0 <= old_size <= new_size:
        return False
    if old_size == new_size:
        return not path and old_root == new_root
    if old_size == 0:
        return not path and old_root == EMPTY_ROOT
    steps = [old_root, *path] if old_size & (old_size - 1) == 0 else list(path)
    if not steps:
        return False
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, step)
        at, last = at >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def _split(count: int) -> int:
    """The largest power of two below ``count``."""
    return 1 << (count - 1).bit_length() - 1
