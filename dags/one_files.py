"""The DAGs that assemble the one files, each started by the silver tables that feed it."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, AssetAny, dag, task

import catalog
from dags import assets, work
from onefile import settings
from schemas.feeds import feeding_tables
from schemas.model import Declarations


def one_file(kind: str, declarations: Declarations) -> DAG:
    @dag(
        dag_id=f"{kind}_file",
        description=declarations.files[kind].about,
        schedule=AssetAny(*(assets.silver(table) for table in feeding_tables(declarations, kind))),
        catchup=False,
        max_active_runs=1,
        tags=["gold"],
        default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
    )
    def run() -> None:
        @task(outlets=[assets.gold(kind)])
        def assemble() -> int:
            return work.assemble(kind)

        assemble()

    return run()


declared = catalog.current(settings.read().declarations).declarations
for name in declared.files:
    globals()[f"{name}_file"] = one_file(name, declared)
