"""What a suite finds does not depend on where the rows are looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from pipelines import expectations, names, quality
from pipelines.lake import Lake
from schemas.model import Table
from tests.drawn import PLACE, column, frame, table_schema

AT = datetime(2026, 11, 23, tzinfo=UTC)
FEES = Table(
    "fees", "费用", "one row per fee", "test", ("fee_no",), (),
    (column("fee_no", pattern="^F[0-9]$", required=True), column("cents", "long", minimum=0, maximum=500)), PLACE,
)  # fmt: skip


def test_few_rows_are_looked_at_here_and_many_by_the_engine_with_one_outcome(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = """
        _key | _valid_from | _withdrawn | fee_no | cents
        k1   | 2026-01-01  | false      | F1     | 100
        k1   | 2026-01-01  | false      | f-2    | 501
        k2   | 2026-01-02  | true       |        |
        k3   |             | false      |        | -1
    """
    rows = frame(spark, drawing, table_schema(FEES))
    found = []
    for few in (4, 3, 4):
        monkeypatch.setattr(quality, "FEW", few)
        checks = [quality.Check("silver", "tax.fees", "D1", rows, expectations.silver(FEES, {}))]
        lake = Lake(spark, str(tmp_path / f"lake-{len(found)}"))
        with pytest.raises(quality.CriticalExpectationFailed):
            quality.run(lake, tmp_path / "quality", checks, AT, "once")  # one home, that grows
        columns = ("expectation", "column", "is_met", "checked", "unexpected", "observed")
        found.append(sorted(map(tuple, lake.read(names.QUALITY).select(*columns).collect())))
    assert found[0] == found[1] == found[2]
    assert {(name, on): unexpected for name, on, _, _, unexpected, _ in found[0]} == {
        ("column_values_to_be_between", "cents"): 2,
        ("column_values_to_match_regex", "fee_no"): 1,
        ("column_values_to_not_be_null", "_key"): 0,
        ("column_values_to_not_be_null", "_valid_from"): 1,
        ("column_values_to_not_be_null", "fee_no"): 1,
        ("compound_columns_to_be_unique", "_key,_valid_from"): 2,
    }
