"""A real Spark Connect service for a test, with all that it has started in a process of its own.

Whoever runs services ends every process that it has started, and asks not to be interrupted then: a test does not.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from onefile.files import make_folder
from onefile.services import spark_connect

SERVE = """
import sys
from onefile import settings
from onefile.services import spark_connect
from onefile.services.processes import running

here = settings.read()
with running() as services:
    served, token = spark_connect.served(here, spark_connect.start(services, here))
    spark_connect.wait(services, served)
    print(served.spark, token[spark_connect.TOKEN], flush=True)
    sys.stdin.read()
"""


@contextmanager
def served_engine(home: Path, spark: str = "") -> Iterator[Mapping[str, str]]:
    """Have a service for the length of the block; yield what a client has to be told of it.

    Args:
        home: of the service.
        spark: where it works; empty: in its own process.
    """
    make_folder(home / "logs")
    environ = {**os.environ, "ONEFILE_HOME": str(home), "ONEFILE_SPARK_MEMORY": "1g", "ONEFILE_SPARK": spark}
    command = [sys.executable, "-c", SERVE]
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdin is not None
        assert serving.stdout is not None
        address, token = serving.stdout.readline().split()
        try:
            yield {"ONEFILE_SPARK": address, spark_connect.TOKEN: token}
        finally:
            serving.stdin.close()
