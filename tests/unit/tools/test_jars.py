"""Delta's jars: only the pinned bytes under their own name count."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pyspark
import pytest

from tools import jars


@pytest.fixture
def jar() -> jars.Jar:
    (made,) = jars.pinned(f"# why\norg.example:thing_2.13:1.2.3 {hashlib.sha256(b'whole').hexdigest()}\n")
    return made


def test_a_pin_is_read_with_its_file_name(jar: jars.Jar) -> None:
    assert (jar.group, jar.artifact, jar.version) == ("org.example", "thing_2.13", "1.2.3")
    assert jar.file_name == "thing_2.13-1.2.3.jar"


def test_a_half_download_does_not_count(jar: jars.Jar, tmp_path: Path) -> None:
    path = tmp_path / jar.file_name
    assert not jars.is_whole(path, jar)
    path.write_bytes(b"who")
    assert not jars.is_whole(path, jar)
    path.write_bytes(b"whole")
    assert jars.is_whole(path, jar)


def test_what_is_missing_or_altered_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEFILE_JARS", str(tmp_path))
    assert jars.main(["--check"]) == 1


def test_the_session_asks_for_the_jars_that_are_pinned() -> None:
    pinned = [jar.file_name for jar in jars.pinned((jars.ROOT / "requirements" / "jars.txt").read_text())]
    session = (jars.ROOT / "pipelines" / "session.py").read_text()
    assert all(f'"{name}"' in session for name in pinned)


def test_a_store_s_jars_are_of_the_hadoop_that_spark_brings_and_of_one_sdk() -> None:
    pinned = list(jars.pinned((jars.ROOT / "requirements" / "jars-s3.txt").read_text()))
    (brought,) = (Path(pyspark.__file__).parent / "jars").glob("hadoop-client-api-*.jar")
    (s3a,) = (jar for jar in pinned if jar.artifact == "hadoop-aws")
    assert brought.name == f"hadoop-client-api-{s3a.version}.jar"
    assert len({jar.version for jar in pinned if jar.group == "software.amazon.awssdk"}) == 1
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) for jar in pinned)
