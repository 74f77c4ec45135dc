"""Issues licences from what was released; then tells how they stand, to statistics and to verifiers."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import AssetAny, dag, task

import catalog
from dags import assets, licence_steps, work
from onefile import settings

declared = catalog.current(settings.read().declarations).declarations


@dag(
    dag_id="vault",
    schedule=AssetAny(*(assets.silver(name) for name in sorted({kind.table for kind in declared.licences.values()}))),
    catchup=False,
    max_active_runs=1,
    tags=["vault"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    @task(outlets=[assets.licences()])
    def issue() -> dict[str, int]:
        return work.issue_licences()

    licence_steps.follow(issue(), is_counted_always=True)


run()
