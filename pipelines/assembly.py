"""From the present statements to one file per subject. Pure: frames in, one frame out.

One shuffle by subject: each record goes along as a struct with its values as text, and the
attributes, contradictions and relations are read from the subject's array of records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from pipelines import numbers, survivorship, types
from schemas import feeds
from schemas.model import Attribute, Declarations, OneFile, Relation, Table
from schemas.model import Column as Declared

TIE = (
    "struct<relation:string,other_kind:string,other_number_type:string,other_number:string,other_name:string,since:date,until:date,"
    "details:array<struct<key:string,value:string>>,resource:string,department:string,record:string,delivery:string,row_no:bigint,"
    "observed_on:date>"
)
CONTRADICTIONS = (
    "array<struct<attribute:string,value:string,resource:string,department:string,record:string,delivery:string,"
    "row_no:bigint,observed_on:date,rank:int,reason:string>>"
)


def one_files(
    present: Mapping[str, DataFrame], file: OneFile, declarations: Declarations, beside: Sequence[str] = ()
) -> DataFrame | None:
    """Assemble the one files of the subjects that the records are about.

    Args:
        present: for each table of `schemas.feeds.subject_columns` the present records, a row each, as silver
            has them; a table that nothing was delivered for is left out.
        file: what a file holds.
        declarations: all tables and relations.
        beside: further columns of all records that part them, each part giving files of its own.

    Returns:
        One row per subject (and part): the columns of `beside`, `subject_id`, `number_type`, `number`,
        one struct per attribute, `contradictions`, `relations`, `identifiers`, `_digest` (SHA-256
        over all of it but `beside`); None when there are no records at all.
    """
    records = [
        _records(present[table], declarations.tables[table], column, file.kind, beside)
        for table, columns in feeds.attribute_columns(file).items()
        if table in present
        for column in columns
    ]
    ties = [
        _ties(present[relation.table], relation, way, beside)
        for relation, way in feeds.ways(file.kind, declarations)
        if relation.table in present
    ]
    if not records and not ties:
        return None
    grouped = (
        reduce(DataFrame.unionByName, [*records, *ties])
        .groupBy("number_type", "number", *beside)
        .agg(f.collect_list("_record").alias("_records"), f.collect_list("_tie").alias("_ties"))
    )
    return _shaped(grouped, file, declarations, beside)


def _records(rows: DataFrame, table: Table, subject: str, kind: str, beside: Sequence[str]) -> DataFrame:
    """Return a row per record and subject: number type, number, and the record as a struct."""
    record = f.struct(
        f.lit(table.name).alias("table"),
        f.lit(subject).alias("subject"),
        *_lineage(),
        f.col("_seq").alias("seq"),
        f.array(*(_as_text(column) for column in table.columns)).alias("values"),
    )
    number = f.col(subject)
    return rows.where(number.isNotNull()).select(
        numbers.number_type(number, kind).alias("number_type"),
        number.alias("number"),
        *beside,
        record.cast(survivorship.RECORD).alias("_record"),
        f.lit(None).cast(TIE).alias("_tie"),
    )


def _ties(rows: DataFrame, relation: Relation, way: feeds.Way, beside: Sequence[str]) -> DataFrame:
    """Return a row per record that ties two subjects, seen from one of them."""
    name, mine, mine_kind, other, other_kind, other_name = way
    for column, values in relation.when.items():
        rows = rows.where(f.col(column).isin(list(values)))
    details = [
        f.struct(f.lit(column).alias("key"), f.col(column).cast("string").alias("value")) for column in relation.details
    ]
    tie = f.struct(
        f.lit(name).alias("relation"),
        f.lit(other_kind).alias("other_kind"),
        numbers.number_type(f.col(other), other_kind).alias("other_number_type"),
        f.col(other).alias("other_number"),
        (f.col(other_name) if other_name else f.lit(None)).alias("other_name"),
        _day(relation.since).alias("since"),
        _day(relation.until).alias("until"),
        f.array(*details).alias("details"),
        *_lineage(),
    )
    return rows.where(f.col(mine).isNotNull() & f.col(other).isNotNull()).select(
        numbers.number_type(f.col(mine), mine_kind).alias("number_type"),
        f.col(mine).alias("number"),
        *beside,
        f.lit(None).cast(survivorship.RECORD).alias("_record"),
        tie.cast(TIE).alias("_tie"),
    )


def _lineage() -> list[Column]:
    return [
        f.col("_resource").alias("resource"),
        f.col("_department").alias("department"),
        f.col("_key").alias("record"),
        f.col("_delivery").alias("delivery"),
        f.col("_row_no").alias("row_no"),
        f.col("_valid_from").alias("observed_on"),
    ]


def _day(column: str | None) -> Column:
    return f.col(column) if column else f.lit(None).cast("date")


def _as_text(column: Declared) -> Column:
    """Return a value as the text that `_typed` reads back as the same value."""
    return f.col(column.name).cast("string")


def _typed(attribute: Attribute, text: Column) -> Column:
    return text.cast(types.spark_type(attribute.type, attribute.precision, attribute.scale))


def _shaped(grouped: DataFrame, file: OneFile, declarations: Declarations, beside: Sequence[str]) -> DataFrame:
    """Read attributes, contradictions and relations from each subject's records."""
    layout = {name: tuple(c.name for c in table.columns) for name, table in declarations.tables.items()}
    ending = [a for a in file.attributes if a.name == file.ended_on]
    rows = grouped
    for attribute in ending:
        found = survivorship.candidates(attribute, layout, None)
        rows = rows.withColumn("_ended_on", f.get(found, f.lit(0))["value"].cast("date"))
    ended_on = f.col("_ended_on") if ending else None
    rows = rows.withColumns(
        {
            f"_of_{a.name}": survivorship.candidates(a, layout, None if a.name == file.ended_on else ended_on)
            for a in file.attributes
        }
    )
    attributes = []
    for attribute in file.attributes:
        found = f.col(f"_of_{attribute.name}")
        value = _typed(attribute, f.get(found, f.lit(0))["value"])
        attributes.append(survivorship.winner(found, value).alias(attribute.name))
    lost = [survivorship.losers(a, f.col(f"_of_{a.name}")) for a in file.attributes]
    shaped = rows.select(
        *beside,
        numbers.subject_id(file.kind, f.col("number_type"), f.col("number")).alias("subject_id"),
        "number_type",
        "number",
        *attributes,
        (f.sort_array(f.flatten(f.array(*lost))) if lost else f.array()).cast(CONTRADICTIONS).alias("contradictions"),
        _relations().alias("relations"),
        _identifiers().alias("identifiers"),
    )
    # In the order of names: that an attribute is declared before another one says nothing about anybody.
    content = sorted(name for name in shaped.columns if name not in beside)
    return shaped.withColumn("_digest", f.sha2(f.to_json(f.struct(*content)), 256))


def _relations() -> Column:
    """Return the ties in a fixed order, their details as a map."""

    def shown(tie: Column) -> Column:
        return tie.withField("details", f.map_from_entries(tie["details"]))

    return f.transform(f.sort_array("_ties"), shown)


def _identifiers() -> Column:
    """Return the subject's numbers, each with the record that stated it first."""
    told = f.concat(
        f.transform("_records", lambda r: f.struct(r["observed_on"], r["resource"])),
        f.transform("_ties", lambda t: f.struct(t["observed_on"], t["resource"])),
    )
    first = f.array_min(told)
    return f.array(
        f.struct(
            f.col("number_type").alias("type"),
            f.col("number").alias("number"),
            first["resource"].alias("resource"),
            first["observed_on"].alias("observed_on"),
        )
    )
