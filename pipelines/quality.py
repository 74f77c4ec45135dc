"""Runs the suites with Great Expectations, keeps counts and no values, as a table and as Data Docs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import great_expectations as gx
import pandas as pd
import pyarrow as pa
from great_expectations.data_context.types.base import (
    DataContextConfig,
    FilesystemStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from pyspark.sql import DataFrame

from onefile.files import lock, make_folder
from pipelines import names, pages
from pipelines.errors import CriticalExpectationFailed
from pipelines.lake import Lake, engine, literal_table
from pipelines.table_design import TableDesign
from pipelines.verdicts import RESULTS

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

# Counts only: no value that was met may reach a result, a page or a log.
COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0, "include_unexpected_rows": False}

FEW = 100_000
"""Rows that are fetched to be looked at; more of them the engine looks at where they are."""


@dataclass(frozen=True)
class Check:
    """A frame, Spark's or for a few figures pandas', to be held against a suite of Great Expectations'."""

    layer: str
    subject: str
    delivery: str | None
    rows: DataFrame | pa.Table | pd.DataFrame
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
    written: list[ValidationResultIdentifier] = []
    make_folder(folder)
    with lock(folder / ".lock"):
        context = _context(folder / "gx")
        for check in (c for c in checks if c.expectations):
            page, found = _validate(context, check, at)
            written.append(page)
            results += found
        if written:
            suites = [page.expectation_suite_identifier for page in written]
            context.build_data_docs(resource_identifiers=[*suites, *written])
    _keep(lake, results, at, once)
    failed = tuple(f"{r.expectation}({r.column or ''})" for r in results if not r.is_met and r.severity == "critical")
    if failed:
        raise CriticalExpectationFailed(checks[0].delivery or checks[0].subject, failed)
    return results


def _keep(lake: Lake, results: Sequence[Result], at: datetime, once: str) -> None:
    if not results:
        return
    rows = [(at, *(getattr(r, field) for field in Result.__dataclass_fields__)) for r in results]
    lake.create(names.QUALITY, RESULTS, TableDesign("outcome of every expectation, in counts", {}))
    lake.append(names.QUALITY, literal_table(rows, RESULTS), once)


def _validate(context: Any, check: Check, at: datetime) -> tuple[ValidationResultIdentifier, list[Result]]:
    """Run one suite; return where its page belongs, and the outcomes."""
    with engine(f"check {check.name}"), _read(check) as rows:
        if isinstance(rows, pd.DataFrame):
            source = context.data_sources.add_or_update_pandas("figures")
        else:
            source = context.data_sources.add_or_update_spark("lake")
        batch = source.add_dataframe_asset(check.name).add_batch_definition_whole_dataframe("all")
        suite = gx.ExpectationSuite(name=check.name, expectations=list(check.expectations))
        suite = context.suites.add_or_update(suite)
        definition = context.validation_definitions.add_or_update(
            gx.ValidationDefinition(name=_named(check, rows), data=batch, suite=suite)
        )
        run_id = gx.RunIdentifier(run_name=check.delivery or check.name, run_time=at)
        ran = definition.run(batch_parameters={"dataframe": rows}, result_format=COUNTS, run_id=run_id)
    page = ValidationResultIdentifier(ExpectationSuiteIdentifier(check.name), run_id, ran.batch_id)
    return page, [_result(check, item) for item in ran.results]


def _named(check: Check, rows: DataFrame | pd.DataFrame) -> str:
    """Name a definition: what is kept under a name keeps the kind of source that it was made with."""
    is_fetched = isinstance(rows, pd.DataFrame) and not isinstance(check.rows, pd.DataFrame)
    return f"{check.name}.fetched" if is_fetched else check.name


@contextmanager
def _read(check: Check) -> Iterator[DataFrame | pd.DataFrame]:
    """Yield rows that Spark has read already: where it cannot, it fails here, and no page keeps its words.

    Few rows are fetched, for the engine has a job or two for each expectation.
    """
    if isinstance(check.rows, pd.DataFrame):
        yield check.rows
        return
    rows = check.rows.select(_columns(check))
    if isinstance(rows, pa.Table):
        yield rows.to_pandas(integer_object_nulls=True)
        return
    fetched = rows.limit(FEW + 1).toArrow()
    if len(fetched) <= FEW:
        yield fetched.to_pandas(integer_object_nulls=True)
        return
    del fetched
    kept = rows.persist()
    try:
        kept.count()
        yield kept
    finally:
        kept.unpersist()


def _columns(check: Check) -> list[str]:
    """Return the columns that a suite is about."""
    found: dict[str, None] = {}
    for each in check.expectations:
        condition = getattr(each, "row_condition", None)
        named = [getattr(each, "column", None), *getattr(each, "column_list", ())]
        named.append(condition.column.name if condition is not None else None)
        found |= dict.fromkeys(name for name in named if name)
    return [*found]


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
    """Return a context that keeps suites, results and Data Docs below `folder`, and writes no settings of its own."""
    stores = FilesystemStoreBackendDefaults(root_directory=str(folder))
    config = DataContextConfig(
        store_backend_defaults=stores,
        data_docs_sites=pages.sites(folder / "uncommitted" / "data_docs" / "local_site"),
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)
