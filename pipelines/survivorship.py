"""Which value of an attribute wins, why, and what the others say. Pure; rules from the declarations.

A subject's records come in as one array of structs (`RECORD` fields and the values as text).
The lead's value wins; then the lower declared rank; then the later observed day; what is
still even is settled by what was learnt later, never by chance. A record observed after the
subject's end speaks last, unless it is the lead's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column
from pyspark.sql import functions as f

from schemas.model import Attribute

# One record of a subject, as it goes along in the array `_records`.
RECORD = (
    "struct<table:string,subject:string,resource:string,department:string,record:string,delivery:string,"
    "row_no:bigint,observed_on:date,seq:bigint,values:array<string>>"
)
LINEAGE = ("resource", "department", "record", "delivery", "row_no", "observed_on")


def candidates(attribute: Attribute, layout: Mapping[str, Sequence[str]], ended_on: Column | None) -> Column:
    """Return the attribute's candidate values, best first.

    Args:
        attribute: the declared attribute.
        layout: for each table the columns in the order that `values` has them.
        ended_on: the subject's last day, or None where the attribute itself says it.

    Returns:
        array<struct<not_lead, after_end, rank, age, order…, value, lineage…>>, sorted.
    """

    def candidate(record: Column) -> Column:
        value, rank = f.lit(None).cast("string"), f.lit(None).cast("int")
        for source in attribute.sources:
            mine = (record["table"] == source.table) & (record["subject"] == source.subject)
            position = list(layout[source.table]).index(source.column)
            value = f.when(mine, record["values"][position]).otherwise(value)
            rank = f.when(mine, f.lit(source.rank)).otherwise(rank)
        is_lead = record["department"] == f.lit(attribute.lead) if attribute.lead else f.lit(False)
        after_end = f.lit(False) if ended_on is None else f.coalesce(record["observed_on"] > ended_on, f.lit(False))
        return f.struct(
            (~is_lead).alias("not_lead"),
            (after_end & ~is_lead).alias("after_end"),
            rank.alias("rank"),
            (-f.unix_date(record["observed_on"])).alias("age"),
            (-record["seq"]).alias("learnt"),
            (-record["row_no"]).alias("place"),
            value.alias("value"),
            *(record[name].alias(name) for name in LINEAGE),
        )

    tables = sorted({source.table for source in attribute.sources})
    relevant = f.filter("_records", lambda r: r["table"].isin(tables))
    return f.sort_array(f.filter(f.transform(relevant, candidate), lambda c: c["value"].isNotNull()))


def winner(sorted_candidates: Column, typed: Column) -> Column:
    """Return the attribute as the file shows it: the typed value, its lineage, rank and reason; null if none."""
    first = f.get(sorted_candidates, f.lit(0))
    fields = [typed.alias("value"), *(first[name].alias(name) for name in LINEAGE)]
    fields += [first["rank"].alias("rank"), _reason(sorted_candidates).alias("reason")]
    return f.when(f.size(sorted_candidates) > 0, f.struct(*fields))


def losers(attribute: Attribute, sorted_candidates: Column) -> Column:
    """Return what other resources say otherwise: each one's best candidate, with why it lost."""
    first = f.get(sorted_candidates, f.lit(0))

    def is_best_of_its_resource(candidate: Column, place: Column) -> Column:
        better = f.slice(sorted_candidates, 1, place)
        told = f.exists(better, lambda other: other["resource"] == candidate["resource"])
        return ~told & (candidate["value"] != first["value"])

    def shown(candidate: Column) -> Column:
        return f.struct(
            f.lit(attribute.name).alias("attribute"),
            candidate["value"].alias("value"),
            *(candidate[name].alias(name) for name in LINEAGE),
            candidate["rank"].alias("rank"),
            _lost(first, candidate).alias("reason"),
        )

    return f.transform(f.filter(sorted_candidates, is_best_of_its_resource), shown)


def _reason(sorted_candidates: Column) -> Column:
    """Why the first candidate won: lead, after_end, only, rank, fresher or later."""
    first, second = f.get(sorted_candidates, f.lit(0)), f.get(sorted_candidates, f.lit(1))
    return (
        f.when(~first["not_lead"], "lead")
        .when(first["after_end"], "after_end")
        .when(f.size(sorted_candidates) == 1, "only")
        .when(_outranks(first, second), "rank")
        .when(first["age"] < second["age"], "fresher")
        .otherwise("later")
    )


def _lost(first: Column, candidate: Column) -> Column:
    return (
        f.when(candidate["after_end"], "after_end")
        .when(first["not_lead"] != candidate["not_lead"], "lead")
        .when(first["rank"] < candidate["rank"], "rank")
        .when(first["age"] < candidate["age"], "fresher")
        .otherwise("later")
    )


def _outranks(first: Column, second: Column) -> Column:
    return (first["rank"] < second["rank"]) | (first["after_end"] != second["after_end"])
