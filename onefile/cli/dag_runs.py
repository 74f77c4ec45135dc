"""Airflow DAGs run in this process, one after the other: no scheduler, no server, the same tasks.

What Airflow and the engines print goes to a log below the home, so that the screen is for people.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from onefile import airflow_home
from onefile.cli.failure import Failure
from onefile.files import lock, make_folder
from onefile.settings import Settings


class DagRuns:
    """The DAG folder's DAGs, loaded once; `run` gives each its turn."""

    def __init__(self, settings: Settings) -> None:
        self._log = settings.home / "logs" / "airflow.log"
        self.why: tuple[str, ...] = ()
        airflow_home.enter(settings)
        with quiet(self._log):
            from airflow.dag_processing.bundles.manager import DagBundlesManager
            from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db

            manager = DagBundlesManager()  # type: ignore[no-untyped-call]
            bundle = next(iter(manager.get_all_dag_bundles()))
            bundle.initialize()
            self._bag = BundleDagBag(dag_folder=bundle.path, bundle_path=bundle.path, bundle_name=bundle.name)
            # Two processes that note the same assets for the first time would be in each other's way.
            with lock(settings.home / "locks" / "airflow-dags.lock"):
                manager.sync_bundles_to_db()
                sync_bag_to_db(self._bag, bundle.name, bundle.version)

    @property
    def broken(self) -> list[str]:
        """Names of DAG files that could not be loaded."""
        return sorted(Path(name).name for name in self._bag.import_errors)

    def run(self, dag_id: str, conf: Mapping[str, Any]) -> bool:
        """Run a DAG to its end; True when every task did what it should, else `why` says more.

        A task is not tried again here: whoever runs the command can do that, and sees why.

        Raises:
            Failure: there is no such DAG, as its file could not be loaded.
            KeyboardInterrupt: somebody asked to stop while a task ran.
        """
        from dags import work

        dag = self._bag.dags.get(dag_id)
        if dag is None:
            raise Failure(
                f"{dag_id} is not among the DAGs; files that could not be loaded: {', '.join(self.broken) or 'none'}; "
                "run `onefile doctor`, and look at the end of logs/airflow.log in the home"
            )
        work.told.failures.clear()
        for task in dag.tasks:
            task.retries = 0
        with quiet(self._log), _registered_already():
            ran = dag.test(run_conf=dict(conf))
        if work.told.is_stopped:
            raise KeyboardInterrupt
        self.why = tuple(work.told.failures)
        return str(ran.state) == "success"


@contextmanager
def _registered_already() -> Iterator[None]:
    """Keep `DAG.test` from reading the whole folder and registering all of it anew for each run: 1.6 s of computing."""
    from airflow.dag_processing import dagbag

    with (
        patch.object(dagbag, "BundleDagBag", lambda **_: None),
        patch.object(dagbag, "sync_bag_to_db", lambda *_: None),
    ):
        yield


@contextmanager
def quiet(log: Path) -> Iterator[None]:
    """Let standard output and error, also those of child processes, go to a log (0600) for the length of the block."""
    make_folder(log.parent)
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, original in enumerate(kept, 1):
            os.dup2(original, number)
            os.close(original)
        os.close(descriptor)
