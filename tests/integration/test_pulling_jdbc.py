"""A database of any make is pulled from by the path of its JDBC driver, without an engine."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pyspark
import pytest

from inbox.pulling import jdbc
from inbox.pulling.errors import SourceFailed, SourceOdd, SourceUnusable
from inbox.pulling.views import Broke
from onefile import java
from tests.postgres import PostgreSQL
from tests.pulled import Pull, shops

JARS = Path(pyspark.__file__).parent / "jars"
DERBY = sorted(JARS.glob("derby*.jar"))
DEBIAN = Path("/usr/share/java")
TABLE = "{from: SHOPS, database: {table: shops}}"


class Derby:
    """A database that PySpark brings along with its driver, and that nothing here knows by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jar = ":".join(str(path) for path in DERBY)
        self.text = f"jdbc:derby:{folder}/theirs\njar: {self.jar}\nuser: reader\npassword: geheim"

    def run(self, *statements: str) -> None:
        script = "\n".join([f"CONNECT 'jdbc:derby:{self.folder}/theirs;create=true;user=reader;password=geheim';",
                            *(f"{each};" for each in statements)])  # fmt: skip
        command = [java.program(), f"-Dderby.stream.error.file={self.folder}/derby.log", "-cp", self.jar,
                   "org.apache.derby.tools.ij"]  # fmt: skip
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=True)
        assert "ERROR" not in done.stdout, done.stdout


@pytest.fixture
def derby(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Derby:
    monkeypatch.chdir(tmp_path)  # Derby writes its log where it is started
    return Derby(tmp_path)


def test_values_come_exactly_and_null_apart_from_empty(derby: Derby, tmp_path: Path) -> None:
    columns = '"编号" decimal(31,4), "信用代码" timestamp, "开业" varchar(20), "类别" double, changed timestamp'
    derby.run(f"CREATE TABLE shops ({columns})", "INSERT INTO shops VALUES "
              "(123456789012345678901234567.5000, TIMESTAMP('2026-03-01 08:00:00.5'), '', 1.0E21, CURRENT_TIMESTAMP), "
              "(0.1, NULL, '𠮷\"\\', 0.1, NULL)")  # fmt: skip
    source = "{from: SHOPS, database: {table: SHOPS, key: 编号, watermark: CHANGED}}"
    made = Pull(tmp_path / "var", shops(tmp_path / "declared", source), derby.text)
    done = made.one()
    assert made.rows(done.delivery) == [
        {"编号": "0.1000", "信用代码": None, "开业": '𠮷"\\', "类别": "0.1"},
        {"编号": "123456789012345678901234567.5000", "信用代码": "2026-03-01 08:00:00.5", "开业": "",
         "类别": "1000000000000000000000"},
    ]  # fmt: skip
    assert [arrival.status for arrival in made.receive()] == ["taken"]
    assert made.one().state == "nothing"
    derby.run("INSERT INTO shops VALUES (7, NULL, 'new', 0, CURRENT_TIMESTAMP)")
    assert [row["开业"] for row in made.rows(made.one().delivery)] == ["new"]


def test_what_the_database_refuses_is_told_at_once_without_its_words(derby: Derby, tmp_path: Path) -> None:
    derby.run("CREATE TABLE other (a int)")
    made = Pull(tmp_path / "var", shops(tmp_path / "declared", TABLE), derby.text)
    with pytest.raises(SourceFailed, match=r"failed with 42X05 \(1 tried\)"):
        made()
    assert made.waiting() == []


def test_bytes_are_refused(derby: Derby, tmp_path: Path) -> None:
    derby.run(
        'CREATE TABLE t ("编号" blob, "信用代码" int, "开业" int, "类别" int)', "INSERT INTO t VALUES (NULL, 1, 1, 1)"
    )
    made = Pull(tmp_path / "var", shops(tmp_path / "declared", TABLE.replace("shops", "T")), derby.text)
    with pytest.raises(SourceOdd, match="a column of bytes"):
        made()


@pytest.mark.parametrize(
    ("text", "words"),
    [("jdbc:derby:x", "names no driver"), ("jdbc:derby:x\njar: /nowhere.jar", "jar is not there"),
     ("jdbc:derby:x\njar", "no option")],
)  # fmt: skip
def test_a_driver_that_is_not_there_is_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SourceUnusable, match=words):
        Pull(tmp_path / "var", shops(tmp_path / "declared", TABLE), text)()


class Proxy:
    """Lets a JDBC driver, which speaks TCP alone, reach a server's socket; `cut_after` so many bytes it hangs up."""

    def __init__(self, path: Path) -> None:
        self.cut_after: list[int] = []
        self._path = path
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                there = socket.socket(socket.AF_UNIX)
                there.connect(str(self._path))
                left = self.cut_after.pop(0) if self.cut_after else 2**62
                threading.Thread(target=self._pass, args=(client, there, 2**62), daemon=True).start()
                threading.Thread(target=self._pass, args=(there, client, left), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, left: int) -> None:
        with closing(source), closing(target), suppress(OSError):
            while left > 0 and (piece := source.recv(65536)):
                target.sendall(piece)
                left -= len(piece)
            for each in (source, target):
                each.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxy(postgres_server: PostgreSQL) -> Iterator[Proxy]:
    made = Proxy(postgres_server.folder / ".s.PGSQL.5432")
    try:
        yield made
    finally:
        made.close()


def test_postgresql_over_jdbc_says_what_it_says_over_its_own_driver(
    postgres_server: PostgreSQL, proxy: Proxy, tmp_path: Path
) -> None:
    driver = DEBIAN / "postgresql.jar"
    if not driver.exists():
        pytest.skip("a JDBC driver of PostgreSQL is not installed (tools/setup-test installs it for root on Debian)")
    url = postgres_server.database()
    name = url.partition("@/")[2].partition("?")[0]
    import psycopg

    with psycopg.connect(f"host={postgres_server.folder} user=onefile dbname={name}", autocommit=True) as session:
        session.execute("CREATE TABLE shops (\"编号\" numeric, \"信用代码\" timestamptz, \"开业\" bool, \"类别\" text, "
                        "changed timestamptz)")  # fmt: skip
        session.execute(
            "INSERT INTO shops SELECT n + 0.50, timestamptz '2026-03-01 08:00:00.5+08', true, "
            "repeat('x', 99), timestamptz '2026-03-01 08:00+08' FROM generate_series(1, 20000) n"
        )
    source = "{from: SHOPS, database: {table: shops, key: 编号, watermark: changed}}"
    jars = ":".join(str(path) for path in [driver, *DEBIAN.glob("*scram*.jar"), *DEBIAN.glob("*stringprep*.jar")])
    text = f"jdbc:postgresql://127.0.0.1:{proxy.port}/{name}\njar: {jars}\nuser: onefile"
    over_jdbc = Pull(tmp_path / "one", shops(tmp_path / "declared", source), text)
    proxy.cut_after = [1_000_000]
    done = over_jdbc.one()
    assert (done.rows, over_jdbc.waits) == (20_000, [1.0])  # broken off in the middle once, and begun anew
    own = Pull(tmp_path / "two", over_jdbc.resource, url)
    theirs = own.one()
    assert over_jdbc.rows(done.delivery) == own.rows(theirs.delivery)
    assert over_jdbc.one().state == "nothing"
    proxy.cut_after = [1_000_000] * 3
    with pytest.raises(SourceFailed, match=r"\(3 tried\)"):
        over_jdbc(is_full=True)
    assert list((over_jdbc.home / "staging" / "pulls").iterdir()) == []


@pytest.mark.parametrize(
    ("line", "kind"),
    [("Welcome to 某库", "an answer that is none"), ("!42X05", "42X05"),
     ("!0A NoSuchMethodError", "0A NoSuchMethodError"), ("!geheim@host: 某", "an SQL state that is none")],
)  # fmt: skip
def test_what_a_driver_says_beside_its_rows_is_no_row_and_is_not_quoted(line: str, kind: str) -> None:
    process = subprocess.Popen(["printf", "%s\n", line], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process, pytest.raises(Broke) as told:
        jdbc._JdbcView(process).read()
    assert told.value.kind == kind


def test_a_name_that_a_driver_cannot_quote_is_none_that_reads_as_more() -> None:
    with subprocess.Popen(["true"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        view = jdbc._JdbcView(process)
        view.quote = ""
        assert view.quoted("户表号") == "户表号"
        with pytest.raises(Broke, match="quotes no names"):
            view.quoted("a, (SELECT 1)")
