"""Publishes to the serving database what changed in the one files that passed their expectations."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import AssetAny, dag, task

from dags import assets, work
from schemas.model import SUBJECT_KINDS


@dag(
    dag_id="publication",
    schedule=AssetAny(*(assets.checked(kind) for kind in SUBJECT_KINDS)),
    catchup=False,
    max_active_runs=1,
    tags=["serving"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    @task
    def publish(kind: str) -> dict[str, int]:
        return work.publish(kind)

    publish.expand(kind=list(SUBJECT_KINDS))


run()
