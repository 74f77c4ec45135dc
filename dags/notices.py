"""Tells consumers what does not hold any more of what they got: every five minutes."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from dags import work


@dag(
    dag_id="notices",
    schedule="*/5 * * * *",
    catchup=False,
    max_active_runs=1,
    tags=["ledger"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    @task
    def recall() -> int:
        return work.recall_values()

    @task
    def send() -> dict[str, int]:
        return work.send_notices()

    recall() >> send()


run()
