"""Brings tables in bulk up to what holds, and into recipients' own databases, when there are new statements."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import AssetAny, dag, task

import catalog
from catalog import granted_rows
from dags import assets, handing, work
from onefile import settings
from schemas.model import SUBJECT_KINDS

TABLES = granted_rows.tables(catalog.current(settings.read().declarations))


@dag(
    dag_id="shares",
    schedule=AssetAny(*(assets.silver(table) for table in TABLES), *(assets.gold(kind) for kind in SUBJECT_KINDS)),
    catchup=False,
    max_active_runs=1,
    tags=["sharing"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    @task
    def project() -> int:
        return work.project_shares()

    @task
    def put() -> int:
        return handing.put_shares()

    project() >> put()


run()
