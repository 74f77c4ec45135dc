"""Lets licences lapse whose last day is over, and nothing else: every hour, for days begin where the bureau is."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from dags import assets, licence_steps, work


@dag(
    dag_id="licence_expiry",
    schedule="5 * * * *",
    catchup=False,
    max_active_runs=1,
    tags=["vault"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    @task(outlets=[assets.licences()])
    def lapse() -> dict[str, int]:
        return work.lapse_licences()

    licence_steps.follow(lapse(), is_counted_always=False)


run()
