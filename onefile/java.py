"""Which Java our processes start: the caller's `JAVA_HOME`, else what `tools/setup` laid beside the code.

And which Python an engine's tasks start: the caller's `PYSPARK_PYTHON`, else the one that runs here.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

OWN = Path(__file__).parent.parent / ".java"


def home(environ: Mapping[str, str]) -> str | None:
    """Return the `JAVA_HOME` to use, or None: whatever `java` is on the PATH."""
    if environ.get("JAVA_HOME"):
        return environ["JAVA_HOME"]
    return str(OWN) if (OWN / "bin" / "java").exists() else None


def use_own() -> None:
    """Let engines that this process starts find a Java, and their tasks our Python: before the first one starts."""
    found = home(os.environ)
    if found is not None:
        os.environ["JAVA_HOME"] = found
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)


def program() -> str:
    """Return the Java to start: that of `home`, or whatever `java` is on the PATH."""
    found = home(os.environ)
    return str(Path(found) / "bin" / "java") if found else "java"


def compiler() -> tuple[Path, ...]:
    """Return the jars of Janino, the compiler that Spark brings; FileNotFoundError where Spark is not installed."""
    spark = importlib.util.find_spec("pyspark")
    places = [] if spark is None else [Path(each) / "jars" for each in spark.submodule_search_locations or ()]
    found = [jar for place in places for name in ("janino-*.jar", "commons-compiler-*.jar") for jar in place.glob(name)]
    if not found:
        raise FileNotFoundError("janino")
    return tuple(found)
