"""The list of bridges is as they are, and of what is as it was nothing is written."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from pipelines import bridge_list, commit_check, names
from pipelines.bridging import Told, holding
from pipelines.lake import Lake, literal_table
from pipelines.table_design import TableDesign

TABLE = names.bridge("person")
AT = datetime(2026, 11, 1, 8, 30, 15, 123456, tzinfo=UTC)
MANY = [f"{number:018}" for number in range(690101_1960_0101_0000, 690101_1960_0101_0080)]


def told(earlier: str, number: str, record: str) -> Told:
    return Told(
        "person", None, earlier, number, "police.population", "police", record, "population.earlier_number", "d1", 1, 7,
        date(2020, 5, 1), date(2026, 1, 1), AT, False,
    )  # fmt: skip


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, str(tmp_path / "lake"))


def first() -> list[Told]:
    return [told(earlier, number, f"r{earlier}") for earlier, number in zip(MANY[::2], MANY[1::2], strict=True)]


def listed(lake: Lake) -> dict[str, tuple[str, str | None, date, datetime]]:
    rows = lake.looked_at(TABLE, None).to_pylist()
    return {row["earlier"]: (row["state"], row["present"], row["since"], row["learnt_at"]) for row in rows}


def written(lake: Lake) -> int:
    """Return how many rows the newest commit wrote; rows that are struck out are none."""
    log = Path(lake.path(TABLE), "_delta_log", f"{commit_check.newest(lake.root, TABLE):020}.json")
    actions = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    adds = [each["add"] for each in actions if "add" in each]
    return sum(json.loads(add["stats"])["numRecords"] for add in adds if "deletionVector" not in add)


def test_of_a_list_that_changes_only_what_is_other_is_written(lake: Lake) -> None:
    bridge_list.keep(lake, "person", holding(first()))
    assert (len(listed(lake)), written(lake)) == (40, 40)
    said = [*first()[1:-1], told(MANY[2], MANY[7], "other"), told("690101195001010011", MANY[1], "new")]
    bridge_list.keep(lake, "person", holding(said))
    assert written(lake) == 3  # the new one, and both that contradict each other now
    assert {*listed(lake)} == {*MANY[2:-2:2], "690101195001010011"}
    assert listed(lake)[MANY[4]] == ("used", MANY[5], date(2020, 5, 1), AT)


def test_after_upkeep_nothing_is_left_of_a_bridge_that_went(lake: Lake) -> None:
    bridge_list.keep(lake, "person", holding(first()))
    bridge_list.keep(lake, "person", holding(first()[1:]))
    assert MANY[0] in pages(lake)
    lake.purge(TABLE)
    lake.vacuum(TABLE, 0)
    assert MANY[0] not in pages(lake)
    assert MANY[2] in pages(lake)


def pages(lake: Lake) -> str:
    """Return what all data files of the list say, whether any version needs them or not."""
    return "".join(str(pq.ParquetFile(file).read().to_pylist()) for file in Path(lake.path(TABLE)).rglob("*.parquet"))


def test_a_list_that_is_as_it_was_is_not_written(lake: Lake) -> None:
    bridge_list.keep(lake, "person", holding(first()))
    before = lake.version(TABLE)
    bridge_list.keep(lake, "person", holding(reversed(first())))
    assert lake.version(TABLE) == before


def test_without_bridges_there_is_no_list_and_one_that_was_there_is_emptied(lake: Lake) -> None:
    bridge_list.keep(lake, "person", holding([]))
    assert not lake.exists(TABLE)
    bridge_list.keep(lake, "person", holding(first()))
    bridge_list.keep(lake, "person", holding([]))
    assert listed(lake) == {}


def test_a_list_that_was_made_without_ids_is_made_anew(lake: Lake) -> None:
    fields = [field for field in bridge_list.LISTED.fields if field.name != bridge_list.KEY]
    older = StructType(fields)
    lake.create(TABLE, older, TableDesign("earlier numbers", {}))
    row = (
        "citizen",
        MANY[0],
        MANY[1],
        MANY[1],
        "used",
        "police.population",
        "police",
        "r",
        "d1",
        7,
        date(2020, 5, 1),
        AT,
    )
    lake.add(TABLE, literal_table([row], older), {})
    for said in (first(), first()[1:]):
        bridge_list.keep(lake, "person", holding(said))
        assert {*listed(lake)} == {each.earlier for each in said}
