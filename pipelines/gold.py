"""Gold: the one files of the subjects whose records changed, merged into the table that holds all.

What a run has to look at follows from the releases since the last one: the cursor is the
version of the release table that gold was made from, noted in gold's own commit, so that the
files and the cursor can never disagree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import reduce
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import StructField, StructType

from pipelines import assembly, erasing, names, numbers, present
from pipelines.lake import CHANGE_FEED, Lake, TableDesign, engine
from schemas import feeds
from schemas.model import Declarations, OneFile, Place

MADE_FROM = "made_from"
FORMAT = "1"
# A touched subject that has no file any more comes as a row without a digest.
TOUCHED = """
    WHEN MATCHED AND s._digest IS NULL THEN DELETE
    WHEN MATCHED AND t._digest <> s._digest THEN UPDATE SET *
    WHEN NOT MATCHED AND s._digest IS NOT NULL THEN INSERT *
"""
EVERYTHING = f"{TOUCHED} WHEN NOT MATCHED BY SOURCE THEN DELETE"
SAME_SUBJECT = "t.subject_id = s.subject_id"


Note = dict[str, int | str]


@dataclass(frozen=True)
class Assembled:
    """What an assembly did: subjects looked at, and the version of gold afterwards."""

    kind: str
    is_full: bool
    version: int


def assemble(lake: Lake, file: OneFile, declarations: Declarations) -> Assembled:
    """Bring gold up to the newest release; nothing is written when nothing was released.

    Declarations that changed since gold was made ask for every subject anew; only files
    that come out different are rewritten.
    """
    table = names.gold(file.kind)
    release = lake.version(names.RELEASE)
    note = made_from_now(lake, file, declarations)
    made_from = lake.note(table, MADE_FROM)
    if release < 0 or made_from == note:
        return Assembled(file.kind, False, lake.version(table))
    if made_from is None or made_from["declared"] != note["declared"]:
        made = build(lake, file, declarations)
        if made is not None:
            lake.create(table, _described(made.schema, file), _design(file))
            lake.merge(table, made, SAME_SUBJECT, EVERYTHING, {MADE_FROM: note})
        return Assembled(file.kind, True, lake.version(table))
    _merge_touched(lake, file, declarations, int(made_from["release"]), note)
    return Assembled(file.kind, False, lake.version(table))


def build(lake: Lake, file: OneFile, declarations: Declarations) -> DataFrame | None:
    """Assemble every subject's file from silver; None when silver says nothing of such subjects."""
    said = {}
    for table in feeds.subject_columns(file, declarations):
        stated = present.statements(lake, table)
        if stated is not None:
            said[table] = present.present(stated)
    return assembly.one_files(said, file, declarations)


def _merge_touched(lake: Lake, file: OneFile, declarations: Declarations, after: int, note: Note) -> None:
    deliveries = released_between(lake, after, int(note["release"]))
    columns = feeds.subject_columns(file, declarations)
    stated = {t: s for t in columns if (s := present.statements(lake, t)) is not None}
    ordered = erasing.is_any_ordered(lake)
    erased = {t: e for t in columns if ordered and (e := present.erased(lake, t)) is not None}
    touched = touched_numbers(stated, columns, deliveries, erased)
    if touched is None:
        return
    touched = touched.persist()
    try:
        said = {table: present.present(present.about(rows, columns[table], touched)) for table, rows in stated.items()}
        made = assembly.one_files(said, file, declarations)
        if made is None:
            return
        rows = with_gone(made, touched, file.kind)
        lake.merge(names.gold(file.kind), rows, SAME_SUBJECT, TOUCHED, {MADE_FROM: note})
    finally:
        touched.unpersist()


def with_gone(made: DataFrame, touched: DataFrame, kind: str) -> DataFrame:
    """Keep of `made` the touched subjects, and add a row without `_digest` for each that has no file any more."""
    ids = touched.select(
        numbers.subject_id(kind, numbers.number_type(f.col("number"), kind), f.col("number")).alias("_touched_id")
    )
    joined = ids.join(made, f.col("_touched_id") == f.col("subject_id"), "left")
    return joined.select(
        f.col("_touched_id").alias("subject_id"),
        *(name for name in made.columns if name != "subject_id"),
    )


def touched_numbers(
    stated: Mapping[str, DataFrame],
    columns: Mapping[str, tuple[str, ...]],
    deliveries: Sequence[str],
    erased: Mapping[str, DataFrame],
) -> DataFrame | None:
    """Return the numbers of subjects that the deliveries' rows are about, or were about before; column `number`.

    Args:
        erased: by table, statements that are in `stated` no more.
    """
    frames = [present.named(rows, columns[table]) for table, rows in erased.items()]
    for table, rows in stated.items():
        mine = rows.where(f.col("_delivery").isin(list(deliveries)))
        frames.append(present.named(present.of_records(rows, mine), columns[table]))
    if not frames or not (deliveries or erased):
        return None
    return reduce(DataFrame.unionByName, frames).select(f.col("_named").alias("number")).distinct()


def made_from_now(lake: Lake, file: OneFile, declarations: Declarations) -> Note:
    """Return what a file that is made now is made from: noted with it, and compared the next time."""
    note: Note = {"release": lake.version(names.RELEASE), "declared": declared_digest(file, declarations)}
    if lake.exists(names.ERASURE_ORDER):
        note["orders"] = lake.version(names.ERASURE_ORDER)
    return note


def declared_digest(file: OneFile, declarations: Declarations) -> str:
    """Return a digest of all that decides how the file is made from silver."""
    tables = [declarations.tables[name] for name in feeds.subject_columns(file, declarations)]
    ways = feeds.ways(file.kind, declarations)
    return hashlib.sha256(repr(without_places((FORMAT, file, tables, ways))).encode()).hexdigest()


def without_places(value: Any) -> Any:
    """Return a declaration as plain tuples, without the places where it was written."""
    if isinstance(value, Place):
        return None
    if is_dataclass(value):
        return tuple(without_places(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, Mapping):
        return tuple(sorted((key, without_places(item)) for key, item in value.items()))
    return tuple(without_places(item) for item in value) if isinstance(value, tuple | list) else value


def released_between(lake: Lake, after: int, upto: int) -> list[str]:
    """Return the deliveries released after one version of the release table, up to another."""
    added = lake.added(names.RELEASE, after, upto).select("_delivery").distinct()
    with engine("read what was released"):
        return sorted(row["_delivery"] for row in added.collect())


def _described(schema: StructType, file: OneFile) -> StructType:
    about = {a.name: f"{a.label}: {a.about}" for a in file.attributes} | {
        "subject_id": "internal id of the subject",
        "number_type": "type of the number the subject is known by",
        "number": "the number the subject is known by",
        "contradictions": "what other resources say otherwise, with why they lost",
        "relations": "ties to other subjects, as records state them",
        "identifiers": "numbers of the subject, each with who stated it first",
        "_digest": "SHA-256 over the whole file",
    }
    described = [
        StructField(field.name, field.dataType, field.name != "subject_id", {"comment": about[field.name]})
        for field in schema.fields
    ]
    return StructType(described)


def _design(file: OneFile) -> TableDesign:
    return TableDesign(
        about=f"one file per {file.kind}: {file.about}",
        constraints={"has_number": "number IS NOT NULL", "has_digest": "length(_digest) = 64"},
        cluster_by=("subject_id",),
        properties=CHANGE_FEED,
    )
