"""Removes entries of the ledger and events of the feed whose time is over, and says so in the ledger: every night."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from dags import handing, work


@dag(
    dag_id="ledger_expiry",
    schedule="40 3 * * *",
    catchup=False,
    max_active_runs=1,
    tags=["ledger"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    @task
    def expire() -> int:
        return work.expire_ledger()

    @task
    def expire_events() -> int:
        return handing.expire_events()

    expire()
    expire_events()


run()
