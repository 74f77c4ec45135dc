"""Looks into the inbox every five minutes and starts the ingest of each resource that something waits for."""

from __future__ import annotations

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import dag, task

from dags import work


@dag(dag_id="inbox", schedule="*/5 * * * *", catchup=False, max_active_runs=1, tags=["ingest"])
def run() -> None:
    @task
    def look() -> list[str]:
        return [f"ingest.{resource}" for resource in work.look()]

    TriggerDagRunOperator.partial(task_id="start").expand(trigger_dag_id=look())


run()
