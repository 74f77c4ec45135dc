"""The ledger: what is appended stays, every alteration is found and placed, a crash loses nothing acknowledged."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from ledger import files
from ledger.audit import audit
from ledger.entry import FIRST_PREV, REPAIR, Look, follow, subject_hash
from ledger.errors import BadEntry, LedgerAltered, LedgerInterrupted
from ledger.record import Ledger
from onefile.verify.trust import read_trust
from tests.papers import AT, new_bureau

LOOK = Look(AT, "clerk-7", "item 12, case 34", "p-0123456789abcdef", ("name", "marital_status"), "onefile file")


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
def five(ledger):
    for number in range(1, 6):
        ledger.append(replace(LOOK, purpose=f"case {number}"))
    return ledger


@pytest.fixture
def short_segments(monkeypatch):
    monkeypatch.setattr(files, "SEGMENT_ENTRIES", 3)


def segment(ledger: Ledger, first: int = 1) -> Path:
    return ledger.folder / f"{first:010d}.jsonl"


def lines(ledger: Ledger) -> list[bytes]:
    return segment(ledger).read_bytes().splitlines(keepends=True)


def test_an_entry_says_who_why_when_and_what_and_names_nobody(ledger, keystore):
    entry = ledger.append(LOOK)
    assert entry.as_json() == {
        "format": "onefile.ledger/1",
        "seq": 1,
        "at": "2026-11-23T01:02:03Z",
        "operator": "clerk-7",
        "purpose": "item 12, case 34",
        "subject": subject_hash(keystore.secret("subject-hash"), "p-0123456789abcdef"),
        "fields": ["name", "marital_status"],
        "basis": "onefile file",
        "prev": FIRST_PREV,
        "hash": entry.right_hash(),
    }
    assert b"p-0123456789abcdef" not in b"".join(file.read_bytes() for file in ledger.folder.iterdir())


def test_entries_are_chained_and_read_back_in_order(five):
    entries = list(five.entries())
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.prev for entry in entries] == [FIRST_PREV, *(entry.hash for entry in entries[:-1])]
    assert [entry.purpose for entry in five.entries(after=3)] == ["case 4", "case 5"]


def test_a_ledger_never_written_to_is_whole_and_empty(tmp_path, trust):
    assert audit(tmp_path / "ledger", trust).entries == 0


def test_a_whole_ledger_is_found_whole(five, trust):
    found = audit(five.folder, trust)
    assert (found.entries, found.repairs, found.last_at) == (5, 0, AT)
    assert found.last_hash == list(five.entries())[-1].hash


def test_segments_follow_each_other(short_segments, five, trust):
    assert [path.name for path in files.segments(five.folder)] == ["0000000001.jsonl", "0000000004.jsonl"]
    assert audit(five.folder, trust).entries == 5
    assert [entry.seq for entry in five.entries(after=2)] == [3, 4, 5]


def test_the_files_are_for_their_owner_only(five):
    assert {file.stat().st_mode & 0o777 for file in five.folder.iterdir()} == {0o600}


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": " "}, {"operator": ""}, {"at": datetime(2026, 11, 23)},  # noqa: DTZ001
        {"operator": "\udcff"}, {"fields": ("\ud800",)},
    ],
)  # fmt: skip
def test_a_look_without_operator_purpose_or_instant_is_not_recorded(ledger, change):
    with pytest.raises(BadEntry):
        ledger.append(replace(LOOK, **change))
    assert not ledger.folder.exists()


def _rewritten(ledger: Ledger, number: int, **change: object) -> bytes:
    """A line changed, its own hash made right again."""
    entries = list(ledger.entries())
    changed = replace(entries[number - 1], **change)  # type: ignore[arg-type]
    return replace(changed, hash=changed.right_hash()).line()


def _forge_rest(ledger: Ledger) -> bytes:
    """Every entry from the third on chained anew, as somebody without the key would."""
    entries = list(ledger.entries())
    forged, last = entries[:2], entries[1]
    for entry in entries[2:]:
        last = follow(last, replace(LOOK, purpose=f"other {entry.seq}"), b"x")
        forged.append(last)
    return b"".join(entry.line() for entry in forged)


def _put(make: Callable[[Ledger, list[bytes]], list[bytes] | bytes]) -> Callable[[Ledger], None]:
    def change(ledger: Ledger) -> None:
        content = make(ledger, lines(ledger))
        segment(ledger).write_bytes(content if isinstance(content, bytes) else b"".join(content))

    return change


def _edit_head(ledger: Ledger) -> None:
    head = ledger.folder / "head.json"
    content = json.loads(head.read_bytes())
    head.write_text(json.dumps({**content, "payload": content["payload"][:-8] + "AAAAAAA="}))


ALTERATIONS: dict[str, tuple[Callable[[Ledger], None], str, int]] = {
    "a word changed": (_put(lambda _, old: [*old[:2], old[2].replace(b"case 3", b"case 9"), *old[3:]]), "altered", 3),
    "an entry changed, its hash made right": (
        _put(lambda led, old: [*old[:2], _rewritten(led, 3, operator="x"), *old[3:]]), "altered", 4),
    "the last entry changed, its hash made right": (
        _put(lambda led, old: [*old[:4], _rewritten(led, 5, operator="x")]), "altered", 5),
    "all from the third on chained anew": (_put(lambda led, _: _forge_rest(led)), "altered", 5),
    "white space put in": (_put(lambda _, old: [old[0].replace(b",", b", ", 1), *old[1:]]), "altered", 1),
    "a field added": (_put(lambda _, old: [old[0].replace(b"{", b'{"x":1,', 1), *old[1:]]), "altered", 1),
    "an empty line put in": (_put(lambda _, old: [*old[:2], b"\n", *old[2:]]), "altered", 3),
    "a line of something else": (_put(lambda _, old: [*old[:2], b"[" * 100_000 + b"\n", *old[2:]]), "altered", 3),
    "the first entry removed": (_put(lambda _, old: old[1:]), "gap", 1),
    "an entry removed": (_put(lambda _, old: old[:2] + old[3:]), "gap", 3),
    "two entries removed": (_put(lambda _, old: [old[0], *old[3:]]), "gap", 2),
    "two entries exchanged": (_put(lambda _, old: [old[0], old[2], old[1], *old[3:]]), "reordered", 2),
    "an entry twice": (_put(lambda _, old: [*old[:2], old[1], *old[2:]]), "reordered", 3),
    "turned around": (_put(lambda _, old: old[::-1]), "reordered", 1),
    "the last two removed": (_put(lambda _, old: old[:3]), "truncated", 4),
    "cut in the middle of a line before the last": (
        _put(lambda _, old: b"".join(old)[: -len(old[4]) - 9]), "truncated", 4),
    "cut in an early line": (_put(lambda _, old: b"".join(old)[: len(old[0]) + 9]), "truncated", 2),
    "emptied": (_put(lambda _, __: b""), "truncated", 1),
    "an entry added at the end": (
        _put(lambda led, old: [*old, follow(list(led.entries())[-1], LOOK, b"x").line()]), "added", 6),
    "the segment removed": (lambda led: segment(led).unlink(), "truncated", 1),
    "the segment renamed": (lambda led: segment(led).rename(segment(led, 2)) and None, "gap", 1),
    "the head removed": (lambda led: (led.folder / "head.json").unlink(), "head", 0),
    "the head changed": (_edit_head, "head", 0),
    "the head emptied": (lambda led: (led.folder / "head.json").write_bytes(b"") and None, "head", 0),
}  # fmt: skip


@pytest.mark.parametrize(("alter", "kind", "seq"), ALTERATIONS.values(), ids=ALTERATIONS)
def test_an_alteration_is_found_and_placed(five, trust, alter, kind, seq):
    alter(five)
    with pytest.raises(LedgerAltered) as raised:
        audit(five.folder, trust)
    assert (raised.value.kind, raised.value.seq) == (kind, seq)
    assert raised.value.exit_code == 1


def test_a_middle_segment_removed_is_a_gap(short_segments, five, trust):
    segment(five).unlink()
    with pytest.raises(LedgerAltered, match=r"0000000001\.jsonl is missing"):
        audit(five.folder, trust)


def test_a_head_that_another_bureau_signed_is_not_believed(five, tmp_path):
    other = new_bureau(tmp_path / "other")
    with pytest.raises(LedgerAltered, match="no trusted key"):
        audit(five.folder, read_trust(other.trust()))


@pytest.mark.parametrize("name", ["the last two removed", "the head changed", "the head removed", "emptied"])
def test_nothing_is_appended_to_a_ledger_whose_end_was_altered(five, name):
    ALTERATIONS[name][0](five)
    before = {file.name: file.read_bytes() for file in five.folder.iterdir()}
    with pytest.raises(LedgerAltered):
        five.append(LOOK)
    assert {file.name: file.read_bytes() for file in five.folder.iterdir()} == before


def test_the_last_line_removed_is_found_then_restored_from_the_head_and_recorded(five, trust):
    whole = lines(five)
    segment(five).write_bytes(b"".join(whole[:-1]))
    with pytest.raises(LedgerInterrupted, match="its line is missing"):
        audit(five.folder, trust)
    five.append(LOOK)
    assert lines(five)[:5] == whole
    assert [entry.purpose for entry in five.entries(after=5)] == [REPAIR, LOOK.purpose]
    assert audit(five.folder, trust).repairs == 1


@pytest.mark.parametrize("kept", [1, 2, 100, -1])
def test_a_line_cut_short_is_moved_aside_restored_and_recorded(five, trust, kept):
    whole = lines(five)
    torn = whole[4][:kept]
    segment(five).write_bytes(b"".join(whole[:4]) + torn)
    with pytest.raises(LedgerInterrupted, match="a line was cut short"):
        audit(five.folder, trust)
    five.append(LOOK)
    assert lines(five)[:5] == whole
    repair = next(iter(five.entries(after=5)))
    assert repair.purpose == REPAIR
    (moved,) = five.folder.glob("torn-*.bin")
    assert moved.read_bytes() == torn
    assert repair.basis.startswith(f"{moved.stem}: {len(torn)} bytes of a torn line moved aside")
    assert audit(five.folder, trust).entries == 7


def test_bytes_after_the_last_line_are_moved_aside(five, trust):
    with segment(five).open("ab") as file:
        file.write(b"\x00" * 64)
    five.append(LOOK)
    assert next(five.folder.glob("torn-*.bin")).read_bytes() == b"\x00" * 64
    assert audit(five.folder, trust).entries == 7


def test_the_first_line_of_a_new_segment_is_restored_too(short_segments, ledger, trust):
    for _ in range(4):
        ledger.append(LOOK)
    segment(ledger, 4).write_bytes(b'{"at"')
    ledger.append(LOOK)
    assert audit(ledger.folder, trust).entries == 6


def _append_and_die(folder: Path, keystore: object, calls: int) -> None:
    """Append two looks; the process ends at the n-th call that reaches the disk."""
    counted = {"left": calls}

    def dying(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            if counted["left"] == 0:
                os._exit(9)
            counted["left"] -= 1
            return real(*arguments, **options)

        return call

    os.fsync, os.replace, os.open = dying(os.fsync), dying(os.replace), dying(os.open)  # type: ignore[assignment]
    ledger = Ledger(folder, keystore)  # type: ignore[arg-type]
    for number in (1, 2):
        entry = ledger.append(replace(LOOK, purpose=f"acknowledged {number}"))
        with Path(f"{folder}-acknowledged").open("a") as file:
            file.write(f"{entry.hash}\n")
    os._exit(0)


def test_a_process_that_dies_at_any_step_loses_no_acknowledged_entry(tmp_path, keystore, trust):
    context = multiprocessing.get_context("fork")
    codes = []
    for calls in range(60):
        folder = tmp_path / str(calls) / "ledger"
        Ledger(folder, keystore).append(LOOK)
        process = context.Process(target=_append_and_die, args=(folder, keystore, calls))
        process.start()
        process.join(60)
        codes.append(process.exitcode)
        Ledger(folder, keystore).append(replace(LOOK, purpose="after the crash"))
        entries = list(files.entries(folder))
        acknowledged = Path(f"{folder}-acknowledged")
        hashes = acknowledged.read_text().split() if acknowledged.exists() else []
        assert set(hashes) <= {entry.hash for entry in entries}
        assert audit(folder, trust).entries == len(entries)
        assert entries[-1].purpose == "after the crash"
        if process.exitcode == 0:
            break
    assert codes[-1] == 0
    assert len(codes) > 10
    assert set(codes[:-1]) == {9}


def _append_many(folder: Path, keystore: object, name: str) -> None:
    ledger = Ledger(folder, keystore)  # type: ignore[arg-type]
    for number in range(10):
        ledger.append(replace(LOOK, purpose=f"{name}-{number}"))


def test_processes_that_append_at_once_lose_nothing_and_keep_their_order(tmp_path, keystore, trust):
    context = multiprocessing.get_context("fork")
    folder = tmp_path / "ledger"
    processes = [context.Process(target=_append_many, args=(folder, keystore, name)) for name in ("a", "b", "c")]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert audit(folder, trust).entries == 30
    purposes = [entry.purpose for entry in files.entries(folder)]
    for name in ("a", "b", "c"):
        own = [int(purpose.split("-")[1]) for purpose in purposes if purpose.startswith(f"{name}-")]
        assert all(first < second for first, second in pairwise(own))
        assert len(own) == 10
