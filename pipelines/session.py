"""One Spark session a process: in process, on a cluster, or through Spark Connect, by address alone."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from pyspark.sql import SparkSession

from onefile import java
from onefile.settings import Settings
from pipelines import effort, engine_sessions, places, store_engine
from pipelines import scratch as scratch_folders
from pipelines.errors import JarsMissing, NoJava
from pipelines.store import Store

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession as ConnectSession

JARS = ("delta-spark_4.2_2.13-4.4.0.jar", "delta-storage-4.4.0.jar")
LOG_SETTINGS = Path(__file__).with_name("log4j2.properties")

ASKED_FOR = ("PythonUtils", "functions", "org.apache.spark.sql.functions")
# What every session has, in process or served.
COMMON = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
    "spark.hadoop.fs.permissions.umask-mode": "077",
    "spark.hadoop.parquet.page.verify-checksum.enabled": "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.adaptive.enabled": "true",
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.sql.objectHashAggregate.sortBased.fallbackThreshold": "4096",
}


def session(settings: Settings, *, is_brief: bool = True) -> SparkSession:
    """Return the process's session, started if it is not yet.

    Args:
        is_brief: the process ends when a run's work is done; an engine that lives for long learns to be faster.

    Raises:
        JarsMissing: an in-process session is asked for and the Delta jars are absent.
        StoreJarsMissing: likewise, and the lake lies in a store and its jars are absent.
        NoJava: the engine did not start.
        StillAtWork: a served engine does not end what a killed process had asked it for.
    """
    _silence()
    if settings.spark.startswith("sc://"):
        return _served(settings)
    started = SparkSession.getActiveSession()
    if started is not None:
        return started
    java.use_own()
    builder = SparkSession.builder.master(settings.spark).appName("onefile")
    for name, value in in_process(settings, is_small=_is_small(settings), is_brief=is_brief).items():
        builder = builder.config(name, value)
    try:
        with _output_to(settings.home / "logs" / "spark.log"):
            started = builder.getOrCreate()
    except (RuntimeError, OSError):
        raise NoJava from None
    _look_up_once(started)
    return started


def _served(settings: Settings) -> SparkSession:
    """Return a session of a served engine, which plans as little as a small lake asks for, and is noted as in use."""
    builder = SparkSession.builder.remote(settings.spark)
    for name, value in (effort.PLAINLY if _is_small(settings) else {}).items():
        if name.startswith("spark.sql."):
            builder = builder.config(name, value)
    connect = cast("Callable[[], ConnectSession]", builder.getOrCreate)
    return cast("SparkSession", engine_sessions.opened(settings.home, settings.spark, connect))


def _is_small(settings: Settings) -> bool:
    return effort.is_small(settings.home, place=places.of(settings))


def _look_up_once(spark: SparkSession) -> None:
    """Keep what PySpark asks the engine for with each column: py4j forgets it, and seeks short names in all jars."""
    jvm = spark.sparkContext._jvm
    for name in ASKED_FOR:
        setattr(jvm, name, _LookedUp(getattr(jvm, name)))


class _LookedUp:
    """A class of the engine whose members are asked for once."""

    def __init__(self, found: Any) -> None:
        self._found = found

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._found, name)
        setattr(self, name, member)
        return member


def _silence() -> None:
    """Let PySpark's own logger say nothing: it quotes the engine, which quotes rows. Nor py4j, when it closes."""
    logging.getLogger("DataFrameQueryContextLogger").disabled = True
    logging.getLogger("py4j").setLevel(logging.CRITICAL)


@contextmanager
def _output_to(path: Path) -> Iterator[None]:
    """Let what is started meanwhile write its output and its errors to a file, and not among what we print."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sys.stdout.flush()
    kept = {stream: os.dup(stream) for stream in (1, 2)}
    try:
        with path.open("ab") as file:
            path.chmod(0o600)
            for stream in kept:
                os.dup2(file.fileno(), stream)
        yield
    finally:
        for stream, copy in kept.items():
            os.dup2(copy, stream)
            os.close(copy)


def in_process(settings: Settings, *, is_small: bool = False, is_brief: bool = True) -> dict[str, str]:
    """Return the configuration of a session that runs its own engine. Sizes are of this machine.

    Args:
        is_small: what it will compute is little (`effort.is_small`), so that preparing costs more than it saves.
        is_brief: it will not live for long.
    """
    cores = os.cpu_count() or 2
    scratch = scratch_folders.own(settings.home)
    jvm = (
        f'"-Dlog4j2.configurationFile={LOG_SETTINGS.as_uri()}"',
        f'"-Dderby.system.home={scratch}"',
        "-XX:+UseParallelGC",
        *(effort.QUICK_JVM if is_small and is_brief else ()),
    )
    store = places.of(settings)
    needed = (*jars(settings.jars), *(store_engine.jars(settings.jars) if isinstance(store, Store) else ()))
    machine = {
        "spark.jars": ",".join(str(jar) for jar in needed),
        "spark.sql.shuffle.partitions": str(max(2, cores)),
        "spark.default.parallelism": str(max(2, cores)),
        "spark.driver.memory": settings.spark_memory,
        "spark.driver.extraJavaOptions": " ".join(jvm),
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
    }
    of_store = store_engine.configuration(store, scratch) if isinstance(store, Store) else {}
    return COMMON | machine | of_store | _listening(settings.spark) | (effort.PLAINLY if is_small else {})


def _listening(master: str) -> dict[str, str]:
    """Listen on loopback, but where the workers of a cluster on other machines have to reach us."""
    if master.startswith("spark://") and urlsplit(master).hostname not in ("127.0.0.1", "localhost", "::1"):
        return {}
    return {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


def jars(folder: Path) -> tuple[Path, ...]:
    """Return the Delta jars in `folder`; JarsMissing when one is not there."""
    found = tuple(path for name in JARS for path in folder.glob(f"*{name}"))
    if len(found) != len(JARS):
        raise JarsMissing(str(folder))
    return found
