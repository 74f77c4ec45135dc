"""What kind of number a subject is known by, and the internal id made of it."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as f

from schemas.identifiers import areas, earlier
from schemas.model import Table


def number_type(number: Column, kind: str) -> Column:
    """Return the type of an accepted number: citizen, hmt_resident, foreigner; credit_code, or an earlier one."""
    if kind == "enterprise":
        found = f.when(number.isNotNull() & (f.length(number) == 18), f.lit("credit_code"))
        for length, name in earlier.TYPE_OF_LENGTH.items():
            found = found.when(f.length(number) == length, f.lit(name))
        return found.when(number.isNotNull(), f.lit("credit_code"))
    return (
        f.when(number.startswith("9"), "foreigner")
        .when(f.substring(number, 1, 6).isin(*areas.HMT_AREAS), "hmt_resident")
        .when(number.isNotNull(), "citizen")
    )


def subject_id(kind: str, number_type: Column, number: Column) -> Column:
    """Return the subject's internal id: stable, the same from whatever record it is met first.

    It can be recomputed from the number, so it is personal data as the number is: it never
    stands in a log, a URL or a file name.
    """
    return f.concat(
        f.lit(f"{kind[0]}-"),
        f.substring(f.sha2(f.concat_ws("/", f.lit(kind), number_type, number), 256), 1, 32),
    )


def subject_ids(table: Table) -> Column:
    """Return the internal ids of the subjects that a row of a table names, as an array; an empty column names none."""
    named = [(s.kind, f.col(s.column)) for s in table.subjects]
    ids = [f.when(number.isNotNull(), subject_id(kind, number_type(number, kind), number)) for kind, number in named]
    return f.array_compact(f.array(*ids)).cast("array<string>")
