"""Lets clocks and rules of sharing take their steps: every hour, for days begin where the bureau is."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from dags import work


@dag(
    dag_id="sharing",
    schedule="10 * * * *",
    catchup=False,
    max_active_runs=1,
    tags=["sharing"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    @task
    def escalate() -> int:
        return work.escalate_requests()

    @task
    def review() -> int:
        return work.review_grants()

    @task
    def verify() -> dict[str, int]:
        return work.verify_contradictions()

    @task
    def answer() -> dict[str, int]:
        return work.answer_objections()

    @task
    def supply() -> dict[str, int]:
        return work.bring_records()

    @task
    def project() -> int:
        return work.project_shares()

    escalate()
    review() >> supply() >> project()
    verify()
    answer()


run()
