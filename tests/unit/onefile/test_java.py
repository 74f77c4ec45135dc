"""Which Java is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from onefile import java


def test_the_caller_s_java_home_wins() -> None:
    assert java.home({"JAVA_HOME": "/opt/jdk"}) == "/opt/jdk"


def test_else_the_one_that_setup_laid_beside_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "OWN", tmp_path)
    assert java.home({}) is None
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").touch()
    assert java.home({}) == str(tmp_path)
