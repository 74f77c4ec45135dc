"""Writes what items still make people bring, and what to connect next: every night, for the month so far."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from dags import work


@dag(
    dag_id="meter",
    schedule="40 3 * * *",
    catchup=False,
    max_active_runs=1,
    tags=["sharing"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    @task
    def write() -> int:
        return work.write_meter()

    write()


run()
