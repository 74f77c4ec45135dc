"""Make ready what a lake in a store needs, into `.jars/s3/`: `python -m tools.s3 [--check]`.

The jars that `requirements/jars-s3.txt` pins are fetched as Delta's are. Then the log store (`pipelines/s3a/S3.scala`)
is compiled against them by the Scala compiler that Spark brings, so that no other compiler is wanted. Its jar comes
last and has the digest of its source in its name: where it is, all are there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from pipelines import store_engine
from tools import jars
from tools.jars import ROOT

SECONDS = 600
PINS = ROOT / "requirements" / "jars-s3.txt"


def compile_own(folder: Path, delta: Path) -> str | None:
    """Compile the log store into `folder`; return why not, or None when it is there.

    Args:
        delta: the folder of Delta's jars.
    """
    spark = find_spec("pyspark")
    if spark is None or spark.origin is None:
        return "pyspark is not installed: tools/setup python"
    brought = Path(spark.origin).parent / "jars"
    needed = [*sorted(folder.glob("*.jar")), *sorted(delta.glob("delta-storage-*.jar")),
              *sorted(brought.glob("hadoop-client-*.jar"))]  # fmt: skip
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        made = Path(scratch) / "made.jar"
        command = [
            str(ROOT / ".java" / "bin" / "java"), "-cp", f"{brought}/*", "scala.tools.nsc.Main", "-release", "17",
            "-Werror", "-deprecation", "-language:existentials", "-usejavacp",
            "-classpath", os.pathsep.join(map(str, needed)), "-d", str(made), str(store_engine.SOURCE),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode != 0 or not made.exists():
            return f"{store_engine.SOURCE.name} could not be compiled:\n{done.stdout}{done.stderr}"
        for old in folder.glob("onefile-s3a-*.jar"):
            old.unlink()
        made.rename(folder / store_engine.own_jar())
    return None


def main(arguments: list[str]) -> int:
    """Fetch and compile what is missing; with `--check` only say whether anything is."""
    delta = Path(os.environ.get("ONEFILE_JARS") or ROOT / ".jars")
    folder = delta / store_engine.FOLDER
    missing = [jar for jar in jars.pinned(PINS.read_text()) if not jars.is_whole(folder / jar.file_name, jar)]
    is_made = (folder / store_engine.own_jar()).exists()
    if "--check" in arguments:
        return 0 if is_made and not missing else 1
    folder.mkdir(parents=True, exist_ok=True)
    for jar in missing:
        print(f"setup-s3: {jar.file_name}", file=sys.stderr)
        if problem := jars.fetch(jar, folder):
            print(f"setup-s3: {jar.file_name} {problem}", file=sys.stderr)
            return 1
    problem = None if is_made and not missing else compile_own(folder, delta)
    if problem:
        print(f"setup-s3: {problem}", file=sys.stderr)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
