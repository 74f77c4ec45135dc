"""One DAG per resource, made from the declarations: what waits in the inbox becomes silver, and a receipt."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, dag, task

import catalog
from dags import assets, work
from onefile import settings
from schemas.model import Resource

# Airflow holds every parameter of every task against its schema's own schema, each time that it reads this file: the
# one of draft 7 takes it a third of the time of the newest.
TEXT = {"$schema": "http://json-schema.org/draft-07/schema#", "type": ["null", "string"]}
DAY = Param(None, **TEXT, format="date")


def ingest(resource: Resource) -> DAG:
    @dag(
        dag_id=f"ingest.{resource.id}",
        dag_display_name=resource.title,
        description=resource.about,
        schedule=None,
        catchup=False,
        max_active_runs=1,
        tags=["ingest", resource.department],
        default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
        params={"delivery": Param(None, **TEXT), "from": DAY, "to": DAY},
    )
    def run() -> None:
        @task
        def receive(params: dict[str, Any]) -> list[str]:
            return work.receive(resource.id, params)

        @task
        def land(deliveries: list[str]) -> list[str]:
            return work.land(deliveries)

        @task(outlets=[assets.silver(resource.table)])
        def settle(deliveries: list[str]) -> list[dict[str, Any]]:
            return work.settle(deliveries)

        @task(retries=0)
        def judge(outcomes: list[dict[str, Any]]) -> int:
            return work.judge(outcomes)

        judge(settle(land(receive())))

    return run()


for declared in catalog.current(settings.read().declarations).resources.values():
    globals()[f"ingest_{declared.id}"] = ingest(declared)
