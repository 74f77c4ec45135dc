"""Fetch Delta's jars once, with Spark's own Ivy, into `.jars/`: `python tools/jars.py [--check]`.

A jar counts only under its own name and with the hash that `requirements/jars.txt` pins; it gets that
name after its hash was checked, in one step. Jars copied in by hand count likewise, so a machine
without a network is served by carrying the folder over.
"""

from __future__ import annotations

import hashlib
import os
import ssl
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 300


@dataclass(frozen=True)
class Jar:
    """A line of the pin list: Maven coordinates and the SHA-256 (hex) of the file."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def pinned(text: str) -> Iterator[Jar]:
    """Read `group:artifact:version sha256` lines; lines that begin with # say something to people."""
    for line in text.splitlines():
        if line and not line.startswith("#"):
            coordinates, sha256 = line.split()
            group, artifact, version = coordinates.split(":")
            yield Jar(group, artifact, version, sha256)


def is_whole(path: Path, jar: Jar) -> bool:
    """Say whether the file is there and is the one that is pinned."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256


def fetch(jar: Jar, folder: Path) -> str | None:
    """Bring a jar into `folder`; return why not, or None when it is there."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        ivy = subprocess.run(ivy_command(jar, Path(scratch)), capture_output=True, timeout=SECONDS, check=False)
        got = Path(scratch) / jar.file_name
        if ivy.returncode != 0 or not got.exists():
            return "could not be fetched: is the Maven registry reached from here? (or copy it in by hand)"
        if not is_whole(got, jar):
            return "is not the file that is pinned: nothing was kept"
        got.rename(folder / jar.file_name)
    return None


def ivy_command(jar: Jar, scratch: Path) -> list[str]:
    """Return the command that has Spark's own Ivy fetch one jar without what it depends on."""
    spark = find_spec("pyspark")
    if spark is None or spark.origin is None:
        sys.exit("setup: pyspark is not installed: tools/setup python")
    (ivy,) = (Path(spark.origin).parent / "jars").glob("ivy-*.jar")
    return [
        str(ROOT / ".java" / "bin" / "java"), *trust(scratch / "trusted.p12"), "-cp", str(ivy), "org.apache.ivy.Main",
        "-cache", str(scratch / "cache"), "-notransitive", "-types", "jar", "-confs", "default",
        "-dependency", jar.group, jar.artifact, jar.version,
        "-retrieve", str(scratch / "[artifact]-[revision].[ext]"),
    ]  # fmt: skip


def trust(store: Path) -> list[str]:
    """Write the machine's certificate authorities where Java can read them; return the options that say so.

    A Java of its own trusts what it was shipped with; a bureau's proxy is known to the machine only.
    """
    authorities = [pkcs12.PKCS12Certificate(c, f"{i}".encode()) for i, c in enumerate(machine_authorities())]
    if not authorities:
        return []
    store.write_bytes(pkcs12.serialize_java_truststore(authorities, BestAvailableEncryption(b"public")))
    return [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=public"]


def machine_authorities() -> list[x509.Certificate]:
    """Return the certificates of the file that OpenSSL is told of, else of Debian's bundle, else none."""
    paths = ssl.get_default_verify_paths()
    bundle = Path(paths.capath or "/etc/ssl/certs") / "ca-certificates.crt"
    for path in (Path(paths.cafile) if paths.cafile else bundle, bundle):
        if path.is_file():
            with warnings.catch_warnings(action="ignore"):  # old authorities with odd serial numbers
                return x509.load_pem_x509_certificates(path.read_bytes())
    return []


def main(arguments: list[str]) -> int:
    """Fetch what is missing; with `--check` only say whether anything is."""
    folder = Path(os.environ.get("ONEFILE_JARS") or ROOT / ".jars")
    jars = list(pinned((ROOT / "requirements" / "jars.txt").read_text()))
    missing = [jar for jar in jars if not is_whole(folder / jar.file_name, jar)]
    if "--check" in arguments:
        return 1 if missing else 0
    folder.mkdir(exist_ok=True)
    for jar in missing:
        print(f"setup: {jar.file_name}", file=sys.stderr)
        if problem := fetch(jar, folder):
            print(f"setup: {jar.file_name} {problem}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
