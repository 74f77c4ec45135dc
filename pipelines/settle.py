"""What becomes of each row that was read: accepted, quarantined or a duplicate. Pure.

A row states something of one record (its key) from one day on. The same statement twice is
a duplicate, in one delivery or over several. Two different statements of one record for one
day in one delivery contradict each other, and nobody here may choose: both are quarantined.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import columnwise
from schemas.model import Resource, Table

ACCEPTED, QUARANTINED, DUPLICATE = "accepted", "quarantined", "duplicate"
ERASED, WITHDRAWN = "erased", "withdrawn"
PROBLEM = pa.struct([("column", pa.string()), ("reason", pa.string())])
PARTS = "\x1f"
VERDICT = pa.schema([("_row_no", pa.int64()), ("_verdict", pa.string()), ("_is_conflict", pa.bool_())])
STATED = pa.schema(
    [
        ("_key", pa.string()),
        ("_valid_from", pa.date32()),
        ("_content", pa.string()),
        ("_seq", pa.int64()),
        ("_row_no", pa.int64()),
        ("_is_sound", pa.bool_()),
    ]
)
"""What is judged: rows of a delivery have no `_seq`, what was stated before is told by it."""


def identified(made: Mapping[str, pa.Array], table: Table) -> dict[str, pa.Array]:
    """Return `_key` (null when a key value is missing) and `_content`, SHA-256 in hex over canonical JSON.

    A row that takes its record back has the content 'withdrawn', one that has it erased 'erased'.

    Args:
        made: the table's columns, typed, `_withdrawn` and `_erases`.
    """
    key = pc.binary_join_element_wise(*(columnwise.text(made[name]) for name in table.key), PARTS)
    fields = [(column.name, columnwise.flat(made[column.name])) for column in table.columns]
    content = _hashed(columnwise.json_object(fields))
    for mark, word in (("_withdrawn", WITHDRAWN), ("_erases", ERASED)):
        content = pc.if_else(made[mark], columnwise.constant(word, pa.string(), len(content)), content)
    return {"_key": _hashed(key), "_content": content}


def problems(found: Sequence[tuple[str, pa.Array]], count: int) -> pa.Array:
    """Gather (header, reason or null) into a list of problems a row.

    Two columns may be read from one header: what is wrong with its text is one problem.
    """
    by_row: dict[int, dict[tuple[str, str], None]] = {}
    for header, reasons in found:
        if reasons.null_count < count:
            places = np.flatnonzero(reasons.is_valid()).tolist()
            for row, reason in zip(places, reasons.drop_null().to_pylist(), strict=True):
                by_row.setdefault(row, {})[header, reason] = None
    rows = sorted(by_row)
    told = [{"column": header, "reason": reason} for row in rows for header, reason in by_row[row]]
    of = np.repeat(np.array(rows, np.int64), [len(by_row[row]) for row in rows])
    return columnwise.lists(of, count, pa.array(told, PROBLEM))


def asked(typed: pa.Table) -> pa.Table:
    """Return what of a delivery's typed rows is judged, as `STATED` has it."""
    is_sound = pc.equal(pc.list_value_length(typed["_problems"]), 0)
    columns = {name: typed[name] for name in ("_key", "_valid_from", "_content", "_row_no")}
    columns |= {"_seq": pa.nulls(typed.num_rows, pa.int64()), "_is_sound": is_sound}
    return pa.table([columns[name] for name in STATED.names], schema=STATED)


def judged(rows: pa.Table) -> pa.Table:
    """Say what becomes of each row of one delivery.

    Args:
        rows: as `STATED` has them; with each row of the delivery all others of its record and day, and what was stated
            of these before.

    Returns:
        As `VERDICT` has them, a row per row of the delivery, in the order given: `accepted`, `quarantined` or
        `duplicate`, and whether it contradicts another.
    """
    moment, content = _places(rows["_key"], rows["_valid_from"]), columnwise.ranks(rows["_content"].combine_chunks())
    row_no = rows["_row_no"].to_numpy()
    is_before = rows["_seq"].is_valid().to_numpy()
    is_sound = rows["_is_sound"].to_numpy() & ~is_before
    before = _last(moment, content, rows["_seq"], row_no, is_before)
    is_conflict, is_again = np.zeros(len(rows), np.bool_), np.zeros(len(rows), np.bool_)
    mine = np.flatnonzero(is_sound)
    order = mine[np.lexsort((row_no[mine], content[mine], moment[mine]))]
    if len(order):
        is_new = np.diff(moment[order], prepend=-1) != 0
        first = np.flatnonzero(is_new)
        last = np.append(first[1:], len(order)) - 1
        differs = content[order[first]] != content[order[last]]
        is_conflict[order] = np.repeat(differs, last - first + 1)
        is_again[order] = ~is_new & (np.diff(content[order], prepend=-1) == 0)
    is_known = before[moment] == content
    verdict = np.where(~is_sound | is_conflict, 1, np.where(is_again | is_known, 2, 0))
    asked_for = np.flatnonzero(~is_before)
    words = pa.array((ACCEPTED, QUARANTINED, DUPLICATE)).take(pa.array(verdict[asked_for]))
    return pa.table([pa.array(row_no[asked_for]), words, pa.array(is_conflict[asked_for])], schema=VERDICT)


def in_task(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Judge a bucket of records in one of the engine's tasks, which hands over its rows in batches."""
    mine = [*batches]
    if mine:
        yield from judged(pa.Table.from_batches(mine).cast(STATED)).to_batches(max_chunksize=100_000)


def problems_of(typed: pa.Table, verdicts: pa.Table, conflicting: tuple[str, str]) -> pa.Array:
    """Return the problems of typed rows, also what only the whole shows.

    Args:
        verdicts: of these rows, in their order.
        conflicting: as `conflict` returns it.
    """
    problems, is_conflict = typed["_problems"].combine_chunks(), verdicts["_is_conflict"].combine_chunks()
    if not pc.any(is_conflict, min_count=0).as_py():
        return problems
    header, reason = conflicting
    told = columnwise.constant([{"column": header, "reason": reason}], pa.list_(PROBLEM), typed.num_rows)
    return pc.if_else(is_conflict, told, problems)


def conflict(resource: Resource, table: Table) -> tuple[str, str]:
    """Return the problem of rows that contradict each other, named at the first key column."""
    header = next((m.source for m in resource.columns if m.column == table.key[0] and m.source), table.key[0])
    return header, "key_conflict"


def _places(keys: pa.ChunkedArray, days: pa.ChunkedArray) -> np.ndarray:
    """Return a number for each record and day, from 0."""
    key = keys.combine_chunks().dictionary_encode(null_encoding="encode").indices.to_numpy().astype(np.int64)
    day = days.cast(pa.int32()).to_numpy().astype(np.int64)
    _, places = np.unique(key << 32 | day - np.iinfo(np.int32).min, return_inverse=True)
    return places


def _last(
    moment: np.ndarray, content: np.ndarray, seq: pa.ChunkedArray, row_no: np.ndarray, is_before: np.ndarray
) -> np.ndarray:
    """Return for each record and day what was stated last of it before; -1 where nothing was."""
    found = np.full(moment.max() + 1 if len(moment) else 0, -1, np.int64)
    before = np.flatnonzero(is_before)
    stated_in = pc.fill_null(seq, 0).to_numpy()
    order = before[np.lexsort((row_no[before], stated_in[before]))]
    found[moment[order]] = content[order]  # of several for one place, the last is kept
    return found


def _hashed(texts: pa.Array) -> pa.Array:
    made = [None if text is None else hashlib.sha256(text.encode()).hexdigest() for text in texts.to_pylist()]
    return pa.array(made, pa.string())
