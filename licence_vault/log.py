"""Merkle trees over records: roots and proofs, hashed as RFC 6962 section 2.1 (SHA-256).

A million leaves take about a second; `Tree` keeps only one hash per level. What others
hand in is believed by `verify_inclusion` and `verify_consistency`, or refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from onefile.verify.errors import ImpossibleProof
from onefile.verify.merkle import EMPTY_ROOT, leaf_hash, node_hash, verify_consistency, verify_inclusion

__all__ = [
    "EMPTY_ROOT", "Tree", "consistency_proof", "inclusion_paths", "inclusion_proof", "leaf_hash", "leaf_hashes",
    "node_hash", "root", "verify_consistency", "verify_inclusion",
]  # fmt: skip


def leaf_hashes(records: Iterable[bytes]) -> list[bytes]:
    """Return the leaf hash (32 bytes) of each record, in order."""
    return [sha256(b"\x00" + record).digest() for record in records]


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root (32 bytes) of the tree over these leaf hashes; SHA-256 of nothing when there are none."""
    if not leaf_hashes:
        return EMPTY_ROOT
    level = leaf_hashes
    while len(level) > 1:
        level = _parents(level)
    return level[0]


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """Return the siblings from leaf `index` (from 0) up to the root, as RFC 6962 section 2.1.1 PATH.

    Raises:
        ImpossibleProof: there is no such leaf.
    """
    if not 0 <= index < len(leaf_hashes):
        raise ImpossibleProof("the tree has no leaf of that index")
    path, level = [], leaf_hashes
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level, index = _parents(level), index >> 1
    return path


def inclusion_paths(leaf_hashes: Sequence[bytes]) -> tuple[bytes, list[list[bytes]]]:
    """Return the root of a tree of a leaf at least, and every leaf's inclusion proof; each node is hashed once."""
    levels = [list(leaf_hashes)]
    while len(levels[-1]) > 1:
        levels.append(_parents(levels[-1]))
    paths = []
    for index in range(len(leaf_hashes)):
        siblings = (((index >> height) ^ 1, level) for height, level in enumerate(levels[:-1]))
        paths.append([level[place] for place, level in siblings if place < len(level)])
    return levels[-1][0], paths


def consistency_proof(leaf_hashes: Sequence[bytes], size1: int) -> list[bytes]:
    """Return what shows that the first `size1` leaves are how this tree began, as RFC 6962 section 2.1.2 PROOF.

    Raises:
        ImpossibleProof: `size1` is 0 (everything follows an empty tree) or above the number of leaves.
    """
    if not 0 < size1 <= len(leaf_hashes):
        raise ImpossibleProof("size1 is not within the tree")
    path: list[bytes] = []
    first, low, high = size1, 0, len(leaf_hashes)
    is_known = True  # the verifier has the root of exactly this part
    while first != high - low:
        split = low + (1 << (high - low - 1).bit_length() - 1)
        if first <= split - low:
            path.append(root(leaf_hashes[split:high]))
            high = split
        else:
            path.append(root(leaf_hashes[low:split]))
            first, low, is_known = first - (split - low), split, False
    if not is_known:
        path.append(root(leaf_hashes[low:high]))
    return path[::-1]


class Tree:
    """A tree that grows leaf by leaf in O(log n) memory, and knows its root at any time."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """Begin with a tree of `size` leaves by the roots of its full subtrees, the largest first."""
        self.size = size
        self._peaks = list(peaks)

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """The roots of the full subtrees, the largest first: all that is needed to go on."""
        return tuple(self._peaks)

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf by its hash (32 bytes)."""
        size, node = self.size, leaf_hash
        while size & 1:
            node = sha256(b"\x01" + self._peaks.pop() + node).digest()
            size >>= 1
        self._peaks.append(node)
        self.size += 1

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Add leaves by their hashes, in order."""
        for leaf in leaf_hashes:
            self.append(leaf)

    def root(self) -> bytes:
        """Return the root (32 bytes) over all leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node


def _parents(level: Sequence[bytes]) -> list[bytes]:
    """Return the level above; a last node without a sibling goes up as it is."""
    parents = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
    if len(level) & 1:
        parents.append(level[-1])
    return parents
