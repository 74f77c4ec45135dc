"""From declared column types to Spark's, in one table."""

from __future__ import annotations

from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

STRING, LONG, BOOLEAN, DATE, INSTANT = StringType(), LongType(), BooleanType(), DateType(), TimestampType()
PROBLEMS = ArrayType(StructType([StructField("column", STRING), StructField("reason", STRING)]))

_SPARK: dict[str, DataType] = {
    "string": STRING,
    "code": STRING,
    "area_code": STRING,
    "citizen_number": STRING,
    "person_number": STRING,
    "credit_code": STRING,
    "licence_id": STRING,
    "long": LONG,
    "boolean": BOOLEAN,
    "date": DATE,
    "instant": INSTANT,
}


def spark_type(name: str, precision: int, scale: int) -> DataType:
    """Return the Spark type that holds a declared type; KeyError for an unknown one."""
    return DecimalType(precision, scale) if name == "decimal" else _SPARK[name]


def field(name: str, data_type: DataType, comment: str, is_required: bool = True) -> StructField:
    """Return a column of a table with its comment."""
    return StructField(name, data_type, not is_required, {"comment": comment})
