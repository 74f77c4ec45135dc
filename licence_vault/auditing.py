"""The audit: are log and table whole, do they tell the same, and did nothing but growth happen?

Everything is read: each entry against its tile, its leaf and its row; each payload against
its commitment; each batch against the root noted after it; each version against the one
before. Memory holds one hash for 256 leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from sqlalchemy import Connection, func, select

from licence_vault import store
from licence_vault.at_rest import Sealed
from licence_vault.errors import LogAndTableDiffer, LogDamaged, PayloadDamaged
from licence_vault.lifecycle import Standing, event
from licence_vault.log import Tree, root
from licence_vault.payloads import place_of
from licence_vault.store import PREPARED, Batch, Version
from licence_vault.tiles import WIDTH, tile_path, tile_width
from licence_vault.vault import Vault
from onefile.verify.checkpoint import Checkpoint, open_checkpoint
from onefile.verify.leaf import commitment, read_leaf
from onefile.verify.licence import PAYLOAD_TYPE, read_payload
from onefile.verify.merkle import verify_consistency
from schemas.serving.tables import LICENCE_VERSION


@dataclass(frozen=True)
class Audit:
    """What an audit that found nothing wrong has read. `erased` counts versions whose content was destroyed."""

    leaves: int
    batches: int
    erased: int
    root: bytes


def audit(vault: Vault, earlier: bytes | None = None) -> Audit:
    """Read log and table whole, under the log's lock, and return when they are sound and agree.

    Args:
        earlier: a signed checkpoint that somebody kept: the log must be what it was, grown.

    Raises:
        LogDamaged: the log's files are not what its checkpoint says.
        LogAndTableDiffer: log and table do not tell the same.
        PayloadDamaged: a payload is not what was issued.
        VerificationError: a signature or the earlier checkpoint does not hold.
    """
    with vault.log.writing(vault.signer) as writer, vault.tables() as connection:
        head = writer.head
        batches = store.batches(connection)
        _check_batches(batches, head)
        erased = _check_leaves(vault, connection, batches, head)
        _check_versions(connection, head.size)
        if earlier is not None:
            _check_grown(vault, earlier, head)
    return Audit(head.size, len(batches), erased, head.root)


def _check_batches(batches: list[Batch], head: Checkpoint) -> None:
    """Batches follow upon each other, in place and time, and end where the log ends."""
    size, at = 0, ""
    for number, batch in enumerate(batches, 1):
        if batch.batch_no != number or batch.size_before != size or batch.size_after < size:
            raise LogAndTableDiffer(f"batch {number} is missing, or does not follow the one before")
        if batch.recorded_at < at:
            raise LogAndTableDiffer(f"batch {number} is dated before the one before")
        if batch.state == PREPARED:
            raise LogAndTableDiffer(
                f"batch {number} was cut off: `onefile vault publish` finishes it, then audit again"
            )
        size, at = batch.size_after, batch.recorded_at
    if size != head.size:
        raise LogAndTableDiffer(f"the table ends at {size}, the log at {head.size}")


def _check_leaves(vault: Vault, connection: Connection, batches: list[Batch], head: Checkpoint) -> int:
    """Read every leaf, in order; return how many payloads were erased."""
    tree, erased, tiles = Tree(), 0, _Tiles(vault, head.size)
    rows, entries = store.versions(connection, 0, head.size), vault.log.entries(0, head.size)
    for batch in batches:
        for index in range(batch.size_before, batch.size_after):
            entry, version = next(entries), next(rows, None)
            if version is None or version.leaf_index != index or version.entry() != entry:
                raise LogAndTableDiffer(f"leaf {index} is not in the table as it is in the log")
            if version.recorded_at != batch.recorded_at:
                raise LogAndTableDiffer(f"leaf {index} is dated otherwise than its batch")
            erased += _check_payload(vault, version, entry)
            tree.append(tiles.take(entry))
        if batch.root is not None and tree.root() != batch.root:
            raise LogAndTableDiffer(f"the root after batch {batch.batch_no} is not the one that was noted")
    tiles.finish()
    if tree.root() != head.root:
        raise LogDamaged("checkpoint", "the entries do not give the root that was signed")
    return erased


def _check_payload(vault: Vault, version: Version, entry: bytes) -> int:
    """Hold a payload against its commitment, and the row against the payload; return 1 where it was erased."""
    if version.wrapped_key is None:
        return 1
    place = place_of(version.licence_key, version.version)
    salt, payload = vault.at_rest.open(place.id, Sealed(version.sealed, version.wrapped_key))
    if commitment(salt, PAYLOAD_TYPE, payload) != version.commitment:
        raise PayloadDamaged(place.id)
    licence = read_payload(payload, read_leaf(entry))
    until = None if licence.valid_until is None else licence.valid_until.isoformat()
    said = (licence.id, licence.state, licence.since_on.isoformat(), licence.valid_from.isoformat(), until)
    if said != (place.id, version.state, version.since_on, version.valid_from, version.valid_until):
        raise LogAndTableDiffer(f"the row of leaf {version.leaf_index} says other than its payload")
    return 0


def _check_versions(connection: Connection, size: int) -> None:
    """No row beyond the log; every version follows one, by what may happen."""
    number, beyond = store.counts(connection)
    if number != size or beyond != size:
        raise LogAndTableDiffer(f"the table has {number} versions up to leaf {beyond}, the log {size} leaves")
    own, before = LICENCE_VERSION.alias("own"), LICENCE_VERSION.alias("before")
    pairs = own.join(before, (own.c.licence_key == before.c.licence_key) & (own.c.version == before.c.version + 1))
    later = select(func.count()).select_from(own).where(own.c.version > 1)
    columns = (own.c.leaf_index, own.c.event, before.c.state, before.c.valid_until, own.c.state, own.c.valid_until)
    found = 0
    for index, happened, was, was_until, is_now, is_until in connection.execute(select(*columns).select_from(pairs)):
        found += 1
        if event(_standing(was, was_until), _standing(is_now, is_until)) != happened:
            raise LogAndTableDiffer(f"what leaf {index} says has happened cannot have")
    if found != connection.execute(later).scalar_one():
        raise LogAndTableDiffer("a version is missing between two others")


def _check_grown(vault: Vault, earlier: bytes, head: Checkpoint) -> None:
    old = open_checkpoint(earlier, vault.trust).checkpoint
    if old.origin != head.origin or old.size > head.size:
        raise LogAndTableDiffer(
            f"the earlier checkpoint is of {old.size} leaves, the log has {head.size}: it was set back"
        )
    if old.size == 0:
        return
    proof = vault.log.tree().consistency_proof(old.size, head.size)
    verify_consistency(old.size, head.size, old.root, head.root, proof)


def _standing(state: str, until: str | None) -> Standing:
    return Standing(state, None if until is None else date.fromisoformat(until))


class _Tiles:
    """Holds every tile against the hashes that must be in it."""

    def __init__(self, vault: Vault, size: int) -> None:
        self._vault, self._size = vault, size
        self._hashes: list[bytes] = []
        self._above: list[bytes] = []
        self._index = 0

    def take(self, entry: bytes) -> bytes:
        """Take the next entry; return its leaf hash."""
        leaf = sha256(b"\x00" + entry).digest()
        self._hashes.append(leaf)
        if len(self._hashes) == WIDTH:
            self._check(0, self._index, self._hashes)
            self._above.append(root(self._hashes))
            self._hashes, self._index = [], self._index + 1
        return leaf

    def finish(self) -> None:
        """Hold the last tiles, and those of the levels above."""
        if self._hashes:
            self._check(0, self._index, self._hashes)
        level, hashes = 1, self._above
        while hashes:
            parts = list(_parts(hashes))
            for index, part in enumerate(parts):
                self._check(level, index, part)
            hashes = [root(part) for part in parts if len(part) == WIDTH]
            level += 1

    def _check(self, level: int, index: int, hashes: list[bytes]) -> None:
        path = tile_path(level, index, tile_width(level, index, self._size))
        if self._vault.log.read(path)[: 32 * len(hashes)] != b"".join(hashes):
            raise LogDamaged(path, "its hashes are not those of the entries below it")


def _parts(hashes: list[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(hashes), WIDTH):
        yield hashes[start : start + WIDTH]
