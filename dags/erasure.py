"""Takes out of the lake and the kept files what the law says has to go, once no one file shows it any more."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import AssetAny, dag, task

from dags import assets, work
from schemas.model import SUBJECT_KINDS


@dag(
    dag_id="erasure",
    schedule=AssetAny(*(assets.gold(kind) for kind in SUBJECT_KINDS)),
    catchup=False,
    max_active_runs=1,
    tags=["silver", "erasure"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    @task
    def purge() -> int:
        return work.purge()

    @task
    def bring() -> dict[str, int]:
        return work.bring_records()

    @task
    def project() -> int:
        return work.project_shares()

    purge() >> bring() >> project()


run()
