"""The ledger: what is appended stays and is read back; threads and processes append at once; its years end."""

from __future__ import annotations

import multiprocessing
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from ledger import files
from ledger.audit import audit
from ledger.entry import EXPIRY, subject_hash
from ledger.errors import BadEntry, ClockWentBack, LedgerAltered, OlderLedger
from ledger.record import Ledger
from ledger.recorder import Recorder
from ledger.retention import expire
from onefile.verify.trust import read_trust
from tests.ledgers import LOOK, filled, segment
from tests.papers import AT, new_bureau


@pytest.fixture(scope="module")
def keystore(tmp_path_factory):
    return new_bureau(tmp_path_factory.mktemp("bureau"))


@pytest.fixture(scope="module")
def trust(keystore):
    return read_trust(keystore.trust())


@pytest.fixture
def ledger(tmp_path, keystore):
    return Ledger(tmp_path / "ledger", keystore)


@pytest.fixture
def short_segments(monkeypatch):
    monkeypatch.setattr(files, "SEGMENT_ENTRIES", 3)


def test_an_entry_says_who_why_when_and_what_and_names_nobody(ledger, keystore):
    asked = replace(
        LOOK, kind="file", department="market", client="market-1", acting="guardian:M1", grant="G20261123-0001",
        item="11", case="C1", resource="police.population", lake_version="person_file@3", answer="a" * 64,
        answer_id="q1", notice_after="2027-01-01",
    )  # fmt: skip
    entry = ledger.append(asked)
    assert entry.as_json() == {
        "format": "onefile.ledger/2",
        "seq": 1,
        "sealed": 0,
        "at": "2026-11-23T01:02:03Z",
        "operator": "clerk-7",
        "purpose": "item 12, case 34",
        "subject": subject_hash(keystore.secret("subject-hash"), "p-0123456789abcdef"),
        "fields": ["name", "marital_status"],
        "basis": "onefile file",
        "kind": "file",
        "department": "market",
        "client": "market-1",
        "acting": "guardian:M1",
        "grant": "G20261123-0001",
        "item": "11",
        "case": "C1",
        "resource": "police.population",
        "lake_version": "person_file@3",
        "answer": "a" * 64,
        "answer_id": "q1",
        "notice_after": "2027-01-01",
    }
    assert list(ledger.entries()) == [entry]
    assert b"p-0123456789abcdef" not in b"".join(file.read_bytes() for file in ledger.folder.iterdir())


def test_entries_are_read_back_in_order(ledger):
    filled(ledger, 5)
    assert [entry.seq for entry in ledger.entries()] == [1, 2, 3, 4, 5]
    assert [entry.purpose for entry in ledger.entries(after=3)] == ["case 4", "case 5"]


def test_looks_of_one_answer_are_recorded_together(ledger, trust):
    entries = ledger.append_all([replace(LOOK, subject_id=f"p-{number}") for number in range(1000)])
    assert [entry.seq for entry in entries] == list(range(1, 1001))
    assert len({entry.subject for entry in entries}) == 1000
    assert ledger.append_all([]) == []
    assert audit(ledger.folder, trust).entries == 1000


def test_a_ledger_never_written_to_is_whole_and_empty(tmp_path, trust):
    assert audit(tmp_path / "ledger", trust).entries == 0


def test_a_whole_ledger_is_found_whole(ledger, trust):
    filled(ledger, 5)
    found = audit(ledger.folder, trust)
    assert (found.entries, found.first, found.repairs, found.clocks, found.last_at) == (5, 1, 0, (), AT)


def test_segments_follow_each_other_and_another_writer_goes_on(short_segments, ledger, keystore, trust):
    filled(ledger, 3)
    filled(Ledger(ledger.folder, keystore), 4)
    assert [path.name for path in files.segments(ledger.folder)] == [
        "0000000001.jsonl", "0000000004.jsonl", "0000000007.jsonl"
    ]  # fmt: skip
    assert audit(ledger.folder, trust).entries == 7
    assert [entry.seq for entry in ledger.entries(after=2)] == [3, 4, 5, 6, 7]


def test_the_files_are_for_their_owner_only(ledger):
    filled(ledger, 1)
    assert {file.stat().st_mode & 0o777 for file in ledger.folder.iterdir()} == {0o600}


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": " "}, {"operator": ""}, {"at": datetime(2026, 11, 23)}, {"kind": ""},  # noqa: DTZ001
        {"operator": "\udcff"}, {"fields": ("\ud800",)}, {"case": "\udcff"}, {"answer": "abc"},
        {"notice_after": "soon"}, {"fields": ("x" * 70_000,)},
    ],
)  # fmt: skip
def test_a_look_that_does_not_say_what_it_must_is_not_recorded(ledger, change):
    with pytest.raises(BadEntry):
        ledger.append(replace(LOOK, **change))
    assert not ledger.folder.exists()


def test_a_ledger_of_the_first_format_is_told_and_left_alone(ledger):
    ledger.folder.mkdir()
    (ledger.folder / "head.json").write_bytes(b"{}")
    with pytest.raises(OlderLedger):
        ledger.append(LOOK)


def test_a_clock_set_back_is_refused_until_somebody_says_so(ledger, trust):
    ledger.append(LOOK)
    earlier = replace(LOOK, at=AT - timedelta(minutes=2))
    with pytest.raises(ClockWentBack):
        ledger.append(earlier)
    assert ledger.set_clock(earlier).purpose == "ledger.clock"
    assert ledger.append(earlier).at == earlier.at
    found = audit(ledger.folder, trust)
    assert (found.entries, found.clocks) == (3, (2,))


def test_a_look_that_was_overtaken_is_dated_as_the_one_before(ledger, trust):
    ledger.append(LOOK)
    assert ledger.append(replace(LOOK, at=AT - timedelta(seconds=59))).at == AT
    assert audit(ledger.folder, trust).entries == 2


def _append_many(folder: Path, keystore: object, name: str) -> None:
    ledger = Ledger(folder, keystore)  # type: ignore[arg-type]
    for number in range(20):
        ledger.append(replace(LOOK, purpose=f"{name}-{number}"))


def test_processes_that_append_at_once_lose_nothing_and_keep_their_order(tmp_path, keystore, trust):
    context = multiprocessing.get_context("fork")
    folder = tmp_path / "ledger"
    processes = [context.Process(target=_append_many, args=(folder, keystore, name)) for name in ("a", "b", "c")]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert audit(folder, trust).entries == 60
    purposes = [entry.purpose for entry in files.entries(folder)]
    for name in ("a", "b", "c"):
        own = [int(purpose.split("-")[1]) for purpose in purposes if purpose.startswith(f"{name}-")]
        assert all(first < second for first, second in pairwise(own))
        assert len(own) == 20


def test_threads_share_flushes_and_each_gets_its_own_entries(short_segments, ledger, trust):
    recorder, told = Recorder(ledger), {}

    def ask(name: str) -> None:
        for number in range(25):
            looks = [replace(LOOK, purpose=f"{name}-{number}", subject_id=subject) for subject in ("p-1", "p-2")]
            told[f"{name}-{number}"] = recorder.record(looks).result(30)

    threads = [threading.Thread(target=ask, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.close()
    assert audit(ledger.folder, trust).entries == 400
    assert all([entry.purpose for entry in entries] == [name, name] for name, entries in told.items())
    seals = sum(line.startswith(b'{"seal"') for path in files.segments(ledger.folder) for line in path.open("rb"))
    assert seals < 200


def test_who_waits_for_the_recorder_hears_what_went_wrong(ledger):
    ledger.append(LOOK)
    recorder = Recorder(ledger)
    with pytest.raises(ClockWentBack):
        recorder.record([replace(LOOK, at=AT - timedelta(days=1))]).result(30)
    with pytest.raises(BadEntry):
        recorder.record([replace(LOOK, operator="")])
    assert recorder.record([LOOK]).result(30)[0].seq == 2
    recorder.close()
    recorder.close()


def test_an_audit_beside_writers_finds_the_ledger_whole(ledger, trust):
    filled(ledger, 1)
    stop, recorder = threading.Event(), Recorder(ledger)

    def write() -> None:
        while not stop.is_set():
            recorder.record([LOOK] * 3).result(30)

    writer = threading.Thread(target=write)
    writer.start()
    sizes = [audit(ledger.folder, trust).entries for _ in range(5)]
    stop.set()
    writer.join()
    recorder.close()
    assert sizes == sorted(sizes)


def test_entries_are_removed_when_their_years_are_over_and_an_entry_says_so(short_segments, ledger, trust):
    filled(ledger, 6)
    kept = (ledger.folder / "head").read_bytes()
    later = replace(LOOK, at=AT.replace(year=AT.year + 3))
    assert expire(ledger, later) is None
    ledger.append(replace(later, at=later.at + timedelta(days=1)))
    entry = expire(ledger, replace(later, at=later.at + timedelta(days=2)))
    assert entry is not None
    assert (entry.seq, entry.purpose, entry.basis.partition(" ")[0]) == (8, EXPIRY, "6")
    assert [path.name for path in files.segments(ledger.folder)] == ["0000000007.jsonl"]
    found = audit(ledger.folder, trust, heads=(kept,))
    assert (found.entries, found.first) == (8, 7)
    with pytest.raises(BadEntry):
        expire(ledger, later, years=2)


def test_a_beginning_that_was_cut_off_before_its_years_were_over_is_a_gap(short_segments, ledger, trust):
    filled(ledger, 6)
    segment(ledger).unlink()
    with pytest.raises(LedgerAltered) as raised:
        audit(ledger.folder, trust)
    assert (raised.value.kind, raised.value.seq) == ("gap", 1)
