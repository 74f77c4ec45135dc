"""Publishes open data: rows as CSV and Parquet, counts as CSV, each checked before anybody sees it.

A publication is a folder that is put in place at once; `current.json` names it. Where neither records nor declarations
changed there is no other.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import functions as f

from catalog.opening import CURRENT, FOLDER, NotOpen, Opened, Publication, is_personal, opened, published
from catalog.suppression import MOST_AUDITED, Table, Told, suppress
from inbox.names import has_person_number
from onefile.files import lock, make_folder, write_whole
from onefile.verify.batch_files import guarded
from onefile.verify.reading import instant_text
from onefile.verify.rows import text_of
from pipelines import present
from pipelines.bulk.batches import TEXTS
from pipelines.lake import engine
from pipelines.peek import dicts
from pipelines.record_state import State, own, require_read, wished
from pipelines.workshop import Workshop
from schemas.model import Column

MOST_WITHHELD = 0.01
"""Of how many values one may be withheld before the declaration, and not the value, is at fault."""
ROWS_AT_ONCE = 20_000


def publish(shop: Workshop) -> list[Publication]:
    """Publish what is open and other than it is; return what is new.

    Raises:
        NotOpen: something that is to be published may not be; what was published of it before stays.
        DeclarationChanged: a resource was read by other declarations than today's.
        EngineFailed: Spark failed.
    """
    root, state = shop.home / FOLDER, State(shop)
    with lock(shop.home / "locks" / "open-data.lock"):
        found = {each.resource.id: each for each in opened(shop.catalogue)}
        for folder in root.iterdir() if root.is_dir() else ():
            if folder.name not in found:
                shutil.rmtree(folder)  # it is not open any more
        held = published(shop.home)
        wanted = {name: _made_from(shop, each, state) for name, each in found.items()}
        other = [each for name, each in found.items() if name not in held or held[name].made_from != wanted[name]]
        return [_publish(shop, root, each, wanted[each.resource.id], state) for each in other]


def _made_from(shop: Workshop, of: Opened, state: State) -> list[Any]:
    wish = wished(shop, of.resource.id, tuple(column.name for column in of.columns))
    return [wish.declared, [list(by) for by in of.statistics], of.least, state.lake_table, state.release, state.orders,
            state.erased[of.resource.id]]  # fmt: skip


def _publish(shop: Workshop, root: Path, of: Opened, made_from: list[Any], state: State) -> Publication:
    require_read(shop, of.resource)
    place = root / of.resource.id
    make_folder(place)
    making = place / ".making"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    try:
        _fetch(shop, of, making / "fetched", state)
        writer = _Writer(of, making)
        for rows in _read(making / "fetched"):
            writer.take(rows)
        files = writer.close()
        shutil.rmtree(making / "fetched", ignore_errors=True)
        digest = hashlib.sha256(json.dumps([files, made_from]).encode()).hexdigest()[:16]
        shutil.rmtree(place / digest, ignore_errors=True)
        making.rename(place / digest)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    made = Publication(of.resource.id, digest, instant_text(shop.at), writer.rows, writer.withheld, files, made_from)
    write_whole(place / CURRENT, json.dumps(asdict(made), ensure_ascii=False, indent=2).encode() + b"\n", 0o644)
    for folder in place.iterdir():
        if folder.is_dir() and folder.name != digest:
            shutil.rmtree(folder)
    return made


def _fetch(shop: Workshop, of: Opened, to: Path, state: State) -> None:
    """Let the engine write the rows that hold, with the columns that are needed and no other."""
    names = [column.name for column in of.columns]
    wish = wished(shop, of.resource.id, tuple(names))
    stated = present.statements(shop.lake, wish.table.name, state.release)
    if stated is None:
        return
    needed = [*names, *(name for by in of.statistics for name in by)]
    rows = present.present(own(stated, wish)).select(*(f.col(name) for name in dict.fromkeys(needed)))
    with engine(f"write open rows of {of.resource.id}"):
        rows.write.parquet(str(to))


def _read(folder: Path) -> Iterator[list[dict[str, Any]]]:
    for path in sorted(folder.glob("*.parquet")):
        with pq.ParquetFile(path, coerce_int96_timestamp_unit="us") as file:
            for batch in file.iter_batches(ROWS_AT_ONCE, use_threads=False):
                yield dicts(pa.Table.from_batches([batch]))


class _Writer:
    """Takes rows: those that may leave go into CSV and Parquet, and all are counted."""

    def __init__(self, of: Opened, folder: Path) -> None:
        self._of, self._folder = of, folder
        self._texts = [column.name for column in of.columns if column.type in TEXTS]
        self._counts: list[Counter[tuple[str | None, ...]]] = [Counter() for _ in of.statistics]
        self._all = tuple(dict.fromkeys(name for by in of.statistics for name in by))
        self._finest: Counter[tuple[str | None, ...]] = Counter()
        self.rows = self.withheld = 0
        self._parquet: pq.ParquetWriter | None = None
        self._csv = (folder / "rows.csv").open("w", encoding="utf-8-sig", newline="") if of.columns else None
        if self._csv is not None:
            self._csv.write(",".join(column.name for column in of.columns) + "\r\n")

    def take(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take some rows in."""
        for by, counts in zip(self._of.statistics, self._counts, strict=True):
            counts.update(tuple(text_of(row[name]) for name in by) for row in rows)
        if self._all and len(self._finest) <= MOST_AUDITED:  # of more, sums are not gone through
            self._finest.update(tuple(text_of(row[name]) for name in self._all) for row in rows)
        self.rows += len(rows)
        if self._csv is not None:
            self._write([self._checked(row) for row in rows])

    def close(self) -> list[dict[str, Any]]:
        """End the files; return each with name, rows and SHA-256.

        Raises:
            NotOpen: so many values told of somebody that the columns may not be published as they are declared.
        """
        for file in (self._csv, self._parquet):
            if file is not None:
                file.close()
        values = self.rows * len(self._texts)
        if self.withheld > MOST_WITHHELD * values:
            raise NotOpen(self._of.resource.id, f"{self.withheld} of {values} texts tell of somebody",
                          "grade the column that they stand in as personal")  # fmt: skip
        tables = [Table(by, counts) for by, counts in zip(self._of.statistics, self._counts, strict=True)]
        told = suppress(tables, self._of.least, Table(self._all, self._finest))
        made = [self._statistics(number, by, each)
                for number, (by, each) in enumerate(zip(self._of.statistics, told, strict=True), 1)]  # fmt: skip
        rows = [path for path in (self._folder / "rows.csv", self._folder / "rows.parquet") if path.is_file()]
        return [*(_told(path, self.rows) for path in rows), *made]

    def _checked(self, row: Mapping[str, Any]) -> dict[str, Any]:
        found = {column.name: row[column.name] for column in self._of.columns}
        for name in self._texts:
            text = found[name]
            if text is not None and (has_person_number(text) or is_personal(text)):
                found[name] = None
                self.withheld += 1
        return found

    def _write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        names = [column.name for column in self._of.columns]
        for row in rows:
            texts = (text_of(row[name]) for name in names)
            cells = (_cell(text, name in self._texts) for text, name in zip(texts, names, strict=True))
            self._csv.write(",".join(cells) + "\r\n")  # type: ignore[union-attr] # asked before
        schema = pa.schema([pa.field(column.name, _arrow(column)) for column in self._of.columns])
        if self._parquet is None:
            self._parquet = pq.ParquetWriter(self._folder / "rows.parquet", schema)
        arrays = [pa.array([row[name] for row in rows], schema.field(name).type) for name in names]
        self._parquet.write_table(pa.Table.from_arrays(arrays, schema=schema))

    def _statistics(self, number: int, by: tuple[str, ...], told: Told) -> dict[str, Any]:
        path = self._folder / f"statistics-{number}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            file.write(",".join((*by, "count")) + "\r\n")
            for key, count in told.items():
                file.write(
                    ",".join((*(_cell(part, True) for part in key), "" if count is None else str(count))) + "\r\n"
                )
        return _told(path, len(told))


def _arrow(column: Column) -> pa.DataType:
    if column.type == "decimal":
        return pa.decimal128(column.precision, column.scale)
    kinds = {"long": pa.int64(), "boolean": pa.bool_(), "date": pa.date32(), "instant": pa.timestamp("us", "UTC")}
    return kinds.get(column.type, pa.string())


def _cell(text: str | None, is_text: bool) -> str:
    if text is None or not is_text:
        return text or ""
    return f'"{guarded(text).replace(chr(34), chr(34) * 2)}"'


def _told(path: Path, rows: int) -> dict[str, Any]:
    content = path.read_bytes()
    return {"name": path.name, "rows": rows, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
