"""Bridges from earlier numbers to present ones, read from what silver says.

A bridge is derived, as the present is: from the last statement of each record whose table declares a column with an
earlier number. So it is known since that statement was learnt, goes with it, and a past day has the bridges of then.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from weakref import WeakKeyDictionary

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import StructType

from pipelines import columnwise, erasing, names, present, types
from pipelines.bridge_sources import LENGTH, Ask, Here, OfFrames, Source
from pipelines.bridging import Bridges, Told, apart, holding
from pipelines.lake import Lake, literal_rows
from pipelines.statements import Statements
from schemas import feeds
from schemas.identifiers.earlier import ORGANISATION, STANDARD
from schemas.model import Bridge, Declarations, OneFile, Table


@dataclass(frozen=True)
class Known:
    """What is told of earlier numbers, and the bridges that hold."""

    told: tuple[Told, ...]
    now: Bridges


_State = tuple[int, int, str]


@dataclass
class _Found:
    """What was found last in a lake, and what it follows from; `known` by whether what is to be erased is kept."""

    known: dict[bool, tuple[_State, Known]] = field(default_factory=dict)
    differing: tuple[Known, frozenset[str], dict[str, set[str]]] | None = None


_LAST: WeakKeyDictionary[Lake, _Found] = WeakKeyDictionary()


def known(source: Source, declarations: Declarations) -> Known:
    """Return the bridges that follow from statements that count."""
    with _uncollected():
        told = tuple(_told(source, declarations))
        return Known(told, holding(told))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let nobody look for garbage in circles: a third of the time goes into it where all that is made is kept."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def of_lake(lake: Lake, declarations: Declarations, *, is_erased_kept: bool = False) -> Known:
    """Return the bridges that hold in a lake.

    They follow from what counts: while nothing is released or ordered to be erased since, they are not sought again.
    """
    state = (lake.version(names.RELEASE), lake.version(names.ERASURE_ORDER), declarations.digest)
    found = _LAST.setdefault(lake, _Found()).known
    if is_erased_kept not in found or found[is_erased_kept][0] != state:
        found[is_erased_kept] = state, sought(lake, declarations, is_erased_kept=is_erased_kept)
    return found[is_erased_kept][1]


def sought(lake: Lake, declarations: Declarations, *, is_erased_kept: bool = False) -> Known:
    """Look for the bridges of a lake: in this process, unless the tables that may state any are large."""
    said = Statements(lake, is_erased_kept=is_erased_kept)
    if said.are_few(t.name for t in declarations.tables.values() if t.bridges or any(c.earlier for c in t.columns)):
        return known(Here(said), declarations)
    among = present.counting(lake)

    def stated(table: str) -> DataFrame | None:
        name = names.silver(table)
        if not lake.exists(name):
            return None
        return present.released(lake, lake.read(name), among=among, is_erased_kept=is_erased_kept)

    return known(OfFrames(stated), declarations)


def before(lake: Lake, declarations: Declarations, now: Known, deliveries: Collection[str]) -> Bridges:
    """Return the bridges as they were before some deliveries counted, and before anything was ordered to be erased."""
    told = now.told
    if erasing.is_any_ordered(lake):
        told = of_lake(lake, declarations, is_erased_kept=True).told
    new = frozenset(deliveries)
    return holding(told, lambda each: each.delivery not in new)


def differing(lake: Lake, declarations: Declarations, now: Known, deliveries: Collection[str]) -> dict[str, set[str]]:
    """Return by kind the numbers of whom bridges say something else since some deliveries count, or orders to erase.

    Looked at is only what hangs together with what these tell, or no longer tell: a day's few among all bridges.
    """
    new, found = frozenset(deliveries), _LAST.setdefault(lake, _Found())
    last = found.differing
    if last is not None and last[0] is now and last[1] == new:
        return last[2]
    earlier = now.told
    if erasing.is_any_ordered(lake):
        earlier = of_lake(lake, declarations, is_erased_kept=True).told
    here, there = apart(now.told, (each for each in earlier if each.delivery not in new))
    differing = {kind: here.differing(there, kind) for kind in declarations.files}
    found.differing = now, new, differing
    return differing


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
        for table, others in tied(file, kind, declarations).items():
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


_PAIR = StructType([types.field("number", types.STRING, "a number"), types.field("other", types.STRING, "another one")])
_NUMBER = StructType([types.field("number", types.STRING, "a number")])


def _numbers(stated: Mapping[str, DataFrame], numbers: Collection[str]) -> DataFrame | None:
    spark = next((rows.sparkSession for rows in stated.values()), None)
    return None if spark is None else literal_rows(spark, [(number,) for number in sorted(numbers)], _NUMBER)


def tied(file: OneFile, kind: str, declarations: Declarations) -> dict[str, list[str]]:
    """Return by table the columns that name those of a kind to whom subjects of the file are tied."""
    found: dict[str, dict[str, None]] = {}
    for relation, (_, _, _, other, other_kind, _) in feeds.ways(file.kind, declarations):
        if other_kind == kind:
            found.setdefault(relation.table, {})[other] = None
    return {table: [*columns] for table, columns in found.items()}


def _told(source: Source, declarations: Declarations) -> list[Told]:
    """Return all that is told of the records that ever told an earlier number, and what standards say of those met."""
    tables = [t for t in declarations.tables.values() if t.bridges and source.has(t.name)]
    met: dict[str, datetime] = {}
    for table in declarations.tables.values():
        for column in table.columns:
            if column.earlier and source.has(table.name):
                codes = source.codes(table, column.name)
                met |= {code: min(learnt_at, met.get(code, learnt_at)) for code, learnt_at in codes.items()}
    found = []
    for table in tables:
        for bridge in table.bridges:
            found += _rows(source, Ask(table, bridge.earlier), bridge)
    for table in tables if met else ():
        for bridge in {b.to: b for b in table.bridges if b.type is not None}.values():
            standing = _rows(source, Ask(table, bridge.to, frozenset(met), is_inside=True), bridge)
            found += [_since_met(each, met) for each in standing]
    return found + _going_on(source, tables, found)


def _since_met(told: Told, met: Mapping[str, datetime]) -> Told:
    """Return what the standard tells as it was learnt: not before somebody used the code that stands in the number.

    Else a file as it was known then would show that the code was used later.
    """
    used_at = met.get(told.earlier or "", told.learnt_at)
    return told._replace(learnt_at=max(told.learnt_at, used_at))


def _going_on(source: Source, tables: Collection[Table], told: Collection[Told]) -> list[Told]:
    """Return what registers say of records of their own under numbers that are told to be earlier ones."""
    earlier: dict[str, set[str]] = {}
    for each in told:
        if each.type is None and each.earlier:
            earlier.setdefault(each.kind, set()).add(each.earlier)
    found = []
    for table in tables if earlier else ():
        for bridge in (b for b in table.bridges if b.type is None):
            numbers = frozenset(earlier.get(_kind(table, bridge), ()))
            found += _rows(source, Ask(table, bridge.to, numbers), bridge)
    return found


def _rows(source: Source, ask: Ask, bridge: Bridge) -> list[Told]:
    """Return what statements tell. Of those that are asked for by what is inside a number the standard tells it."""
    table, is_inside = ask.table, ask.is_inside
    says_since = bridge.since is not None and not is_inside
    own = (bridge.earlier, bridge.to, *([bridge.since] if says_since and bridge.since else []))
    rows = source.of_records(ask, [*dict.fromkeys([*_LINEAGE, *own])])
    numbers = columnwise.objects(rows[bridge.to])
    earlier = [_code_of(number) for number in numbers] if is_inside else columnwise.objects(rows[bridge.earlier])
    nothing: list[None] = [None] * len(rows)
    since = columnwise.objects(rows[bridge.since].cast(pa.date32())) if says_since and bridge.since else nothing
    lineage = zip(*(columnwise.objects(rows[name]) for name in _LINEAGE), strict=True)
    kind, told = _kind(table, bridge), ORGANISATION if is_inside else bridge.type
    column = f"{table.name}.{bridge.to if is_inside else bridge.earlier}"
    return [
        Told(
            kind, told, earlier_number, number, STANDARD if is_inside else resource, department,
            f"{resource}/{key}" if is_inside else key, column, delivery, seq, row_no, day, observed_on, learnt_at,
            is_withdrawn,
        )
        for earlier_number, number, day, (
            resource, department, key, delivery, seq, row_no, observed_on, learnt_at, is_withdrawn,
        ) in zip(earlier, numbers, since, lineage, strict=True)
    ]  # fmt: skip


def _code_of(number: str | None) -> str | None:
    """Return the organisation code inside a credit code."""
    return number[LENGTH - 1 : 2 * LENGTH - 1] if number is not None and len(number) == 2 * LENGTH else None


def _kind(table: Table, bridge: Bridge) -> str:
    return next(subject.kind for subject in table.subjects if subject.column == bridge.to)


_LINEAGE = (
    "_resource", "_department", "_key", "_delivery", "_seq", "_row_no", "_valid_from", "_recorded_at", "_withdrawn",
)  # fmt: skip
