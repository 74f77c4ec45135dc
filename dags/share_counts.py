"""Counts what every shared table comes to, hands out what is not handed out yet, holds it against the count: daily."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from dags import handing


@dag(
    dag_id="share_counts",
    schedule="40 5 * * *",
    catchup=False,
    max_active_runs=1,
    tags=["sharing"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    @task
    def flow_back() -> int:
        return handing.flow_back()

    @task
    def count() -> int:
        return handing.count_shares()

    @task
    def put() -> int:
        return handing.put_shares()

    @task
    def make_batches() -> int:
        return handing.make_batches()

    @task
    def reconcile() -> int:
        return handing.reconcile_shares()

    counted = count()
    flow_back() >> counted >> put() >> reconcile()
    counted >> make_batches()


run()
