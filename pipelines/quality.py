"""Runs the suites with Great Expectations, keeps counts and no values, as a table and as Data Docs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import DoubleType, StructType

from onefile.files import lock, make_folder
from pipelines import names, types
from pipelines.errors import CriticalExpectationFailed
from pipelines.lake import Lake, TableDesign, engine, literal_rows

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

# Counts only: no value that was met may reach a result, a page or a log.
COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0, "include_unexpected_rows": False}

RESULTS = StructType(
    [
        types.field("run_at", types.INSTANT, "instant of the check, UTC"),
        types.field("layer", types.STRING, "delivery, silver or gold"),
        types.field("subject", types.STRING, "resource, or kind of one file"),
        types.field("delivery", types.STRING, "delivery that was checked, or version of gold", False),
        types.field("expectation", types.STRING, "Great Expectations' name of the rule"),
        types.field("column", types.STRING, "column or columns; null for the whole", False),
        types.field("severity", types.STRING, "critical, warning or info"),
        types.field("is_met", types.BOOLEAN, "true when it holds"),
        types.field("checked", types.LONG, "rows looked at", False),
        types.field("unexpected", types.LONG, "rows that do not meet it", False),
        types.field("observed", DoubleType(), "the figure itself, for a rule about the whole", False),
    ]
)


@dataclass(frozen=True)
class Check:
    """A frame to be held against a suite. `expectations` are Great Expectations'."""

    layer: str
    subject: str
    delivery: str | None
    rows: DataFrame
    expectations: Sequence[Any]

    @property
    def name(self) -> str:
        return f"{self.layer}.{self.subject}"


@dataclass(frozen=True)
class Result:
    """One expectation's outcome, in counts."""

    layer: str
    subject: str
    delivery: str | None
    expectation: str
    column: str | None
    severity: str
    is_met: bool
    checked: int | None
    unexpected: int | None
    observed: float | None


def run(lake: Lake, folder: Path, checks: Sequence[Check], at: datetime, once: str) -> list[Result]:
    """Run the checks, write Data Docs below `folder`, append the results to the quality table once.

    Raises:
        CriticalExpectationFailed: after everything was written down, a critical one is not met.
    """
    results: list[Result] = []
    make_folder(folder)
    with lock(folder / ".lock"):
        for check in (c for c in checks if c.expectations):
            results += _validate(check, folder, at)
    _keep(lake, results, at, once)
    failed = tuple(f"{r.expectation}({r.column or ''})" for r in results if not r.is_met and r.severity == "critical")
    if failed:
        raise CriticalExpectationFailed(checks[0].delivery or checks[0].subject, failed)
    return results


def passed(lake: Lake, kind: str, version: int) -> bool:
    """Tell whether that version of gold was checked and every critical expectation was met."""
    if not lake.exists(names.QUALITY):
        return False
    mine = (f.col("layer") == "gold") & (f.col("subject") == kind) & (f.col("delivery") == f"version {version}")
    with engine("read the outcome of the expectations"):
        rows = lake.read(names.QUALITY).where(mine).select("severity", "is_met").collect()
    return bool(rows) and all(row["is_met"] for row in rows if row["severity"] == "critical")


def _keep(lake: Lake, results: Sequence[Result], at: datetime, once: str) -> None:
    if not results:
        return
    rows = [(at, *(getattr(r, field) for field in Result.__dataclass_fields__)) for r in results]
    lake.create(names.QUALITY, RESULTS, TableDesign("outcome of every expectation, in counts", {}))
    lake.append(names.QUALITY, literal_rows(lake.spark, rows, RESULTS), once)


def _validate(check: Check, folder: Path, at: datetime) -> list[Result]:
    import great_expectations as gx

    context = _context(folder)
    source = context.data_sources.add_or_update_spark("lake")
    asset = source.add_dataframe_asset(check.name)
    batch = asset.add_batch_definition_whole_dataframe("all")
    suite = context.suites.add_or_update(gx.ExpectationSuite(name=check.name, expectations=list(check.expectations)))
    definition = context.validation_definitions.add_or_update(
        gx.ValidationDefinition(name=check.name, data=batch, suite=suite)
    )
    checkpoint = context.checkpoints.add_or_update(
        gx.Checkpoint(
            name=check.name,
            validation_definitions=[definition],
            actions=[gx.checkpoint.UpdateDataDocsAction(name="data docs")],
            result_format=COUNTS,
        )
    )
    with engine(f"check {check.name}"):
        ran = checkpoint.run(
            batch_parameters={"dataframe": check.rows},
            run_id=gx.RunIdentifier(run_name=check.delivery or check.name, run_time=at),
        )
    return [_result(check, item) for outcome in ran.run_results.values() for item in outcome.results]


def _result(check: Check, item: Any) -> Result:
    config, counts = item.expectation_config, item.result
    columns = config.kwargs.get("column") or ",".join(config.kwargs.get("column_list", ()))
    observed = counts.get("observed_value")
    return Result(
        layer=check.layer,
        subject=check.subject,
        delivery=check.delivery,
        expectation=config.type.removeprefix("expect_"),
        column=columns or None,
        severity=str(getattr(config.severity, "value", config.severity)),
        is_met=bool(item.success),
        checked=counts.get("element_count"),
        unexpected=counts.get("unexpected_count"),
        observed=float(observed) if isinstance(observed, int | float) else None,
    )


def _context(folder: Path) -> Any:
    """Return the file-based context whose Data Docs lie below `folder`."""
    import great_expectations as gx

    return gx.get_context(mode="file", project_root_dir=folder)
