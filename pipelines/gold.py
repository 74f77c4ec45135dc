"""Gold: the one files of the subjects whose records changed, merged into the table that holds all.

What a run has to look at follows from the releases since the last one: the cursor is the
version of the release table that gold was made from, noted in gold's own commit, so that the
files and the cursor can never disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import StructField, StructType

from pipelines import assembly, erasing, names, numbers, present
from pipelines.lake import CHANGE_FEED, Lake, TableDesign, engine
from schemas import feeds
from schemas.model import Declarations, OneFile

MADE_FROM = "made_from"
# A touched subject that has no file any more comes as a row without a digest.
TOUCHED = """
    WHEN MATCHED AND s._digest IS NULL THEN DELETE
    WHEN MATCHED AND t._digest <> s._digest THEN UPDATE SET *
    WHEN NOT MATCHED AND s._digest IS NOT NULL THEN INSERT *
"""
EVERYTHING = f"{TOUCHED} WHEN NOT MATCHED BY SOURCE THEN DELETE"
SAME_SUBJECT = "t.subject_id = s.subject_id"


Note = dict[str, int]


@dataclass(frozen=True)
class Assembled:
    """What an assembly did: subjects looked at, and the version of gold afterwards."""

    kind: str
    is_full: bool
    version: int


def assemble(lake: Lake, file: OneFile, declarations: Declarations) -> Assembled:
    """Bring gold up to the newest release; nothing is written when nothing was released.

    The first time every file is made; from then on those of touched subjects, by the same declarations: others are
    applied by `pipelines.changing`.
    """
    table = names.gold(file.kind)
    release = lake.version(names.RELEASE)
    note = made_from_now(lake)
    made_from = lake.note(table, MADE_FROM)
    if release < 0 or made_from == note:
        return Assembled(file.kind, False, lake.version(table))
    stated = statements(lake, file, declarations)
    if made_from is None:
        made = files_of(stated, None, file, declarations)
        if made is not None:
            lake.create(table, described(made.schema, file), _design(file))
            lake.merge(table, made, SAME_SUBJECT, EVERYTHING, {MADE_FROM: note})
        return Assembled(file.kind, True, lake.version(table))
    _merge_touched(lake, stated, file, declarations, (int(made_from["release"]), note))
    advance(lake, table, note)
    return Assembled(file.kind, False, lake.version(table))


def advance(lake: Lake, table: str, note: Note) -> None:
    """Note what gold is made from where the merge did not, for it found nothing to change.

    Else the same releases would be looked at again, and what waits for gold to be made after an order to erase
    would wait until somebody's file changes.
    """
    if lake.note(table, MADE_FROM) != note:
        lake.mark(table, MADE_FROM, note)


def build(lake: Lake, file: OneFile, declarations: Declarations) -> DataFrame | None:
    """Assemble every subject's file from silver; None when silver says nothing of such subjects."""
    return files_of(statements(lake, file, declarations), None, file, declarations)


def statements(lake: Lake, file: OneFile, declarations: Declarations) -> dict[str, DataFrame]:
    """Return by table the statements that count, of each table that feeds the file and that has any."""
    found = {table: present.statements(lake, table) for table in feeds.subject_columns(file, declarations)}
    return {table: rows for table, rows in found.items() if rows is not None}


def files_of(
    stated: Mapping[str, DataFrame], touched: DataFrame | None, file: OneFile, declarations: Declarations
) -> DataFrame | None:
    """Assemble the files of subjects; None when nothing is said of such subjects.

    Args:
        stated: by table, the statements that count.
        touched: the numbers of the subjects, as `touched_numbers` returns them, and maybe of others; None: all.
    """
    columns = feeds.subject_columns(file, declarations)
    said = {
        table: present.present(rows if touched is None else present.about(rows, columns[table], touched))
        for table, rows in stated.items()
    }
    return assembly.one_files(said, file, declarations)


def _merge_touched(
    lake: Lake, stated: Mapping[str, DataFrame], file: OneFile, declarations: Declarations, made: tuple[int, Note]
) -> None:
    """Make the files anew of who was touched since; `made` is the release that gold has, and what to note now."""
    after, note = made
    columns = feeds.subject_columns(file, declarations)
    deliveries = released_between(lake, after, int(note["release"]))
    ordered = erasing.is_any_ordered(lake)
    erased = {t: e for t in columns if ordered and (e := present.erased(lake, t)) is not None}
    touched = touched_numbers(stated, columns, deliveries, erased)
    if touched is None:
        return
    touched = touched.persist()
    try:
        found = files_of(stated, touched, file, declarations)
        if found is None:
            return
        rows = with_gone(found, touched, file.kind)
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


def made_from_now(lake: Lake) -> Note:
    """Return what a file that is made now is made from: noted with it, and compared the next time."""
    note: Note = {"release": lake.version(names.RELEASE)}
    if lake.exists(names.ERASURE_ORDER):
        note["orders"] = lake.version(names.ERASURE_ORDER)
    return note


def released_between(lake: Lake, after: int, upto: int) -> list[str]:
    """Return the deliveries released after one version of the release table, up to another."""
    added = lake.added(names.RELEASE, after, upto).select("_delivery").distinct()
    with engine("read what was released"):
        return sorted(row["_delivery"] for row in added.collect())


def described(schema: StructType, file: OneFile) -> StructType:
    """Return the columns of assembled files with what each means as its comment."""
    about = {a.name: f"{a.label}: {a.about}" for a in file.attributes} | {
        "subject_id": "internal id of the subject",
        "number_type": "type of the number the subject is known by",
        "number": "the number the subject is known by",
        "contradictions": "what other resources say otherwise, with why they lost",
        "relations": "ties to other subjects, as records state them",
        "identifiers": "numbers of the subject, each with who stated it first",
        "_digest": "SHA-256 over the whole file",
    }
    return StructType(
        [
            StructField(field.name, field.dataType, field.name != "subject_id", {"comment": about[field.name]})
            for field in schema.fields
        ]
    )


def _design(file: OneFile) -> TableDesign:
    return TableDesign(
        about=f"one file per {file.kind}: {file.about}",
        constraints={"has_number": "number IS NOT NULL", "has_digest": "length(_digest) = 64"},
        cluster_by=("subject_id",),
        properties=CHANGE_FEED,
    )
