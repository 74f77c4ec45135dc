"""What a publication hands over, read from a table's own files where the lake is a folder: the engine is not asked.

To plan costs the engine seconds, and to make rows of columns and JSON of rows more than the databases take to load
them. Here files are made column by column, part by part: what is held does not grow with the people. Of the change
feed, which is the log's own account, first only the keys are looked at: which row is the last word on its subject.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from pipelines import columnwise, commit_check, peek, pen, sums
from pipelines.errors import LakeDamaged
from pipelines.places import LOG
from schemas.serving.writing import File

SUBJECT, DIGEST = "subject_id", "_digest"
Handed = tuple[list[File], list[str]]
"""Files that come, and subjects that go."""
_UNREADABLE = (pa.ArrowException, OSError)


@dataclass(frozen=True)
class Pace:
    """How many rows are handed over at once; of how many the keys are held; what the keys begin with."""

    chunk: int
    slice: int
    prefix: str


@dataclass(frozen=True)
class Shelf:
    """A version of a table whose files are read here. `files` are paths as its log has them.

    `kept` says of those of which rows are struck out which of their rows count.
    """

    root: str
    name: str
    version: int
    schema: pa.Schema
    files: tuple[str, ...]
    kept: Mapping[str, pa.Array]

    @property
    def folder(self) -> Path:
        return Path(self.root, self.name)

    def parts(self, named: str, columns: Iterable[str], rows: int) -> Iterator[pa.RecordBatch]:
        """Yield columns of a file, part by part, its pages held against their sums; one that it lacks is left out.

        Raises:
            LakeDamaged: the file is damaged or gone.
        """
        try:
            sums.hold_footer(sums.LOCAL, str(self.folder / unquote(named)))
            with pq.ParquetFile(
                self.folder / unquote(named), page_checksum_verification=True, coerce_int96_timestamp_unit="us"
            ) as file:
                there = {*file.schema_arrow.names}
                asked = [name for name in columns if name in there]
                for batch in file.iter_batches(rows, columns=asked, use_threads=False):
                    yield pa.RecordBatch.from_arrays([self._typed(name, batch[name]) for name in asked], asked)
        except _UNREADABLE as error:
            raise LakeDamaged(f"publish {self.name}", type(error).__name__, self.name, named) from None

    def counting(self, named: str, columns: Iterable[str], rows: int) -> Iterator[pa.RecordBatch]:
        """Yield of a file, as `parts`, the rows that count in this version; errors as `parts`."""
        kept, first = self.kept.get(unquote(named)), 0
        for part in self.parts(named, columns, rows):
            told = None if kept is None else kept.slice(first, len(part))
            first += len(part)
            if told is None or not len(told):
                yield part
            else:
                yield from pa.Table.from_batches(
                    [part.slice(0, len(told)).filter(told), part.slice(len(told))]
                ).to_batches()

    def _typed(self, name: str, values: pa.Array) -> pa.Array:
        """Return values as the table has them now: their file may be older, and lack a field."""
        kind = values.type if name == pen.CHANGE else self.schema.field(name).type
        return values if values.type.equals(kind) else values.cast(kind)

    @property
    def columns(self) -> list[str]:
        """Name the columns that files are made from."""
        return [name for name in self.schema.names if name == DIGEST or not name.startswith("_")]


def opened(root: str, name: str, version: int) -> Shelf | None:
    """Return a version of a table; None where the engine has to read it, or to say what is wrong with it."""
    if "://" in root:
        return None
    try:
        table = DeltaTable(str(Path(root, name)), version=version)
        schema, protocol = pa.schema(table.schema().to_arrow()), table.protocol()
        paths = pa.table(table.get_add_actions())["path"].to_pylist()
        kept = peek.kept_rows(table, name)
    except (DeltaError, OSError):
        return None
    if not _is_readable(protocol) or not all(columnwise.has_json(each.type) for each in schema):
        return None
    return Shelf(root, name, version, schema, tuple(paths), kept)


def _is_readable(protocol: Any) -> bool:
    """Say whether a table asks of its readers for nothing but what is known here."""
    if protocol.min_reader_version == 1:
        return True
    return protocol.min_reader_version == 3 and {*(protocol.reader_features or ())} <= {peek.STRIKING}


def everything(shelf: Shelf, pace: Pace) -> Iterator[Handed]:
    """Yield every file."""
    parts = (part for named in shelf.files for part in shelf.counting(named, shelf.columns, pace.chunk))
    return _ahead((files_of(part), []) for part in parts)


def changes(shelf: Shelf, since: int, pace: Pace) -> Iterator[Handed] | None:
    """Return what changed after a version; None where the lake no longer has all of that.

    All that tells what changed is read before anything is handed over.
    """
    try:
        pieces = _pieces(shelf, since)
        lasting = _lasting(shelf, pieces, pace)
    except (*_UNREADABLE, LakeDamaged, ValueError, KeyError):
        return None
    return _ahead(_together(_changed(shelf, pieces, lasting, pace), pace.chunk))


def files_of(part: pa.RecordBatch) -> list[File]:
    """Return the files of gold's rows: `document` is the row but for its digest as JSON, null fields left out."""
    told = [name for name in part.schema.names if not name.startswith("_")]
    document = columnwise.json_whole(pa.StructArray.from_arrays([part[name] for name in told], names=told))
    columns = (part[name].to_pylist() for name in (SUBJECT, "number_type", "number", DIGEST))
    return [*map(File, *columns, document.to_pylist(), _numbers(part["identifiers"]))]


def edges(slices: int, prefix: str) -> list[tuple[str | None, str | None]]:
    """Return from where to where slices of equal width of hexadecimal hashes go."""
    inner = [f"{prefix}{(number << 16) // slices:04x}" for number in range(1, slices)]
    return list(pairwise([None, *inner, None]))


def _ahead(parts: Iterator[Handed]) -> Iterator[Handed]:
    """Yield the parts; the next one is made while one is used."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, parts, None)
        while (part := coming.result()) is not None:
            coming = pool.submit(next, parts, None)
            yield part


def _numbers(identifiers: pa.ListArray) -> Iterator[tuple[tuple[str, str], ...]]:
    """Yield the numbers of each subject, each once."""
    ends = identifiers.offsets.to_pylist()
    told = identifiers.values.slice(ends[0], ends[-1] - ends[0])
    by_name = dict(zip((field.name for field in told.type), told.flatten(), strict=True))
    pairs = list(zip(by_name["type"].to_pylist(), by_name["number"].to_pylist(), strict=True))
    return (tuple(dict.fromkeys(pairs[begin - ends[0] : end - ends[0]])) for begin, end in pairwise(ends))


@dataclass(frozen=True)
class _Piece:
    """A file of the change feed, its rows from place `first` on. `change` is that of all, where no row says its own."""

    named: str
    version: int
    change: str | None
    first: int
    rows: int


def _pieces(shelf: Shelf, since: int) -> list[_Piece]:
    pieces, first = [], 0
    for version in range(since + 1, shelf.version + 1):
        commit = shelf.folder / LOG / f"{version:020d}.json"
        if not commit_check.is_whole(shelf.root, shelf.name, version):
            raise ValueError(commit.name)
        for named, change in _named([json.loads(line) for line in commit.read_bytes().splitlines() if line.strip()]):
            rows = pq.read_metadata(shelf.folder / unquote(named)).num_rows
            pieces.append(_Piece(named, version, change, first, rows))
            first += rows
    return pieces


def _named(actions: Sequence[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """Return the files that say what a commit changed; where it wrote no changes down, those that came and went.

    Raises:
        ValueError: it struck rows out of files and wrote nothing down, so that its files do not say what changed.
    """
    told = [action["cdc"]["path"] for action in actions if "cdc" in action]
    if told:
        return [(path, None) for path in told]
    moved = [
        (action[kind], change)
        for kind, change in (("add", pen.INSERTED), ("remove", pen.DELETED))
        for action in actions
        if kind in action and action[kind].get("dataChange", True)
    ]
    if any(file.get("deletionVector") for file, _ in moved):
        raise ValueError("rows are struck out")
    return [(file["path"], change) for file, change in moved]


def _lasting(shelf: Shelf, pieces: Sequence[_Piece], pace: Pace) -> np.ndarray:
    """Say of each row of the feed whether it is the last of its subject, in the sense of `publish.last_changes`."""
    count = sum(piece.rows for piece in pieces)
    lasting = np.zeros(count, bool)
    for low, high in edges(max(1, -(-count // pace.slice)), pace.prefix):
        ids, ranks, places = [pa.array([], pa.string())], [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for piece in pieces:
            for place, part in _placed(shelf, piece, [SUBJECT, pen.CHANGE], pace.slice):
                kept = _between(part, low, high)
                ids.append(part[SUBJECT].take(pa.array(kept)))
                is_there = pc.not_equal(_change(part, piece), pen.DELETED).to_numpy(zero_copy_only=False)
                ranks.append(piece.version * 2 + is_there[kept])
                places.append(kept + place)
        code = pa.concat_arrays(ids).dictionary_encode().indices.to_numpy()
        every = np.concatenate(places)
        order = np.lexsort((every, np.concatenate(ranks), code))
        is_end = np.diff(code[order], append=-1) != 0
        lasting[every[order[is_end]]] = True
    return lasting


def _placed(
    shelf: Shelf, piece: _Piece, columns: Iterable[str], rows: int
) -> Iterator[tuple[int, pa.RecordBatch]]:  # fmt: skip
    """Yield parts of a piece, each with the place of its first row in the feed."""
    place = piece.first
    for part in shelf.parts(piece.named, columns, rows):
        yield place, part
        place += len(part)


def _change(part: pa.RecordBatch, piece: _Piece) -> pa.Array:
    return part[pen.CHANGE] if piece.change is None else columnwise.constant(piece.change, pa.string(), len(part))


def _between(part: pa.RecordBatch, low: str | None, high: str | None) -> np.ndarray:
    """Return the rows that say something new of subjects of a slice."""
    keys = part[SUBJECT]
    mine = pc.is_valid(keys) if low is None else pc.greater_equal(keys, low)
    mine = mine if high is None else pc.and_(mine, pc.less(keys, high))
    if pen.CHANGE in part.schema.names:
        mine = pc.and_(mine, pc.not_equal(part[pen.CHANGE], pen.BEFORE))
    return np.flatnonzero(mine.to_numpy(zero_copy_only=False))


def _changed(shelf: Shelf, pieces: Sequence[_Piece], lasting: np.ndarray, pace: Pace) -> Iterator[Handed]:
    """Yield the rows that last, of deletions the subject alone."""
    for piece in pieces:
        if not lasting[piece.first : piece.first + piece.rows].any():
            continue
        columns = [SUBJECT] if piece.change == pen.DELETED else [*shelf.columns, pen.CHANGE]
        for place, part in _placed(shelf, piece, columns, pace.chunk):
            kept = part.filter(pa.array(lasting[place : place + len(part)]))
            is_gone = pc.equal(_change(kept, piece), pen.DELETED)
            gone = kept[SUBJECT].filter(is_gone).to_pylist()
            there = kept.filter(pc.invert(is_gone)) if len(gone) < len(kept) else None
            yield ([] if there is None else files_of(there)), gone


def _together(parts: Iterable[Handed], rows: int) -> Iterator[Handed]:
    """Yield small parts as larger ones."""
    files: list[File] = []
    gone: list[str] = []
    for more, less in parts:
        files += more
        gone += less
        if len(files) + len(gone) >= rows:
            yield files, gone
            files, gone = [], []
    if files or gone:
        yield files, gone
