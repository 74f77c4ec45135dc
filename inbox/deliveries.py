"""Deliveries that were received: `deliveries/<department>/<id>/`, the files as they came and `received.json`.

What is here was checked whole by the door. A refused delivery is kept beside them, as
`<id>.refused-<first 8 hex of its fingerprint>`, and gives no rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Literal

from inbox.erased import Erased, Seal, read_erased
from inbox.errors import FileBroken, KeptFileChanged, NoSuchRow, RecordUnreadable, RowErased, UnknownDelivery
from inbox.manifest import FileEntry, Manifest, read_manifest
from inbox.names import MANIFEST, RECEIVED, is_id
from inbox.plain_files import open_plain, sha256_of
from inbox.records import Batch, records
from inbox.refusals import Refusal
from licence_vault.log import leaf_hashes
from schemas.model import Resource

FORMAT = "onefile.received/1"
FOLDER = "deliveries"


@dataclass(frozen=True, slots=True)
class Received:
    """What the door notes about a delivery when it receives it, once and for good.

    `name` is the folder's; `delivery` the id, or None where it may not be shown. `seq` counts
    all deliveries from 1 in the order in which they were learnt. `signed_by` is the id of the
    department's key, or None. `refusal` is None when `status` is taken.
    """

    name: str
    delivery: str | None
    department: str
    seq: int
    received_at: datetime
    status: Literal["taken", "refused"]
    signed_by: str | None
    refusal: Refusal | None


@dataclass(frozen=True)
class Delivery:
    """A delivery that was taken."""

    id: str
    department: str
    manifest: Manifest
    folder: Path
    received_at: datetime
    seq: int
    signed_by: str | None

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum((self.folder / file.name).stat().st_size for file in self.manifest.files)

    @cached_property
    def erased(self) -> Erased:
        """What was erased of it by law since it was received."""
        return read_erased(self.folder)

    def leaves(self, batch: Batch, unseal: Callable[[], Seal]) -> list[bytes]:
        """Return the RFC 6962 leaf hashes of a batch of its rows as they were received.

        Args:
            unseal: opens the hashes of rows that were erased; called where there are any.
        """
        found = leaf_hashes(batch.raw)
        for row in self.erased.rows.keys() & range(batch.first_row, batch.first_row + len(batch)):
            found[row - batch.first_row] = unseal().open(self.erased.rows[row], self.id, row)
        return found

    def files(self) -> dict[str, range]:
        """Return the numbers of the rows that each file holds."""
        found, first = {}, 1
        for entry in self.manifest.files:
            found[entry.name] = range(first, first + entry.rows)
            first += entry.rows
        return found

    def rows(self, resource: Resource) -> Iterator[Batch]:
        """Yield all rows in order, numbered from 1 through all files in the manifest's order.

        Rows that were erased say nothing. A header that the resource has since the delivery was received is empty.

        Raises:
            KeptFileChanged: a file is no longer what was received; rows yielded so far must not be used.
            FileBroken: the resource is declared otherwise than when the delivery was received.
        """
        first_row = 1
        for entry in self.manifest.files:
            yield from self._file_rows(entry, resource, first_row)
            first_row += entry.rows

    def changed_files(self) -> list[str]:
        """Return the names of the files that are no longer what was received, or what an erasure left of it."""
        found = []
        for entry in self.manifest.files:
            try:
                self._opened(entry).close()
            except KeptFileChanged:
                found.append(entry.name)
        return found

    def _opened(self, entry: FileEntry) -> BinaryIO:
        """Open a file, read to its end, that is what was received."""
        try:
            file = open_plain(self.folder / entry.name)
        except OSError as error:
            raise KeptFileChanged(self.id, entry.name) from error
        if sha256_of(file) not in (entry.sha256, *self.erased.files.get(entry.name, ())):
            file.close()
            raise KeptFileChanged(self.id, entry.name)
        return file

    def _file_rows(self, entry: FileEntry, resource: Resource, first_row: int) -> Iterator[Batch]:
        with self._opened(entry) as file:
            file.seek(0)
            try:
                yield from records(file, resource, first_row, is_kept=True)
            except FileBroken as error:
                raise error.in_file(entry.name) from None


def row_bytes(delivery: Delivery, resource: Resource, row: int) -> bytes:
    """Return a record's own bytes without its line end: what its leaf in the receipt's tree is made of.

    Raises:
        NoSuchRow: the delivery has no row of that number.
        RowErased: it was erased by law.
        KeptFileChanged: the file is no longer what was received.
    """
    if row in delivery.erased.rows:
        raise RowErased(delivery.id, row)
    for batch in delivery.rows(resource):
        if batch.first_row <= row < batch.first_row + len(batch):
            return batch.raw[row - batch.first_row]
    raise NoSuchRow(delivery.id, row, delivery.manifest.rows)


def find(home: Path, delivery_id: str) -> Delivery | None:
    """Return the delivery taken under an id, whichever department's; None when there is none."""
    if not is_id(delivery_id):
        return None
    for folder in sorted((home / FOLDER).glob(f"*/{delivery_id}")):
        note = read_received(folder)
        if note is not None and note.status == "taken":
            return _delivery(folder, note)
    return None


def open_delivery(home: Path, delivery_id: str) -> Delivery:
    """Return the delivery taken under an id.

    Raises:
        UnknownDelivery: none was.
    """
    delivery = find(home, delivery_id)
    if delivery is None:
        raise UnknownDelivery
    return delivery


def every(home: Path, department: str | None = None) -> list[Delivery]:
    """Return the deliveries taken, of one department or of all, in the order in which they were learnt."""
    taken = [_delivery(folder, note) for folder, note in notes(home, department) if note.status == "taken"]
    return sorted(taken, key=lambda delivery: delivery.seq)


def refused(home: Path, department: str | None = None) -> list[Received]:
    """Return what was noted of the deliveries refused, in the order in which they came."""
    found = [note for _, note in notes(home, department) if note.status == "refused"]
    return sorted(found, key=lambda note: note.seq)


def notes(home: Path, department: str | None = None) -> Iterator[tuple[Path, Received]]:
    """Yield the folder and the note of every delivery received, in no order that means anything."""
    for folder in sorted((home / FOLDER).glob(f"{department or '*'}/*")):
        note = None if folder.name.startswith(".") else read_received(folder)
        if note is not None:
            yield folder, note


def read_received(folder: Path) -> Received | None:
    """Read a delivery's note; None where the door has not finished with it.

    Raises:
        RecordUnreadable: it is not what the door writes.
    """
    try:
        content = (folder / RECEIVED).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return parse_received(content, f"{RECEIVED} of {folder.name}")


def parse_received(content: bytes, place: str) -> Received:
    """Read the bytes that `write_received` gave; `place` names them in an error.

    Raises:
        RecordUnreadable: they are none.
    """
    try:
        kept = json.loads(content)
        if kept["format"] != FORMAT:
            raise ValueError("another format")
        return _received(kept)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordUnreadable(place) from error


def write_received(note: Received) -> bytes:
    """Return a note as it is kept."""
    facts = {
        "format": FORMAT,
        "name": note.name,
        "delivery": note.delivery,
        "department": note.department,
        "seq": note.seq,
        "received_at": note.received_at.astimezone(UTC).isoformat(),
        "status": note.status,
        "signed_by": note.signed_by,
        "refusal": None if note.refusal is None else note.refusal.as_json(),
    }
    return json.dumps(facts, ensure_ascii=False, indent=2).encode() + b"\n"


def _received(kept: dict[str, Any]) -> Received:
    if kept["status"] not in ("taken", "refused"):
        raise ValueError("another status")
    return Received(
        name=kept["name"],
        delivery=kept["delivery"],
        department=kept["department"],
        seq=kept["seq"],
        received_at=datetime.fromisoformat(kept["received_at"]),
        status=kept["status"],
        signed_by=kept["signed_by"],
        refusal=None if kept["refusal"] is None else Refusal.from_json(kept["refusal"]),
    )


def _delivery(folder: Path, note: Received) -> Delivery:
    manifest = read_manifest((folder / MANIFEST).read_bytes())
    return Delivery(
        id=manifest.id,
        department=note.department,
        manifest=manifest,
        folder=folder,
        received_at=note.received_at,
        seq=note.seq,
        signed_by=note.signed_by,
    )
