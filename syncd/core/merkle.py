"""The Merkle tree of RFC 6962, section 2.1: it grows by leaves, and proves what is in it and what it grew from.

A node is named by its level and its index in the level: node (0, 5) is the sixth leaf, node (3, 1) the root of leaves 8
to 15. Every hash is 32 bytes.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Final

HASH_SIZE: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
TILE: Final = 8
"""Of the nodes above the leaves those are kept whose level is a multiple of this; the others are soon made of them."""

Range = tuple[int, int]
Node = Callable[[int, int], bytes]
"""Gives the hash of a complete node, by level and index."""
Kept = tuple[int, int, bytes]
"""A node that is kept: level, index, hash."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf that holds these bytes."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above these two."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows. It remembers the roots of its complete parts (`peaks`, the largest first), and no leaf."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """Go on with a tree of `size` leaves. Raises ValueError when there are not as many peaks as it has parts."""
        if len(peaks) != size.bit_count() or any(len(peak) != HASH_SIZE for peak in peaks):
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks of {HASH_SIZE} bytes")
        self.size = size
        self._peaks = list(peaks)

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """The roots of the complete parts, the largest first."""
        return tuple(self._peaks)

    def append(self, leaf: bytes) -> list[Kept]:
        """Add the hash of a leaf, and return the nodes to keep that it completed."""
        kept: list[Kept] = []
        node, index, level = leaf, self.size, 0
        while index & 1:
            node = node_hash(self._peaks.pop(), node)
            index >>= 1
            level += 1
            if not level % TILE:
                kept.append((level, index, node))
        self._peaks.append(node)
        self.size += 1
        return kept

    def root(self) -> bytes:
        """Return the root."""
        if not self._peaks:
            return EMPTY_ROOT
        *others, root = self._peaks
        for peak in reversed(others):
            root = node_hash(peak, root)
        return root


def range_root(start: int, end: int, node: Node) -> bytes:
    """Return the root of the leaves from `start` up to `end`, as the tree splits them."""
    size = end - start
    if size == 0:
        return EMPTY_ROOT
    if size.bit_count() == 1:
        return node(size.bit_length() - 1, start // size)
    middle = start + _split(size)
    return node_hash(range_root(start, middle, node), range_root(middle, end, node))


def inclusion_ranges(index: int, size: int) -> Iterator[Range]:
    """Yield the ranges of leaves whose roots are the audit path of a leaf, from its sibling up (section 2.1.1).

    Raises ValueError when the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    start, end = 0, size
    path: list[Range] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    yield from reversed(path)


def consistency_ranges(old: int, size: int) -> Iterator[Range]:
    """Yield the ranges of leaves whose roots prove that a tree grew from its first `old` leaves (section 2.1.2).

    Raises ValueError unless 0 < old <= size.
    """
    if not 0 < old <= size:
        raise ValueError(f"a tree of {size} leaves did not grow from one of {old}")
    start, end, is_root = 0, size, True
    path: list[Range] = []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start, is_root = middle, False
    if not is_root:
        path.append((start, end))
    yield from reversed(path)


def is_included(leaf: bytes, index: int, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Return whether the audit path leads from the leaf to the root (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size or not _fits(index, size - 1, path):
        return False
    node = leaf
    for sibling, is_left in _climb(index, size - 1, path):
        node = node_hash(sibling, node) if is_left else node_hash(node, sibling)
    return node == root


def is_consistent(old: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Return whether the path proves that the tree of `old` leaves is the beginning of the other (RFC 9162, 2.1.4.2).

    An empty tree is the beginning of every tree.
    """
    if not 0 <= old <= size:
        return False
    if old in {0, size}:
        return not path and old_root == (root if old else EMPTY_ROOT)
    nodes = [old_root, *path] if old.bit_count() == 1 else list(path)
    shift = ((old - 1) ^ old).bit_length() - 1
    at, last = (old - 1) >> shift, (size - 1) >> shift
    if not nodes or not _fits(at, last, nodes[1:]):
        return False
    first = second = nodes[0]
    for node, is_left in _climb(at, last, nodes[1:]):
        first = node_hash(node, first) if is_left else first
        second = node_hash(node, second) if is_left else node_hash(second, node)
    return first == old_root and second == root


def _climb(at: int, last: int, path: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield each node of a path, and whether it is on the left of the way up from node `at` of a level up to `last`."""
    for sibling in path:
        is_left = bool(at & 1) or at == last
        while is_left and at and not at & 1:
            at, last = at >> 1, last >> 1
        yield sibling, is_left
        at, last = at >> 1, last >> 1


def _fits(at: int, last: int, path: Sequence[bytes]) -> bool:
    """Return whether the way up has as many steps as the path."""
    steps = 0
    while last:
        if at & 1 or at != last:
            steps += 1
        at, last = at >> 1, last >> 1
    return steps == len(path)


def _split(size: int) -> int:
    """Return the largest power of two below a size of 2 or more."""
    return 1 << ((size - 1).bit_length() - 1)
