"""Airflow's home and settings, the same for DAGs run in one process and for a real Airflow.

Airflow reads its settings when it is first imported and makes `~/airflow` when it finds none,
so whoever imports it calls `enter` first. Standard library only.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from onefile.errors import OneFileError
from onefile.files import lock, make_folder, write_whole
from onefile.settings import SOURCE, TARGET, Settings

DAGS = Path(__file__).parent.parent / "dags"
USER = "admin"
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
PATIENCE = {"timeout": 60}
"""Seconds that a process waits for SQLite's one writer; with the usual 5 a busy machine answers REST with an error."""
PATIENT = f"{__name__}.PATIENCE"


class MigrationFailed(OneFileError):
    """Airflow's database could not be made or brought up to date."""

    def __init__(self, log: Path) -> None:
        super().__init__(f"Airflow's database could not be made ready: the reason is in {log}")


def environment(
    settings: Settings, environ: Mapping[str, str], *, dags: Path = DAGS, port: int = 8080
) -> dict[str, str]:
    """Return all variables of an Airflow process: its own settings and ours.

    An `AIRFLOW__…` variable of the caller wins over what is said here, so that a bureau
    can have PostgreSQL or more workers; the home is always ours.

    Args:
        settings: what tasks find again when they read their settings.
        environ: the caller's environment.
        dags: the folder that Airflow looks for DAG files in.
        port: of the API server, on loopback.
    """
    ours = _airflow(settings.home / "airflow", dags, port) | _lineage(settings.lineage)
    callers = {name: value for name, value in environ.items() if name.startswith("AIRFLOW__") and value != PATIENT}
    if DATABASE not in callers:
        ours |= {f"AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS{mode}": PATIENT for mode in ("", "_ASYNC")}
    return ours | callers | _settings(settings) | {"AIRFLOW_HOME": str(settings.home / "airflow")}


def enter(settings: Settings) -> None:
    """Make this process one of Airflow's, before it imports Airflow: environment, home, database.

    Airflow's own OpenLineage events are left out here: to send them it forks this process, and with it the
    connection to the engine, which the fork then closes. What our tasks tell of themselves is sent all the same.
    """
    os.environ.update(environment(settings, os.environ) | {"AIRFLOW__OPENLINEAGE__DISABLED": "True"})
    migrate(settings, os.environ)


def migrate(settings: Settings, environ: Mapping[str, str]) -> None:
    """Make Airflow's home (mode 0700) and bring its database up to date, once per version and database.

    Raises:
        MigrationFailed: Airflow could not do it.
    """
    home = settings.home / "airflow"
    make_folder(home)
    home.chmod(0o700)
    stamp, log = home / "migrated", home / "migration.log"
    database = environ.get(DATABASE, f"sqlite:///{home}/airflow.db")
    wanted = f"{version('apache-airflow')} {sha256(database.encode()).hexdigest()}".encode()
    with lock(settings.home / "locks" / "airflow-home.lock"):
        if stamp.exists() and stamp.read_bytes() == wanted:
            return
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        with log.open("wb") as output:
            done = subprocess.run(command, env=dict(environ), stdout=output, stderr=output, umask=0o077, check=False)
        if done.returncode != 0:
            raise MigrationFailed(log)
        write_whole(stamp, wanted)


def password_file(settings: Settings) -> Path:
    """Return the file with the user's password, made when there is none; mode 0600."""
    path = settings.home / "airflow" / "passwords.json"
    if not path.exists():
        write_whole(path, json.dumps({USER: secrets.token_urlsafe(24)}).encode())
    return path


def _airflow(home: Path, dags: Path, port: int) -> dict[str, str]:
    """Return Airflow's settings; the reasons and figures are in docs/how-to/run-under-airflow.md."""
    return {
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        # What a task asks the API server for: with the usual 5 s, five times, a busy machine failed tasks unstarted.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "60",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS": "0o700",
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS": "0o600",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__OPENLINEAGE__NAMESPACE": "onefile",
        "AIRFLOW__OPENLINEAGE__DISABLE_SOURCE_CODE": "True",
        # A fork would share the sockets of the engine that the task talks to, and close them when it ends.
        "AIRFLOW__OPENLINEAGE__EXECUTE_IN_THREAD": "True",
    }


def _lineage(target: str) -> dict[str, str]:
    """Send OpenLineage events where our own go: appended to a file, or posted to a URL."""
    url = urlsplit(target)
    transport: dict[str, object] = {"type": "file", "log_file_path": target, "append": True}
    if url.scheme in ("http", "https"):
        server = f"{url.scheme}://{url.netloc}"
        transport = {"type": "http", "url": server, "endpoint": url.path.lstrip("/")}
    return {"AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport)}


def _settings(settings: Settings) -> dict[str, str]:
    """Return the variables from which `settings.read` makes the same settings again."""
    some = {} if settings.fixed_now is None else {"ONEFILE_NOW": settings.fixed_now.isoformat()}
    some |= {} if settings.oidc is None else {"ONEFILE_OIDC": str(settings.oidc)}
    some |= {} if settings.lake_key is None else {"ONEFILE_LAKE_KEY": str(settings.lake_key)}
    some |= {} if settings.materials_key is None else {"ONEFILE_MATERIALS_KEY": str(settings.materials_key)}
    return some | {
        "ONEFILE_HOME": str(settings.home),
        "ONEFILE_DECLARATIONS": ":".join(str(folder) for folder in settings.declarations),
        "ONEFILE_DATABASE_URL": settings.database_url,
        "ONEFILE_SPARK": settings.spark,
        "ONEFILE_SPARK_MEMORY": settings.spark_memory,
        "ONEFILE_TIMEZONE": settings.timezone.key,
        "ONEFILE_LANG": settings.lang,
        "ONEFILE_OPERATOR": settings.operator,
        "ONEFILE_PASSPHRASE_FILE": str(settings.passphrase_file),
        "ONEFILE_LOG_ORIGIN": settings.log_origin,
        "ONEFILE_JARS": str(settings.jars),
        "ONEFILE_LINEAGE": settings.lineage,
        "ONEFILE_LAKE": settings.lake,
        "ONEFILE_MATERIALS": settings.materials,
        "ONEFILE_CLAMD": settings.clamd,
        "ONEFILE_COUNTER_URL": settings.counter_url,
        "ONEFILE_WEBHOOK_NETWORKS": settings.webhook_networks,
        **{f"{TARGET}{name}": url for name, url in settings.targets.items()},
        **{f"{SOURCE}{name}": text for name, text in settings.sources.items()},
        "ONEFILE_CERTIFICATE_HEADER": settings.certificate_header,
    }
