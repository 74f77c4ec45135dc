"""One subject's file as it was on a day and as we knew it at an instant, and how an attribute changed.

Silver keeps every statement with two times: since when it is true (`_valid_from`, as the department
says) and when we learnt it (`_recorded_at`, the receipt's instant). A past file is assembled from
the statements of that time by the rules of today, by the same code as the present one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from itertools import groupby
from operator import itemgetter
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import StructType

from pipelines import assembly, bridges, bridging, names, peek, present, publish, types
from pipelines.bridging import Bridges, Told
from pipelines.lake import Lake, engine, literal_rows
from pipelines.places import Where
from pipelines.present import ORDER, RECORD
from schemas import feeds
from schemas.identifiers.earlier import earlier_number
from schemas.model import Declarations
from schemas.subjects import SubjectNumber

NUMBER = StructType([types.field("number", types.STRING, "number of the subject")])
MOMENT = StructType(
    [
        types.field("_moment", types.LONG, "place among the instants at which something was learnt"),
        types.field("_at", types.INSTANT, "the instant, UTC"),
    ]
)


Place = tuple[str, int]
"""A delivery, and a row of it."""


@dataclass(frozen=True)
class PastFile:
    """A file as it was: `document` is JSON as the serving database holds it; `release` the lake's version read."""

    subject: SubjectNumber
    document: str
    release: int


@dataclass(frozen=True)
class Change:
    """What an attribute became when something was learnt; `stated` is empty where nothing said it any more.

    `stated`: the attribute's struct as gold has it: `value`, `reason`, `rank` and where it came from.
    `brought_by`: delivery and row of what was learnt then; where the value was stated before, and comes to the fore
    because another one is withdrawn, that is not where it came from.
    """

    learnt_at: datetime
    stated: dict[str, Any]
    brought_by: tuple[Place, ...]


def file_then(
    lake: Lake, declarations: Declarations, subject: SubjectNumber, on: date | None, known_at: datetime | None
) -> PastFile | None:
    """Assemble a subject's file from what was true on a day and had been learnt by an instant; None: nothing was.

    Args:
        on: the day in the world; None: whatever day a statement is about.
        known_at: what was learnt later is left out; None: all that is known now.
    """
    told = bridges.of_lake(lake, declarations).told
    then = bridging.holding(told, lambda each: _is_by_then(each, on, known_at))
    now = _now(subject, then)
    every = _stated(lake, declarations, subject.kind, then.families(subject.kind).get(now.number, {now.number}))
    said = {table: present.present(_by_then(rows, on, known_at)) for table, rows in every.items()}
    made = assembly.one_files_here(said, declarations.files[subject.kind], declarations, bridges=then)
    if made is None:
        return None
    with engine("assemble a past file"):
        rows = publish.documents(made.where(f.col("number") == now.number)).select("document").collect()
    return PastFile(now, rows[0]["document"], lake.version(names.RELEASE)) if rows else None


def _now(subject: SubjectNumber, then: Bridges) -> SubjectNumber:
    """Return the number that a subject's number leads to."""
    number = then.of(subject.kind).get(subject.number)
    return (
        subject if number is None else SubjectNumber(subject.kind, bridging.number_type(subject.kind, number), number)
    )


def _is_by_then(told: Told, on: date | None, known_at: datetime | None) -> bool:
    is_true = on is None or told.observed_on <= on
    return is_true and (known_at is None or told.learnt_at <= known_at.astimezone(told.learnt_at.tzinfo))


def changes(lake: Lake, declarations: Declarations, subject: SubjectNumber, attribute: str) -> Iterator[Change]:
    """Yield how an attribute of a subject changed, in the order learnt; a value said again is no change."""
    bridged = _of_kin(bridges.of_lake(lake, declarations).told, subject)
    numbers = {subject.number} | {str(n) for each in bridged for n in (each.earlier, each.number) if n}
    stated = _stated(lake, declarations, subject.kind, numbers)
    learnt = _learnt(stated)
    for each in bridged:
        learnt.setdefault(each.learnt_at, [(each.delivery, each.row_no)])
    moments = sorted(learnt if stated else ())
    told: dict[int, dict[str, Any]] = {}
    for then, places in _by_bridges(bridged, moments):
        told |= _told_at(lake, declarations, (subject, attribute), stated, then, {p: moments[p] for p in places})
    before: object = None
    for place, moment in enumerate(moments):
        now = told.get(place, {})
        if now.get("value") != before:
            yield Change(moment, now, _bringing(now, learnt[moment]))
        before = now.get("value")


def _bringing(now: dict[str, Any], learnt: list[Place]) -> tuple[Place, ...]:
    """Return what of all that was learnt at a moment brought a change: the statement that holds now, else all of it."""
    own = [place for place in learnt if place == (now.get("delivery"), now.get("row_no"))]
    return tuple(own or sorted(learnt))


def _of_kin(told: Iterable[Told], subject: SubjectNumber) -> list[Told]:
    """Return what is told of the numbers that ever led to a subject's, or it to them."""
    mine = [each for each in told if each.kind == subject.kind and each.number]
    of_record = {(each.resource, each.record, each.column): {str(each.number)} for each in mine}
    for each in mine:
        of_record[each.resource, each.record, each.column] |= {n for n in _read(each) if n}
    kin, is_grown = {subject.number}, True
    while is_grown:
        more = set().union(*(numbers for numbers in of_record.values() if not kin.isdisjoint(numbers))) - kin
        kin, is_grown = kin | more, bool(more)
    return [e for e in mine if not kin.isdisjoint(of_record[e.resource, e.record, e.column])]


def _read(told: Told) -> tuple[str | None, str | None]:
    """Return the two numbers of a bridge, in canonical form."""
    read = earlier_number(told.earlier, (told.type,)) if told.earlier and told.type else None
    return (read[1] if read else told.earlier), told.number


def _by_bridges(told: list[Told], moments: list[datetime]) -> list[tuple[Bridges, list[int]]]:
    """Return the moments, by place, together with the bridges that held then."""
    found: list[tuple[Bridges, list[int]]] = []
    for place, moment in enumerate(moments):
        then = bridging.holding(told, lambda each, at=moment: each.learnt_at <= at)  # type: ignore[misc]
        if found and found[-1][0].ends == then.ends:
            found[-1][1].append(place)
        else:
            found.append((then, [place]))
    return found


def _told_at(
    lake: Lake, declarations: Declarations, asked: tuple[SubjectNumber, str], stated: dict[str, DataFrame],
    then: Bridges, moments: dict[int, datetime],
) -> dict[int, dict[str, Any]]:  # fmt: skip
    """Return what an attribute was at moments that have the same bridges."""
    subject, attribute = asked
    times = f.broadcast(literal_rows(lake.spark, [*moments.items()], MOMENT))
    said = {
        table: present.present(rows.join(times, f.col("_recorded_at") <= f.col("_at")), beside=("_moment",))
        for table, rows in stated.items()
    }
    file = declarations.files[subject.kind]
    made = assembly.one_files_here(said, file, declarations, beside=("_moment",), bridges=then)
    if made is None:
        return {}
    with engine("assemble the changes of a file"):
        number = _now(subject, then).number
        found = made.where(f.col("number") == number).select("_moment", attribute).collect()
    return {row["_moment"]: row[attribute].asDict() for row in found if row[attribute] is not None}


@dataclass(frozen=True)
class Gone:
    """Records of a subject that were erased by law: how many rows of a resource, when and why.

    `cause` is `demand` or `term`.
    """

    resource: str
    rows: int
    erased_at: datetime
    cause: str
    basis: str


def gone(lake: Where, subject_hash: str) -> list[Gone]:
    """Return what was erased of a subject, known by its keyed hash; in the order in which it was."""
    columns = ["_resource", "erased_at", "cause", "basis", "subjects"]
    stones = peek.rows(lake, names.TOMBSTONE, columns)
    counted: Counter[tuple[datetime, str, str, str]] = Counter()
    for stone in [] if stones is None else stones.to_pylist():
        if subject_hash in stone["subjects"]:
            counted[stone["erased_at"], stone["_resource"], stone["cause"], stone["basis"]] += 1
    return [Gone(resource, rows, at, cause, basis) for (at, resource, cause, basis), rows in sorted(counted.items())]


def _stated(lake: Lake, declarations: Declarations, kind: str, numbers: Iterable[str]) -> dict[str, DataFrame]:
    """Return by table all released statements about the records that ever named one of a subject's numbers."""
    columns = feeds.subject_columns(declarations.files[kind], declarations)
    wanted = literal_rows(lake.spark, [(number,) for number in sorted(numbers)], NUMBER)
    among = present.counting(lake)
    every = {table: present.statements(lake, table, among=among) for table in columns}
    return {
        t: present.about(present.with_declared(rows, declarations.tables[t]), columns[t], wanted)
        for t, rows in every.items()
        if rows is not None
    }


def _by_then(rows: DataFrame, on: date | None, known_at: datetime | None) -> DataFrame:
    if on is not None:
        rows = rows.where(f.col("_valid_from") <= f.lit(on))
    return rows if known_at is None else rows.where(f.col("_recorded_at") <= f.lit(known_at))


def _learnt(stated: dict[str, DataFrame]) -> dict[datetime, list[Place]]:
    """Return by instant, UTC, which rows of which deliveries told something of the subject.

    A statement about a record of which a later one is known by then (a late delivery) told nothing, if another did.
    """
    columns = ("_recorded_at", "_delivery", *RECORD, *ORDER)
    frames = [rows.select(*columns) for rows in stated.values()]
    if not frames:
        return {}
    with engine("read when something was learnt"):
        table = reduce(DataFrame.unionByName, frames).distinct().toArrow()
    last: dict[Any, Any] = {}
    found: dict[datetime, list[Place]] = {}
    by_instant = groupby(sorted(table.to_pylist(), key=itemgetter("_recorded_at")), itemgetter("_recorded_at"))
    for learnt_at, group in by_instant:
        rows = [*group]
        for row in rows:
            record, order = itemgetter(*RECORD)(row), itemgetter(*ORDER)(row)
            last[record] = max(order, last.get(record, order))
        telling = [row for row in rows if last[itemgetter(*RECORD)(row)] == itemgetter(*ORDER)(row)]
        found[learnt_at] = [(row["_delivery"], row["_row_no"]) for row in telling or rows]
    return found
