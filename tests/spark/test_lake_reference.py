"""The reference describes gold as the flow makes it."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

import catalog
from pipelines import assembly, conform, link_candidates
from schemas import feeds
from tools.reference import lake as reference

DECLARED = catalog.load().declarations


@pytest.mark.parametrize("kind", sorted(DECLARED.files))
def test_gold_has_the_columns_of_the_reference_and_a_struct_for_each_attribute(spark: SparkSession, kind: str) -> None:
    file = DECLARED.files[kind]
    tables = [DECLARED.tables[name] for name in feeds.subject_columns(file, DECLARED)]
    nothing = {table.name: spark.createDataFrame([], conform.silver_schema(table)) for table in tables}
    made = assembly.one_files(nothing, file, DECLARED)
    assert made is not None
    described: dict[str, str] = {}
    for name, kind_of_value, _ in reference.GOLD_COLUMNS:
        if name == "<attribute>":
            values = reference.attribute_types(file).items()
            described |= {a: kind_of_value.replace("value:T", f"value:{value}") for a, value in values}
        else:
            described[name] = kind_of_value
    assert _columns(made.schema) == described


def test_the_list_of_candidates_has_the_columns_of_the_reference(spark: SparkSession) -> None:
    table = DECLARED.tables["education"]
    made = link_candidates.listed(spark.createDataFrame([], conform.silver_schema(table)), table, "person_number")
    assert _columns(made.schema) == {name: kind for name, kind, _ in reference.LINK_COLUMNS}


def _columns(schema: StructType) -> dict[str, str]:
    return {field.name: field.dataType.simpleString() for field in schema.fields}
