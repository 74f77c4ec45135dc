"""Drivers without an engine: Java processes that have our log store, as each engine that writes to a lake has one."""

from __future__ import annotations

import os
from pathlib import Path

import pyspark
from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway
from py4j.protocol import Py4JJavaError

from pipelines import store_engine
from pipelines.store import Store
from tests.documents import ROOT

CONFLICT = "java.nio.file.FileAlreadyExistsException"
SPARK = Path(pyspark.__file__).parent / "jars"


class Driver:
    """A process of its own. What Delta asks of a log store it asks here by the test's hand."""

    def __init__(self, store: Store) -> None:
        jars = [*store_engine.jars(ROOT / ".jars"), *(ROOT / ".jars").glob("delta-storage-*.jar")]
        (py4j,) = SPARK.glob("py4j-*.jar")
        port, token = launch_gateway(
            jarpath=str(py4j), classpath=os.pathsep.join([f"{SPARK}/*", *map(str, jars)]), die_on_exit=True,
            java_path=str(ROOT / ".java" / "bin" / "java"), enable_auth=True,
        )  # fmt: skip
        self._gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port, auth_token=token))
        self._jvm = self._gateway.jvm
        self._conf = self._jvm.org.apache.hadoop.conf.Configuration()
        for name, value in store_engine.configuration(store, store.key_file.parent / "scratch").items():
            self._conf.set(name.removeprefix("spark.hadoop."), value)
        self._log = self._jvm.onefile.s3a.ConditionalLogStore(self._conf)

    def commit(self, path: str, line: str) -> str:
        """Try to make a commit; return its line, or the name of the exception that it ended with."""
        lines = self._jvm.java.util.ArrayList()
        lines.append(line)
        try:
            self._log.write(self._jvm.org.apache.hadoop.fs.Path(path), lines.iterator(), False, self._conf)
        except Py4JJavaError as error:
            return str(error.java_exception.getClass().getName())
        return line

    def end(self) -> None:
        self._gateway.shutdown()
