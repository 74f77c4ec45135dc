"""Which Java our processes start: the caller's `JAVA_HOME`, else what `tools/setup` laid beside the code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

OWN = Path(__file__).parent.parent / ".java"


def home(environ: Mapping[str, str]) -> str | None:
    """Return the `JAVA_HOME` to use, or None: whatever `java` is on the PATH."""
    if environ.get("JAVA_HOME"):
        return environ["JAVA_HOME"]
    return str(OWN) if (OWN / "bin" / "java").exists() else None


def use_own() -> None:
    """Let engines that this process starts find a Java. Called before the first one starts."""
    found = home(os.environ)
    if found is not None:
        os.environ["JAVA_HOME"] = found
