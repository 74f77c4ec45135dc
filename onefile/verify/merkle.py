"""Merkle trees as RFC 6962 section 2.1 hashes them, with SHA-256: proofs are believed here or refused.

Proofs are checked by the algorithms of RFC 9162 sections 2.1.3.2 and 2.1.4.2. An input that
no tree can have is refused before anything is hashed.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from onefile.verify.errors import ImpossibleProof, ProofDoesNotFit

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(record: bytes) -> bytes:
    """Return the hash of a leaf, 32 bytes: SHA-256(00 ‖ record)."""
    return sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node, 32 bytes: SHA-256(01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def verify_inclusion(leaf_index: int, tree_size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Return when the leaf stands at that place of the tree with that root; raise otherwise.

    Args:
        leaf_index: place of the leaf, from 0.
        tree_size: number of leaves, from 1: an empty tree includes nothing.
        leaf_hash: 32 bytes, as `leaf_hash` makes it.
        proof: the siblings' hashes from the leaf up, exactly as many as there must be.
        root: 32 bytes.

    Raises:
        ImpossibleProof: no tree has such a proof.
        ProofDoesNotFit: it leads to another root.

    Source: RFC 9162 section 2.1.3.2.
    """
    _require_count("tree_size", tree_size, 1)
    _require_count("leaf_index", leaf_index, 0)
    if leaf_index >= tree_size:
        raise ImpossibleProof("leaf_index is not below tree_size")
    _require_hash("leaf_hash", leaf_hash)
    _require_hash("root", root)
    _require_hashes(proof)
    index, last, reached = leaf_index, tree_size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            raise ImpossibleProof("it has more hashes than the tree has levels")
        if index & 1 or index == last:
            reached = node_hash(sibling, reached)
            index, last = _skip_missing_siblings(index, last)
        else:
            reached = node_hash(reached, sibling)
        index, last = index >> 1, last >> 1
    if last != 0:
        raise ImpossibleProof("it has fewer hashes than the tree has levels")
    if reached != root:
        raise ProofDoesNotFit("the root: this leaf is not there")


def verify_consistency(size1: int, size2: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> None:
    """Return when the first tree is how the second one began; raise otherwise.

    Args:
        size1: leaves of the earlier tree, from 1: everything follows an empty tree, so a proof of it proves nothing.
        size2: leaves of the later tree, not below `size1`.
        root1: root of the earlier tree, 32 bytes.
        root2: root of the later tree, 32 bytes.
        proof: exactly as many hashes as there must be; none when the sizes are equal.

    Raises:
        ImpossibleProof: no two trees have such a proof.
        ProofDoesNotFit: it leads to another root.

    Source: RFC 9162 section 2.1.4.2.
    """
    _require_count("size1", size1, 1)
    _require_count("size2", size2, 1)
    if size1 > size2:
        raise ImpossibleProof("size1 is above size2")
    _require_hash("root1", root1)
    _require_hash("root2", root2)
    _require_hashes(proof)
    if size1 == size2:
        _require_same_tree(root1, root2, proof)
        return
    reached1, reached2 = _replay(size1, size2, root1, proof)
    if reached1 != root1:
        raise ProofDoesNotFit("the first root")
    if reached2 != root2:
        raise ProofDoesNotFit("the second root")


def _replay(size1: int, size2: int, root1: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the two roots that the proof leads to."""
    path = list(proof)
    if size1 & (size1 - 1) == 0:
        path.insert(0, root1)
    if not path:
        raise ImpossibleProof("it has no hashes")
    index, last = size1 - 1, size2 - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    reached1 = reached2 = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ImpossibleProof("it has more hashes than the tree has levels")
        if index & 1 or index == last:
            reached1, reached2 = node_hash(sibling, reached1), node_hash(sibling, reached2)
            index, last = _skip_missing_siblings(index, last)
        else:
            reached2 = node_hash(reached2, sibling)
        index, last = index >> 1, last >> 1
    if last != 0:
        raise ImpossibleProof("it has fewer hashes than the tree has levels")
    return reached1, reached2


def _skip_missing_siblings(index: int, last: int) -> tuple[int, int]:
    """Climb past the levels where the last node has no sibling and is its own parent."""
    while index and not index & 1:
        index, last = index >> 1, last >> 1
    return index, last


def _require_same_tree(root1: bytes, root2: bytes, proof: Sequence[bytes]) -> None:
    if len(proof) != 0:
        raise ImpossibleProof("trees of one size need no hashes")
    if root1 != root2:
        raise ProofDoesNotFit("the second root: two trees of one size have two roots")


def _require_count(name: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ImpossibleProof(f"{name} is no whole number")
    if value < least:
        raise ImpossibleProof(f"{name} is below {least}")


def _require_hash(name: str, value: object) -> None:
    if not isinstance(value, bytes) or len(value) != 32:
        raise ImpossibleProof(f"{name} is not 32 bytes")


def _require_hashes(proof: object) -> None:
    if not isinstance(proof, (list, tuple)):
        raise ImpossibleProof("it is no list of hashes")
    for number, item in enumerate(proof):
        if not isinstance(item, bytes) or len(item) != 32:
            raise ImpossibleProof(f"hash {number} of it is not 32 bytes")
