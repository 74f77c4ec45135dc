"""One files made anew where declarations changed: of the subjects concerned, laid down first, then merged.

Concerned are the subjects of records that were read again and came out otherwise, and those that records of a table
name of which something is made otherwise. Only files that come out otherwise are laid down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as f
from pyspark.sql.types import StructType

from catalog.masking import masked
from pipelines import (
    assembly,
    bridges,
    declared,
    erasing,
    gold,
    gold_design,
    names,
    present,
    releases,
    shaping,
    touching,
    types,
)
from pipelines.bridge_sources import OfFrames
from pipelines.bridging import Bridges
from pipelines.lake import Lake, engine, literal_rows
from pipelines.workshop import Workshop
from schemas import feeds
from schemas.model import SENSITIVITIES, Declarations, OneFile

EXAMPLES = 3
MANY = 100_000
"""So many subjects are looked at one by one, however many files there are."""
NOT_ATTRIBUTES = ("subject_id", "number_type", "number", *assembly.BESIDE_ATTRIBUTES, "_digest")
NUMBER = StructType([types.field("number", types.STRING, "number of a subject")])


@dataclass(frozen=True)
class Figures:
    """In how many files something appears, changes or goes, or keeps its value and comes from elsewhere."""

    name: str
    appears: int
    changes: int
    goes: int
    comes_from_elsewhere: int


@dataclass(frozen=True)
class Example:
    """A value before and after, masked as its grade asks; and the row that states it, or stated it."""

    attribute: str
    before: str | None
    after: str | None
    delivery: str
    row: int


@dataclass(frozen=True)
class Remade:
    """How the files of a kind come out otherwise: how many there are, change, are new or go, and by attribute."""

    kind: str
    files: int
    change: int
    new: int
    go: int
    attributes: tuple[Figures, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Sources:
    """Where the statements come from that will count: of resources read again from the house beside."""

    here: Lake
    beside: Lake
    again: frozenset[str]

    def statements(self, table: str) -> DataFrame | None:
        """Return the statements of a table that will count; None where nothing was ever stated."""
        mine, theirs = (present.statements(lake, table) for lake in (self.here, self.beside))
        is_again = f.col("_resource").isin(sorted(self.again))
        frames = [] if mine is None else [mine.where(~is_again)]
        frames += [] if theirs is None else [theirs.where(is_again)]
        return reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), frames) if frames else None

    def rows(self, table: str) -> list[DataFrame]:
        """Return the rows of a table of silver as they are, and of those read again as they will be."""
        name = names.silver(table)
        return [lake.read(name) for lake in (self.here, self.beside) if lake.exists(name)]


def lay_down(
    shop: Workshop, sources: Sources, file: OneFile, records: DataFrame | None, before: declared.Parts | None, to: Path
) -> DataFrame:
    """Write into a folder the files of a kind that come out otherwise; return them.

    Args:
        records: the records of which something else counts; None: none.
        before: what the files were made by; None: nobody knows, so all of them are looked at.

    Returns:
        A row per file that differs, as gold has them; of one that goes its `subject_id` alone.

    Raises:
        pipelines.shaping.ColumnRetyped: an attribute is declared with another type than gold has.
    """
    stated = _stated(sources, file, shop.declarations)
    known = bridges.known(OfFrames(sources.statements), shop.declarations)
    held = shop.lake.read(names.gold(file.kind))
    touched = None if before is None else _few(_touched(shop, sources, stated, file, records, before, known.now), held)
    try:
        made = gold.files_of(stated, touched, file, shop.declarations, known.now)
        if made is not None:
            shaping.check_types(names.gold(file.kind), held.schema, made.schema)
        differing = gold.differing(held, made, touched, file.kind).drop("_is_known")
        with engine(f"make {file.kind} files by the declarations of today"):
            differing.write.mode("overwrite").parquet(str(to))
    finally:
        if touched is not None:
            touched.unpersist()
    return shop.spark.read.parquet(str(to))


def _stated(sources: Sources, file: OneFile, declarations: Declarations) -> dict[str, DataFrame]:
    """Return by table the statements that will count, with all columns that are declared."""
    found = {name: sources.statements(name) for name in feeds.subject_columns(file, declarations)}
    return {
        name: present.with_declared(rows, declarations.tables[name]) for name, rows in found.items() if rows is not None
    }


def _touched(
    shop: Workshop,
    sources: Sources,
    stated: Mapping[str, DataFrame],
    file: OneFile,
    records: DataFrame | None,
    before: declared.Parts,
    known: Bridges,
) -> DataFrame | None:
    """Return the numbers of the subjects concerned, in a column `number`; None: anything may be of anybody."""
    after = declared.making(file, shop.declarations)
    tables = declared.concerned(before, after)
    made_from = shop.lake.note(names.gold(file.kind), gold.MADE_FROM)
    if tables is None or made_from is None:
        return None
    frames = []
    for table, columns in declared.tables((before, after)).items():
        for rows in sources.rows(table):
            naming = sorted(columns & {*rows.columns})
            if table in tables:
                frames.append(present.named(rows, naming))
            elif records is not None:
                frames.append(present.named(present.of_records(rows, records), naming))
    found = [rows.select(f.col("_named").alias("number")) for rows in frames]
    since = _released_since(shop.lake, stated, file, shop.declarations, int(made_from["release"]))
    found += [] if since is None else [since]
    every = reduce(DataFrame.unionByName, found).distinct() if found else None
    # As gold was made: what was released since is not in it, and nothing was read again.
    late = releases.between(shop.lake, int(made_from["release"]), shop.lake.version(names.RELEASE))
    here = bridges.of_lake(shop.lake, shop.declarations)
    held = bridges.before(shop.lake, shop.declarations, here, late)
    other = {kind: known.differing(held, kind) for kind in shop.declarations.files}
    touched = bridges.touched(every, other, stated, file, shop.declarations, known)
    return literal_rows(shop.spark, [], NUMBER) if touched is None else touched


def _released_since(
    lake: Lake, stated: Mapping[str, DataFrame], file: OneFile, declarations: Declarations, release: int
) -> DataFrame | None:
    """Return the numbers of who was touched by what was released, or ordered to be erased, since gold was made."""
    columns = feeds.subject_columns(file, declarations)
    deliveries = releases.between(lake, release, lake.version(names.RELEASE))
    ordered = erasing.is_any_ordered(lake)
    erased = {t: e for t in stated if ordered and (e := present.erased(lake, t)) is not None}
    return touching.touched_numbers(stated, columns, deliveries, erased)


def _few(touched: DataFrame | None, held: DataFrame) -> DataFrame | None:
    """Keep the subjects concerned at hand; None where they are so many that all are looked at as quickly."""
    if touched is None:
        return None
    touched = touched.persist()
    with engine("count whom a changed declaration concerns"):
        count = touched.count()
        if count <= MANY or 4 * count <= held.count():
            return touched
    touched.unpersist()
    return None


def merge(shop: Workshop, file: OneFile, folder: Path, note: gold.Note) -> None:
    """Bring gold to what was laid down; done again, it changes nothing."""
    name = names.gold(file.kind)
    rows = shop.spark.read.parquet(str(folder))
    shaping.widen(shop.lake, name, gold_design.described(rows.schema, file))
    source = shaping.with_all(rows, shop.lake.read(name).schema)
    shop.lake.merge(name, source, gold.SAME_SUBJECT, gold.TOUCHED, {gold.MADE_FROM: note})


def told(shop: Workshop, file: OneFile, laid: DataFrame) -> Remade:
    """Say how the files of a kind come out otherwise; `laid` is what `lay_down` returned."""
    held = shop.lake.read(names.gold(file.kind))
    attributes = sorted({*held.columns, *laid.columns} - {*NOT_ATTRIBUTES})
    pairs = _pairs(held, laid)
    is_new, goes = f.col("before.subject_id").isNull(), f.col("after._digest").isNull()
    sums = [f.count_if(~is_new & ~goes), f.count_if(is_new), f.count_if(goes)]
    sums += [count for name in attributes for count in _counts(name)]
    sums += [f.count_if(_is_other(name)) for name in assembly.BESIDE_ATTRIBUTES]
    with engine(f"count what changes of {file.kind} files"):
        (row,) = pairs.select(*sums).collect()
        files = held.count()
    change, new, go, *rest = (int(value) for value in row)
    figures = [Figures(name, *rest[4 * place : 4 * place + 4]) for place, name in enumerate(attributes)]
    figures += [
        Figures(name, 0, rest[4 * len(attributes) + n], 0, 0) for n, name in enumerate(assembly.BESIDE_ATTRIBUTES)
    ]
    shown = tuple(each for each in figures if any((each.appears, each.changes, each.goes, each.comes_from_elsewhere)))
    return Remade(file.kind, files, change, new, go, shown, _examples(pairs, attributes, file))


def _pairs(held: DataFrame, laid: DataFrame) -> DataFrame:
    """Return a row per file that differs: `before` and `after`, each with the columns of both."""
    fields = {field.name: field for rows in (held, laid) for field in rows.schema.fields}
    schema = StructType(list(fields.values()))
    before, after = (
        shaping.with_all(rows, schema).select("subject_id", f.struct("*").alias(name))
        for rows, name in ((held, "before"), (laid, "after"))
    )
    return after.join(before, "subject_id", "left").select("before", "after")


def _counts(name: str) -> list[Column]:
    """Return how often an attribute appears, changes, goes, and comes from elsewhere with the same value."""
    before, after = _value("before", name), _value("after", name)
    is_same = before.isNotNull() & before.eqNullSafe(after)
    return [
        f.count_if(before.isNull() & after.isNotNull()),
        f.count_if(f.coalesce(before != after, f.lit(False))),
        f.count_if(before.isNotNull() & after.isNull()),
        f.count_if(is_same & _is_other(name)),
    ]


def _value(side: str, name: str) -> Column:
    return f.col(f"{side}.{name}.value").cast("string")


def _is_other(name: str) -> Column:
    before, after = (f.to_json(f.struct(f.col(f"{side}.{name}"))) for side in ("before", "after"))
    return ~before.eqNullSafe(after)


def _examples(pairs: DataFrame, attributes: list[str], file: OneFile) -> tuple[Example, ...]:
    """Return a few values of each attribute that change, masked; values stay in this process until they are."""
    if not attributes:
        return ()
    both = [_both(name) for name in attributes]
    order = Window.partitionBy("attribute").orderBy("subject_id")
    rows = (
        pairs.select("after.subject_id", f.explode(f.array(*both)).alias("_of"))
        .select("subject_id", "_of.*")
        .where(~f.col("before").eqNullSafe(f.col("after")))
        .withColumn("_place", f.row_number().over(order))
        .where(f.col("_place") <= EXAMPLES)
        .orderBy("attribute", "_place")
    )
    with engine("pick examples of what changes"):
        found = rows.collect()
    grades = {a.name: a.sensitivity for a in file.attributes}
    return tuple(_example(row, _grade(grades, row["attribute"])) for row in found)


def _example(row: Row, grade: str) -> Example:
    before, after = (None if row[side] is None else masked(row[side], grade) for side in ("before", "after"))
    return Example(row["attribute"], before, after, row["delivery"], row["row_no"])


def _grade(grades: Mapping[str, str], attribute: str) -> str:
    """Return an attribute's grade; of one that is declared no more nobody knows it, so it is the highest."""
    return grades.get(attribute, SENSITIVITIES[-1])


def _both(name: str) -> Column:
    told = [
        f.coalesce(f.col(f"after.{name}.{field}"), f.col(f"before.{name}.{field}")) for field in ("delivery", "row_no")
    ]
    return f.struct(
        f.lit(name).alias("attribute"),
        _value("before", name).alias("before"),
        _value("after", name).alias("after"),
        told[0].alias("delivery"),
        told[1].alias("row_no"),
    )
