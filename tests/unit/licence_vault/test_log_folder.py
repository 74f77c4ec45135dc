"""The log on the disk: tiles as C2SP has them, proofs from tiles, two writers, kills, damage."""

from __future__ import annotations

import json
import multiprocessing
import resource
import shutil
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from licence_vault import log
from licence_vault.errors import EntryTooLong, LogDamaged, OtherLog
from licence_vault.keystore import Keystore
from licence_vault.notes import NoteSigner
from licence_vault.tiles import TiledTree, bundle, tile_path, tile_width, unbundle
from onefile.verify.checkpoint import open_checkpoint
from onefile.verify.errors import BadSignature, ImpossibleProof, MalformedLeaf
from onefile.verify.leaf import Leaf, commitment, entry_bytes, read_leaf
from onefile.verify.merkle import verify_consistency, verify_inclusion
from tests.papers import AT
from tests.vault import ORIGIN, keystore_with_log, killed_at_each_step, log_of, trust_of


def entries_of(start: int, count: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(start, start + count)]


@pytest.fixture
def store(tmp_path):
    return keystore_with_log(tmp_path)


@pytest.fixture
def made(tmp_path, store):
    return log_of(tmp_path, store)


def append(made, batch):
    folder, signer = made
    with folder.writing(signer) as writer:
        return writer.append(batch)


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_paths_are_as_the_document_has_them():
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path("entries", 0, 17) == "tile/entries/000.p/17"
    assert tile_path(2, 999, 256) == "tile/2/999"
    assert tile_path(1, 1000) == "tile/1/x001/000"


def test_a_tree_of_70000_has_the_tiles_that_the_document_counts(made, tmp_path):
    append(made, entries_of(0, 70_000))
    names = {name for name in files_of(tmp_path / "log") if not name.startswith("tile/entries")}
    full = {f"tile/0/{number:03d}" for number in range(273)} | {"tile/1/000"}
    assert names == full | {"tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1", "checkpoint"}
    assert tile_width(0, 273, 70_000) == 112
    assert {len((tmp_path / "log" / name).read_bytes()) for name in full} == {8192}


def test_a_tree_of_256_has_one_full_tile_and_a_partial_one_above(made, tmp_path):
    append(made, entries_of(0, 256))
    assert set(files_of(tmp_path / "log")) == {"tile/0/000", "tile/1/000.p/1", "tile/entries/000", "checkpoint"}


def test_each_hash_of_a_tile_is_the_root_of_the_leaves_below_it(made, tmp_path):
    append(made, entries_of(0, 66_000))
    hashes = log.leaf_hashes(entries_of(0, 66_000))
    tile = (tmp_path / "log" / tile_path(1, 0)).read_bytes()
    assert tile[32 * 3 : 32 * 4] == log.root(hashes[256 * 3 : 256 * 4])
    assert (tmp_path / "log" / tile_path(2, 0, 1)).read_bytes() == log.root(hashes[:65_536])


def test_entries_come_back_in_order_from_any_place(made):
    for start, count in ((0, 3), (3, 300), (303, 1), (304, 1000)):
        append(made, entries_of(start, count))
    folder, _ = made
    assert list(folder.entries(0, 1304)) == entries_of(0, 1304)
    assert list(folder.entries(250, 260)) == entries_of(250, 10)
    assert list(folder.entries(1304, 1304)) == []


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 700), min_size=1, max_size=6), st.data())
def test_a_log_grown_in_batches_is_the_tree_of_all_entries_and_its_proofs_are_believed(tmp_path, store, sizes, data):
    home = tmp_path / "each"
    shutil.rmtree(home, ignore_errors=True)
    made = log_of(home, store)
    roots = {}
    for size in sizes:
        head = append(made, entries_of(sum(roots) and max(roots), size))
        roots[head.size] = head.root
    total = max(roots)
    hashes = log.leaf_hashes(entries_of(0, total))
    assert all(log.root(hashes[:size]) == root for size, root in roots.items())
    tree = made[0].tree()
    index = data.draw(st.integers(0, total - 1))
    proof = tree.inclusion_proof(index, total)
    assert proof == log.inclusion_proof(hashes, index)
    verify_inclusion(index, total, hashes[index], proof, roots[total])
    for size, root in roots.items():
        consistency = tree.consistency_proof(size, total)
        assert consistency == log.consistency_proof(hashes, size)
        verify_consistency(size, total, root, roots[total], consistency)
    assert log.Tree(total, tree.peaks(total)).root() == roots[total]


def test_no_proof_is_made_for_what_is_not_in_the_tree(made):
    append(made, entries_of(0, 10))
    tree = made[0].tree()
    for index in (-1, 10):
        with pytest.raises(ImpossibleProof):
            tree.inclusion_proof(index, 10)
    for size in (0, 11):
        with pytest.raises(ImpossibleProof):
            tree.consistency_proof(size, 10)


class Counting(NoteSigner):
    """Counts what is signed."""

    count = 0

    def sign(self, text: bytes) -> bytes:
        self.count += 1
        return super().sign(text)


def test_a_batch_costs_one_signature_and_an_empty_one_none(made, store, tmp_path):
    signer = Counting.of(store.active_key("log"))
    append((made[0], signer), entries_of(0, 5000))
    assert signer.count == 1
    before = files_of(tmp_path / "log")
    append((made[0], signer), [])
    assert (signer.count, files_of(tmp_path / "log")) == (1, before)


def test_partial_files_go_once_their_full_one_is_covered(made, tmp_path):
    append(made, entries_of(0, 200))
    append(made, entries_of(200, 100))
    names = set(files_of(tmp_path / "log"))
    assert "tile/0/000" in names
    assert not any(name.startswith(("tile/0/000.p", "tile/entries/000.p")) for name in names)


def test_killed_at_any_step_and_run_again_a_batch_is_there_once_and_whole(tmp_path, store):
    made = log_of(tmp_path, store)
    append(made, entries_of(0, 700))
    first = files_of(tmp_path / "log")
    wanted = log.root(log.leaf_hashes(entries_of(0, 1100)))
    steps = []
    for step in killed_at_each_step(lambda: append(made, entries_of(700, 400)) and None):
        steps.append(step)
        head = made[0].checkpoint()
        assert head.size in (700, 1100)
        assert made[0].tree().root(head.size) == head.root
        # Another batch than the one that was killed comes next: what that one left must not show.
        if head.size == 700:
            again = append(made, entries_of(5000, 3))
            others = entries_of(0, 700) + entries_of(5000, 3)
            assert again.root == log.root(log.leaf_hashes(others)) == made[0].tree().root(703)
            assert list(made[0].entries(690, 703)) == others[690:]
        else:
            assert head.root == wanted
        shutil.rmtree(tmp_path / "log")
        for name, data in first.items():
            (tmp_path / "log" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "log" / name).write_bytes(data)
    assert len(steps) > 15


def test_what_a_killed_batch_left_as_a_full_tile_hides_no_later_partial_one(made, tmp_path):
    append(made, entries_of(0, 200))
    stale = log_of(tmp_path / "other", keystore_with_log(tmp_path / "other"))
    append(stale, entries_of(0, 200) + entries_of(9000, 200))
    for name in ("tile/0/000", "tile/entries/000"):
        shutil.copy(tmp_path / "other" / "log" / name, tmp_path / "log" / name)
    append(made, entries_of(200, 10))
    append(made, entries_of(210, 10))
    assert list(made[0].entries(0, 220)) == entries_of(0, 220)
    assert made[0].tree().root(220) == log.root(log.leaf_hashes(entries_of(0, 220)))


def _append_many(home, passphrase, name):
    store = Keystore.open(home / "keys" / "keystore.json", passphrase)
    for number in range(20):
        append(log_of(home, store), [b"%s %d" % (name, number)])


def test_two_writers_at_once_never_fork_the_log(tmp_path, store):
    passphrase = (tmp_path / "keys" / "passphrase").read_bytes().strip()
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_append_many, args=(tmp_path, passphrase, name)) for name in (b"a", b"b")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    folder, _ = log_of(tmp_path, store)
    head = folder.checkpoint()
    found = list(folder.entries(0, head.size))
    assert sorted(found) == sorted(b"%s %d" % (name, number) for name in (b"a", b"b") for number in range(20))
    assert [e for e in found if e[:1] == b"a"] == [b"a %d" % number for number in range(20)]
    assert log.root(log.leaf_hashes(found)) == head.root


def test_an_entry_that_is_empty_or_too_long_stops_the_batch_and_leaves_nothing(made, tmp_path):
    for bad in (b"", b"x" * 65_536):
        with pytest.raises(EntryTooLong, match="entry 1 "):
            append(made, [b"good", bad])
    assert made[0].checkpoint() is None
    assert append(made, [b"x" * 65_535]).size == 1


DAMAGES = {
    "a tile is missing": lambda folder: (folder / "tile/0/001").unlink(),
    "a tile is cut short": lambda folder: (folder / "tile/0/002.p/88").write_bytes(b"x" * 100),
    "a hash is another": lambda folder: (folder / "tile/1/000.p/2").write_bytes(sha256(b"").digest() * 2),
    "a bundle is gone": lambda folder: (folder / "tile/entries/002.p/88").unlink(),
    "a bundle is cut short": lambda folder: (folder / "tile/entries/002.p/88").write_bytes(b"\x00\x05abc"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_on_a_damaged_log_nothing_is_appended(made, tmp_path, damage):
    append(made, entries_of(0, 600))
    damage(tmp_path / "log")
    signed = made[0].signed()
    with pytest.raises(LogDamaged):
        append(made, [b"more"]) if (tmp_path / "log/tile/0/001").exists() else made[0].tree().inclusion_proof(300, 600)
    assert made[0].signed() == signed


def test_a_checkpoint_that_somebody_else_wrote_is_not_built_upon(made, tmp_path, store):
    append(made, entries_of(0, 6))
    path = tmp_path / "log" / "checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n6\n", b"\n5\n"))
    with pytest.raises(BadSignature):
        append(made, [b"more"])


def test_the_log_of_another_name_is_not_written_to(made, tmp_path, store):
    append(made, entries_of(0, 6))
    store.create_key("log-2", use="log", at=AT, signs_as="other.example/log")
    with pytest.raises(OtherLog):
        append((log_of(tmp_path, store)[0], NoteSigner.of(store.active_key("log"))), [b"more"])


def test_a_new_key_signs_the_same_log_on(made, tmp_path, store):
    append(made, entries_of(0, 6))
    store.rotate_key("log", AT)
    assert append(log_of(tmp_path, store), entries_of(6, 1)).size == 7
    assert open_checkpoint(made[0].signed(), trust_of(store)).key.state == "active"


def test_memory_does_not_grow_with_the_batch(tmp_path, store):
    made = log_of(tmp_path, store)
    append(made, (b"entry %d" % number for number in range(2_000)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    append(made, (b"entry %d" % number for number in range(2_000, 150_000)))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8_000  # kB; the leaf hashes alone are 4,700


def test_a_bundle_gives_its_entries_back_or_says_that_it_is_cut_short():
    data = bundle([b"a", b"bc" * 200])
    assert data[:2] == b"\x00\x01"
    assert list(unbundle(data, "x")) == [b"a", b"bc" * 200]
    for cut in (data[:-1], data + b"\x00", b"\x00\x00"):
        with pytest.raises(LogDamaged):
            list(unbundle(cut, "x"))


def test_only_the_tiles_on_a_proofs_way_are_read():
    read = []
    hashes = log.leaf_hashes(entries_of(0, 66_000))

    def tile(path):
        read.append(path)
        level, _, rest = path.removeprefix("tile/").partition("/")
        index = int(rest.partition(".")[0])
        step = 256 ** int(level)
        width = min(256, 66_000 // step - index * 256)
        return b"".join(log.root(hashes[(index * 256 + i) * step : (index * 256 + i + 1) * step]) for i in range(width))

    TiledTree(tile).inclusion_proof(12_345, 66_000)
    assert len(read) <= 5


LEAF = Leaf("116901000005202685001", "116901000005202685", 1, AT, bytes(32))


def test_a_leaf_is_written_in_one_form_and_read_back():
    assert LEAF.entry() == (
        b'{"at":"2026-11-23T01:02:03Z","commitment":"' + b"0" * 64 + b'","format":"onefile.leaf/1",'
        b'"issuer":"116901000005202685","type":"116901000005202685001","version":1}'
    )
    assert read_leaf(LEAF.entry()) == LEAF
    assert len(LEAF.entry()) < 256


@pytest.mark.parametrize(
    "entry",
    [
        b"", b"{}", LEAF.entry() + b" ", LEAF.entry().replace(b'"version":1', b'"version":0'),
        LEAF.entry().replace(b'"version":1', b'"version":1,"name":"x"'), LEAF.entry().replace(b"leaf/1", b"leaf/2"),
        LEAF.entry().replace(b":1}", b":1,\"version\":1}"), LEAF.entry().replace(b"T01", b"T31"),
        json.dumps(json.loads(LEAF.entry())).encode(),
        entry_bytes("a", "b", 1, "2026-11-23T01:02:03.000000Z", bytes(32)),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_leaf_in_its_one_form_is_refused(entry):
    with pytest.raises(MalformedLeaf):
        read_leaf(entry)


def test_a_commitment_depends_on_salt_type_and_payload_and_on_where_they_part():
    made = {
        commitment(salt, kind, payload)
        for salt in (bytes(16), b"\x01" * 16)
        for kind, payload in (("a", b"bc"), ("ab", b"c"), ("a", b"bd"), ("", b"abc"))
    }
    assert len(made) == 8
    assert (
        commitment(bytes(16), "t", b"p").hex()
        == sha256(b"onefile.commitment/1\x00" + bytes(16) + b"\x00\x00\x00\x01tp").hexdigest()
    )


def test_the_origin_stands_in_the_first_line(made):
    append(made, [b"x"])
    assert made[0].signed().startswith(f"{ORIGIN}\n1\n".encode())
