"""Looks every five minutes whether declarations changed, and brings what was made by the old ones up to them."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

import catalog
from dags import assets, work
from onefile import settings
from schemas.model import SUBJECT_KINDS

CHANGED = [
    *(assets.silver(table) for table in catalog.current(settings.read().declarations).declarations.tables),
    *(assets.gold(kind) for kind in SUBJECT_KINDS),
]


@dag(
    dag_id="declarations",
    schedule="*/5 * * * *",
    catchup=False,
    max_active_runs=1,
    tags=["silver", "gold"],
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
)
def run() -> None:
    @task.short_circuit
    def look() -> bool:
        return work.are_declarations_changed()

    @task(outlets=CHANGED)
    def apply() -> bool:
        return work.apply_declarations()

    look() >> apply()


run()
