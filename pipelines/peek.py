"""Small look-ups in the lake without Spark, so that a verb that only shows something starts at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from pipelines import commit_check, sums
from pipelines.errors import PipelineError
from pipelines.places import Place, Where, at

if TYPE_CHECKING:
    from pyarrow.dataset import Expression


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STRIKING = "deletionVectors"
_VECTOR = re.compile(r"(?:\b[0-9A-Za-z]{2}/)?deletion_vector_[0-9a-f-]{36}\.bin")


class TableUnreadable(PipelineError):
    """A table of the lake is there and cannot be read."""

    def __init__(self, name: str, condition: str, file: str | None = None) -> None:
        super().__init__(f"table {name} of the lake cannot be read ({condition}): restore it from a backup")
        self.condition, self.file = condition, file


def rows(lake: Where, name: str, columns: Sequence[str] | None, where: Expression | None = None) -> pa.Table | None:
    """Return columns of a table (None: all), filtered; None when the table was never written to.

    A filter costs a quarter of a second before anything is read (Arrow's datasets load pandas), and spares what it
    passes over: it is for one row of a large table. Where rows are struck out of files, these are read whole.

    Raises:
        TableUnreadable, LakeDamaged: its log or a file of it is damaged or gone.
    """
    place = at(lake)
    if not place.holds(name):
        return None
    commit_check.check(place, name)
    try:
        table = place.opened(name)
        asked = tuple(field.name for field in table.schema().fields) if columns is None else tuple(columns)
        read = _whole if where is None else _filtered
        return read(table, _Read(name, place.files(name), asked), where)
    except TableNotFoundError:
        return None
    except (DeltaError, OSError, pa.ArrowException) as error:
        raise TableUnreadable(name, type(error).__name__, _hurt(place, name, error)) from None


def _hurt(place: Place, name: str, error: Exception) -> str | None:
    """Return the first file of a table that cannot be read; None where that cannot be told."""
    vector = _VECTOR.search(str(error))
    if vector is not None:
        return vector[0]
    try:
        table = place.opened(name)
        paths = [str(path) for path in pa.table(table.get_add_actions())["path"].to_pylist()]
    except (DeltaError, OSError):
        return None
    files, schema = place.files(name), pa.schema(table.schema().to_arrow())
    return next((path for path in paths if not _is_readable(files, unquote(path), schema)), None)


def _is_readable(files: Any, path: str, schema: pa.Schema) -> bool:
    try:
        _read(files, path, schema)
    except (OSError, pa.ArrowException):
        return False
    return True


def table_id(lake: Where, name: str) -> str:
    """Return Delta's id of a table, as `Lake.table_id`; empty when the table was never written to.

    Raises:
        TableUnreadable: its log is damaged.
    """
    place = at(lake)
    if not place.holds(name):
        return ""
    try:
        return str(place.opened(name).metadata().id)
    except TableNotFoundError:
        return ""
    except (DeltaError, OSError) as error:
        raise TableUnreadable(name, type(error).__name__) from None


def dicts(table: pa.Table) -> list[dict[str, Any]]:
    """Return the rows as dicts, instants in UTC. Arrow's own way loads pandas for the first instant."""
    columns = {name: _values(table.column(name)) for name in table.column_names}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _values(column: pa.ChunkedArray) -> list[Any]:
    if not pa.types.is_timestamp(column.type):
        return list(column.to_pylist())
    since = column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_pylist()
    return [None if value is None else EPOCH + timedelta(microseconds=value) for value in since]


@dataclass(frozen=True)
class _Read:
    """What is read of a table, and Arrow's file system of its folder."""

    name: str
    files: Any
    columns: tuple[str, ...]


def _whole(table: DeltaTable, wanted: _Read, where: Expression | None) -> pa.Table:
    """Read each file, its pages held against their checksums; a column that a file lacks is null there."""
    declared, kept = pa.schema(table.schema().to_arrow()), kept_rows(table, wanted.name)
    names = wanted.columns if where is None else declared.names
    schema = pa.schema([declared.field(name) for name in names])
    places = (_place(uri, wanted.name) for uri in table.file_uris())
    read = [_counting(_read(wanted.files, place, schema), kept.get(place), where) for place in places]
    found = pa.concat_tables(read) if read else pa.Table.from_batches([], schema)
    return found.select(list(wanted.columns))


def kept_rows(table: DeltaTable, name: str) -> Mapping[str, pa.Array]:
    """Return, of each file of which rows are struck out, by its place in the table, which of its rows count.

    Raises:
        DeltaError: a file that says so is damaged or gone.
    """
    if STRIKING not in (table.protocol().reader_features or ()):
        return {}
    told = pa.table(table.deletion_vectors())
    return {
        _place(uri, name): counts.values
        for uri, counts in zip(told["filepath"].to_pylist(), told["selection_vector"], strict=True)
    }


def _place(uri: str, name: str) -> str:
    return uri.rpartition(f"/{name}/")[2]


def _counting(rows: pa.Table, kept: pa.Array | None, where: Expression | None) -> pa.Table:
    """Return the rows of a file that count, filtered; what nothing is said of counts."""
    if kept is not None:
        rows = pa.concat_tables([rows.slice(0, len(kept)).filter(kept), rows.slice(len(kept))])
    return rows if where is None else rows.filter(where)


def _read(files: Any, place: str, schema: pa.Schema) -> pa.Table:
    sums.hold_footer(files, place)
    with (
        files.open_input_file(place) as source,
        pq.ParquetFile(source, page_checksum_verification=True, coerce_int96_timestamp_unit="us") as file,
    ):
        there = [name for name in schema.names if name in file.schema_arrow.names]
        found = file.read(columns=there, use_threads=False)
    nothing = pa.nulls(found.num_rows)
    arrays = [found[field.name] if field.name in there else nothing for field in schema]
    cast = [array.cast(field.type) for array, field in zip(arrays, schema, strict=True)]
    return pa.Table.from_arrays(cast, schema=schema)  # `pa.table` would load pandas


def _filtered(table: DeltaTable, wanted: _Read, where: Expression | None) -> pa.Table:
    import pyarrow.dataset as ds

    if STRIKING in (table.protocol().reader_features or ()):
        return _whole(table, wanted, where)
    for uri in table.file_uris():
        sums.hold_footer(wanted.files, _place(uri, wanted.name))
    verified = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
    return table.to_pyarrow_dataset(filesystem=wanted.files).to_table(
        columns=list(wanted.columns), filter=where, fragment_scan_options=verified
    )
