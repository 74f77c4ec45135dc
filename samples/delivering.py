"""From a city to the deliveries of its departments: the first in full, then a day's changes, each with its manifest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from catalog.model import Catalogue
from inbox.making import default_id
from inbox.manifest import FileEntry, write_manifest
from inbox.names import MANIFEST, SIGNATURE
from samples.city.chance import Flags, Ints
from samples.city.city import City
from samples.city.columns import Column
from samples.city.days import Day
from samples.city.serving import open_registers, view_of
from samples.dirt import twins
from samples.dirt.cells import cells
from samples.dirt.plan import AGAIN, Defect, Plan, Planter, plan
from samples.dirt.rates import CORRECTED, DUPLICATE, SENT_AGAIN, Rates
from samples.writing import files
from samples.writing.texts import Rows, Writer
from schemas.model import Resource

FILE_ROWS, CHUNK_ROWS = 250_000, 50_000
_BELOW_THE_CITY = ("county", "street", "community")

Chunk = tuple[int, Mapping[str, Column]]
"""Some rows of a file: how many, and their texts by header."""


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
    status: str = "taken"
    handed_over_on: str = ""


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
        self,
        city: City,
        resource: Resource,
        catalogue: Catalogue,
        out: Path,
        key: Ed25519PrivateKey | None,
        rates: Rates,
    ) -> None:
        declarations = catalogue.declarations
        self._city, self._resource, self._key, self._rates = city, resource, key, rates
        self._folder = out / resource.department
        self._view = view_of(resource.table, catalogue)
        self._part = _part(resource, catalogue)
        self._writer = Writer(resource, declarations, city.chance)
        self._cells = cells(self._writer, declarations)
        self._headers = {m.column: m.source for m in resource.columns if m.source is not None}
        types = {column.name: column.type for column in self._writer.table.columns}
        self._figures = frozenset(h for column, h in self._headers.items() if types[column] in ("long", "decimal"))
        observed = self._writer.table.observed
        self._names = tuple(cell.header for cell in self._cells if cell.has("name"))
        self._may_resend = observed is not None and observed in self._headers
        self._first = self._touched = self._waiting = np.zeros(0, dtype=np.int64)

    def everything(self, day: int) -> Delivered:
        """Deliver all rows of the table as they stand."""
        self._first = self._mine(self._view.every(self._city))
        return self._deliver(_Batch.full(self._first), day, is_first=True)

    def changes(self, today: Day) -> Delivered | None:
        """Deliver what changed in a day, some mistakes corrected, some rows for no reason; None if nothing."""
        table = self._resource.table
        rng = self._city.chance.stream(f"desk {self._resource.id} {today.number}")
        changed, gone = self._mine(today.rows(table)), self._mine(today.gone(table))
        if self._resource.operation is None:
            gone = gone[:0]
        away = np.concatenate([self._city.gone.get(table, gone), changed])
        open_rows = np.setdiff1d(self._waiting, away)
        corrected = _some(rng, open_rows, self._rates.of(CORRECTED), len(open_rows))
        self._touched = np.concatenate([self._touched, changed, corrected, gone])
        calm = np.setdiff1d(self._first, self._touched) if self._may_resend else gone[:0]
        resent = _some(rng, calm, self._rates.of(SENT_AGAIN), len(changed))
        self._waiting = np.setdiff1d(open_rows, corrected)
        rows = np.sort(np.concatenate([changed, corrected, resent, gone]))
        if not len(rows):
            return None
        batch = _Batch(rows, np.isin(rows, gone), np.isin(rows, changed), np.isin(rows, resent))
        return self._deliver(batch, today.number, is_first=False)

    def _mine(self, rows: Ints) -> Ints:
        """Keep the rows that lie in this department's part of the city."""
        place, parts = self._part
        if parts == 1:
            return rows
        found: Ints = rows[self._city.chance.below(f"part of {self._resource.table}", rows, parts) == place]
        return found

    def _deliver(self, batch: _Batch, day: int, *, is_first: bool) -> Delivered:
        rng = self._city.chance.stream(f"dirt {self._resource.id} {day}")
        laid = plan(rng, batch.may_spoil, self._cells, self._resource.assertions.max_quarantined_share, self._rates)
        planter = Planter(self._cells, self._headers[self._writer.table.key[0]])
        period = date.fromordinal(day + date(1970, 1, 1).toordinal()).isoformat()
        scratch = self._folder / f".{self._resource.name}-{period}"
        scratch.mkdir(parents=True)
        entries = _write(scratch, self._chunks(batch, laid, planter, (day, is_first)), self._resource, self._figures)
        name = default_id(self._resource, period, entries)
        manifest = write_manifest(self._resource.id, name, period, entries)
        if self._key is not None:
            (scratch / SIGNATURE).write_bytes(self._key.sign(manifest))
        (scratch / MANIFEST).write_bytes(manifest)
        scratch.rename(self._folder / name)
        resent = (np.flatnonzero(batch.is_resent[laid.order]) + 1).tolist()
        again = [Defect(row, planter.key, SENT_AGAIN, DUPLICATE) for row in resent]
        return self._account(batch, laid, name, period, (*planter.defects, *again))

    def _chunks(self, batch: _Batch, laid: Plan, planter: Planter, when: tuple[int, bool]) -> Iterator[Chunk]:
        """Yield the rows' count, headers and bytes, a chunk at a time; at least one chunk."""
        day, is_first = when
        for start in range(0, max(1, len(laid.order)), CHUNK_ROWS):
            places = laid.order[start : start + CHUNK_ROWS]
            rows = batch.rows[places]
            frame = self._view.frame(self._city, rows)
            texts = self._writer.texts(Rows(frame.columns, rows + (day << 32), batch.withdrawn[places], is_first))
            texts, odd = twins.rewritten(texts, self._names, rows, self._city.chance, self._rates)
            planter.tell(frame.told, self._headers, start)
            for header, kind, told in odd:
                planter.tell({header: (kind, told)}, {header: header}, start)
            planted = planter.plant(texts, laid, start)
            yield len(rows), planted

    def _account(self, batch: _Batch, laid: Plan, name: str, period: str, defects: Sequence[Defect]) -> Delivered:
        """Tell what must become of the rows, and remember which of them wait to be corrected."""
        at = {d.row for d in defects if d.expected is not None and d.expected != DUPLICATE}
        rejected = np.array(sorted(at), dtype=np.int64) - 1
        duplicates = int((laid.fate == AGAIN).sum() + batch.is_resent.sum())
        odd = np.array(sorted({d.row for d in defects if d.kind != SENT_AGAIN}), dtype=np.int64) - 1
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
            handed_over_on=period,
            defects=tuple(sorted(defects, key=lambda d: (d.row, d.column, d.kind))),
        )


def desks(
    city: City,
    catalogue: Catalogue,
    out: Path,
    keys: Mapping[str, Ed25519PrivateKey],
    only: Callable[[Resource], bool],
    rates: Rates,
) -> list[Desk]:
    """Return a desk for each declared resource that is asked for."""
    wanted = [resource for resource in catalogue.resources.values() if only(resource)]
    open_registers(city, catalogue, wanted)
    return [Desk(city, resource, catalogue, out, keys.get(resource.department), rates) for resource in wanted]


def _part(resource: Resource, catalogue: Catalogue) -> tuple[int, int]:
    """Return which part of how many of its table's rows a resource has: districts and below share them out."""
    levels = {department.id: department.level for department in catalogue.declarations.departments.values()}
    below = [r.id for r in catalogue.of_table(resource.table) if levels[r.department] in _BELOW_THE_CITY]
    return (below.index(resource.id), len(below)) if resource.id in below else (0, 1)


def _some(rng: np.random.Generator, pool: Ints, per_mille: float, of: int) -> Ints:
    count = min(len(pool), -(-int(per_mille * of) // 1000))
    return np.sort(rng.choice(pool, count, replace=False)) if count else pool[:0]


def _write(folder: Path, chunks: Iterator[Chunk], resource: Resource, figures: Collection[str]) -> list[FileEntry]:
    """Write chunks of records into files of at most `FILE_ROWS` rows; return them as a manifest lists them."""
    entries: list[FileEntry] = []
    sink: files.Sink | None = None
    for count, texts in chunks:
        if sink is None or sink.rows + count > FILE_ROWS:
            entries += [] if sink is None else [sink.close()]
            name = f"{resource.name}-{len(entries) + 1}.{resource.format}"
            sink = files.Sink(folder / name, resource, list(texts), figures)
        sink.add(texts, count)
    return entries if sink is None else [*entries, sink.close()]
