"""Merkle proofs: known answers of RFC 6962 trees, a naive tree to compare with, and impossible input."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licence_vault import log
from onefile.verify.errors import ImpossibleProof, ProofDoesNotFit
from onefile.verify.merkle import EMPTY_ROOT, leaf_hash, node_hash, verify_consistency, verify_inclusion
from tests.yardstick import slowness

# The leaves and roots that Certificate Transparency's reference code is tested with.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = log.leaf_hashes(LEAVES)


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m: int, leaves: list[bytes], is_known: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2, word for word."""
    if m == len(leaves):
        return [] if is_known else [naive_root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*naive_subproof(m, leaves[:k], is_known), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def split(n: int) -> int:
    """The largest power of two below n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def test_the_hash_of_an_empty_tree_is_that_of_nothing():
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert log.root([]) == log.Tree().root() == EMPTY_ROOT


def test_a_leaf_and_a_node_are_hashed_with_their_own_prefixes():
    assert leaf_hash(b"").hex() == ROOTS[0]
    assert node_hash(leaf_hash(b""), leaf_hash(b"\x00")).hex() == ROOTS[1]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_of_the_reference_trees_are_known(size):
    tree = log.Tree()
    tree.extend(HASHES[:size])
    assert log.root(HASHES[:size]).hex() == ROOTS[size - 1]
    assert tree.root().hex() == ROOTS[size - 1]
    assert tree.size == size


def test_a_published_inclusion_path_is_made_and_believed():
    path = [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [item.hex() for item in log.inclusion_proof(HASHES, 5)] == path
    verify_inclusion(5, 8, HASHES[5], [bytes.fromhex(item) for item in path], bytes.fromhex(ROOTS[7]))


def test_a_published_consistency_path_is_made_and_believed():
    path = [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [item.hex() for item in log.consistency_proof(HASHES, 6)] == path
    verify_consistency(6, 8, *(bytes.fromhex(ROOTS[n]) for n in (5, 7)), [bytes.fromhex(item) for item in path])


records = st.lists(st.binary(max_size=4), min_size=1, max_size=70)


@given(records)
def test_roots_equal_those_of_the_naive_tree(leaves):
    tree = log.Tree()
    tree.extend(log.leaf_hashes(leaves))
    assert log.root(log.leaf_hashes(leaves)) == tree.root() == naive_root(leaves)


@given(records, st.data())
def test_inclusion_proofs_equal_the_naive_ones_and_are_believed_for_their_leaf_only(leaves, data):
    index = data.draw(st.integers(0, len(leaves) - 1))
    other = data.draw(st.integers(0, len(leaves) - 1))
    hashes = log.leaf_hashes(leaves)
    proof = log.inclusion_proof(hashes, index)
    assert proof == naive_path(index, leaves)
    verify_inclusion(index, len(leaves), hashes[index], proof, naive_root(leaves))
    if leaves[other] != leaves[index]:
        with pytest.raises(ProofDoesNotFit):
            verify_inclusion(index, len(leaves), hashes[other], proof, naive_root(leaves))


@given(records, st.data())
def test_consistency_proofs_equal_the_naive_ones_and_are_believed(leaves, data):
    size1 = data.draw(st.integers(1, len(leaves)))
    proof = log.consistency_proof(log.leaf_hashes(leaves), size1)
    assert proof == naive_subproof(size1, leaves, True)
    verify_consistency(size1, len(leaves), naive_root(leaves[:size1]), naive_root(leaves), proof)


@given(records, st.data())
def test_a_tree_with_a_changed_past_is_never_consistent(leaves, data):
    size1 = data.draw(st.integers(1, len(leaves)))
    changed = [*leaves]
    changed[data.draw(st.integers(0, size1 - 1))] += b"!"
    proof = log.consistency_proof(log.leaf_hashes(changed), size1)
    with pytest.raises(ProofDoesNotFit):
        verify_consistency(size1, len(leaves), naive_root(leaves[:size1]), naive_root(changed), proof)


@given(records, st.data())
def test_a_proof_with_any_hash_changed_dropped_or_added_is_refused(leaves, data):
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = log.inclusion_proof(log.leaf_hashes(leaves), index)
    place = data.draw(st.integers(0, len(proof)))
    changes = [[*proof[:place], b"\x00" * 32, *proof[place:]]]
    if place < len(proof):
        changes += [proof[:place] + proof[place + 1 :], [*proof[:place], b"\x00" * 32, *proof[place + 1 :]]]
    for changed in changes:
        with pytest.raises((ImpossibleProof, ProofDoesNotFit)):
            verify_inclusion(index, len(leaves), leaf_hash(leaves[index]), changed, naive_root(leaves))


ROOT3, ROOT8 = bytes.fromhex(ROOTS[2]), bytes.fromhex(ROOTS[7])
PROOF = log.inclusion_proof(HASHES, 2)
STEP = log.consistency_proof(HASHES, 3)

IMPOSSIBLE_INCLUSIONS: dict[str, Callable[[], None]] = {
    "an empty tree": lambda: verify_inclusion(0, 0, HASHES[0], [], EMPTY_ROOT),
    "a negative size": lambda: verify_inclusion(0, -8, HASHES[0], PROOF, ROOT8),
    "a negative index": lambda: verify_inclusion(-1, 8, HASHES[2], PROOF, ROOT8),
    "an index as large as the tree": lambda: verify_inclusion(8, 8, HASHES[2], PROOF, ROOT8),
    "an index that is a truth value": lambda: verify_inclusion(True, 8, HASHES[1], PROOF, ROOT8),
    "an index that is a float": lambda: verify_inclusion(2.0, 8, HASHES[2], PROOF, ROOT8),  # type: ignore[arg-type]
    "an index that is text": lambda: verify_inclusion("2", 8, HASHES[2], PROOF, ROOT8),  # type: ignore[arg-type]
    "no size": lambda: verify_inclusion(2, None, HASHES[2], PROOF, ROOT8),  # type: ignore[arg-type]
    "a leaf instead of its hash": lambda: verify_inclusion(2, 8, LEAVES[2], PROOF, ROOT8),
    "a leaf hash of 31 bytes": lambda: verify_inclusion(2, 8, HASHES[2][:31], PROOF, ROOT8),
    "a leaf hash in hexadecimal": lambda: verify_inclusion(2, 8, HASHES[2].hex(), PROOF, ROOT8),  # type: ignore[arg-type]
    "a root of 33 bytes": lambda: verify_inclusion(2, 8, HASHES[2], PROOF, ROOT8 + b"\x00"),
    "no root": lambda: verify_inclusion(2, 8, HASHES[2], PROOF, b""),
    "a proof that is bytes": lambda: verify_inclusion(2, 8, HASHES[2], b"".join(PROOF), ROOT8),  # type: ignore[arg-type]
    "no proof": lambda: verify_inclusion(2, 8, HASHES[2], None, ROOT8),  # type: ignore[arg-type]
    "a proof with a short hash": lambda: verify_inclusion(2, 8, HASHES[2], [*PROOF[:2], b"\x00"], ROOT8),
    "a proof with a hash too many": lambda: verify_inclusion(2, 8, HASHES[2], [*PROOF, ROOT8], ROOT8),
    "a proof with a hash too few": lambda: verify_inclusion(2, 8, HASHES[2], PROOF[:2], ROOT8),
    "a proof for a tree of one": lambda: verify_inclusion(0, 1, HASHES[0], [HASHES[1]], bytes.fromhex(ROOTS[1])),
    "an endless tree": lambda: verify_inclusion(2, 2**200, HASHES[2], PROOF, ROOT8),
}
IMPOSSIBLE_CONSISTENCIES: dict[str, Callable[[], None]] = {
    "both trees empty": lambda: verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, []),
    "the first tree empty": lambda: verify_consistency(0, 8, EMPTY_ROOT, ROOT8, []),
    "a negative size": lambda: verify_consistency(-3, 8, ROOT3, ROOT8, STEP),
    "the first tree larger": lambda: verify_consistency(8, 3, ROOT8, ROOT3, STEP),
    "the second tree empty": lambda: verify_consistency(3, 0, ROOT3, EMPTY_ROOT, []),
    "one size, with a proof": lambda: verify_consistency(8, 8, ROOT8, ROOT8, STEP),
    "no hashes": lambda: verify_consistency(3, 8, ROOT3, ROOT8, []),
    "no hashes after a full tree": lambda: verify_consistency(4, 8, bytes.fromhex(ROOTS[3]), ROOT8, []),
    "a hash too many": lambda: verify_consistency(3, 8, ROOT3, ROOT8, [*STEP, ROOT3]),
    "a hash too few": lambda: verify_consistency(3, 8, ROOT3, ROOT8, STEP[:-1]),
    "a short hash": lambda: verify_consistency(3, 8, ROOT3, ROOT8, [*STEP[:-1], b""]),
    "a short root": lambda: verify_consistency(3, 8, ROOT3[:8], ROOT8, STEP),
    "a size that is a truth value": lambda: verify_consistency(True, 8, HASHES[0], ROOT8, STEP),
    "a size that is text": lambda: verify_consistency(3, "8", ROOT3, ROOT8, STEP),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("case", IMPOSSIBLE_INCLUSIONS.values(), ids=IMPOSSIBLE_INCLUSIONS)
def test_an_inclusion_that_no_tree_can_have_is_refused(case):
    with pytest.raises(ImpossibleProof):
        case()


@pytest.mark.parametrize("case", IMPOSSIBLE_CONSISTENCIES.values(), ids=IMPOSSIBLE_CONSISTENCIES)
def test_a_consistency_that_no_two_trees_can_have_is_refused(case):
    with pytest.raises(ImpossibleProof):
        case()


def test_two_roots_for_one_size_are_refused():
    with pytest.raises(ProofDoesNotFit, match="two roots"):
        verify_consistency(3, 3, ROOT3, ROOT8, [])


def test_a_tree_of_one_size_is_consistent_with_itself():
    verify_consistency(8, 8, ROOT8, ROOT8, [])


def test_a_wrong_root_is_refused_on_either_side():
    with pytest.raises(ProofDoesNotFit, match="the first root"):
        verify_consistency(3, 8, b"\x00" * 32, ROOT8, STEP)
    with pytest.raises(ProofDoesNotFit, match="the second root"):
        verify_consistency(3, 8, ROOT3, b"\x00" * 32, STEP)


def test_no_proof_is_made_for_what_is_not_in_the_tree():
    for index in (-1, 8):
        with pytest.raises(ImpossibleProof):
            log.inclusion_proof(HASHES, index)
    for size in (0, 9, -1):
        with pytest.raises(ImpossibleProof):
            log.consistency_proof(HASHES, size)


def test_a_root_over_many_leaves_costs_little_more_than_the_hashing():
    """A fifth of a million leaves in a fifth of the two seconds that a million may take."""
    began = time.process_time()
    hashes = log.leaf_hashes(b"%d" % number for number in range(200_000))
    root = log.root(hashes)
    assert time.process_time() - began < 0.8 * slowness()
    tree = log.Tree()
    tree.extend(hashes)
    assert tree.root() == root
