"""Rows of a table put in the place of others, file by file, by whoever has the new ones in hand.

Only files that hold one of the rows are written anew, column by column, a part at a time; all others stay. What changed
is written down beside them as the change feed has it: the row before and the row after, what is gone, what is new.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable

from onefile.files import DiskFull, is_full
from pipelines import pen
from pipelines.errors import LakeDamaged
from pipelines.pen import Change, Design, Written

TOGETHER = 2
"""Files that are written anew at a time."""


@dataclass(frozen=True)
class Revision:
    """What of a table is to be otherwise: `rows` by their `key`, known or new, and the keys of rows that go."""

    key: str
    rows: pa.Table
    gone: pa.Array


@dataclass(frozen=True)
class _Rewritten:
    """A file that goes, what comes in its place, and what changed in it (with `pen.CHANGE`)."""

    path: str
    size: int
    place: Written | None
    changed: pa.Table


def change(design: Design, revision: Revision) -> Change | None:
    """Write the files of a revision; None where it changes nothing.

    Raises:
        LakeDamaged: a file that is to be written anew is gone or altered.
        EngineFailed: rows do not meet the table's constraints.
    """
    table = DeltaTable(design.folder, version=design.version)
    rows = pen.sound(design.shaped(revision.rows), design)
    wanted = pa.concat_arrays([rows[revision.key].combine_chunks(), revision.gone])
    paths = pa.table(table.get_add_actions())["path"].to_pylist()
    with ThreadPoolExecutor(TOGETHER) as pool:
        made = pool.map(lambda path: _held(path, design, revision.key, rows, wanted), paths)
        rewritten = [each for each in made if each is not None]
    known = pa.concat_arrays([pa.array([], pa.string()), *(_keys(each.changed, revision.key) for each in rewritten)])
    new = rows.filter(pc.invert(pc.is_in(rows[revision.key], known)))
    added = [each.place for each in rewritten if each.place is not None]
    written = pen.write([new], design)
    added += [written] if written is not None else []
    changed = [each.changed for each in rewritten] + [_told(new, pen.INSERTED)]
    changes = pen.write(changed, design, "cdc")
    if changes is None:
        return None
    return Change(added, {each.path: each.size for each in rewritten}, changes)


def instead(design: Design, rows: pa.Table) -> Change:
    """Write rows that come in the place of all that a table holds, which keeps no change feed."""
    held = pa.table(DeltaTable(design.folder, version=design.version).get_add_actions())
    removed = dict(zip(held["path"].to_pylist(), held["size_bytes"].to_pylist(), strict=True))
    file = pen.write([pen.sound(design.shaped(rows), design)], design)
    return Change([] if file is None else [file], removed)


def _held(named: str, design: Design, key: str, rows: pa.Table, wanted: pa.Array) -> _Rewritten | None:
    """Do as `_rewritten`, and say of a damaged file which it is."""
    try:
        return _rewritten(named, design, key, rows, wanted)
    except (pa.ArrowException, OSError) as error:
        if is_full(error) or isinstance(error, DiskFull):
            raise
        table = "/".join(Path(design.folder).parts[-2:])
        raise LakeDamaged(f"revise {table}", type(error).__name__, table, named) from None


def _rewritten(named: str, design: Design, key: str, rows: pa.Table, wanted: pa.Array) -> _Rewritten | None:
    """Write a file anew; None where it holds none of the rows that are wanted."""
    path = Path(design.folder, unquote(named))
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        held = file.read(columns=[key], use_threads=False)[key].combine_chunks()
    mine = held.filter(pc.is_in(held, wanted))
    if not len(mine):
        return None
    if not pen.is_as_summed(path):
        raise pa.ArrowInvalid("sums differ")
    found: list[pa.Table] = []
    after = rows.filter(pc.is_in(rows[key], mine))

    def kept() -> Iterator[pa.Table]:
        for part in pen.parts(path, design):
            is_wanted = pc.is_in(part[key], mine)
            found.append(part.filter(is_wanted))
            yield part.filter(pc.invert(is_wanted))
        yield after

    place = pen.write(kept(), design)
    before = pa.concat_tables(found)
    is_other = pc.is_in(before[key], after[key].combine_chunks())
    changed = [
        _told(before.filter(is_other), pen.BEFORE),
        _told(after, pen.AFTER),
        _told(before.filter(pc.invert(is_other)), pen.DELETED),
    ]
    return _Rewritten(named, path.stat().st_size, place, pa.concat_tables(changed))


def _told(rows: pa.Table, change: str) -> pa.Table:
    return rows.append_column(pen.CHANGE, pa.repeat(pa.scalar(change), rows.num_rows))


def _keys(rows: pa.Table, key: str) -> pa.Array:
    return rows[key].combine_chunks()
