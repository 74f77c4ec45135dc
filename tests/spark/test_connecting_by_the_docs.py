"""Whoever connects a department has two how-tos and nothing else: their commands run here as they stand, in order."""

from __future__ import annotations

import re
import shlex
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

import catalog
from tests.declared import lay, told
from tests.documents import ROOT, examples
from tests.house import House, narrowed

DOCS = ROOT / "docs" / "how-to"
CONNECT, PULL = DOCS / "connect-a-department.md", DOCS / "pull-from-a-system.md"
HEADERS = ("户表号", "用户统一社会信用代码", "用户名称", "用水性质", "口径（毫米）", "装表日期", "欠费", "状态")


def shell(page: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Yield each command of ours that a page shows, as words, with the lines that it says come out."""
    lines = page.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if line.startswith("    $ onefile "):
            out = []
            for after in lines[number + 1 :]:
                if not after.startswith("    ") or after.startswith("    $ "):
                    break
                out.append(after.strip())
            yield shlex.split(line.strip().removeprefix("$ onefile ")), out


def file_of(page: Path) -> str:
    """Return the file that the page shows: the block of lines around its header."""
    block = re.search(r"^((?:    [^\n]*,[^\n]*\n){3})", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert block is not None
    return "".join(f"{line.strip()}\n" for line in block[1].splitlines())


@pytest.fixture
def house(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A home with the declarations of the page, narrowed to its table so that little is planned."""
    monkeypatch.chdir(tmp_path)
    ours = lay(tmp_path / "ours", examples(CONNECT))
    whole = catalog.load((ours,))
    columns = {"water_meter": [column.name for column in whole.declarations.tables["water_meter"].columns]}
    made = House(tmp_path / "var", narrowed(columns, whole), ours)
    made.on("2026-11-30")
    return made


def test_a_department_is_connected_by_the_how_to(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "meters-2026-10.csv").write_text(file_of(CONNECT), encoding="utf-8")
    done = []
    for words, _ in shell(CONNECT):
        if words[0] in ("run", "receipt"):
            continue  # what the whole flow does is shown by its own tests
        code = house.onefile(*words)
        said = capsys.readouterr()
        done.append(words[:2])
        if words[0] == "doctor":
            assert re.search(r"^ok +declarations: ", said.out, re.MULTILINE), said.out
        else:
            assert code == 0, (words, said.out, said.err)
        if words[:2] == ["resource", "draft"]:
            assert "户表号" in said.out
            assert "91110000600037341L" not in said.out
        if words[:2] == ["resource", "try"]:
            assert "meters-2026-10.csv: 2 rows" in said.out
    assert done == [["resource", "draft"], ["doctor", "--declarations"], ["resource", "try"],
                    ["deliver", "water.meters"]]  # fmt: skip
    [outcome] = house.settle().values()
    assert (outcome.status, outcome.accepted) == ("released", 2)


def sources() -> list[str]:
    """Return the declarations of sources that the page shows."""
    return re.findall(r"^```yaml\n(format: .*?)^```$", PULL.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def with_source(source: str) -> dict[str, str | bytes]:
    files = examples(CONNECT)
    text = str(files["resources/water/meters.yml"])
    return {**files, "resources/water/meters.yml": text.replace("format: csv\n", source)}


def test_the_sources_of_the_how_to_load_as_they_stand(tmp_path: Path) -> None:
    assert len(sources()) == 3
    for number, source in enumerate(sources()):
        assert told(tmp_path / str(number), with_source(source)) == []


def test_a_database_is_pulled_from_by_the_how_to_and_its_rows_are_taken_in(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "meters.db"
    with sqlite3.connect(theirs) as connection:
        columns = ", ".join(f'"{header}" TEXT' for header in HEADERS)
        connection.execute(f"CREATE TABLE meters ({columns}, changed_at TEXT)")
        rows = [(f"SB-00000{n}", "91110000600037341L", f"店{n}", "工业", 50, "2020/1/1", "1.50元", "正常",
                 f"2026-11-0{n} 08:00:00") for n in (1, 2, 3)]  # fmt: skip
        connection.executemany(f"INSERT INTO meters VALUES ({', '.join('?' * 9)})", rows)
    lay(tmp_path / "ours", with_source(sources()[0]))
    whole = catalog.load((tmp_path / "ours",))
    house.declare(narrowed({"water_meter": [c.name for c in whole.declarations.tables["water_meter"].columns]}, whole))
    page = PULL.read_text(encoding="utf-8")
    [address] = re.findall(r"^    \$ cat water.source\n    (.*)$", page, re.MULTILINE)
    file = tmp_path / "water.source"
    file.write_text(address.replace("/srv/water/meters.db", str(theirs)))
    file.chmod(0o600)
    [(name, value)] = re.findall(r"^    \$ export (ONEFILE_SOURCE_\w+)=(\S+)$", page, re.MULTILINE)
    house.environ[name] = value.replace("$PWD", str(tmp_path))
    calls = list(shell(PULL))
    assert [words for words, _ in calls] == [["pull", "water.meters"]] * 2
    for words, wanted in calls:
        assert house.onefile(*words) == 0
        said = capsys.readouterr().out.splitlines()
        assert len(said) == len(wanted)
        assert all(line.startswith(each.partition("…")[0]) for line, each in zip(said, wanted, strict=True))
    [outcome] = house.settle().values()
    assert (outcome.status, outcome.accepted) == ("released", 3)
