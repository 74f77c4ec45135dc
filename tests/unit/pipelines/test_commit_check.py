"""A table's newest commit is whole, or it is named: cut off anywhere, emptied, gone, or with lines taken out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines import commit_check
from pipelines.errors import LakeDamaged

TABLE = "silver/shop"


def commit(log: Path, version: int, adds: list[int], removes: list[int], files: int, size: int) -> None:
    actions: list[dict[str, object]] = [{"commitInfo": {"operation": "WRITE"}}]
    actions += [{"add": {"path": f"a-{version}-{n}", "size": each}} for n, each in enumerate(adds)]
    actions += [{"remove": {"path": f"r-{version}-{n}", "size": each}} for n, each in enumerate(removes)]
    txn = {"appId": f"a-{version}", "version": 1}
    domain = {"domain": "delta.rowTracking", "configuration": f"{version}"}
    actions += [{"txn": txn}, {"domainMetadata": domain}]
    if version == 0:
        actions.append({"metaData": {"id": "x"}})
    (log / f"{version:020d}.json").write_text("".join(json.dumps(each) + "\n" for each in actions))
    sums: dict[str, object] = {
        "tableSizeBytes": size,
        "numFiles": files,
        "metadata": {"id": "x"},
        "domainMetadata": [domain],
    }
    sums["setTransactions"] = [{"appId": f"a-{each}", "version": 1} for each in range(version + 1)]
    (log / f"{version:020d}.crc").write_text(json.dumps(sums))


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    log = tmp_path / TABLE / "_delta_log"
    log.mkdir(parents=True)
    commit(log, 0, [], [], 0, 0)
    commit(log, 1, [10, 20], [], 2, 30)
    commit(log, 2, [100], [10], 2, 120)
    return tmp_path


def newest(lake: Path) -> Path:
    return lake / TABLE / "_delta_log" / f"{2:020d}.json"


def test_a_whole_one_passes_and_where_there_is_nothing_there_is_nothing_to_say(lake, tmp_path):
    commit_check.check(str(lake), TABLE)
    commit_check.check(str(lake), "silver/other")
    commit_check.check("s3a://bucket/lake", TABLE)
    assert commit_check.has_commits(str(lake), TABLE)
    assert not commit_check.has_commits(str(lake), "silver/other")


def test_cut_off_after_any_byte_it_is_found(lake):
    whole = newest(lake).read_bytes()
    for length in range(len(whole) - 1):  # without its very last line end it still says all
        newest(lake).write_bytes(whole[:length])
        with pytest.raises(
            LakeDamaged, match=r"lake/silver/shop/_delta_log/00000000000000000002\.json is damaged or gone"
        ):
            commit_check.check(str(lake), TABLE)
    newest(lake).write_bytes(whole[:-1])
    commit_check.check(str(lake), TABLE)


def test_any_line_that_is_taken_out_is_missed(lake):
    lines = newest(lake).read_bytes().splitlines(keepends=True)
    assert len(lines) == 5
    for place in range(1, 5):
        newest(lake).write_bytes(b"".join(lines[:place] + lines[place + 1 :]))
        with pytest.raises(LakeDamaged, match=commit_check.DIFFERS):
            commit_check.check(str(lake), TABLE)


def test_a_line_that_only_adds_a_file_is_missed_at_the_end_too(lake):
    lines = newest(lake).read_bytes().splitlines(keepends=True)
    without = [line for line in lines if b'"remove"' not in line and b'"domainMetadata"' not in line]
    without.sort(key=lambda line: b'"add"' in line)
    newest(lake).with_suffix(".crc").write_text(
        newest(lake).with_suffix(".crc").read_text().replace('"numFiles": 2', '"numFiles": 3').replace("120", "130")
    )
    (newest(lake).parent / f"{1:020d}.crc").write_text(
        (newest(lake).parent / f"{1:020d}.crc").read_text().replace('"configuration": "1"', '"configuration": "2"')
    )
    newest(lake).write_bytes(b"".join(without))
    commit_check.check(str(lake), TABLE)
    newest(lake).write_bytes(b"".join(without[:-1]))
    with pytest.raises(LakeDamaged, match=commit_check.DIFFERS):
        commit_check.check(str(lake), TABLE)


def test_the_newest_version_and_what_was_noted_are_read_from_the_log(lake):
    log = newest(lake).parent
    assert commit_check.newest(str(lake), TABLE) == 2
    assert commit_check.newest(str(lake), "silver/other") is None
    assert commit_check.newest("s3a://bucket/lake", TABLE) is None
    assert list(commit_check.notes(str(lake), TABLE, 100)) == []
    for version, note in ((10, '{"n": 1}'), (9, '{"n": 0}')):
        told = json.dumps({"commitInfo": {"operation": "WRITE", "userMetadata": note}}, separators=(",", ":"))
        (log / f"{version:020d}.json").write_text(told + "\n")
    assert commit_check.newest(str(lake), TABLE) == 10
    assert list(commit_check.notes(str(lake), TABLE, 100)) == ['{"n": 1}', '{"n": 0}']
    assert list(commit_check.notes(str(lake), TABLE, 1)) == ['{"n": 1}']
    (log / f"{10:020d}.json").write_text('{"commitInfo":{"opera')
    with pytest.raises(LakeDamaged, match=commit_check.UNREADABLE):
        list(commit_check.notes(str(lake), TABLE, 1))


def test_a_newest_one_that_is_gone_is_missed(lake):
    newest(lake).unlink()
    with pytest.raises(LakeDamaged, match=commit_check.GONE):
        commit_check.check(str(lake), TABLE)


def test_sums_that_are_not_there_or_hurt_prove_nothing(lake):
    newest(lake).with_suffix(".crc").write_bytes(b"{")
    commit_check.check(str(lake), TABLE)
    newest(lake).with_suffix(".crc").unlink()
    commit_check.check(str(lake), TABLE)
    newest(lake).write_bytes(newest(lake).read_bytes().replace(b'"size": 10}', b'"x": 10}'))
    commit_check.check(str(lake), TABLE)


def test_a_commit_that_tells_more_of_files_that_are_there_is_whole(lake):
    """As Delta's does when a table begins to track its rows."""
    log = newest(lake).parent
    commit(log, 3, [20, 100], [], 2, 120)
    file = log / f"{3:020d}.json"
    quiet = file.read_text().replace('"size"', '"dataChange": false, "size"')
    file.write_text(quiet.replace("WRITE", "ROW TRACKING BACKFILL"))
    commit_check.check(str(lake), TABLE)
    file.write_text(file.read_text().replace("ROW TRACKING BACKFILL", "OPTIMIZE"))
    with pytest.raises(LakeDamaged, match=commit_check.DIFFERS):
        commit_check.check(str(lake), TABLE)
