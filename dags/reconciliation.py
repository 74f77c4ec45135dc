"""Holds the looks of the day before against their cases, and lists the unusual ones: daily, for the auditor."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from dags import work


@dag(
    dag_id="reconciliation",
    schedule="30 2 * * *",
    catchup=False,
    max_active_runs=1,
    tags=["ledger"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    @task
    def reconcile() -> int:
        return work.reconcile_purposes()

    @task
    def find_unusual() -> int:
        return work.find_unusual_looks()

    reconcile()
    find_unusual()


run()
