"""One byte that says what a column is called is altered: no reader of ours takes the column for one that is not there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyspark.sql import SparkSession

from pipelines import handover, sifting, sums
from pipelines.errors import LakeDamaged
from pipelines.lake import Lake
from pipelines.peek import TableUnreadable
from pipelines.rewriting import Revision
from tests.spark.test_deletion_vectors import lake_of, revise
from tests.spark.test_pen import TABLE, rows

NONE = pa.array([], pa.string())
SIEVE = sifting.Sieve(("_key",), lambda rows: pc.is_valid(rows["_key"]))


def handed(lake: Lake) -> list[int]:
    shelf = handover.opened(lake.root, TABLE, lake.version(TABLE))
    assert shelf is not None
    return [len(part) for named in shelf.files for part in shelf.counting(named, shelf.schema.names, 100)]


READERS: dict[str, Callable[[Lake], object]] = {
    "all rows": lambda lake: lake.looked_at(TABLE, None),
    "rows filtered": lambda lake: lake.looked_at(TABLE, ["_key"], pc.field("_key") == "07"),
    "rows sifted": lambda lake: sifting.sifted(lake.place, TABLE, SIEVE),
    "rows put in the place of others": lambda lake: lake.revise(TABLE, Revision("_key", rows(("07", 99)), NONE), {}),
    "rows handed over": handed,
}


@pytest.mark.parametrize("reader", READERS)
def test_a_column_whose_name_is_altered_is_no_column_that_is_missing(
    spark: SparkSession, tmp_path: Path, reader: str
) -> None:
    lake = lake_of(spark, tmp_path / "lake")
    READERS[reader](lake)
    revise(lake, [("07", 98)])
    for file in Path(lake.path(TABLE)).glob("*.parquet"):
        content = file.read_bytes()
        at = content.rindex(b"_row_no")
        file.write_bytes(content[:at] + b"_row_nn" + content[at + 7 :])
    with pytest.raises((LakeDamaged, TableUnreadable)):
        READERS[reader](lake)


def test_every_byte_of_a_footer_is_held(spark: SparkSession, tmp_path: Path) -> None:
    lake = lake_of(spark, tmp_path / "lake")
    (file,) = Path(lake.path(TABLE)).glob("*.parquet")
    content = file.read_bytes()
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    sums.hold_footer(sums.LOCAL, str(file))
    for place in range(footer, len(content)):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(pa.ArrowInvalid):
            sums.hold_footer(sums.LOCAL, str(file))
    file.write_bytes(content[:-1])
    with pytest.raises(pa.ArrowInvalid):
        sums.hold_footer(sums.LOCAL, str(file))


def test_where_no_sums_are_kept_nothing_speaks_against_a_file(spark: SparkSession, tmp_path: Path) -> None:
    lake = lake_of(spark, tmp_path / "lake")
    for beside in Path(lake.path(TABLE)).glob(".*.crc"):
        beside.unlink()
    assert len(lake.looked_at(TABLE, None)) == 40
