"""From a city to the deliveries of its departments: the first in full, then a day's changes, each with its manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from catalog.model import Catalogue
from inbox.making import default_id
from inbox.manifest import FileEntry, write_manifest
from inbox.names import MANIFEST, SIGNATURE
from samples.city.chance import Flags, Ints
from samples.city.city import City
from samples.city.days import Day
from samples.city.views import VIEWS
from samples.dirt.cells import cells
from samples.dirt.kinds import CORRECTED, RESENT
from samples.dirt.plan import AGAIN, DUPLICATE, Defect, Plan, Planter, plan
from samples.errors import NotServed
from samples.writing import files
from samples.writing.texts import Rows, Writer
from schemas.model import Resource

FILE_ROWS, CHUNK_ROWS = 250_000, 50_000

Chunk = tuple[int, list[str], bytes]
"""Some rows of a file: how many, its headers, and their bytes."""


@dataclass(frozen=True)
class Delivered:
    """A delivery that was written, with what must become of its rows; the three counts add up to `received`."""

    id: str
    resource: str
    period: str
    received: int
    accepted: int
    quarantined: int
    duplicates: int
    defects: tuple[Defect, ...]


@dataclass(frozen=True)
class _Batch:
    """The rows of one delivery: their numbers in the table's view, and what is particular about each."""

    rows: Ints
    withdrawn: Flags
    may_spoil: Flags
    is_resent: Flags

    @classmethod
    def full(cls, rows: Ints) -> _Batch:
        none = np.zeros(len(rows), dtype=np.bool_)
        return cls(rows, none, ~none, none)


class Desk:
    """The desk of one resource in its department: writes its deliveries, day after day."""

    def __init__(
        self, city: City, resource: Resource, catalogue: Catalogue, out: Path, key: Ed25519PrivateKey | None
    ) -> None:
        declarations = catalogue.declarations
        self._city, self._resource, self._key = city, resource, key
        self._folder = out / resource.department
        self._view = VIEWS[resource.table]
        self._writer = Writer(resource, declarations, city.chance)
        self._cells = cells(self._writer, declarations)
        self._headers = {m.column: m.source for m in resource.columns if m.source is not None}
        observed = self._writer.table.observed
        self._may_resend = observed is not None and observed in self._headers
        self._first = self._touched = self._waiting = np.zeros(0, dtype=np.int64)

    def everything(self, day: int) -> Delivered:
        """Deliver all rows of the table as they stand."""
        self._first = self._view.every(self._city)
        return self._deliver(_Batch.full(self._first), day, is_first=True)

    def changes(self, today: Day) -> Delivered | None:
        """Deliver what changed in a day, some mistakes corrected, some rows for no reason; None if nothing."""
        table = self._resource.table
        rng = self._city.chance.stream(f"desk {self._resource.id} {today.number}")
        changed, gone = today.rows(table), today.gone(table)
        if self._resource.operation is None:
            gone = gone[:0]
        away = np.concatenate([self._city.gone.get(table, gone), changed])
        open_rows = np.setdiff1d(self._waiting, away)
        corrected = _some(rng, open_rows, CORRECTED, len(open_rows))
        self._touched = np.concatenate([self._touched, changed, corrected, gone])
        calm = np.setdiff1d(self._first, self._touched) if self._may_resend else gone[:0]
        resent = _some(rng, calm, RESENT, len(changed))
        self._waiting = np.setdiff1d(open_rows, corrected)
        rows = np.sort(np.concatenate([changed, corrected, resent, gone]))
        if not len(rows):
            return None
        batch = _Batch(rows, np.isin(rows, gone), np.isin(rows, changed), np.isin(rows, resent))
        return self._deliver(batch, today.number, is_first=False)

    def _deliver(self, batch: _Batch, day: int, *, is_first: bool) -> Delivered:
        rng = self._city.chance.stream(f"dirt {self._resource.id} {day}")
        laid = plan(rng, batch.may_spoil, self._cells, self._resource.assertions.max_quarantined_share)
        planter = Planter(self._cells, self._headers[self._writer.table.key[0]])
        period = date.fromordinal(day + date(1970, 1, 1).toordinal()).isoformat()
        scratch = self._folder / f".{self._resource.name}-{period}"
        scratch.mkdir(parents=True)
        entries = _write(scratch, self._chunks(batch, laid, planter, (day, is_first)), self._resource)
        name = default_id(self._resource, period, entries)
        manifest = write_manifest(self._resource.id, name, period, entries)
        if self._key is not None:
            (scratch / SIGNATURE).write_bytes(self._key.sign(manifest))
        (scratch / MANIFEST).write_bytes(manifest)
        scratch.rename(self._folder / name)
        resent = (np.flatnonzero(batch.is_resent[laid.order]) + 1).tolist()
        again = [Defect(row, planter.key, "sent_again", DUPLICATE) for row in resent]
        return self._account(batch, laid, name, period, (*planter.defects, *again))

    def _chunks(self, batch: _Batch, laid: Plan, planter: Planter, when: tuple[int, bool]) -> Iterator[Chunk]:
        """Yield the rows' count, headers and bytes, a chunk at a time; at least one chunk."""
        day, is_first = when
        types = {column.name: column.type for column in self._writer.table.columns}
        figures = {header for column, header in self._headers.items() if types[column] in ("long", "decimal")}
        for start in range(0, max(1, len(laid.order)), CHUNK_ROWS):
            places = laid.order[start : start + CHUNK_ROWS]
            rows = batch.rows[places]
            frame = self._view.frame(self._city, rows)
            texts = self._writer.texts(Rows(frame.columns, rows + (day << 32), batch.withdrawn[places], is_first))
            planter.tell(frame.told, self._headers, start)
            planted = planter.plant(texts, laid, start)
            yield len(rows), list(planted), files.body(self._resource, planted, figures)

    def _account(self, batch: _Batch, laid: Plan, name: str, period: str, defects: Sequence[Defect]) -> Delivered:
        """Tell what must become of the rows, and remember which of them wait to be corrected."""
        at = {d.row for d in defects if d.expected is not None and d.expected != DUPLICATE}
        rejected = np.array(sorted(at), dtype=np.int64) - 1
        duplicates = int((laid.fate == AGAIN).sum() + batch.is_resent.sum())
        odd = np.array(sorted({d.row for d in defects if d.kind != "sent_again"}), dtype=np.int64) - 1
        self._touched = np.concatenate([self._touched, batch.rows[laid.order[odd]]])
        self._waiting = np.union1d(self._waiting, batch.rows[laid.order[rejected]])
        received = len(laid.order)
        return Delivered(
            id=name,
            resource=self._resource.id,
            period=period,
            received=received,
            accepted=received - len(rejected) - duplicates,
            quarantined=len(rejected),
            duplicates=duplicates,
            defects=tuple(sorted(defects, key=lambda d: (d.row, d.column, d.kind))),
        )


def desks(
    city: City, catalogue: Catalogue, out: Path, keys: Mapping[str, Ed25519PrivateKey], only: Callable[[Resource], bool]
) -> list[Desk]:
    """Return a desk for each declared resource that is asked for.

    Raises:
        NotServed: the city has no view of a resource's table.
    """
    wanted = [resource for resource in catalogue.resources.values() if only(resource)]
    for resource in wanted:
        if resource.table not in VIEWS:
            raise NotServed(resource.id, resource.table)
    return [Desk(city, resource, catalogue, out, keys.get(resource.department)) for resource in wanted]


def _some(rng: np.random.Generator, pool: Ints, per_mille: float, of: int) -> Ints:
    count = min(len(pool), -(-int(per_mille * of) // 1000))
    return np.sort(rng.choice(pool, count, replace=False)) if count else pool[:0]


def _write(folder: Path, chunks: Iterator[Chunk], resource: Resource) -> list[FileEntry]:
    """Write chunks of records into files of at most `FILE_ROWS` rows; return them as a manifest lists them."""
    entries: list[FileEntry] = []
    file: BinaryIO | None = None
    rows, digest = 0, hashlib.sha256()

    def close() -> None:
        if file is not None:
            file.close()
            entries.append(FileEntry(Path(file.name).name, rows, digest.hexdigest()))

    for count, headers, content in chunks:
        if file is None or rows + count > FILE_ROWS:
            close()
            file = (folder / f"{resource.name}-{len(entries) + 1}.{resource.format}").open("xb")
            rows, digest = 0, hashlib.sha256()
            content = files.head(resource, headers) + content  # noqa: PLW2901  the first chunk of a file has its header
        file.write(content)
        digest.update(content)
        rows += count
    close()
    return entries
