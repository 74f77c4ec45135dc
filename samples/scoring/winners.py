"""The declared ranking's winners, reckoned from the accepted rows by another program than the one that made the files.

Whole columns in numpy and Arrow, where the flow uses Spark: only the declarations are shared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import names, peek
from samples.city.chance import Flags, Ints
from samples.city.columns import Column
from samples.scoring import earlier
from schemas.model import Attribute, AttributeSource, Declarations, OneFile

_OF_A_STATEMENT = ("_resource", "_department", "_delivery", "_key", "_valid_from", "_seq", "_row_no", "_withdrawn")


@dataclass(frozen=True)
class _Candidates:
    """What one source says, a row each: of which subject (a place), in what order, and what."""

    place: Ints
    is_lead: Flags
    rank: Ints
    observed: Ints
    seq: Ints
    row: Ints
    value: Column


def winners(lake: Path, file: OneFile, declarations: Declarations) -> pa.Table:
    """Return `number` and for each attribute the winning value as text, over accepted and released rows."""
    wanted = {t: _wanted(file, t) for t in _tables(file)}
    frames = {t: _last(rows) for t in sorted(wanted) if (rows := _released(lake, t, wanted[t])) is not None}
    told = {
        t.name: {c for b in t.bridges for c in (b.earlier, b.to, b.since) if c}
        for t in declarations.tables.values()
        if t.bridges
    }
    every = {t: rows for t, columns in told.items() if (rows := _released(lake, t, columns)) is not None}
    ends = earlier.ends({t: _last(rows) for t, rows in every.items()}, every, declarations, file.kind)
    frames = {t: _under_present(frame, file, t, ends) for t, frame in frames.items()}
    named = [frames[s.table].column(s.subject) for a in file.attributes for s in a.sources if s.table in frames]
    chunks = [chunk for column in named for chunk in column.chunks]
    number = pc.unique(pa.chunked_array(chunks, pa.string())).drop_null()
    number = number.take(pc.array_sort_indices(number))
    attributes = {a.name: a for a in file.attributes}
    ended = None
    if file.ended_on is not None:
        last = _winner(_candidates(attributes[file.ended_on], frames, number), len(number), None)
        ended = np.asarray(pc.fill_null(last.cast(pa.date32()).cast(pa.int32()), 1 << 30)).astype(np.int64)
    columns = {
        name: _winner(_candidates(a, frames, number), len(number), None if name == file.ended_on else ended)
        for name, a in attributes.items()
    }
    return pa.table({"number": number} | columns)


def shown(lake: Path, file: OneFile) -> pa.Table:
    """Return `number` and the values that the one files show, as texts."""
    attributes = [a.name for a in file.attributes]
    gold = peek.rows(lake, names.gold(file.kind), ("number", *attributes))
    if gold is None:
        return pa.table({name: pa.nulls(0, pa.string()) for name in ("number", *attributes)})
    values = {name: pc.struct_field(gold[name].combine_chunks(), "value").cast(pa.string()) for name in attributes}
    return pa.table({"number": gold["number"]} | values)


def _tables(file: OneFile) -> set[str]:
    return {source.table for attribute in file.attributes for source in attribute.sources}


def _wanted(file: OneFile, table: str) -> set[str]:
    sources = [s for a in file.attributes for s in a.sources if s.table == table]
    return {name for s in sources for name in (s.column, s.subject)}


def _under_present(frame: pa.Table, file: OneFile, table: str, ends: Mapping[str, str]) -> pa.Table:
    """Return records with the present number of each subject in the place of an earlier one."""
    if not ends:
        return frame
    olds, news = pa.array([*ends], pa.string()), pa.array([*ends.values()], pa.string())
    for name in {s.subject for a in file.attributes for s in a.sources if s.table == table}:
        led = pc.coalesce(news.take(pc.index_in(frame[name].combine_chunks(), olds)), frame[name].combine_chunks())
        frame = frame.set_column(frame.column_names.index(name), name, led)
    return frame


def _released(lake: Path, table: str, wanted: Collection[str]) -> pa.Table | None:
    """Return the released statements of a table; None when nothing was stated."""
    rows = peek.rows(lake, names.silver(table), (*_OF_A_STATEMENT, *sorted(wanted)))
    released = peek.rows(lake, names.RELEASE, ("_delivery",))
    if rows is None or released is None:
        return None
    return rows.filter(pc.is_in(rows["_delivery"], value_set=pc.unique(released["_delivery"].combine_chunks())))


def _last(rows: pa.Table) -> pa.Table:
    """Return the last statement of each record, without those that were taken back."""
    record = pc.binary_join_element_wise(rows["_resource"], rows["_key"], "/").combine_chunks().dictionary_encode()
    place = np.asarray(record.indices).astype(np.int64)
    order = np.lexsort((_numbers(rows, "_row_no"), _numbers(rows, "_seq"), _numbers(rows, "_valid_from"), place))
    last = order[np.flatnonzero(np.append(place[order][1:] != place[order][:-1], True))] if len(order) else order
    found = rows.take(pa.array(last))
    return found.filter(pc.invert(found["_withdrawn"]))


def _numbers(rows: pa.Table, name: str) -> Ints:
    column = rows[name]
    column = column.cast(pa.int32()) if pa.types.is_date(column.type) else column
    return np.asarray(column.cast(pa.int64()))


def _candidates(attribute: Attribute, frames: Mapping[str, pa.Table], number: Column) -> list[_Candidates]:
    return [_said(attribute, s, frames[s.table], number) for s in attribute.sources if s.table in frames]


def _said(attribute: Attribute, source: AttributeSource, frame: pa.Table, number: Column) -> _Candidates:
    place = pc.index_in(frame.column(source.subject), value_set=number)
    stands = pc.and_(place.is_valid(), frame.column(source.column).is_valid())
    kept = frame.filter(stands)
    return _Candidates(
        place=np.asarray(place.filter(stands)).astype(np.int64),
        is_lead=np.asarray(pc.equal(kept["_department"], attribute.lead or "")),
        rank=np.full(len(kept), source.rank),
        observed=_numbers(kept, "_valid_from"),
        seq=_numbers(kept, "_seq"),
        row=_numbers(kept, "_row_no"),
        value=kept.column(source.column).cast(pa.string()),
    )


def _winner(said: list[_Candidates], size: int, ended: Ints | None) -> Column:
    """Return for each subject the value of its best candidate."""
    if not said:
        return pa.nulls(size, pa.string())
    place, is_lead, rank, observed, seq, row = (
        np.concatenate([getattr(each, name) for each in said])
        for name in ("place", "is_lead", "rank", "observed", "seq", "row")
    )
    after = np.zeros(len(place), np.bool_) if ended is None else (observed > ended[place]) & ~is_lead
    order = np.lexsort((-row, -seq, -observed, rank, after, ~is_lead, place))
    ordered = place[order]
    first = order[np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))] if len(order) else order
    best = np.full(size, -1, dtype=np.int64)
    best[place[first]] = first
    values = pa.chunked_array([chunk for each in said for chunk in each.value.chunks], pa.string())
    return values.take(pa.array(np.maximum(best, 0), mask=best < 0))
