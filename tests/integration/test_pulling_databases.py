"""Rows of departments' own databases become deliveries: exact, of one moment, once, and nothing where it broke off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, make_url

from inbox.errors import FileBroken
from inbox.pulling import databases
from inbox.pulling.addresses import Address
from inbox.pulling.drivers import DRIVERS
from inbox.pulling.errors import SourceFailed, SourceOdd, SourceUnusable
from inbox.pulling.rows import Rows
from tests.postgres import PostgreSQL
from tests.pulled import Pull, shops

HEADERS = ("编号", "信用代码", "开业", "类别")
KINDS = ("sqlite", "postgresql", "mariadb")
TABLE = "{from: SHOPS, database: {table: shops}}"


class Database:
    """A department's database: runs statements in it."""

    def __init__(self, url: str) -> None:
        self.url = url
        made = make_url(url)
        self.kind = made.get_backend_name()
        self._engine = create_engine(made.set(drivername=DRIVERS[self.kind]))

    def run(self, *statements: str) -> None:
        with self._engine.begin() as connection:
            for each in statements:
                quoted = each.replace('"', "`") if self.kind == "mysql" else each
                connection.exec_driver_sql(quoted.replace("%", "%%") if self.kind != "sqlite" else quoted)

    def shops(self, *rows: str, more: str = "") -> None:
        """Make the table of shops with these rows."""
        columns = ", ".join(f'"{name}" varchar(40)' for name in HEADERS)
        charset = " CHARACTER SET utf8mb4" if self.kind == "mysql" else ""
        self.run(f"CREATE TABLE shops ({columns}{more}){charset}")
        for row in rows:
            self.run(f"INSERT INTO shops VALUES ({row})")


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        path = tmp_path / "theirs.db"
        path.touch()
        return Database(f"sqlite:///{path}")
    return Database(request.getfixturevalue({"postgresql": "postgres_url", "mariadb": "mariadb_url"}[request.param]))


@pytest.fixture
def pull(database: Database, tmp_path: Path) -> Callable[..., Pull]:
    def made(source: str = TABLE, **more: str) -> Pull:
        return Pull(tmp_path / "var", shops(tmp_path / "declared", source, **more), database.url)

    return made


def test_a_table_becomes_a_delivery_that_the_door_takes(database: Database, pull: Callable[..., Pull]) -> None:
    database.shops("'AB0001', '𠮷野家 ''甲''', '2020/1/1', NULL", "'AB0002', '', '  ', 'a:b %s'")
    done = pull().one()
    assert (done.state, done.rows) == ("new", 2)
    assert sorted(pull().rows(done.delivery), key=lambda row: str(row["编号"])) == [
        dict(zip(HEADERS, ("AB0001", "𠮷野家 '甲'", "2020/1/1", None), strict=True)),
        dict(zip(HEADERS, ("AB0002", "", "  ", "a:b %s"), strict=True)),
    ]
    assert pull().one().state == "waiting"
    [arrival] = pull().receive()
    assert (arrival.status, arrival.delivery) == ("taken", done.delivery)
    assert pull().one().state == "taken"


TYPED = {
    "postgresql": (
        (
            "12345678901234567890.1200::numeric",
            "timestamptz '2026-03-01 08:00:00.5+08'",
            "date '0044-03-15 BC'",
            "true",
        ),
        ("12345678901234567890.1200", "2026-03-01 08:00:00.5+08:00", "0044-03-15 BC", "true"),
    ),
    "mysql": (
        (
            "CAST('1234567890123456.1200' AS DECIMAL(30,4))",
            "NULL",
            "TIMESTAMP '2026-03-01 08:00:00.500000'",
            "b'101' + 0",
        ),
        ("1234567890123456.1200", None, "2026-03-01 08:00:00.500000", "5"),
    ),
    "sqlite": (("0.1", "2", "1e21", "'x:y'"), ("0.1", "2", "1000000000000000000000", "x:y")),
}


def test_values_come_as_the_database_itself_writes_them(database: Database, pull: Callable[..., Pull]) -> None:
    made, wanted = TYPED[database.kind]
    quote = "`" if database.kind == "mysql" else '"'
    named = [f"{each} AS {quote}{name}{quote}" for each, name in zip(made, HEADERS, strict=True)]
    one = pull(_block(f"SELECT {', '.join(named)}"))
    assert one.rows(one.one().delivery) == [dict(zip(HEADERS, wanted, strict=True))]


ZONED = {"postgresql": "timestamptz", "mysql": "timestamp"}


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_an_instant_comes_with_the_day_that_it_was_in_the_zone_of_legal_days(
    database: Database, pull: Callable[..., Pull]
) -> None:
    database.shops("'A', '', '', '', '2026-03-01 00:30:00'", more=f", changed {ZONED[database.kind]} NULL")
    quote = "`" if database.kind == "mysql" else '"'
    names = ", ".join(f"{quote}{name}{quote}" for name in HEADERS[:3])
    zone = "'2026-03-01 00:30:00+08'::timestamptz" if database.kind == "postgresql" else "changed"
    if database.kind == "mysql":  # what was written in UTC, where the server is
        database.run("SET time_zone = '+00:00'", "UPDATE shops SET changed = '2026-02-28 16:30:00'")
    made = pull(_block(f"SELECT {names}, {zone} AS {quote}类别{quote} FROM shops"))
    [row] = made.rows(made.one().delivery)
    assert row["类别"] == "2026-03-01 00:30:00+08:00"


def _block(query: str) -> str:
    return f"\n  from: SHOPS\n  database:\n    query: |-\n      {query}"


def test_only_what_changed_since_the_last_time_comes_and_nothing_at_the_edge_is_lost_or_twice(
    database: Database, pull: Callable[..., Pull]
) -> None:
    source = "{from: SHOPS, database: {table: shops, watermark: changed, overlap: 60}}"
    database.shops("'A', '', '', '', '2026-03-01 08:00:00'", "'N', '', '', '', NULL", more=", changed timestamp NULL")
    assert pull(source).one().rows == 2
    assert pull(source).one().state == "nothing"
    database.run("INSERT INTO shops VALUES ('B', '', '', '', '2026-03-01 08:00:00')",  # the same instant
                 "INSERT INTO shops VALUES ('C', '', '', '', '2026-03-01 07:59:30')",  # ended late, within the overlap
                 "INSERT INTO shops VALUES ('D', '', '', '', '2026-03-02 08:00:00')")  # fmt: skip
    done = pull(source).one()
    assert sorted(str(row["编号"]) for row in pull(source).rows(done.delivery)) == ["B", "C", "D"]
    assert pull(source).one().state == "nothing"
    assert pull(source).one(is_full=True).rows == 5


NUMBERED = "{from: SHOPS, database: {table: shops, watermark: changed}}"


def names(pull: Pull, delivery: str | None) -> list[str]:
    return sorted(str(row["编号"]) for row in pull.rows(delivery))


def test_rows_whose_watermark_lies_ahead_come_once_and_hold_up_nothing(
    database: Database, pull: Callable[..., Pull]
) -> None:
    database.shops("'A', '', '', '', '2037-12-31 00:00:00'", more=", changed timestamp NULL")
    assert pull(NUMBERED).one().rows == 1
    assert pull(NUMBERED).one().state == "nothing"
    database.run("INSERT INTO shops VALUES ('B', '', '', '', '2026-03-01 08:00:00')")
    assert names(pull(NUMBERED), pull(NUMBERED).one().delivery) == ["B"]
    database.run("INSERT INTO shops VALUES ('C', '', '', '', '2026-03-02 08:00:00')")
    assert names(pull(NUMBERED), pull(NUMBERED).one().delivery) == ["C"]
    assert pull(NUMBERED).one().state == "nothing"


def test_a_table_that_was_filled_anew_is_read_from_its_begin(database: Database, pull: Callable[..., Pull]) -> None:
    database.shops("'A', '', '', '', 7", "'B', '', '', '', 8", more=", changed bigint")
    assert pull(NUMBERED).one().rows == 2
    database.run("DELETE FROM shops", "INSERT INTO shops VALUES ('C', '', '', '', 1)")
    assert names(pull(NUMBERED), pull(NUMBERED).one().delivery) == ["C"]
    database.run("DROP TABLE shops")
    database.shops("'D', '', '', '', '2026-03-01 08:00:00'", more=", changed timestamp NULL")
    assert names(pull(NUMBERED), pull(NUMBERED).one().delivery) == ["D"]
    assert pull(NUMBERED).one().state == "nothing"


def test_another_system_behind_the_same_setting_is_read_from_its_begin(tmp_path: Path) -> None:
    for name, rows in (("tried", ["'A', '', '', '', 5"]), ("real", ["'B', '', '', '', 1", "'C', '', '', '', 9"])):
        path = tmp_path / f"{name}.db"
        path.touch()
        Database(f"sqlite:///{path}").shops(*rows, more=", changed bigint")
        made = Pull(tmp_path / "var", shops(tmp_path / "declared", NUMBERED), f"sqlite:///{path}")
        assert made.one().rows == len(rows)
        assert made.one().state == "nothing"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (
            "postgresql://reader:a/b@db.water.example:5432/meters?sslmode=require",
            "postgresql://db.water.example:5432/meters",
        ),
        ("postgresql://onefile@/meters?host=/run", "postgresql:///meters"),
        ("jdbc:dm://db:5236;user=reader;password=geheim", "jdbc:dm://db:5236"),
        ("jdbc:derby:/srv/x", "jdbc:derby:/srv/x"),
        ("https://reader:geheim@water.example/api", "https://water.example/api"),
    ],
)
def test_a_system_is_known_by_its_place_and_not_by_who_asks(url: str, place: str) -> None:
    assert Address("X", url).place == place


def test_numbers_that_are_kept_as_texts_are_no_watermark(database: Database, pull: Callable[..., Pull]) -> None:
    database.shops("'A', '', '', '', '20261129'", "'B', '', '', '', '20261130'", more=", changed varchar(20)")
    assert pull(NUMBERED).one().rows == 2  # as long as all are of one length they grow as numbers do
    database.run("INSERT INTO shops VALUES ('C', '', '', '', '100000000')")
    with pytest.raises(SourceOdd, match="a number kept as a text"):
        pull(NUMBERED)()


def test_signs_in_names_and_a_comment_in_a_query_mean_nothing_to_the_database(
    database: Database, tmp_path: Path
) -> None:
    quote = "`" if database.kind == "mysql" else '"'
    odd = "占比(%):a" + quote
    columns = ", ".join(f"{quote}{name.replace(quote, quote * 2)}{quote} varchar(9)" for name in (*HEADERS[:3], odd))
    database._engine.dispose()
    with database._engine.begin() as connection:
        made = f"CREATE TABLE shops ({columns})" + (" CHARACTER SET utf8mb4" if database.kind == "mysql" else "")
        for statement in (made, "INSERT INTO shops VALUES ('A', '', '', '9%')"):
            connection.exec_driver_sql(statement.replace("%", "%%") if database.kind != "sqlite" else statement)
    for number, source in enumerate((TABLE, _block("SELECT * FROM shops -- all of them"))):
        resource = shops(tmp_path / f"declared{number}", source)
        named = [replace(m, source=odd) if m.source == "类别" else m for m in resource.columns]
        one = Pull(tmp_path / f"var{number}", replace(resource, columns=tuple(named)), database.url)
        assert one.rows(one.one().delivery) == [{"编号": "A", "信用代码": "", "开业": "", odd: "9%"}]


def test_text_in_another_encoding_than_the_database_says_is_told_without_it(
    postgres_server: PostgreSQL, tmp_path: Path
) -> None:
    import psycopg

    there = f"host={postgres_server.folder} user=onefile client_encoding=utf8"
    with psycopg.connect(f"{there} dbname=postgres", autocommit=True) as session:
        session.execute("CREATE DATABASE in_gbk ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    with psycopg.connect(f"{there} dbname=in_gbk", autocommit=True) as session:
        columns = ", ".join(f'"{name}" text' for name in HEADERS)
        session.execute(f"CREATE TABLE shops ({columns})".encode())
        session.execute("INSERT INTO shops VALUES (convert_from('\\xd5c5', 'SQL_ASCII'), '', '', '')")
    url = f"postgresql://onefile@/in_gbk?host={postgres_server.folder}"
    with pytest.raises(SourceOdd, match="in another encoding"):
        Pull(tmp_path / "var", shops(tmp_path / "declared", TABLE), url)()


def test_a_mark_of_another_season_is_the_same_instant_to_mariadb(mariadb_url: str, tmp_path: Path) -> None:
    database = Database(mariadb_url)
    database.run("SET time_zone = '+00:00'")
    database.shops("'A', '', '', '', '2026-10-25 00:30:00'", more=", changed timestamp NULL")
    made = Pull(tmp_path / "var", shops(tmp_path / "declared", NUMBERED), mariadb_url)
    made.zone = ZoneInfo("Europe/Berlin")
    assert made.one(at=datetime(2026, 10, 25, 0, 40, tzinfo=UTC)).rows == 1
    database.run("INSERT INTO shops VALUES ('B', '', '', '', '2026-10-25 00:45:00')")
    assert names(made, made.one(at=datetime(2026, 10, 25, 1, 5, tzinfo=UTC)).delivery) == ["B"]


def test_a_column_that_is_new_or_gone_stops_the_pull_with_its_name(
    database: Database, pull: Callable[..., Pull]
) -> None:
    database.shops(more=", phone varchar(9)")
    with pytest.raises(FileBroken, match="not declared: phone;"):
        pull()()
    database.run("ALTER TABLE shops DROP COLUMN phone", 'ALTER TABLE shops DROP COLUMN "类别"')
    with pytest.raises(FileBroken, match="lacks columns: 类别;"):
        pull()()
    assert pull().waiting() == []


def test_bytes_are_refused_with_their_column(database: Database, pull: Callable[..., Pull]) -> None:
    made = {"sqlite": "x'00'", "postgresql": "'\\x00'::bytea", "mysql": "_binary x'00'"}[database.kind]
    quote = "`" if database.kind == "mysql" else '"'
    names = ", ".join(f"'' AS {quote}{name}{quote}" for name in HEADERS[:3])
    with pytest.raises(SourceOdd, match="bytes"):
        pull(_block(f"SELECT {names}, {made} AS {quote}类别{quote}"))()


def test_a_missing_table_is_told_without_the_address(database: Database, pull: Callable[..., Pull]) -> None:
    with pytest.raises(SourceFailed) as told:
        pull()()
    assert told.value.attempts == 1 or database.kind == "sqlite"
    assert database.url not in str(told.value)


@pytest.mark.parametrize(
    "address", ["", "nonsense", "mssql://x", "postgresql://u:p@h:1x/d", "sqlite:////nowhere/at/all.db", "@/nowhere"]
)
def test_an_address_that_cannot_be_used_is_told_by_its_setting(tmp_path: Path, address: str) -> None:
    with pytest.raises(SourceUnusable, match="ONEFILE_SOURCE_SHOPS cannot be pulled from"):
        Pull(tmp_path / "var", shops(tmp_path / "declared", TABLE), address)()


@pytest.mark.parametrize("address", ["postgresql://u@127.0.0.1:9/d\nsslmode: verify-full", "file:///\nca: x"])
def test_a_line_that_would_not_be_read_is_told(tmp_path: Path, address: str) -> None:
    source = TABLE if "sql" in address else '{from: SHOPS, files: {name: "*.csv"}}'
    form = "format: jsonl" if "sql" in address else "format: csv"
    with pytest.raises(SourceUnusable, match="below"):
        Pull(tmp_path / "var", shops(tmp_path / "declared", source, form), address)()


def test_an_address_may_stand_in_a_file_that_only_its_owner_reads(postgres_url: str, tmp_path: Path) -> None:
    Database(postgres_url).shops("'A', '', '', ''")
    file = tmp_path / "shops.source"
    file.write_text(f"{postgres_url}\npassword: not-asked-for\n")
    file.chmod(0o644)
    made = Pull(tmp_path / "var", shops(tmp_path / "declared", TABLE), f"@{file}")
    with pytest.raises(SourceUnusable, match="chmod 600"):
        made()
    file.chmod(0o600)
    assert made.one().rows == 1


def test_ranges_of_a_key_are_read_side_by_side_as_of_one_moment(postgres_url: str, tmp_path: Path) -> None:
    database = Database(postgres_url)
    database.shops(more=", id bigint")
    database.run("INSERT INTO shops SELECT 'AB' || n, '', '', '', n FROM generate_series(-50, 949) n",
                 "INSERT INTO shops VALUES ('NULL', '', '', '', NULL)")  # fmt: skip
    source = "{from: SHOPS, database: {table: public.shops, key: id, parallel: 3}}"
    made = Pull(tmp_path / "var", shops(tmp_path / "declared", source), postgres_url)
    whole = databases._Pull._snapshot

    def changed_meanwhile(pull: databases._Pull, connection: databases.Connection) -> str | None:
        snapshot = whole(pull, connection)
        database.run("DELETE FROM shops WHERE id % 2 = 0", "INSERT INTO shops VALUES ('late', '', '', '', 500)")
        return snapshot

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(databases._Pull, "_snapshot", changed_meanwhile)
        done = made.one()
    rows = [str(row["编号"]) for row in made.rows(done.delivery)]
    assert sorted(rows) == sorted([*(f"AB{n}" for n in range(-50, 950)), "NULL"])
    assert len(list((made.home / "inbox/market" / str(done.delivery)).glob("*.jsonl"))) == 3


def test_ranges_where_connections_share_no_view_have_to_be_asked_for(mariadb_url: str, tmp_path: Path) -> None:
    Database(mariadb_url).shops("'A', '', '', '', 1", "'B', '', '', '', 2", more=", id bigint")
    source = "{from: SHOPS, database: {table: shops, key: id, parallel: 2}}"
    with pytest.raises(SourceUnusable, match="one_view: false"):
        Pull(tmp_path / "var", shops(tmp_path / "declared", source), mariadb_url)()
    source = source.replace("parallel: 2", "parallel: 2, one_view: false")
    assert Pull(tmp_path / "var", shops(tmp_path / "declared2", source), mariadb_url).one().rows == 2


class Breaking:
    """Ends the database's sessions in the middle of a pull, so many times."""

    def __init__(self, server: PostgreSQL, times: int) -> None:
        self._server, self.left = server, times
        self._whole = Rows.add

    def add(self, rows: Rows, values: dict[str, str | None], *, is_edge: bool = False) -> None:
        self._whole(rows, values, is_edge=is_edge)
        if rows.written == 5_000 and self.left:
            self.left -= 1
            import psycopg

            with psycopg.connect(
                f"host={self._server.folder} user=onefile dbname=postgres", autocommit=True
            ) as session:
                session.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                                "AND backend_type = 'client backend'")  # fmt: skip


@pytest.mark.parametrize(("times", "is_delivered"), [(2, True), (3, False)])
def test_a_connection_that_drops_in_the_middle_is_tried_again_and_then_told(
    postgres_server: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int, is_delivered: bool
) -> None:
    url = postgres_server.database()
    database = Database(url)
    database.shops()
    database.run("INSERT INTO shops SELECT 'AB' || n, repeat('x', 20), '', '' FROM generate_series(1, 60000) n")
    database._engine.dispose()
    made = Pull(tmp_path / "var", shops(tmp_path / "declared", TABLE), url)
    breaking = Breaking(postgres_server, times)

    def add(rows: Rows, values: dict[str, str | None], **more: bool) -> None:
        breaking.add(rows, values, **more)

    monkeypatch.setattr(Rows, "add", add)
    if is_delivered:
        done = made.one()
        assert (done.rows, made.waits) == (60_000, [1.0, 4.0])
        assert len({row["编号"] for row in made.rows(done.delivery)}) == 60_000
    else:
        with pytest.raises(SourceFailed, match=r"57P01|OperationalError|AdminShutdown") as told:
            made()
        assert told.value.attempts == 3
        assert made.waiting() == []
        assert not (made.home / "staging" / "pulls" / "market.shops").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from inbox.pulling.rows import Rows
from onefile.cli import main
whole = Rows.add
def add(rows, values, **more):
    whole(rows, values, **more)
    if rows.written == 100:
        os.kill(os.getpid(), signal.SIGKILL)
Rows.add = add
sys.exit(main.run(sys.argv[1:]))
"""


KILLED_LATER = """
import os, signal, sys
from inbox import making
from onefile.cli import main
def put(*_):
    os.kill(os.getpid(), signal.SIGKILL)
making.put = put
sys.exit(main.run(sys.argv[1:]))
"""


@pytest.mark.parametrize("killed_in", [KILLED, KILLED_LATER], ids=["reading", "delivering"])
def test_killed_in_the_middle_nothing_half_written_is_delivered_or_left(tmp_path: Path, killed_in: str) -> None:
    path = tmp_path / "theirs.db"
    path.touch()
    database = Database(f"sqlite:///{path}")
    database.shops(*(f"'AB{n}', '', '', ''" for n in range(200)))
    made = Pull(tmp_path / "var", shops(tmp_path / "declared", TABLE), database.url)
    environ = {**os.environ, "ONEFILE_HOME": str(made.home), "ONEFILE_DECLARATIONS": str(tmp_path / "declared"),
               "ONEFILE_SOURCE_SHOPS": database.url, "ONEFILE_NOW": "2026-11-30T09:00:00+08:00"}  # fmt: skip
    killed = subprocess.run([sys.executable, "-c", killed_in, "pull", "market.shops"], env=environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [name for name in made.waiting() if not name.startswith(".")] == []
    left = made.home / "staging" / "pulls" / "market.gone"  # of a resource that nobody pulls any more
    left.mkdir(parents=True, exist_ok=True)
    (left / "gone-1.jsonl").write_text("{}\n")
    again = [sys.executable, "-m", "onefile.cli", "pull", "--all", "--lang", "en"]
    done = subprocess.run(again, env=environ, capture_output=True, text=True, check=True)
    [delivery] = made.waiting()
    assert f"market.shops: 200 rows, in the inbox: {delivery}" in done.stdout
    assert list((made.home / "staging" / "pulls").iterdir()) == []


def test_killed_before_it_was_noted_how_far_it_came_the_same_rows_are_the_same_delivery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "theirs.db"
    path.touch()
    database = Database(f"sqlite:///{path}")
    database.shops("'A', '', '', '', 1", more=", changed int")
    source = "{from: SHOPS, database: {table: shops, watermark: changed}}"
    made = Pull(tmp_path / "var", shops(tmp_path / "declared", source), database.url)
    assert made.one().rows == 1
    database.run("INSERT INTO shops VALUES ('B', '', '', '', 2)")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("inbox.pulling.pull.write_mark", killed)
        with pytest.raises(KeyboardInterrupt):
            made()
    assert len(made.waiting()) == 2
    again = made.one()
    assert (again.state, again.rows, len(made.waiting())) == ("waiting", 1, 2)
    assert made.one().state == "nothing"


def test_two_pulls_at_once_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    path.touch()
    database = Database(f"sqlite:///{path}")
    database.shops("'A', '', '', ''")
    made = Pull(tmp_path / "var", shops(tmp_path / "declared", TABLE), database.url)
    from onefile.errors import Busy
    from onefile.files import lock

    with lock(made.home / "locks" / "pull-market.shops.lock", wait=False):
        told: list[type[BaseException]] = []

        def other() -> None:
            try:
                made()
            except Busy as error:
                told.append(type(error))

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert told == [Busy]
    assert made.one().rows == 1
