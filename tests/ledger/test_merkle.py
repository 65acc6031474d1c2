"""The tree against RFC 6962's own values, and its proofs: each verifies, none does after a change."""

from __future__ import annotations

import hashlib
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from waglan.ledger import merkle, witness
from waglan.ledger.merkle import Frontier

# The leaves and roots of certificate-transparency's merkletree tests (also in RFC 9162's reference implementations).
LEAVES = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                     "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


@cache
def hashes(count: int) -> tuple[bytes, ...]:
    return tuple(merkle.leaf_hash(i.to_bytes(4, "big")) for i in range(count))


def grown(count: int) -> Frontier:
    return merkle.extend(Frontier(), hashes(count))[0]


def reader(size: int) -> merkle.Node:
    def node(height: int, index: int) -> bytes:
        first, last = index << height, (index + 1) << height
        assert last <= size, "only complete subtrees may be asked for"
        return merkle.root(merkle.extend(Frontier(), hashes(size)[first:last])[0])

    return node


def test_the_empty_tree_is_the_hash_of_nothing() -> None:
    assert hashlib.sha256().digest() == merkle.EMPTY_ROOT == merkle.root(Frontier())


def test_known_roots() -> None:
    for count, root in enumerate(ROOTS, 1):
        frontier, new = merkle.extend(Frontier(), [merkle.leaf_hash(leaf) for leaf in LEAVES[:count]])
        assert merkle.root(frontier).hex() == root
        assert new[0] == [merkle.leaf_hash(leaf) for leaf in LEAVES[:count]]


@given(st.lists(st.integers(0, 700), max_size=6))
@settings(max_examples=60, deadline=None)
def test_any_split_into_batches_gives_the_same_tree(batches: list[int]) -> None:
    total, at = sum(batches), 0
    frontier, tops = Frontier(), []
    for count in batches:
        frontier, new = merkle.extend(frontier, hashes(total)[at : at + count])
        tops += new.get(1, [])
        at += count
    whole, once = merkle.extend(Frontier(), hashes(total))
    assert (frontier, tops) == (whole, once.get(1, []))
    assert len(frontier.peaks) == total.bit_length()
    assert len(tops) == total // 256


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_each_inclusion_proof_verifies_and_no_changed_one_does(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 400))
    index = data.draw(st.integers(0, size - 1))
    path, root, leaf = merkle.inclusion_proof(index, size, reader(size)), merkle.root(grown(size)), hashes(size)[index]
    assert merkle.verify_inclusion(index, size, leaf, path, root)
    other = data.draw(st.integers(0, size + 1).filter(lambda i: i != index))
    assert not merkle.verify_inclusion(other, size, leaf, path, root)
    assert not merkle.verify_inclusion(index, size, hashes(size + 1)[-1], path, root)
    assert not merkle.verify_inclusion(index, size, leaf, [*path, root], root)
    assert not merkle.verify_inclusion(index, size, leaf, path, merkle.EMPTY_ROOT)
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        assert not merkle.verify_inclusion(index, size, leaf, path[:at] + path[at + 1 :], root)
        assert not merkle.verify_inclusion(index, size, leaf, [*path[:at], root, *path[at + 1 :]], root)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_each_consistency_proof_verifies_and_no_changed_one_does(data: st.DataObject) -> None:
    new_size = data.draw(st.integers(1, 400))
    old_size = data.draw(st.integers(0, new_size))
    path = merkle.consistency_proof(old_size, new_size, reader(new_size))
    old, new = merkle.root(grown(old_size)), merkle.root(grown(new_size))
    for check in (merkle.verify_consistency, witness.consistent):
        assert check(old_size, new_size, old, new, path)
        assert not check(old_size, new_size, old, new, [*path, new])
        if old_size:
            assert not check(old_size, new_size, hashes(401)[400], new, path)
            assert not check(old_size, new_size, old, hashes(401)[400], path)
        if path:
            at = data.draw(st.integers(0, len(path) - 1))
            assert not check(old_size, new_size, old, new, path[:at] + path[at + 1 :])
            assert not check(old_size, new_size, old, new, [*path[:at], merkle.EMPTY_ROOT, *path[at + 1 :]])
    assert not merkle.verify_consistency(new_size + 1, new_size, old, new, path)
    assert not merkle.verify_consistency(-1, new_size, old, new, path)


def test_proofs_of_what_is_not_there_are_refused() -> None:
    for index, size in ((0, 0), (-1, 5), (5, 5)):
        try:
            merkle.inclusion_proof(index, size, reader(size))
        except ValueError as error:
            assert "not in a tree" in str(error)
        else:
            raise AssertionError("a proof for a leaf that isn't there")
    try:
        merkle.consistency_proof(6, 5, reader(5))
    except ValueError as error:
        assert "can't extend" in str(error)
    else:
        raise AssertionError("a proof of a tree that shrank")


def test_a_proof_of_nothing_proves_nothing() -> None:
    for check in (merkle.verify_consistency, witness.consistent):
        assert not check(3, 5, merkle.root(grown(3)), merkle.root(grown(5)), [])
