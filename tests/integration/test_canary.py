"""A number and a name that nobody has go through every failure, and are looked for wherever no row belongs."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

import catalog
from onefile.errors import OneFileError
from pipelines import conform, expectations, names, quality
from pipelines.table_design import FIGURED, TableDesign
from schemas.serving import migration
from schemas.subjects import subject_numbers
from tests.declared import lay
from tests.house import House

NUMBER, OTHER = "690101198811117779", "69010119900101123X"
BROKEN = "690101197911117772"
NAME = "司徒金丝雀"
TABLE = """\
name: court_case
label: 案件
grain: one row per case
source: made up
key: [case_no]
subject: {person: person_number}
observed: heard_on
columns:
  case_no: {type: string, required: true, label: 案号, about: Number of the case, pattern: "^C[0-9]{4}$"}
  person_number: {type: person_number, required: true, label: 证件号码, about: Who was heard}
  name: {type: string, required: true, max_length: 20, label: 姓名, about: Name}
  heard_on: {type: date, required: true, label: 日期, about: Day}
  fee_cents: {type: long, max: 100000, label: 费用, about: Fee}
  kind: {type: code, codes: sex, label: 类别, about: Kind}
"""
RESOURCE = """\
name: cases
department: police
title: 案件
title_en: Cases
about: Cases
table: court_case
share: {class: unconditional, basis: made up}
update_cycle: daily
format: csv
columns:
  case_no: {from: 案号}
  person_number: {from: 证件号码}
  name: {from: 姓名}
  heard_on: {from: 日期, clean: [date: [yyyy-MM-dd]]}
  fee_cents: {from: 费用}
  kind: {from: 类别}
assertions: {max_quarantined_share: 0.5}
"""
ATTRIBUTE = """\
kind: person
attributes:
  name_in_court:
    label: 案件姓名
    about: Name
    lead: police
    sources: [{table: court_case, column: name, rank: 1}]
"""
DECLARED = {
    "tables/court_case.yml": TABLE,
    "resources/police/cases.yml": RESOURCE,
    "resources/police/lines.yml": RESOURCE.replace("name: cases", "name: lines").replace("csv", "jsonl"),
    "files/court.yml": ATTRIBUTE,
}
CASES, LINES = "police.cases", "police.lines"
HEADER = "案号 | 证件号码 | 姓名 | 日期 | 费用 | 类别"
DIRTY = f"""
    {HEADER}
    C0003    | {BROKEN} | {NAME} | 2026-10-01 |          |
    C0004    | {NUMBER} | {NAME} | 2026-10-01 | {NUMBER} |
    C0005    | {NUMBER} | {NAME} | {NUMBER}   |          |
    C0006    | {NUMBER} | {NAME} | 2026-10-01 |          | {NUMBER}
    C0007    | {NUMBER} | {NAME} | 2026-10-01 |          |
    C0007    | {NUMBER} | 别名   | 2026-10-01 |          |
    {NUMBER} | {NUMBER} | {NAME} | 2026-10-01 |          |
    C0009    | {NUMBER} | ={NAME}+{NUMBER} | 2026-10-01 | |
    C0010    | {NUMBER} | {NAME}{NUMBER} | 2026-10-01 | |
    C0011    | {NUMBER} | {NAME} | 2999-01-01 | {NAME}   | {NAME}
"""  # fmt: skip
# What may hold rows: everything else below the home is searched.
ROWS = ("deliveries", "inbox", "serving.db", "serving.db-wal", "lake")


ENDED: dict[str, int | str] = {
    "run all": 1,
    "cast": "EngineFailed",
    "check": "EngineFailed",
    "hash": "EngineFailed",
    "metric": "EngineFailed",
    "file broken": 2,
    "file name": 2,
    "file unknown": 1,
    "ids check": 1,
    "ids lint": 1,
    "receipt show": 0,
    "receipt refused": 0,
    "receipt unknown": 1,
    "receipt prove": 0,
    "receipt verify": 4,
    "deliver broken": 1,
    "deliver numbered": 1,
    "deliver resource": 2,
    "deliver id": 1,
    "deliver period": 1,
    "redrive": 1,
    "redrive numbered": 2,
    "keys": 1,
    "run": 2,
    "quarantine": 0,
    "quality": 0,
    "ledger": 0,
    "doctor": 0,
}


@dataclass(frozen=True)
class Played:
    """The house after all failures, what was printed meanwhile, and how each ended."""

    house: House
    printed: str
    ended: dict[str, int | str]


def put_by_hand(house: House, resource: str, delivery: str, content: str, file: str = "rows.txt", **more: Any) -> None:
    """Drop a delivery into the inbox as a department's own program would, right or wrong."""
    folder = house.home / "inbox" / "police" / delivery
    folder.mkdir(parents=True)
    (folder / file).write_text(content, encoding="utf-8")
    listed = {"name": file, "rows": 1, "sha256": hashlib.sha256(content.encode()).hexdigest()}
    manifest = {"resource": resource, "id": delivery, "period": "2026-10-30", "files": [listed], **more}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def deliver(house: House) -> None:
    """Put into the inbox what is sound, what is dirty, what breaks the engine, and what the door refuses."""
    sound = f"""
        {HEADER}
        C0001 | {NUMBER} | {NAME} | 2026-10-01 | 100 | 1
        C0002 | {OTHER}  | 别人   | 2026-10-01 | 100 | 2
    """
    house.deliver(CASES, "2026-10-30", sound, "sound")
    house.deliver(CASES, "2026-10-31", DIRTY, "dirty")
    house.deliver(LINES, "2026-10-30", f"{HEADER}\nC0012 | {NUMBER} | {NAME}检 | 2026-10-02 | 1 | 1", "violating")
    header = ",".join(HEADER.split(" | "))
    put_by_hand(house, CASES, "quoting", f'{header}\nC1,"{NUMBER},{NAME}\n')
    put_by_hand(house, CASES, "header", f"{header},{NUMBER}\nC1,{NUMBER},{NAME},,,,\n")
    put_by_hand(house, LINES, "json", f'{{"姓名": "{NAME}", "证件号码": {NUMBER}\n')
    put_by_hand(house, LINES, "keys", f'{{"{NAME}": 1, "{NUMBER}": 2}}\n')
    put_by_hand(house, CASES, "name", f"{header}\n", file=f"{NUMBER}.csv")
    put_by_hand(house, CASES, NUMBER, f"{header}\n")
    put_by_hand(house, NUMBER, "resource", f"{header}\n")
    put_by_hand(house, CASES, "period", f"{header}\n", period=NUMBER)


def engine_failures(house: House, ended: dict[str, int | str]) -> None:
    """Let Spark, Delta and Great Expectations fail on a row that quotes itself."""
    lake, table = house.shop.lake, house.catalogue.declarations.tables["court_case"]
    rows = lake.read(names.bronze(CASES)).where(f.col("证件号码") == NUMBER)
    cast = rows.select(f.col("姓名").cast("bigint").alias("_row_no"))
    checked = quality.Check("silver", "cast", "cast", cast.select(f.col("_row_no").alias("subject_id")), (
        *expectations.gold(house.catalogue.declarations.files["person"])[:1],
    ))  # fmt: skip
    failures: dict[str, Callable[[], object]] = {
        "cast": lambda: lake.append(names.bronze(CASES), cast, "cast"),
        "check": lambda: lake.append(names.silver(table.name), violating(house), "check"),
        "hash": lambda: lake.append(names.bronze(CASES), rows.withColumn("_row_hash", f.lit(NUMBER)), "hash"),
        "metric": lambda: quality.run(lake, house.home / "quality", [checked], house.shop.at, "cast"),
    }
    for name, fail in failures.items():
        try:
            fail()
        except OneFileError as error:
            ended[name] = type(error).__name__
            click.echo(str(error))


def violating(house: House) -> Any:
    """Return silver's only sound row, changed so that it breaks the constraint."""
    return house.shop.lake.read(names.silver("court_case")).withColumn("name", f.lit(f"{NAME}检"))


def commands(house: House, folder: Path, ended: dict[str, int | str]) -> None:
    """Call verbs with the number where it is refused, and those that tell of what was refused."""
    lines = folder / "lines.txt"
    lines.write_text(f"{NUMBER}\n{BROKEN}\n{NAME}\n", encoding="utf-8")
    row, proof = folder / "row.txt", folder / "proof.json"
    row.write_text(f"C0001,{NUMBER},{NAME}", encoding="utf-8")
    export = folder / f"{CASES}.csv"
    export.write_text(f'{NUMBER},"{NAME}\n', encoding="utf-8")
    numbered = folder / f"{NUMBER}.csv"
    numbered.write_text(f'案号,证件号码\n"{NUMBER}\n', encoding="utf-8")
    receipt = house.home / "receipts" / "sound.json"
    calls: dict[str, tuple[str | Path, ...]] = {
        "file broken": ("file", BROKEN, "--purpose", "test"),
        "file name": ("file", NAME, "--purpose", "test"),
        "file unknown": ("file", "690101197007070215", "--purpose", "test"),
        "ids check": ("ids", "check", BROKEN, NAME),
        "ids lint": ("ids", "lint", lines),
        "receipt show": ("receipt", "show", "dirty"),
        "receipt refused": ("receipt", "show", "quoting"),
        "receipt unknown": ("receipt", "show", NUMBER),
        "receipt prove": ("receipt", "prove", "sound", "--row", "1", "--out", proof),
        "receipt verify": ("receipt", "verify", receipt, "--row", row, "--proof", proof),
        "deliver broken": ("deliver", CASES, export),
        "deliver numbered": ("deliver", CASES, numbered),
        "deliver resource": ("deliver", NUMBER, lines),
        "deliver id": ("deliver", CASES, lines, "--id", NUMBER),
        "deliver period": ("deliver", CASES, lines, "--period", NUMBER),
        "redrive": ("redrive", export),
        "redrive numbered": ("redrive", numbered),
        "keys": ("department", "keys", "add", "police", lines),
        "run": ("run", NUMBER),
        "quarantine": ("quarantine", "list"),
        "quality": ("quality", "--all"),
        "ledger": ("ledger", "show"),
        "doctor": ("doctor",),
    }
    for name, arguments in calls.items():
        ended[name] = house.onefile(*arguments)


@pytest.fixture(scope="module")
def played(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("canary")
    declarations = lay(folder / "declarations", DECLARED)
    house = House(folder / "home", catalog.load((declarations,)), declarations)
    table = house.catalogue.declarations.tables["court_case"]
    forbidden = TableDesign("cases", {"nobody_is_called_so": "name NOT LIKE '%检'"})
    house.shop.lake.create(names.silver(table.name), conform.silver_schema(table), forbidden)
    migration.upgrade(house.shop.settings.database_url)
    with contextlib.closing(sqlite3.connect(house.home / "serving.db")) as database:
        database.execute("CREATE UNIQUE INDEX one_of_a_type ON subject (number_type)")
    deliver(house)
    ended: dict[str, int | str] = {}
    printed = folder / "printed.txt"
    with printed.open("w", encoding="utf-8") as out, contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        ended["run all"] = house.onefile("run", CASES, LINES)
        engine_failures(house, ended)
        commands(house, folder, ended)
    return Played(house, printed.read_text(encoding="utf-8"), ended)


def forms(text: str) -> Iterator[bytes]:
    """Yield what a text may look like in a file: plain, escaped, in other encodings, in Base64 at each offset."""
    for encoding in ("utf-8", "gb18030", "utf-16-le"):
        yield text.encode(encoding)
    yield json.dumps(text)[1:-1].encode()
    yield quote(text).encode()
    for before in range(3):
        whole = base64.b64encode(b"-" * before + text.encode())
        yield whole[4 if before else 0 : -4]


def held(content: bytes) -> list[str]:
    """Return which of the planted texts are in some bytes, or the id that can be computed from the number."""
    subject_id = subject_numbers(NUMBER)[0].subject_id
    return [text for text in (NUMBER, BROKEN, NAME, subject_id) if any(form in content for form in forms(text))]


def content(path: Path) -> bytes:
    """Return what a file holds; nothing of SQLite's index beside a database, if that goes with the last connection."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        assert path.name.endswith(".db-shm")
        return b""


def searched(home: Path) -> Iterator[Path]:
    """Yield every file below a home that no row belongs in."""
    for path in home.rglob("*"):
        if path.is_file() and path.relative_to(home).parts[0] not in ROWS:
            yield path


def test_every_failure_happened(played: Played) -> None:
    assert played.ended == ENDED
    for delivery, status in {"sound": "released", "dirty": "held"}.items():
        (note,) = (played.house.home / "deliveries" / "police" / delivery).glob("finished.json")
        assert json.loads(note.read_bytes())["status"] == status
    log = (played.house.home / "logs" / "airflow.log").read_text(encoding="utf-8")
    for failed in ("DeltaInvariantViolation", "CAST_INVALID_INPUT", "CriticalExpectationFailed", "DatabaseFailed"):
        assert failed in log + played.printed, failed
    for dag in ("ingest.police.cases", "ingest.police.lines", "publication"):
        assert re.search(rf"/\d+ {dag} .*?s  FAILED", played.printed, re.DOTALL), dag
    reasons = {json.loads(p.read_bytes())["refusal"]["reason"] for p in refusals(played.house.home)}
    assert reasons >= {"quoting", "columns_unknown", "json", "bad_file_name", "bad_id", "unknown_resource"}
    assert [row["_delivery"] for row in played.house.rows(names.RELEASE)] == ["sound"]


def test_every_bad_value_is_answered_by_row_column_and_reason(played: Played) -> None:
    receipt = json.loads((played.house.home / "receipts" / "dirty.json").read_bytes())
    rejected = json.loads(base64.b64decode(receipt["payload"]))["rejected"]
    assert [(found["row"], found["column"], found["reason"]) for found in rejected] == [
        (1, "证件号码", "check"),
        (2, "费用", "above_max"),
        (3, "日期", "not_a_date"),
        (4, "类别", "not_in_list"),
        (5, "案号", "key_conflict"),
        (6, "案号", "key_conflict"),
        (7, "案号", "pattern"),
        (8, "姓名", "formula"),
        (9, "姓名", "too_long"),
        (10, "日期", "after"),
        (10, "类别", "not_in_list"),
        (10, "费用", "not_a_number"),
    ]


def refusals(home: Path) -> Iterator[Path]:
    """Yield the notes of the deliveries that the door refused."""
    for path in (home / "deliveries").glob("*/*/received.json"):
        if json.loads(path.read_bytes())["status"] == "refused":
            yield path


def test_the_search_finds_what_is_there(played: Played) -> None:
    kept = [path.read_bytes() for path in (played.house.home / "deliveries").rglob("rows.*")]
    assert {text for content in kept for text in held(content)} == {NUMBER, BROKEN, NAME}
    for text in (NUMBER, NAME):
        for form in (text, quote(text), json.dumps(text), base64.b64encode(f"a{text}bc".encode()).decode()):
            assert held(form.encode()) == [text]


def test_nothing_planted_is_in_a_log_a_page_metadata_an_event_or_a_receipt(played: Played, spark_home: Path) -> None:
    files = [*searched(played.house.home), *(spark_home / "logs").iterdir()]
    found = {str(path): texts for path in files if (texts := held(content(path)))}
    assert found == {}
    folders = {path.relative_to(played.house.home).parts[0] for path in searched(played.house.home)}
    assert folders >= {"airflow", "ledger", "lineage.jsonl", "logs", "quality", "receipts"}


def test_nothing_planted_is_in_the_lake_s_log(played: Played) -> None:
    logs = list((played.house.home / "lake").glob("*/*/_delta_log/*"))
    planted = {NUMBER, BROKEN, NAME}
    found = {str(p): texts for p in logs if p.is_file() and (texts := planted & {*held(p.read_bytes())})}
    assert found == {}
    assert len(logs) > 20


def test_nothing_planted_is_in_a_name(played: Played) -> None:
    """But of a delivery that was refused for its name, whose folder is kept as it came."""
    refused = {path.parent for path in refusals(played.house.home)}
    names_of_ours = [path for path in played.house.home.rglob("*") if not refused & {path, *path.parents}]
    assert [str(path) for path in names_of_ours if held(str(path).encode())] == []
    assert [folder.name for folder in refused if held(folder.name.encode())] == []


def test_nothing_planted_is_printed(played: Played) -> None:
    found = [line for line in played.printed.splitlines() if held(line.encode())]
    assert found == []
    assert len(played.printed) > 5000


def test_what_is_in_a_log_of_the_lake_are_figures_of_our_own_columns_only(played: Played) -> None:
    ours = {*FIGURED, "subject_id"}
    seen = set()
    for path in (played.house.home / "lake").glob("*/*/_delta_log/*.json"):
        for line in path.read_text(encoding="utf-8").splitlines():
            stats = json.loads(json.loads(line).get("add", {}).get("stats") or "{}")
            seen |= {*stats.get("minValues", {}), *stats.get("maxValues", {})}
    assert seen <= ours
    assert {"_delivery", "_row_no", "subject_id"} <= seen
