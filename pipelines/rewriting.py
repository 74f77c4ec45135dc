"""Rows of a table put in the place of others, by whoever has the new ones in hand.

Only files that hold one of the rows are looked into. Where the table allows it, these rows are struck out of them by
deletion vectors, and their new versions stand in one new file; a file of which much is struck out, and every file of a
table that has no such vectors, is written anew, column by column, a part at a time. What changed is written down beside
them as the change feed has it: the row before and the row after, what is gone, what is new.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyroaring import BitMap64

from onefile.files import DiskFull, is_full
from pipelines import figures, pen, striking, sums
from pipelines.errors import LakeDamaged
from pipelines.pen import Change, Design, Named, Written
from pipelines.striking import Vector

TOGETHER = 2
"""Files that are looked into at a time."""
MOST_STRUCK = 0.25
"""Share of a file's rows that may be struck out. At a quarter, no reader passes over more than a third of what it
needs, and no row that is struck out ever has more than three others written anew."""


@dataclass(frozen=True)
class Revision:
    """What of a table is to be otherwise: `rows` by their `key`, known or new, and the keys of rows that go."""

    key: str
    rows: pa.Table
    gone: pa.Array


@dataclass(frozen=True)
class _Wanted:
    """What is looked for: rows and keys, and all of these in order."""

    key: str
    rows: pa.Table
    keys: pa.Array
    ordered: Sequence[str]

    def may_lie_in(self, file: Named) -> bool:
        """Say whether a file may hold one of the rows, by what the log keeps of its keys."""
        ends = figures.ends(file.get("stats") or "{}", self.key)
        if ends is None:
            return True
        at = bisect_left(self.ordered, ends[0])
        return at < len(self.ordered) and self.ordered[at] <= ends[1]


@dataclass(frozen=True)
class _Revised:
    """A file with rows that count no more (`before`): all that is now struck out of it, or what stands in its place."""

    file: Named
    before: pa.Table
    rows: int
    struck: BitMap64 | None = None
    place: Written | None = None


def change(design: Design, revision: Revision, files: Sequence[Named]) -> Change | None:
    """Write the files of a revision; None where it changes nothing.

    Args:
        files: the table's, of the version that `design` is of.

    Raises:
        LakeDamaged: a file that is to be read is gone or altered.
        EngineFailed: rows do not meet the table's constraints.
    """
    rows = pen.sound(design.shaped(revision.rows), design)
    keys = pa.concat_arrays([rows[revision.key].combine_chunks(), revision.gone])
    wanted = _Wanted(revision.key, rows, keys, sorted(keys.to_pylist()))
    with ThreadPoolExecutor(TOGETHER) as pool:
        made = pool.map(lambda file: _held(file, design, wanted), filter(wanted.may_lie_in, files))
        revised = [each for each in made if each is not None]
    new = _without(wanted, revised)
    changed = [part for each in revised for part in _changed(each.before, wanted)] + [_told(new, pen.INSERTED)]
    changes = pen.write(changed, design, "cdc")
    if changes is None:
        return None
    written = pen.write([_without(wanted, [each for each in revised if each.struck is None])], design)
    added = [place for place in (*(each.place for each in revised), written) if place is not None]
    struck = {each.file["path"]: each.struck for each in revised if each.struck is not None}
    vectors = striking.write(design, struck)
    named = [_struck(each, vectors[each.file["path"]]) for each in revised if each.struck is not None]
    return Change(added, [each.file for each in revised], named, changes)


def instead(design: Design, rows: pa.Table, files: Sequence[Named]) -> Change:
    """Write rows that come in the place of all that a table holds, which keeps no change feed."""
    file = pen.write([pen.sound(design.shaped(rows), design)], design)
    return Change([] if file is None else [file], files)


def _without(wanted: _Wanted, revised: Sequence[_Revised]) -> pa.Table:
    """Return the new rows that stand in the place of none of these files'."""
    known = pa.concat_arrays([wanted.keys.slice(0, 0), *(_keys(each.before, wanted.key) for each in revised)])
    return wanted.rows.filter(pc.invert(pc.is_in(wanted.rows[wanted.key], known)))


def _held(file: Named, design: Design, wanted: _Wanted) -> _Revised | None:
    """Do as `_revised`, and say of a damaged file which it is."""
    try:
        return _revised(file, design, wanted)
    except (pa.ArrowException, OSError) as error:
        if is_full(error) or isinstance(error, DiskFull):
            raise
        table = "/".join(Path(design.folder).parts[-2:])
        raise LakeDamaged(f"revise {table}", type(error).__name__, table, file["path"]) from None


def _revised(file: Named, design: Design, wanted: _Wanted) -> _Revised | None:
    """Look for the rows in a file; None where it holds none of them."""
    path = Path(design.folder, unquote(file["path"]))
    sums.hold_footer(sums.LOCAL, str(path))
    with pq.ParquetFile(path, page_checksum_verification=True) as opened:
        held = opened.read(columns=[wanted.key], use_threads=False)[wanted.key].combine_chunks()
    is_mine = pc.is_in(held, wanted.keys).to_numpy(zero_copy_only=False)
    if not is_mine.any():
        return None
    out = striking.read(design.folder, file["deletionVector"]) if "deletionVector" in file else BitMap64()
    if out and out.max() >= len(held):
        raise pa.ArrowInvalid("rows are struck out that are not there")
    is_out = np.zeros(len(held), bool)
    is_out[np.asarray(out.to_array(), np.int64)] = True
    mine = np.flatnonzero(is_mine & ~is_out)
    if not len(mine):
        return None
    if not design.strikes or len(out) + len(mine) > MOST_STRUCK * len(held):
        return _rewritten(file, path, design, wanted, (is_out, mine))
    before = [part.take(_places(mine, first, part)) for first, part in pen.parts(path, design, mine)]
    return _Revised(file, pa.concat_tables(before), len(held), struck=out | BitMap64(mine.tolist()))


def _rewritten(
    file: Named, path: Path, design: Design, wanted: _Wanted, told: tuple[np.ndarray, np.ndarray]
) -> _Revised:  # fmt: skip
    """Write a file anew.

    Args:
        told: which of its rows are struck out, and the places of those that are wanted.
    """
    is_out, mine = told
    if not pen.is_as_summed(path):
        raise pa.ArrowInvalid("sums differ")
    is_kept = ~is_out
    is_kept[mine] = False
    found: list[pa.Table] = []

    def kept() -> Iterator[pa.Table]:
        for first, part in pen.parts(path, design):
            found.append(part.take(_places(mine, first, part)))
            yield part.filter(pa.array(is_kept[first : first + len(part)]))
        keys = pa.concat_arrays([_keys(each, wanted.key) for each in found])
        yield wanted.rows.filter(pc.is_in(wanted.rows[wanted.key], keys))

    place = pen.write(kept(), design)
    return _Revised(file, pa.concat_tables(found), len(is_out), place=place)


def _places(mine: np.ndarray, first: int, part: pa.Table) -> pa.Array:
    """Return which of the rows of a part, whose first is the file's `first`, are wanted."""
    begin, end = np.searchsorted(mine, (first, first + len(part)))
    return pa.array(mine[begin:end] - first)


def _struck(revised: _Revised, vector: Vector) -> Named:
    """Return a file as the log has it once rows are struck out."""
    stats = figures.widened(revised.file.get("stats") or "{}", revised.rows)
    return {**revised.file, "deletionVector": vector, "stats": stats}


def _changed(before: pa.Table, wanted: _Wanted) -> list[pa.Table]:
    """Return what the change feed says of rows that counted before."""
    is_other = pc.is_in(before[wanted.key], _keys(wanted.rows, wanted.key))
    after = wanted.rows.filter(pc.is_in(wanted.rows[wanted.key], _keys(before, wanted.key)))
    return [
        _told(before.filter(is_other), pen.BEFORE),
        _told(after, pen.AFTER),
        _told(before.filter(pc.invert(is_other)), pen.DELETED),
    ]


def _told(rows: pa.Table, change: str) -> pa.Table:
    return rows.append_column(pen.CHANGE, pa.repeat(pa.scalar(change), rows.num_rows))


def _keys(rows: pa.Table, key: str) -> pa.Array:
    return rows[key].combine_chunks()
