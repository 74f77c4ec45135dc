"""Brings rows of granted resources to the serving database, when the tables that may be granted have new statements."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import AssetAny, dag, task

import catalog
from catalog import granted_rows
from dags import assets, work
from onefile import settings

TABLES = granted_rows.tables(catalog.current(settings.read().declarations))


@dag(
    dag_id="records",
    schedule=AssetAny(*(assets.silver(table) for table in TABLES)),
    catchup=False,
    max_active_runs=1,
    tags=["serving"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    @task
    def bring() -> dict[str, int]:
        return work.bring_records()

    bring()


run()
