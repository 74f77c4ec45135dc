"""Holds gold against its expectations; what fails is not published, the other kind is."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import AssetAny, dag, task

from dags import assets, work
from schemas.model import SUBJECT_KINDS


@dag(
    dag_id="quality",
    schedule=AssetAny(*(assets.gold(kind) for kind in SUBJECT_KINDS)),
    catchup=False,
    max_active_runs=1,
    tags=["gold"],
    default_args={"retries": 1, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    for kind in SUBJECT_KINDS:

        @task(task_id=f"check_{kind}_file", outlets=[assets.checked(kind)])
        def check(kind: str) -> int:
            return work.check(kind)

        check(kind)


run()
