"""The serving database as a file: its door, its shape, its errors. What it keeps: tests/integration/test_serving.py."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from schemas.serving import migration, shape
from schemas.serving.connection import writing
from schemas.serving.database import database
from schemas.serving.errors import (
    BadDatabaseUrl,
    DatabaseBusy,
    DatabaseFailed,
    DatabaseGone,
    NewerDatabase,
    NothingPublished,
    OlderDatabase,
    ServingError,
)
from schemas.serving.reading import reading
from schemas.serving.tables import METADATA


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "serving.db"


@pytest.fixture
def url(file: Path) -> str:
    return f"sqlite:///{file}"


def test_the_migrations_make_the_tables_that_the_code_uses(url: str) -> None:
    migration.upgrade(url)
    with writing(url) as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_the_shapes_named_in_the_code_are_the_scripts_in_order() -> None:
    scripts = ScriptDirectory(str(migration.SCRIPTS))
    assert tuple(s.revision for s in reversed(list(scripts.walk_revisions()))) == shape.SHAPES


def test_the_reference_names_every_column() -> None:
    text = (Path(__file__).parents[3] / "docs" / "reference" / "serving-database.md").read_text(encoding="utf-8")
    for table in METADATA.tables.values():
        (line,) = (line for line in text.splitlines() if line.startswith(f"| `{table.name}` |"))
        assert [c.name for c in table.columns if f"`{c.name}`" not in line] == []


def test_the_file_and_its_folder_are_for_their_owner_alone_and_readers_do_not_wait(file: Path, url: str) -> None:
    migration.upgrade(url)
    with writing(url) as connection:
        connection.execute(text("INSERT INTO publication VALUES (1, 'person', 't', NULL, 1, '', 0, 0, NULL)"))
        modes = {path.name: path.stat().st_mode & 0o777 for path in file.parent.iterdir()}
        with reading(url) as snapshot:
            assert snapshot.rows("SELECT * FROM publication", {}) == []
    assert modes == {"serving.db": 0o600, "serving.db-wal": 0o600, "serving.db-shm": 0o600}
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_migrating_twice_changes_nothing(file: Path, url: str) -> None:
    migration.upgrade(url)
    before = file.read_bytes()
    migration.upgrade(url)
    assert file.read_bytes() == before


def test_a_migration_that_fails_leaves_no_table_behind(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with writing(url) as connection:
        connection.execute(text("CREATE TABLE publication (x TEXT)"))
    with pytest.raises(DatabaseFailed):
        migration.upgrade(url)
    with writing(url) as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars()
        assert list(names) == ["publication"]


def test_a_database_of_a_later_release_is_left_alone(file: Path, url: str) -> None:
    migration.upgrade(url)
    with writing(url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabase, match="shape 9999"):
        migration.upgrade(url)
    with pytest.raises(NewerDatabase), reading(url):
        pass


def test_a_database_of_an_earlier_release_is_read_after_it_was_brought_up_to_date(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migration.upgrade(url)
    monkeypatch.setattr(shape, "SHAPES", (*shape.SHAPES, "9000"))
    with pytest.raises(OlderDatabase, match="9000 is wanted"), reading(url):
        pass


def test_reading_makes_no_file_and_says_that_nothing_is_published(file: Path, url: str) -> None:
    with pytest.raises(NothingPublished), reading(url):
        pass
    assert not file.parent.exists()


def test_an_empty_file_holds_nothing_published(file: Path, url: str) -> None:
    with writing(url):
        pass
    with pytest.raises(NothingPublished), reading(url):
        pass


def test_a_reader_cannot_write(url: str) -> None:
    migration.upgrade(url)
    with pytest.raises(DatabaseFailed, match="SQLITE_READONLY"), reading(url) as snapshot:
        snapshot.rows("DELETE FROM publication", {})


def test_a_file_that_is_no_database_fails_by_its_engines_name_for_it(file: Path, url: str) -> None:
    file.parent.mkdir()
    file.write_bytes(b"690101199001011230 is no database" * 100)
    for opened in (reading(url), writing(url)):
        with pytest.raises(ServingError, match="SQLITE_NOTADB") as raised, opened:
            pass
        assert "690101" not in str(raised.value)
        assert raised.value.__suppress_context__


def test_of_two_writers_the_second_is_told_that_somebody_else_is_at_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migration.upgrade(url)
    monkeypatch.setattr("schemas.serving.connection.SECONDS_TO_WAIT", 0.1)
    with writing(url), pytest.raises(DatabaseBusy) as raised, writing(url):
        pass
    assert raised.value.exit_code == 5


def test_a_constraint_violation_quotes_no_value(url: str) -> None:
    migration.upgrade(url)
    planted = "690101199001011230"
    insert = text(f"INSERT INTO identifier VALUES ('person', 'citizen', '{planted}', 'p-{planted}')")
    with pytest.raises(DatabaseFailed, match="SQLITE_CONSTRAINT_FOREIGNKEY") as raised, writing(url) as connection:
        connection.execute(insert)
    assert planted not in str(raised.value)
    assert raised.value.__suppress_context__


def test_what_stops_in_the_middle_leaves_the_old_state(url: str) -> None:
    migration.upgrade(url)

    def stopped() -> None:
        with writing(url) as connection:
            connection.execute(text("INSERT INTO publication VALUES (1, 'person', 't', NULL, 1, '', 0, 0, NULL)"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    with reading(url) as snapshot:
        assert snapshot.rows("SELECT * FROM publication", {}) == []


def test_a_path_with_odd_characters_is_taken_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a b#c%41?d" / "一档通.db"
    migration.upgrade(f"sqlite:///{quote(str(file))}")
    assert file.exists()


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://root:secret@host/db",
        "oracle+nosuch://root:secret@host/db",
        "postgresql+psycopg2://root:secret@host/db",
        "postgresql+psycopg://root:secret@host:port/db",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_a_url_of_no_use_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadDatabaseUrl, match="write sqlite:///PATH") as raised:
        database(url)
    assert "secret" not in str(raised.value)


def test_a_server_that_is_gone_is_named_without_user_and_password() -> None:
    url = "postgresql+psycopg://onefile:secret@127.0.0.1:9/serving?sslpassword=secret2"
    for opened in (reading(url), writing(url)):
        with pytest.raises(DatabaseGone, match=r"serving \(PostgreSQL at 127\.0\.0\.1:9\) does not") as raised, opened:
            pass
        assert "secret" not in str(raised.value)
        assert raised.value.__suppress_context__


def test_a_place_says_neither_user_nor_password_nor_options() -> None:
    found = database("postgresql://me:secret@db.example/x?password=secret")
    assert found.place == "serving database x (PostgreSQL at db.example)"
