"""What an engine needs for a lake in a store: jars, its configuration, and a log store that keeps Delta's promise."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import LakeStoreUnfit, StoreJarsMissing
from pipelines.store import Store

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FOLDER = "s3"
"""Where the jars lie, below those of Delta."""
LOG_STORE, KEY_FILE = "onefile.s3a.ConditionalLogStore", "onefile.s3a.KeyFile"
NAMED = "spark.delta.logStore.s3a.impl"
SOURCE = Path(__file__).parent / "s3a" / "S3.scala"


def own_jar() -> str:
    """Return the name of the jar that is compiled of our source: another source has another."""
    return f"onefile-s3a-{hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]}.jar"


def jars(folder: Path) -> tuple[Path, ...]:
    """Return the jars for a store below the folder of Delta's. Ours is made last: with it, all are there.

    Raises:
        StoreJarsMissing: they are not, or are of another release.
    """
    if not (folder / FOLDER / own_jar()).exists():
        raise StoreJarsMissing(str(folder / FOLDER))
    ours = (path for path in sorted((folder / FOLDER).glob("*.jar")) if not path.name.startswith("onefile-"))
    return (*ours, folder / FOLDER / own_jar())


def configuration(store: Store, scratch: Path) -> dict[str, str]:
    """Return the engine's configuration for a store. It names the file with the key, and has no key itself.

    Args:
        scratch: a folder of the home for what waits to be sent.
    """
    s3a = {
        "endpoint": store.endpoint,
        "endpoint.region": store.region,
        "path.style.access": "true",
        "aws.credentials.provider": KEY_FILE,
        "onefile.key.file": str(store.key_file),
        "create.conditional.enabled": "true",
        "input.stream.type": "classic",
        "buffer.dir": str(scratch / "s3a"),
        "retry.limit": "4",
        "attempts.maximum": "4",
    }
    return {NAMED: LOG_STORE} | {f"spark.hadoop.fs.s3a.{name}": value for name, value in s3a.items()}


def require(spark: SparkSession) -> None:
    """See that an engine, which may have been started elsewhere, commits by our log store.

    Raises:
        LakeStoreUnfit: it does not: it knows of its own commits only, and would write over those of others.
    """
    if spark.conf.get(NAMED, "") != LOG_STORE:
        raise LakeStoreUnfit(
            f"the engine that ONEFILE_SPARK names was not told of it: start it with ONEFILE_LAKE set, or with "
            f"{NAMED}={LOG_STORE} and the rest that docs/how-to/keep-the-lake-in-a-store.md lists"
        )
