"""A real Airflow on this machine: `python -m onefile.services.airflow`, until Ctrl-C.

Scheduler, DAG processor, triggerer and API server, each started by itself and not through
`airflow standalone`: so nothing but the API server listens (the log servers of `standalone` do on
every interface), and every one is stopped in its own right. All tasks share one Spark Connect
server, unless `ONEFILE_SPARK` names one that runs already.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import urllib.request
from pathlib import Path
from types import FrameType

import click

from onefile import airflow_home
from onefile import settings as settings_module
from onefile.errors import OneFileError
from onefile.files import lock, make_folder
from onefile.services import spark_connect
from onefile.services.processes import STOPPING, Running, Service, ServiceNotReady, guarded, running
from onefile.settings import Settings

SECONDS_TO_START = 300
PLUGINS = "AIRFLOW__CORE__PLUGINS_FOLDER"
TURNS = Path(__file__).parent / "airflow_plugins"
API_SERVER = "api-server"
COMPONENTS = {
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
TEXTS = {
    "zh": """\
Airflow 已启动：{url}    用户 {user}，密码在 {passwords}
日志：{logs}    按 Ctrl-C 停止

用 REST 触发一个 DAG：
""",
    "en": """\
Airflow is up: {url}    user {user}, password in {passwords}
Logs: {logs}    Ctrl-C stops it

To trigger a DAG through REST:
""",
}
REST = """\
  PASSWORD=$(sed 's/.*: *"//; s/".*//' {passwords})
  TOKEN=$(curl -s {url}/auth/token -H 'Content-Type: application/json' \\
    -d "{{\\"username\\": \\"{user}\\", \\"password\\": \\"$PASSWORD\\"}}" | sed 's/.*"access_token": *"//; s/".*//')
  curl -s {url}/api/v2/dags/ingest.DEPARTMENT.RESOURCE/dagRuns -H "Authorization: Bearer $TOKEN" \\
    -H 'Content-Type: application/json' -d '{{"logical_date": null, "conf": {{"delivery": "ID"}}}}'
"""


class PortTaken(OneFileError):
    """Somebody else listens where the API server should."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} of this machine is taken: choose another, as in `make airflow PORT={port + 1}`")


class _Stop(BaseException):
    """Somebody asked us to stop: not an error, and nothing but the outermost block catches it."""


@click.command()
@click.option("--port", default=8080, show_default=True, help="Port of the API server, on loopback.")
@click.option("--dags", type=click.Path(exists=True, file_okay=False, path_type=Path), default=airflow_home.DAGS,
              help="Folder of DAG files.")  # fmt: skip
def main(port: int, dags: Path) -> None:
    """Run Airflow and one Spark service until stopped (SIGINT, SIGTERM or SIGHUP)."""
    sys.exit(guarded(lambda: _until_stopped(port, dags.absolute())))


def _until_stopped(port: int, dags: Path) -> int:
    for name in STOPPING:
        signal.signal(name, _stop)
    try:
        serve(settings_module.read(), port, dags)
    except _Stop:
        click.echo("stopped", err=True)
    except OneFileError as error:
        click.echo(f"onefile: {error}", err=True)
        return error.exit_code
    return 0


def serve(settings: Settings, port: int, dags: Path) -> None:
    """Start everything, say where it is, and watch over it.

    Raises:
        Busy: another one runs in this home.
        PortTaken: the port is not free.
        JarsMissing, ServiceEnded, ServiceNotReady, MigrationFailed: something did not start, or ended.
    """
    if spark_connect.answers("127.0.0.1", port):
        raise PortTaken(port)
    os.umask(0o077)
    make_folder(settings.home / "logs")
    with lock(settings.home / "locks" / "airflow.lock", wait=False), running() as services:
        settings, token = _with_one_spark(services, settings)
        environ = {**os.environ, **airflow_home.environment(settings, os.environ, dags=dags, port=port), **token}
        environ = _with_turns(environ)
        airflow_home.migrate(settings, environ)
        passwords = airflow_home.password_file(settings)
        url, logs = f"http://127.0.0.1:{port}", settings.home / "logs"
        # Tasks report to the API server and ask Spark: one that is scheduled before they answer fails.
        services.start(_component(API_SERVER, [API_SERVER], environ, settings))
        spark_connect.wait(services, settings)
        _wait_until_healthy(services, url, logs, ("metadatabase",))
        _make_ready_for_tasks(url, logs)
        for name, words in COMPONENTS.items():
            services.start(_component(name, words, environ, settings))
        _wait_until_healthy(services, url, logs, ("metadatabase", "scheduler", "dag_processor", "triggerer"))
        text = TEXTS[settings.lang] + REST
        click.echo(text.format(url=url, user=airflow_home.USER, passwords=passwords, logs=logs))
        while True:
            services.check()
            time.sleep(1)


def _with_one_spark(services: Running, settings: Settings) -> tuple[Settings, dict[str, str]]:
    """Start a Spark service unless one is named; return what tasks are told of it."""
    if settings.spark.startswith("sc://"):
        return settings, {}
    return spark_connect.served(settings, spark_connect.start(services, settings))


def _with_turns(environ: dict[str, str]) -> dict[str, str]:
    """Where Airflow's database is SQLite, let requests that write take turns; a caller's own plugins win."""
    return environ if airflow_home.DATABASE in environ else {PLUGINS: str(TURNS), **environ}


def _component(name: str, words: list[str], environ: dict[str, str], settings: Settings) -> Service:
    command = [sys.executable, "-m", "airflow", *words]
    return Service(f"Airflow's {name}", command, environ, settings.home / "airflow",
                   settings.home / "logs" / f"airflow-{name}.log")  # fmt: skip


def _wait_until_healthy(services: Running, url: str, logs: Path, parts: tuple[str, ...]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while not _are_healthy(url, parts):
        services.check()
        if time.monotonic() > deadline:
            raise ServiceNotReady("Airflow", SECONDS_TO_START, logs)
        time.sleep(0.5)


def _make_ready_for_tasks(url: str, logs: Path) -> None:
    """Have the API server make its routes for tasks, which it does at the first request: seconds, or a busy minute.

    Raises:
        ServiceNotReady: it did not answer.
    """
    try:
        with urllib.request.urlopen(f"{url}/execution/health/ping", timeout=SECONDS_TO_START):
            return
    except OSError as error:
        raise ServiceNotReady("Airflow's API for tasks", SECONDS_TO_START, logs) from error


def _are_healthy(url: str, parts: tuple[str, ...]) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/api/v2/monitor/health", timeout=5) as answer:
            health = json.load(answer)
    except OSError:
        return False
    return all(health[part]["status"] == "healthy" for part in parts)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    for name in STOPPING:
        signal.signal(name, signal.SIG_IGN)
    raise _Stop


if __name__ == "__main__":
    main()
