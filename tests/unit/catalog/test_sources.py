"""Where a resource is pulled from: what may be declared of it, and what is told where it cannot be so."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import DeclarationsRefused
from schemas.sources import DatabaseSource, FilesSource, HttpSource, Pages, Source
from tests.pulled import shops


def test_each_way_is_read_with_its_defaults(tmp_path: Path) -> None:
    database = '{from: A, schedule: "*/5 2-4 * * 1", database: {query: "SELECT 1", watermark: t, overlap: 60}}'
    assert shops(tmp_path, database).source == Source(
        "A", DatabaseSource(query="SELECT 1", watermark="t", overlap=60), "*/5 2-4 * * 1"
    )
    http = '{from: A, http: {path: /x, records: /a/b, query: {size: "9"}, pages: {number: page, first: 0}}}'
    assert shops(tmp_path, http).source == Source(
        "A", HttpSource("/x", ("a", "b"), (), {"size": "9"}, Pages("number", "page", first=0))
    )
    files = '{from: A_1, files: {name: "*.csv", settled_seconds: 0}}'
    assert shops(tmp_path, files, "format: csv").source == Source("A_1", FilesSource("*.csv", 0))


DATABASE = "{from: A, database: {table: t}}"
WRONG = [
    ("{from: a, database: {table: t}}", "a name of A-Z"),
    ("{from: A}", "exactly one of database, http, files"),
    ("{from: A, database: {table: t}, files: {name: x}}", "exactly one of database, http, files"),
    ("{from: A, schedule: daily, database: {table: t}}", "minute, hour, day, month, weekday"),
    ('{from: A, schedule: "61 * * * *", database: {table: t}}', "minute, hour, day, month, weekday"),
    ("{from: A, database: {}}", "neither 'table' nor 'query'"),
    ("{from: A, database: {table: t, query: SELECT 1}}", "both 'table' and 'query'"),
    ('{from: A, database: {table: "t; DROP TABLE t"}}', "a name, like meters"),
    ('{from: A, database: {query: "DELETE FROM t"}}', "one SELECT"),
    ('{from: A, database: {query: "SELECT 1; DELETE FROM t"}}', "one SELECT"),
    ("{from: A, database: {table: t, overlap: 1}}", "'overlap' without 'watermark'"),
    ("{from: A, database: {table: t, parallel: 2}}", "'parallel' without 'key'"),
    ("{from: A, database: {table: t, key: k, parallel: 99}}", "at most 16"),
    ("{from: A, database: {table: t, password: x}}", "the key 'password'"),
    ("{from: A, database: {table: t, watermark: w, key: k, parallel: 2}}", "'parallel' beside 'watermark'"),
    ("{from: A, http: {path: /x, query: {appKey: x}}}", "'?NAME: VALUE'"),
    ("{from: A, http: {path: /x, overlap: 5}}", "'overlap' without 'watermark'"),
    ("{from: A, http: {path: //evil.example/}}", "a path like /v1/meters"),
    ("{from: A, http: {path: /x?a=b}}", "a path like /v1/meters"),
    ("{from: A, http: {path: /x, since: from}}", "both: the field that grows"),
    ("{from: A, http: {path: /x, since: from, watermark: none}}", "a header that is used"),
    ("{from: A, http: {path: /x, pages: {parameter: a}}}", "exactly one of number, cursor, next"),
    ("{from: A, http: {path: /x, pages: {cursor: /a}}}", "'cursor' without 'parameter'"),
    ("{from: A, http: {path: /x, records: items}}", "members from the outermost object on"),
    ("{from: A, files: {name: ../x}}", "a pattern of file names"),
    ("{from: A, files: {name: x, ready: ok}}", "an ending, like .ok"),
    ('{from: A, files: {name: x, period: "(["}}', "a pattern with one group"),
]


@pytest.mark.parametrize(("source", "words"), WRONG)
def test_what_cannot_be_declared_is_told(tmp_path: Path, source: str, words: str) -> None:
    with pytest.raises(DeclarationsRefused) as told:
        shops(tmp_path, source)
    assert words in str(told.value)


@pytest.mark.parametrize(
    ("form", "words"),
    [("format: csv", "format: jsonl"), ("format: jsonl\nencoding: gb18030", "format: jsonl"),
     ("format: jsonl\nsignature_required: true", "nobody signs what is pulled")],
)  # fmt: skip
def test_pulled_rows_are_kept_as_json_lines_and_unsigned(tmp_path: Path, form: str, words: str) -> None:
    with pytest.raises(DeclarationsRefused) as told:
        shops(tmp_path, DATABASE, form)
    assert words in str(told.value)
