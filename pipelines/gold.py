"""Gold: the one files of the subjects whose records changed, merged into the table that holds all.

What a run has to look at follows from the releases since the last one: the cursor is the
version of the release table that gold was made from, noted in gold's own commit, so that the
files and the cursor can never disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from pipelines import (
    assembly,
    bridge_list,
    bridges,
    erasing,
    gold_design,
    identity,
    names,
    numbers,
    present,
    releases,
    shaping,
    touching,
)
from pipelines.bridges import Known
from pipelines.bridging import Bridges
from pipelines.gold_here import Feed
from pipelines.lake import ONLY_MADE, Lake, engine, framed
from pipelines.rewriting import Revision
from pipelines.statements import Statements
from schemas import feeds
from schemas.model import Declarations, OneFile

MADE_FROM = "made_from"
FEW = 20_000
"""Statements of which all files are made in this process."""
FEW_TOUCHED = 200_000
"""Touched subjects whose files are made in this process."""
# A subject that has no file any more comes as a row without a digest.
KNOWN = """
    WHEN MATCHED AND s._digest IS NULL THEN DELETE
    WHEN MATCHED AND t._digest <> s._digest THEN UPDATE SET *
"""
TOUCHED = f"{KNOWN} WHEN NOT MATCHED AND s._digest IS NOT NULL THEN INSERT *"
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
    feed = Feed(Statements(lake), file, declarations)
    known = bridges.of_lake(lake, declarations)
    bridge_list.keep(lake, file.kind, known.now)
    if made_from is None or _is_of_another_shape(lake, table):
        if feed.columns:
            _make_first(lake, feed, known.now, note)
        return Assembled(file.kind, True, lake.version(table))
    _bring_touched(lake, feed, (int(made_from["release"]), note), known)
    pa.default_memory_pool().release_unused()  # what was gone through is kept for more of it, and none comes
    advance(lake, table, note)
    return Assembled(file.kind, False, lake.version(table))


def _make_first(lake: Lake, feed: Feed, known: Bridges, note: Note) -> None:
    """Make every file: of few statements in this process."""
    table = names.gold(feed.file.kind)
    if _is_ready(lake, feed.file) and feed.are_few(FEW):
        lake.add(table, feed.every(known), {MADE_FROM: note})
    else:
        make_all(lake, feed, known, note)


def _is_ready(lake: Lake, file: OneFile) -> bool:
    """See that the table of files is there; say whether it is empty."""
    table, schema = names.gold(file.kind), gold_design.described(assembly.schema_of(file), file)
    lake.create(table, schema, gold_design.design(file))
    shaping.widen(lake, table, schema)
    with engine(f"look whether {table} holds anything"):
        return lake.version(table) == ONLY_MADE or lake.read(table).isEmpty()


def make_all(lake: Lake, feed: Feed, known: Bridges, note: Note) -> None:
    """Make every file, into a lake that may be another than the statements'; who makes them writes them.

    Args:
        note: what they are made from, noted with them.
    """
    file, declarations = feed.file, feed.declarations
    table, is_empty = names.gold(file.kind), _is_ready(lake, file)
    design = lake.layout(table, assembly.schema_of(file).names) if is_empty else None
    are_few = feed.are_few()
    # What is stated once is told by the deliveries that count to `said`: what others state meanwhile may not come in.
    among = feed.said.counting() if are_few else None
    stated = statements(feed.said.lake, file, declarations, among)
    if design is None:
        made = files_of(stated, None, file, declarations, known)
        if made is not None and is_empty:
            lake.add(table, made, {MADE_FROM: note})
        elif made is not None:
            lake.merge(table, made, SAME_SUBJECT, EVERYTHING, {MADE_FROM: note})
        return
    said = {t: _present(rows, feed.said.stated_again(t) if are_few else None) for t, rows in stated.items()}
    parts = assembly.parts(feed.said.count(feed.columns))
    lake.add_files(
        table, assembly.written_in_tasks(said, file, declarations, known, (design, parts)), {MADE_FROM: note}
    )


def _present(stated: DataFrame, again: pa.Table | None) -> DataFrame:
    """Return present records of a table, `again` as `Statements.stated_again` returns it."""
    if again is None:
        return present.present(stated)
    return present.present_of(stated, framed(stated.sparkSession, again) if len(again) else None)


def _is_of_another_shape(lake: Lake, table: str) -> bool:
    """Say whether files were made by a release of this program that kept less in them."""
    return not set(assembly.BESIDE_ATTRIBUTES) <= set(lake.read(table).columns)


def advance(lake: Lake, table: str, note: Note) -> None:
    """Note what gold is made from where the merge did not, for it found nothing to change.

    Else the same releases would be looked at again, and what waits for gold to be made after an order to erase
    would wait until somebody's file changes.
    """
    if lake.note(table, MADE_FROM) != note:
        lake.mark(table, MADE_FROM, note)


def build(lake: Lake, file: OneFile, declarations: Declarations) -> DataFrame | None:
    """Assemble every subject's file from silver; None when silver says nothing of such subjects."""
    known = bridges.of_lake(lake, declarations)
    return files_of(statements(lake, file, declarations), None, file, declarations, known.now)


def statements(
    lake: Lake, file: OneFile, declarations: Declarations, among: DataFrame | None = None
) -> dict[str, DataFrame]:
    """Return by table the statements that count, of each table that feeds the file and that has any.

    Args:
        among: the deliveries that count, as `present.counting` returns them; None: those that count now.
    """
    among = present.counting(lake) if among is None else among
    tables = feeds.subject_columns(file, declarations)
    found = {table: present.statements(lake, table, among=among) for table in tables}
    return {table: rows for table, rows in found.items() if rows is not None}


def files_of(
    stated: Mapping[str, DataFrame],
    touched: DataFrame | None,
    file: OneFile,
    declarations: Declarations,
    known: Bridges,
) -> DataFrame | None:
    """Assemble the files of subjects; None when nothing is said of such subjects.

    Args:
        stated: by table, the statements that count.
        touched: the numbers of the subjects, earlier ones too, and maybe of others; None: all.
        known: bridges from earlier numbers to present ones.
    """
    make = assembly.one_files_here if _are_few(stated, touched) else assembly.one_files
    return make(_said(stated, touched, file, declarations), file, declarations, bridges=known)


def _said(
    stated: Mapping[str, DataFrame], touched: DataFrame | None, file: OneFile, declarations: Declarations
) -> dict[str, DataFrame]:
    """Return by table the present records, of the subjects that are touched."""
    columns = feeds.subject_columns(file, declarations)
    return {
        table: present.present(rows if touched is None else present.about(rows, columns[table], touched))
        for table, rows in stated.items()
    }


def _are_few(stated: Mapping[str, DataFrame], touched: DataFrame | None) -> bool:
    """Tell whether what is asked for is so little that it is sooner fetched than handed to tasks."""
    with engine("count what files are made of"):
        if touched is not None:
            return touched.count() <= FEW_TOUCHED
        # In one question; no more of them are looked at than tell.
        some = [rows.select(f.lit(1)).limit(FEW + 1) for rows in stated.values()]
        return not some or reduce(DataFrame.unionAll, some).count() <= FEW


def _bring_touched(lake: Lake, feed: Feed, made: tuple[int, Note], bridged: Known) -> None:
    """Make the files anew of who was touched since; `made` is the release that gold has, and what to note now.

    Where few statements feed the files, all of it is done in this process; else the engine finds who was touched.
    """
    after, note = made
    file, declarations = feed.file, feed.declarations
    deliveries = releases.between(lake, after, int(note["release"]))
    other = bridges.differing(lake, declarations, bridged, deliveries)
    if feed.are_few():
        numbers = feed.touched(lake, deliveries, other, bridged.now)
        if len(numbers) <= FEW_TOUCHED:
            if len(numbers):
                _bring_few(lake, file, numbers, feed.of(numbers, bridged.now), note)
            return
    _bring_by_engine(lake, feed, deliveries, other, bridged.now, note)


def _bring_by_engine(
    lake: Lake, feed: Feed, deliveries: Sequence[str], other: Mapping[str, set[str]], now: Bridges, note: Note
) -> None:
    """Let the engine find who was touched among many statements, and make their files, if they are many, too.

    Args:
        other: by kind, the numbers of whom bridges say something else.
    """
    file, declarations = feed.file, feed.declarations
    stated = statements(lake, file, declarations)
    columns = feeds.subject_columns(file, declarations)
    ordered = erasing.is_any_ordered(lake)
    erased = {t: e for t in columns if ordered and (e := present.erased(lake, t)) is not None}
    found = touching.touched_of(stated, columns, touching.records_of(stated, deliveries), erased)
    touched = bridges.touched(found, other, stated, file, declarations, now)
    if touched is None:
        return
    touched = touched.persist()
    try:
        with engine(f"find the {file.kind} subjects that were touched"):
            few = touched.limit(FEW_TOUCHED + 1).toArrow()
        if not len(few):
            return
        if len(few) <= FEW_TOUCHED:
            asked = lake.spark.createDataFrame(few)
            with engine(f"read what {file.kind} files are made of"):
                said = {table: rows.toArrow() for table, rows in _said(stated, asked, file, declarations).items()}
            made_here = assembly.files_here(said, file, declarations, now)
            _bring_few(lake, file, few["number"].combine_chunks(), made_here, note)
            return
        files = files_of(stated, touched, file, declarations, now)
        changed = differing(lake.read(names.gold(file.kind)), files, touched, file.kind)
        with engine("tell new files from known ones"):
            counts: dict[bool, int] = dict(changed.groupBy("_is_known").count().collect())
        is_known = f.col("_is_known")
        known, new = (changed.where(each).drop("_is_known") for each in (is_known, ~is_known))
        bring(
            lake, names.gold(file.kind), known if counts.get(True) else None, new if counts.get(False) else None, note
        )
    finally:
        touched.unpersist()


def _bring_few(lake: Lake, file: OneFile, touched: pa.Array, made: pa.Table, note: Note) -> None:
    """Hold the files of few subjects against gold's, and bring in those that are other.

    Args:
        touched: the numbers of the subjects.
        made: their files as they are now, and maybe others'.
    """
    table = names.gold(file.kind)
    made = made.filter(pc.is_in(made["number"], touched))
    is_here = lake.layout(table, made.column_names) is not None
    known, new = other_than(_held(lake, table, touched, file.kind, is_here=is_here), made)
    if not is_here:
        schema = assembly.schema_of(file)
        others, others_new = (
            f.broadcast(lake.spark.createDataFrame(each, schema)) if len(each) else None for each in (known, new)
        )
        bring(lake, table, others, others_new, note)
        return
    is_gone = pc.is_null(known["_digest"])
    rows = pa.concat_tables([known.filter(pc.invert(is_gone)), new], promote_options="default")
    gone = known.filter(is_gone)["subject_id"].combine_chunks()
    if len(rows) or len(gone):
        lake.revise(table, Revision("subject_id", rows, gone), {MADE_FROM: note})


def _held(lake: Lake, table: str, touched: pa.Array, kind: str, *, is_here: bool) -> pa.Table:
    """Return `subject_id` and `_digest` of the files that gold has of touched subjects; read here where that can be."""
    ids = identity.subject_ids(touched, kind)
    if is_here:
        there = lake.looked_at(table, ["subject_id", "_digest"])
        return there.filter(pc.is_in(there["subject_id"], ids))
    held = lake.read(table).select("subject_id", "_digest")
    asked = framed(lake.spark, pa.table({"subject_id": ids}))
    with engine(f"read how gold has the {kind} files of touched subjects"):
        return held.join(f.broadcast(asked), "subject_id", "left_semi").toArrow()


def other_than(held: pa.Table, made: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return the files that are other than gold has them, or gone, and those that it does not have, as `made` has them.

    Args:
        held: `subject_id` and `_digest` of the files that gold has of the subjects that are looked at.
        made: their files as they are now. Of one that is gone the `subject_id` alone is told.
    """
    places = pc.index_in(made["subject_id"], held["subject_id"].combine_chunks())
    is_other = pc.not_equal(held["_digest"].take(places), made["_digest"])
    is_gone = pc.invert(pc.is_in(held["subject_id"], made["subject_id"].combine_chunks()))
    gone = held.filter(is_gone).select(["subject_id"])
    known = pa.concat_tables([made.filter(is_other), gone], promote_options="default")
    return known, made.filter(pc.is_null(places))


def bring(lake: Lake, table: str, known: DataFrame | None, new: DataFrame | None, note: Note) -> None:
    """Bring changed files in: those that are known first, and then, with the note, the new ones.

    A merge that may insert shuffles every row of the files that it rewrites, whole one files of subjects to whom
    nothing happened; one that may not joins them where they are, if the changed ones are handed to every task.
    Killed between the two, the next run finds the new ones missing.

    Args:
        known: files that are other, and of those that are no more the `subject_id`; None: there is none.
        new: files that gold does not have; None: there is none.
    """
    if known is not None:
        lake.merge(table, known, SAME_SUBJECT, KNOWN, {MADE_FROM: note} if new is None else {})
    if new is not None:
        lake.add(table, new, {MADE_FROM: note})


def differing(held: DataFrame, made: DataFrame | None, touched: DataFrame | None, kind: str) -> DataFrame:
    """Return the files, of those that are looked at, that are not as gold holds them.

    Args:
        held: gold as it is.
        made: files as `files_of` returns them, maybe also of others.
        touched: the numbers of the subjects that are looked at; None: all.

    Returns:
        The files that are other or new, and of those that are no more the `subject_id` alone; `_is_known` tells those
        that gold has from new ones.
    """
    ids = None if touched is None else f.broadcast(_ids(touched, kind))
    there = held.select("subject_id", f.col("_digest").alias("_held"))
    there = there if ids is None else there.join(ids, "subject_id", "left_semi")
    if made is None:
        return there.select("subject_id", f.lit(None).cast("string").alias("_digest"), f.lit(True).alias("_is_known"))
    mine = made if ids is None else made.join(ids, "subject_id", "left_semi")
    other = mine.join(there, "subject_id", "left").where(~f.col("_digest").eqNullSafe(f.col("_held")))
    other = other.withColumn("_is_known", f.col("_held").isNotNull()).drop("_held")
    gone = there.join(mine, "subject_id", "left_anti").select("subject_id", f.lit(True).alias("_is_known"))
    return other.unionByName(gone, allowMissingColumns=True)


def _ids(touched: DataFrame, kind: str) -> DataFrame:
    number = f.col("number")
    return touched.select(numbers.subject_id(kind, numbers.number_type(number, kind), number).alias("subject_id"))


def made_from_now(lake: Lake) -> Note:
    """Return what a file that is made now is made from: noted with it, and compared the next time."""
    note: Note = {"release": lake.version(names.RELEASE)}
    if lake.exists(names.ERASURE_ORDER):
        note["orders"] = lake.version(names.ERASURE_ORDER)
    return note
