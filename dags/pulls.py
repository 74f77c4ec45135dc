"""One DAG per resource that is pulled: what its source has becomes a delivery in the inbox, on its schedule."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, dag, task

import catalog
from dags import fetching
from onefile import settings
from schemas.model import Resource

TIMEZONE = settings.read().timezone.key
"""What a schedule's hours are of: those of the department, as its days are."""


def pull(resource: Resource, schedule: str | None) -> DAG:
    @dag(
        dag_id=f"pull.{resource.id}",
        dag_display_name=resource.title,
        schedule=None if schedule is None else CronTriggerTimetable(schedule, timezone=TIMEZONE),
        catchup=False,
        max_active_runs=1,
        tags=["pull", resource.department],
        default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
    )
    def run() -> None:
        @task
        def fetch() -> list[str]:
            return fetching.pull(resource.id)

        fetch()

    return run()


for declared in catalog.current(settings.read().declarations).resources.values():
    if declared.source is not None:
        globals()[f"pull_{declared.id}"] = pull(declared, declared.source.schedule)
