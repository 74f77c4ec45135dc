"""Orders the erasure of records whose time is over, every day, and has the one files made without them."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

import catalog
from dags import assets, work
from onefile import settings

KEPT = [
    assets.silver(table.name)
    for table in catalog.current(settings.read().declarations).declarations.tables.values()
    if table.retention is not None
]


@dag(
    dag_id="retention",
    schedule="20 1 * * *",
    catchup=False,
    max_active_runs=1,
    tags=["silver", "erasure"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    @task(outlets=KEPT)
    def end_terms() -> int:
        return work.end_terms()

    end_terms()


run()
