"""The tree against a second implementation, written as RFC 6962 defines it: over the list of all leaves."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.merkle import (
    EMPTY_ROOT,
    TILE,
    Tree,
    consistency_ranges,
    inclusion_ranges,
    is_consistent,
    is_included,
    leaf_hash,
    range_root,
)

Leaves = list[bytes]


def naive_root(leaves: Leaves) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def grown(leaves: Leaves) -> Tree:
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree


def paths(leaves: Leaves, ranges: list[tuple[int, int]]) -> list[bytes]:
    node = lambda level, index: naive_root(leaves[index << level : (index + 1) << level])  # noqa: E731
    return [range_root(*one, node) for one in ranges]


def numbered(count: int) -> Leaves:
    return [leaf_hash(str(number).encode()) for number in range(count)]


sizes = st.integers(0, 300)


@given(sizes)
def test_a_tree_that_grew_has_the_root_that_the_rfc_defines(size: int) -> None:
    assert grown(numbered(size)).root() == naive_root(numbered(size))


def test_the_roots_of_the_rfc_s_examples() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@given(st.integers(1, 300), st.data())
def test_every_leaf_can_be_proved_and_nothing_else_by_its_path(size: int, data: st.DataObject) -> None:
    leaves, index = numbered(size), data.draw(st.integers(0, size - 1))
    root, path = naive_root(leaves), paths(leaves, list(inclusion_ranges(index, size)))
    assert is_included(leaves[index], index, size, root, path)
    assert not is_included(leaf_hash(b"another"), index, size, root, path)
    assert not is_included(leaves[index], index, size, root, [*path, root])
    if size > 1:
        other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index))
        assert not is_included(leaves[index], other, size, root, path)
        assert not is_included(leaves[index], index, size, root, path[:-1])


@given(st.integers(1, 300), st.data())
def test_what_a_tree_grew_from_can_be_proved_and_nothing_else(size: int, data: st.DataObject) -> None:
    leaves, old = numbered(size), data.draw(st.integers(1, size))
    was, root = naive_root(leaves[:old]), naive_root(leaves)
    path = paths(leaves, list(consistency_ranges(old, size)))
    assert is_consistent(old, was, size, root, path)
    edited = [*leaves]
    edited[data.draw(st.integers(0, old - 1))] = leaf_hash(b"edited")
    assert not is_consistent(old, naive_root(edited[:old]), size, root, path)
    # The same attack with a path of the tree that was edited: the path holds, and leads to the other old root.
    assert not is_consistent(old, was, size, naive_root(edited), paths(edited, list(consistency_ranges(old, size))))
    if path:
        assert not is_consistent(old, was, size, root, path[:-1])
    assert not is_consistent(old, was, size, root, [*path, root])


@given(sizes, sizes)
def test_a_tree_goes_on_from_its_peaks(size: int, more: int) -> None:
    leaves = numbered(size + more)
    begun = grown(leaves[:size])
    resumed = Tree(begun.size, begun.peaks)
    for leaf in leaves[size:]:
        resumed.append(leaf)
    assert resumed.root() == naive_root(leaves)


def test_the_nodes_that_are_kept_are_the_complete_ones_of_each_eighth_level() -> None:
    size = 3 * 2**TILE + 5
    leaves, tree = numbered(size), Tree()
    kept = [node for leaf in leaves for node in tree.append(leaf)]
    assert kept == [(TILE, index, naive_root(leaves[index << TILE : (index + 1) << TILE])) for index in range(3)]


@pytest.mark.parametrize("peaks", [(), (b"short",), (bytes(32), bytes(32), bytes(32))])
def test_peaks_that_do_not_fit_are_refused(peaks: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="peaks"):
        Tree(5, peaks)


def test_what_is_not_in_the_tree_has_no_proof() -> None:
    with pytest.raises(ValueError, match="no leaf"):
        list(inclusion_ranges(3, 3))
    with pytest.raises(ValueError, match="grow"):
        list(consistency_ranges(4, 3))
