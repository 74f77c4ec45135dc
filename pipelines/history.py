"""One subject's file as it was on a day and as we knew it at an instant, and how an attribute changed.

Silver keeps every statement with two times: since when it is true (`_valid_from`, as the department
says) and when we learnt it (`_recorded_at`, the receipt's instant). A past file is assembled from
the statements of that time by the rules of today, by the same code as the present one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import StructType

from pipelines import assembly, names, peek, present, publish, types
from pipelines.lake import Lake, engine, literal_rows
from schemas import feeds
from schemas.model import Declarations
from schemas.subjects import SubjectNumber

NUMBER = StructType([types.field("number", types.STRING, "number of the subject")])
MOMENT = StructType(
    [
        types.field("_moment", types.LONG, "place among the instants at which something was learnt"),
        types.field("_at", types.INSTANT, "the instant, UTC"),
    ]
)


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
    """

    learnt_at: datetime
    stated: dict[str, Any]


def file_then(
    lake: Lake, declarations: Declarations, subject: SubjectNumber, on: date | None, known_at: datetime | None
) -> PastFile | None:
    """Assemble a subject's file from what was true on a day and had been learnt by an instant; None: nothing was.

    Args:
        on: the day in the world; None: whatever day a statement is about.
        known_at: what was learnt later is left out; None: all that is known now.
    """
    stated = {table: _by_then(rows, on, known_at) for table, rows in _stated(lake, declarations, subject).items()}
    said = {table: present.present(rows) for table, rows in stated.items()}
    made = assembly.one_files(said, declarations.files[subject.kind], declarations)
    if made is None:
        return None
    with engine("assemble a past file"):
        rows = publish.documents(made.where(f.col("number") == subject.number)).select("document").collect()
    return PastFile(subject, rows[0]["document"], lake.version(names.RELEASE)) if rows else None


def changes(lake: Lake, declarations: Declarations, subject: SubjectNumber, attribute: str) -> Iterator[Change]:
    """Yield how an attribute of a subject changed, in the order learnt; a value said again is no change."""
    stated = _stated(lake, declarations, subject)
    moments = _moments(stated)
    if not moments:
        return
    times = f.broadcast(literal_rows(lake.spark, list(enumerate(moments)), MOMENT))
    said = {
        table: present.present(rows.join(times, f.col("_recorded_at") <= f.col("_at")), beside=("_moment",))
        for table, rows in stated.items()
    }
    made = assembly.one_files(said, declarations.files[subject.kind], declarations, beside=("_moment",))
    if made is None:
        return
    with engine("assemble the changes of a file"):
        found = made.where(f.col("number") == subject.number).select("_moment", attribute).collect()
    told = {row["_moment"]: row[attribute].asDict() for row in found if row[attribute] is not None}
    before: object = None
    for place, moment in enumerate(moments):
        now = told.get(place, {})
        if now.get("value") != before:
            yield Change(moment, now)
        before = now.get("value")


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


def gone(home: Path, subject_hash: str) -> list[Gone]:
    """Return what was erased of a subject, known by its keyed hash; in the order in which it was."""
    columns = ["_resource", "erased_at", "cause", "basis", "subjects"]
    stones = peek.rows(home / "lake", names.TOMBSTONE, columns)
    counted: Counter[tuple[datetime, str, str, str]] = Counter()
    for stone in [] if stones is None else stones.to_pylist():
        if subject_hash in stone["subjects"]:
            counted[stone["erased_at"], stone["_resource"], stone["cause"], stone["basis"]] += 1
    return [Gone(resource, rows, at, cause, basis) for (at, resource, cause, basis), rows in sorted(counted.items())]


def _stated(lake: Lake, declarations: Declarations, subject: SubjectNumber) -> dict[str, DataFrame]:
    """Return by table all released statements about the records that ever named the subject."""
    columns = feeds.subject_columns(declarations.files[subject.kind], declarations)
    wanted = literal_rows(lake.spark, [(subject.number,)], NUMBER)
    every = {table: present.statements(lake, table) for table in columns}
    return {
        t: present.about(present.with_declared(rows, declarations.tables[t]), columns[t], wanted)
        for t, rows in every.items()
        if rows is not None
    }


def _by_then(rows: DataFrame, on: date | None, known_at: datetime | None) -> DataFrame:
    if on is not None:
        rows = rows.where(f.col("_valid_from") <= f.lit(on))
    return rows if known_at is None else rows.where(f.col("_recorded_at") <= f.lit(known_at))


def _moments(stated: dict[str, DataFrame]) -> list[datetime]:
    """Return the instants at which something was learnt of the subject, in order, UTC."""
    frames = [rows.select("_recorded_at") for rows in stated.values()]
    if not frames:
        return []
    every = frames[0]
    for more in frames[1:]:
        every = every.unionByName(more)
    with engine("read when something was learnt"):
        table = every.distinct().orderBy("_recorded_at").toArrow()
    return list(table.column(0).to_pylist())
