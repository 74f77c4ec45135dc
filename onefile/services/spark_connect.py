"""One Spark for all tasks: a Spark Connect server on loopback that asks for a token."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from onefile import java
from onefile.files import make_folder, write_whole
from onefile.services.processes import Running, Service, ServiceNotReady
from onefile.settings import Settings

SECONDS_TO_START = 300
DEFAULT_PORT = 15002
TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"  # the variable in which Spark's clients look for it


@dataclass(frozen=True)
class Endpoint:
    """Where the server listens, and the token that it asks for."""

    port: int
    token: str

    @property
    def address(self) -> str:
        """By this name and without a token in it, clients speak plainly on loopback; else they insist on TLS."""
        return f"sc://localhost:{self.port}"


def served(settings: Settings, endpoint: Endpoint) -> tuple[Settings, dict[str, str]]:
    """Return the settings of tasks that use the server, and what they need in their environment besides."""
    return replace(settings, spark=endpoint.address), {TOKEN: endpoint.token}


def start(services: Running, settings: Settings) -> Endpoint:
    """Start the server with the engine that `settings.spark` names. It answers some seconds later: `wait`.

    Raises:
        JarsMissing: the Delta jars are absent.
    """
    endpoint = Endpoint(free_port(), secrets.token_urlsafe(32))
    services.start(_service(settings, endpoint))
    return endpoint


def wait(services: Running, settings: Settings) -> None:
    """Wait until the server that `settings.spark` names by `sc://` answers.

    Raises:
        ServiceEnded: it did not start; Java may be missing.
        ServiceNotReady: it did not answer in time.
    """
    address = urlsplit(settings.spark)
    deadline = time.monotonic() + SECONDS_TO_START
    while not answers(address.hostname or "localhost", address.port or DEFAULT_PORT):
        services.check()
        if time.monotonic() > deadline:
            raise ServiceNotReady("Spark Connect", SECONDS_TO_START, _log(settings))
        time.sleep(0.2)


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _service(settings: Settings, endpoint: Endpoint) -> Service:
    import pyspark

    folder = settings.home / "staging" / "spark-connect"
    make_folder(folder)
    properties = folder / "server.conf"
    write_whole(properties, _properties(settings, endpoint).encode())
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    command = [
        str(submit), "--properties-file", str(properties), "--master", settings.spark, "--name", "onefile",
        "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal",
    ]  # fmt: skip
    home = java.home(os.environ)
    environ = {**os.environ, **({"JAVA_HOME": home} if home else {}), "SPARK_HOME": str(submit.parent.parent)}
    environ.setdefault("PYSPARK_PYTHON", sys.executable)  # what tasks outside of the engine run with
    return Service("Spark Connect", command, environ, folder, _log(settings))


def _properties(settings: Settings, endpoint: Endpoint) -> str:
    """Return the server's configuration; a file, because a command line can be read by everybody on the machine."""
    from pipelines import session

    values = session.in_process(settings) | {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(endpoint.port),
        "spark.connect.authenticate.token": endpoint.token,
    }
    return "".join(f"{name} {value}\n" for name, value in values.items())


def _log(settings: Settings) -> Path:
    return settings.home / "logs" / "spark-connect.log"


def answers(host: str, port: int) -> bool:
    """Say whether somebody listens there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
