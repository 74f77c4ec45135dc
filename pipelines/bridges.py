"""Bridges from earlier numbers to present ones, read from what silver says, and the list of them beside the one files.

A bridge is derived, as the present is: from the last statement of each record whose table declares a column with an
earlier number. So it is known since that statement was learnt, goes with it, and a past day has the bridges of then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from weakref import WeakKeyDictionary

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import StructType

from pipelines import erasing, names, present, types
from pipelines.bridging import Bridges, Told, holding
from pipelines.lake import Lake, engine, literal_rows
from pipelines.table_design import TableDesign
from schemas import feeds
from schemas.identifiers.earlier import ORGANISATION, STANDARD
from schemas.model import Bridge, Declarations, OneFile, Table

MADE_OF = "bridges"
LENGTH = 9
"""Characters of an organisation code; in a credit code they begin at the ninth."""
TOLD = ""
"""Stands among organisation codes for: some earlier number was told."""
Statements = Callable[[str], DataFrame | None]

LISTED = StructType(
    [
        types.field("type", types.STRING, "type of the earlier number"),
        types.field("earlier", types.STRING, "the earlier number"),
        types.field("number", types.STRING, "the number that it leads to, as stated"),
        types.field("present", types.STRING, "the present number at the end of the way; null: it is not used", False),
        types.field("state", types.STRING, "used; ambiguous, circular, in_use or unsound: used by nobody"),
        types.field("resource", types.STRING, "resource that states it, or the standard that it follows from"),
        types.field("department", types.STRING, "department that provides the resource"),
        types.field("record", types.STRING, "SHA-256 of the record's key values, hex"),
        types.field("delivery", types.STRING, "delivery that brought it"),
        types.field("row_no", types.LONG, "row of the delivery"),
        types.field("since", types.DATE, "day since when it has led there"),
        types.field("learnt_at", types.INSTANT, "instant we learnt it, UTC"),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Known:
    """What is told of earlier numbers, and the bridges that hold."""

    told: tuple[Told, ...]
    now: Bridges


_State = tuple[int, int, str, bool]
_LAST: WeakKeyDictionary[Lake, tuple[_State, Known]] = WeakKeyDictionary()
"""What was found last in a lake, and what it follows from."""


def known(stated: Statements, declarations: Declarations) -> Known:
    """Return the bridges that follow from statements; `stated` gives those of a table that count, if there are any."""
    told = tuple(_told(stated, declarations))
    return Known(told, holding(told))


def of_lake(lake: Lake, declarations: Declarations, *, is_erased_kept: bool = False) -> Known:
    """Return the bridges that hold in a lake.

    They follow from what counts: while nothing is released or ordered to be erased since, they are not sought again.
    """
    state = (lake.version(names.RELEASE), lake.version(names.ERASURE_ORDER), declarations.digest, is_erased_kept)
    last = _LAST.get(lake)
    if last is None or last[0] != state:
        last = _LAST[lake] = state, _found(lake, declarations, is_erased_kept=is_erased_kept)
    return last[1]


def _found(lake: Lake, declarations: Declarations, *, is_erased_kept: bool) -> Known:
    among = present.counting(lake)

    def stated(table: str) -> DataFrame | None:
        name = names.silver(table)
        if not lake.exists(name):
            return None
        return present.released(lake, lake.read(name), among=among, is_erased_kept=is_erased_kept)

    return known(stated, declarations)


def before(lake: Lake, declarations: Declarations, now: Known, deliveries: Collection[str]) -> Bridges:
    """Return the bridges as they were before some deliveries counted, and before anything was ordered to be erased."""
    told = now.told
    if erasing.is_any_ordered(lake):
        told = of_lake(lake, declarations, is_erased_kept=True).told
    new = frozenset(deliveries)
    return holding(told, lambda each: each.delivery not in new)


def touched(
    found: DataFrame | None, differing: Mapping[str, set[str]], stated: Mapping[str, DataFrame], file: OneFile,
    declarations: Declarations, now: Bridges,
) -> DataFrame | None:  # fmt: skip
    """Return the numbers of subjects that were touched, with whom other bridges touch and all that lead to the same.

    Args:
        found: who was touched by records alone; None: nobody.
        differing: by kind, the numbers of whom bridges say something else.
    """
    frames = [] if found is None else [found]
    columns = feeds.subject_columns(file, declarations)
    for kind, numbers in differing.items():
        if not numbers:
            continue
        rows = _numbers(stated, numbers)
        if rows is None:
            continue
        frames += [rows] if kind == file.kind else []
        for table, others in _tied(file, kind, declarations).items():
            if table in stated:
                told = present.about(stated[table], others, rows)
                frames.append(present.named(told, columns[table]).select(f.col("_named").alias("number")))
    if not frames:
        return None
    every = reduce(DataFrame.unionByName, frames).distinct()
    pairs = [(one, other) for family in now.families(file.kind).values() for one in family for other in family]
    if not pairs:
        return every
    kin = f.broadcast(literal_rows(every.sparkSession, pairs, _PAIR))
    more = every.join(kin, "number").select(f.col("other").alias("number"))
    return every.unionByName(more).distinct()


def keep(lake: Lake, kind: str, found: Bridges) -> None:
    """Keep the list of a kind's bridges as it is now; one that is as it was is not written."""
    rows = [_listed(found, place) for place, b in enumerate(found.every) if b.told.kind == kind]
    table = names.bridge(kind)
    if not rows and not lake.exists(table):
        return
    digest = hashlib.sha256(json.dumps(rows, default=str).encode()).hexdigest()
    if lake.note(table, MADE_OF) == digest:
        return
    lake.create(table, LISTED, TableDesign(f"earlier numbers of each {kind}, and the present ones they lead to", {}))
    lake.replace(table, literal_rows(lake.spark, rows, LISTED), {MADE_OF: digest})


def _listed(found: Bridges, place: int) -> tuple[object, ...]:
    bridge = found.every[place]
    told = bridge.told
    where = (told.resource, told.department, told.record, told.delivery, told.row_no)
    return bridge.type, bridge.earlier, told.number, bridge.present, bridge.state, *where, bridge.since, told.learnt_at


_PAIR = StructType([types.field("number", types.STRING, "a number"), types.field("other", types.STRING, "another one")])
_NUMBER = StructType([types.field("number", types.STRING, "a number")])


def _numbers(stated: Mapping[str, DataFrame], numbers: Collection[str]) -> DataFrame | None:
    spark = next((rows.sparkSession for rows in stated.values()), None)
    return None if spark is None else literal_rows(spark, [(number,) for number in sorted(numbers)], _NUMBER)


def _tied(file: OneFile, kind: str, declarations: Declarations) -> dict[str, list[str]]:
    """Return by table the columns that name those of a kind to whom subjects of the file are tied."""
    found: dict[str, dict[str, None]] = {}
    for relation, (_, _, _, other, other_kind, _) in feeds.ways(file.kind, declarations):
        if other_kind == kind:
            found.setdefault(relation.table, {})[other] = None
    return {table: [*columns] for table, columns in found.items()}


def _told(stated: Statements, declarations: Declarations) -> list[Told]:
    """Return all that is told of the records that ever told an earlier number, and what standards say of those met."""
    tables = [t for t in declarations.tables.values() if t.bridges]
    frames = {t.name: present.with_declared(rows, t) for t in tables if (rows := stated(t.name)) is not None}
    is_any, met = _asked(frames, tables, stated, declarations)
    every = [
        _rows(_records(frames[table.name], f.col(bridge.earlier).isNotNull()), table, bridge)
        for table in tables
        if is_any and table.name in frames
        for bridge in table.bridges
    ]
    every += [
        _rows(_records(frames[table.name], _inside(bridge.to).isin(sorted(met))), table, bridge, is_inside=True)
        for table in tables
        if met and table.name in frames
        for bridge in {b.to: b for b in table.bridges if b.type is not None}.values()
    ]
    found = _fetched(every) if every else []
    return found + _going_on(frames, tables, found)


def _going_on(frames: Mapping[str, DataFrame], tables: Collection[Table], told: Collection[Told]) -> list[Told]:
    """Return what registers say of records of their own under numbers that are told to be earlier ones."""
    earlier: dict[str, set[str]] = {}
    for each in told:
        if each.type is None and each.earlier:
            earlier.setdefault(each.kind, set()).add(each.earlier)
    of_own = []
    for table in (t for t in tables if earlier and t.name in frames):
        for bridge in (b for b in table.bridges if b.type is None):
            rows = frames[table.name]
            numbers = literal_rows(
                rows.sparkSession, [(n,) for n in sorted(earlier.get(_kind(table, bridge), ()))], _NUMBER
            )
            own = rows.join(f.broadcast(numbers), rows[bridge.to] == numbers["number"], "left_semi")
            of_own.append(_rows(present.of_records(rows, own), table, bridge))
    return _fetched(of_own) if of_own else []


def _asked(
    frames: Mapping[str, DataFrame], tables: Collection[Table], stated: Statements, declarations: Declarations
) -> tuple[bool, set[str]]:
    """Tell whether any earlier number was ever told, and under which organisation codes rows came.

    In one question: most homes answer it with no, and none.
    """
    asked = [
        frames[table.name].where(f.col(bridge.earlier).isNotNull()).select(f.lit(TOLD).alias("code")).limit(1)
        for table in tables
        if table.name in frames
        for bridge in table.bridges
    ]
    for table in declarations.tables.values():
        mine = [column.name for column in table.columns if column.earlier]
        rows = stated(table.name) if mine else None
        if rows is not None:
            asked += [rows.where(f.length(name) == LENGTH).select(f.col(name).alias("code")) for name in mine]
    if not asked:
        return False, set()
    with engine("look for earlier numbers"):
        codes = {row["code"] for row in reduce(DataFrame.unionAll, asked).distinct().collect()}
    return TOLD in codes, codes - {TOLD}


def _records(rows: DataFrame, is_it: Column) -> DataFrame:
    return present.of_records(rows, rows.where(is_it))


def _inside(column: str) -> Column:
    return f.when(f.length(column) == 2 * LENGTH, f.substring(f.col(column), LENGTH, LENGTH))


def _rows(rows: DataFrame, table: Table, bridge: Bridge, *, is_inside: bool = False) -> DataFrame:
    """Return statements in the shape of `Told`. `is_inside`: what the number itself says, by the standard."""
    since = f.lit(None) if is_inside or bridge.since is None else f.col(bridge.since)
    told = {
        "kind": f.lit(_kind(table, bridge)),
        "type": f.lit(ORGANISATION if is_inside else bridge.type),
        "earlier": _inside(bridge.to) if is_inside else f.col(bridge.earlier),
        "number": f.col(bridge.to),
        "resource": f.lit(STANDARD) if is_inside else f.col("_resource"),
        "department": f.col("_department"),
        "record": f.concat_ws("/", "_resource", "_key") if is_inside else f.col("_key"),
        "column": f.lit(f"{table.name}.{bridge.to if is_inside else bridge.earlier}"),
        "delivery": f.col("_delivery"),
        "seq": f.col("_seq"),
        "row_no": f.col("_row_no"),
        "since": since.cast("date"),
        "observed_on": f.col("_valid_from"),
        "learnt_at": f.col("_recorded_at"),
        "is_withdrawn": f.col("_withdrawn"),
    }
    return rows.select(*(column.cast(_KINDS.get(name, "string")).alias(name) for name, column in told.items()))


def _kind(table: Table, bridge: Bridge) -> str:
    return next(subject.kind for subject in table.subjects if subject.column == bridge.to)


_KINDS = {
    "seq": "bigint", "row_no": "bigint", "since": "date", "observed_on": "date", "learnt_at": "timestamp",
    "is_withdrawn": "boolean",
}  # fmt: skip


def _fetched(frames: list[DataFrame]) -> list[Told]:
    with engine("read earlier numbers"):
        table = reduce(DataFrame.unionAll, frames).toArrow()
    columns = [table.column(name).to_pylist() for name in Told._fields]
    return [Told._make(values) for values in zip(*columns, strict=True)]
