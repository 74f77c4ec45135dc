"""Publishes open data that is other than it was: every night."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from dags import handing


@dag(
    dag_id="open_data",
    schedule="20 4 * * *",
    catchup=False,
    max_active_runs=1,
    tags=["sharing"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    @task
    def publish() -> int:
        return handing.publish_open_data()

    publish()


run()
