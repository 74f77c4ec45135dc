"""Tells consumers what does not hold any more of what they got, and what they follow: every five minutes."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from dags import handing, work


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

    @task
    def make_events() -> int:
        return handing.make_events()

    @task
    def send_events() -> dict[str, int]:
        return handing.send_events()

    recall() >> send()
    make_events() >> send_events()


run()
