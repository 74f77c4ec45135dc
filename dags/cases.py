"""Lets cases count as accepted where nobody told in time what they lack, follows up promises, archives closed cases.

Hourly, for days begin where the bureau is.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from dags import work


@dag(
    dag_id="cases",
    schedule="15 * * * *",
    catchup=False,
    max_active_runs=1,
    tags=["sharing"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    @task
    def accept() -> int:
        return work.accept_cases()

    @task
    def follow() -> dict[str, int]:
        return work.follow_promises()

    @task
    def archive() -> dict[str, int]:
        return work.archive_cases()

    accept() >> follow() >> archive()


run()
