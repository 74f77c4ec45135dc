"""Keeps shared materials in order, every night: what nothing refers to any more goes from their store."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from dags import work


@dag(
    dag_id="materials",
    schedule="10 3 * * *",
    catchup=False,
    max_active_runs=1,
    tags=["vault"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    @task
    def sweep() -> int:
        return work.sweep_materials()

    sweep()


run()
