"""`onefile database move` as somebody calls it: what it says when it cannot, and that nothing is left half."""

from __future__ import annotations

from pathlib import Path

import pytest

from onefile.cli import main
from schemas.serving import migration
from schemas.serving.connection import writing
from tests.vault import issue_rows, permit, vault_of


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ONEFILE_DATABASE_URL", f"sqlite:///{tmp_path}/new.db")
    monkeypatch.setenv("ONEFILE_LANG", "en")
    return tmp_path / "home"


def test_what_stands_in_the_home_s_own_database_is_moved_and_stays(home: Path, capsys: pytest.CaptureFixture) -> None:
    issue_rows(vault_of(home, f"sqlite:///{home}/serving.db"), [permit(1)], "d-1")
    assert main.run(["database", "move"]) == 0
    assert "moved into the serving database" in capsys.readouterr().out
    assert (home / "serving.db").exists()
    assert main.run(["database", "move"]) == 1
    assert "is not empty: name a new one" in capsys.readouterr().err


def test_a_move_that_was_cut_off_begins_anew(home: Path, tmp_path: Path) -> None:
    issue_rows(vault_of(home, f"sqlite:///{home}/serving.db"), [permit(1)], "d-1")
    migration.upgrade(f"sqlite:///{tmp_path}/new.db")
    assert main.run(["database", "move"]) == 0


def test_nothing_is_made_where_there_is_nothing_to_move(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main.run(["database", "move", "--from", f"sqlite:///{tmp_path}/none.db"]) == 1
    assert "has no tables: name another; nothing was moved" in capsys.readouterr().err
    assert list(tmp_path.glob("*.db")) == []


def test_an_older_database_and_the_same_one_are_refused(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    old = f"sqlite:///{tmp_path}/old.db"
    migration.upgrade(old)
    with writing(old) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    assert main.run(["database", "move", "--from", old]) == 1
    assert "of an earlier release" in capsys.readouterr().err
    assert main.run(["database", "move", "--from", f"sqlite:///{tmp_path}/new.db"]) == 1
    assert "the one to move from and to" in capsys.readouterr().err
