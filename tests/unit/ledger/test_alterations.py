"""Whatever a hand does to the ledger is found, and placed; nothing is appended to one whose end was altered."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace

import pytest

from ledger import files
from ledger.audit import audit
from ledger.errors import LedgerAltered, LedgerError, LedgerInterrupted
from ledger.record import Ledger
from onefile.verify.trust import read_trust
from tests.ledgers import LOOK, contents, filled, lines, segment
from tests.papers import new_bureau


@pytest.fixture(scope="module")
def keystore(tmp_path_factory):
    return new_bureau(tmp_path_factory.mktemp("bureau"))


@pytest.fixture(scope="module")
def trust(keystore):
    return read_trust(keystore.trust())


@pytest.fixture
def five(tmp_path, keystore):
    return filled(Ledger(tmp_path / "ledger", keystore), 5)


@pytest.fixture
def short_segments(monkeypatch):
    monkeypatch.setattr(files, "SEGMENT_ENTRIES", 3)


def _put(change: Callable[[list[bytes]], list[bytes] | bytes]) -> Callable[[Ledger], None]:
    def alter(ledger: Ledger) -> None:
        content = change(lines(ledger))
        segment(ledger).write_bytes(content if isinstance(content, bytes) else b"".join(content))

    return alter


def _entry(number: int) -> int:
    """The place of an entry among the lines; its seal follows."""
    return 2 * number - 1


def _without(*numbers: int) -> Callable[[list[bytes]], list[bytes]]:
    gone = {place for number in numbers for place in (_entry(number), _entry(number) + 1)}
    return lambda old: [line for place, line in enumerate(old) if place not in gone]


def _exchanged(old: list[bytes]) -> list[bytes]:
    return [*old[:3], old[5], old[6], old[3], old[4], *old[7:]]


def _edit_head(ledger: Ledger) -> None:
    head = ledger.folder / "head"
    head.write_bytes(head.read_bytes().replace(b"\n5\n", b"\n4\n"))


ALTERATIONS: dict[str, tuple[Callable[[Ledger], None], str, int]] = {
    "a word changed": (_put(lambda old: [*old[:5], old[5].replace(b"case 3", b"case 9"), *old[6:]]), "altered", 3),
    "an instant changed": (
        _put(lambda old: [*old[:5], old[5].replace(b"T01:02:03", b"T01:02:02"), *old[6:]]), "back_dated", 3),
    "white space put in": (_put(lambda old: [old[0], old[1].replace(b",", b", ", 1), *old[2:]]), "altered", 1),
    "a field added": (_put(lambda old: [old[0], old[1].replace(b"{", b'{"x":1,', 1), *old[2:]]), "altered", 1),
    "an empty line put in": (_put(lambda old: [*old[:5], b"\n", *old[5:]]), "altered", 3),
    "a line of something else": (_put(lambda old: [*old[:5], b"[" * 100_000 + b"\n", *old[5:]]), "altered", 3),
    "the first line changed": (_put(lambda old: [old[0].replace(b'"first":1', b'"first":2'), *old[1:]]), "altered", 1),
    "an entry removed": (_put(lambda old: old[:5] + old[6:]), "gap", 3),
    "the first entry and its seal removed": (_put(_without(1)), "gap", 1),
    "an entry and its seal removed": (_put(_without(3)), "gap", 3),
    "two entries and seals removed": (_put(_without(2, 3)), "gap", 2),
    "a seal twice": (_put(lambda old: [*old[:5], old[4], *old[5:]]), "altered", 3),
    "a seal removed": (_put(lambda old: old[:6] + old[7:]), "altered", 4),
    "two entries exchanged": (_put(_exchanged), "reordered", 2),
    "an entry twice": (_put(lambda old: [*old[:4], old[3], *old[4:]]), "reordered", 3),
    "turned around": (_put(lambda old: [old[0], *old[:0:-1]]), "gap", 1),
    "the last two removed": (_put(_without(4, 5)), "truncated", 4),
    "the last seal removed": (_put(lambda old: old[:-1]), "truncated", 5),
    "cut in an early line": (_put(lambda old: b"".join(old[:5])[:-9]), "truncated", 2),
    "emptied": (_put(lambda _: b""), "altered", 1),
    "the segment removed": (lambda led: segment(led).unlink(), "truncated", 1),
    "the segment renamed": (lambda led: segment(led).rename(segment(led, 2)) and None, "altered", 2),
    "the head removed": (lambda led: (led.folder / "head").unlink(), "head", 0),
    "the head changed": (_edit_head, "head", 0),
    "the head emptied": (lambda led: (led.folder / "head").write_bytes(b"") and None, "head", 0),
}  # fmt: skip


@pytest.mark.parametrize(("alter", "kind", "seq"), ALTERATIONS.values(), ids=ALTERATIONS)
def test_an_alteration_is_found_and_placed(five, trust, monkeypatch, alter, kind, seq):
    monkeypatch.setattr("ledger.audit.SECONDS_FOR_A_SEAL", 0)
    alter(five)
    with pytest.raises(LedgerAltered) as raised:
        audit(five.folder, trust)
    assert (raised.value.kind, raised.value.seq) == (kind, seq)
    assert raised.value.exit_code == 1


@pytest.fixture
def three(tmp_path, keystore, monkeypatch):
    """Three entries in two segments, audited without waiting for writers."""
    monkeypatch.setattr(files, "SEGMENT_ENTRIES", 2)
    monkeypatch.setattr("ledger.audit.SECONDS_FOR_A_SEAL", 0)
    return filled(Ledger(tmp_path / "ledger", keystore), 3)


def test_every_byte_that_is_altered_is_found(three, trust):
    for path in sorted(three.folder.iterdir()):
        whole = path.read_bytes()
        for place in range(len(whole)):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << place % 8)]) + whole[place + 1 :])
            with pytest.raises(LedgerError):
                audit(three.folder, trust)
        path.write_bytes(whole)
    assert audit(three.folder, trust).entries == 3


def test_every_byte_at_which_a_file_is_cut_is_found(three, trust):
    for path in sorted(three.folder.iterdir()):
        whole = path.read_bytes()
        for length in range(len(whole)):
            path.write_bytes(whole[:length])
            with pytest.raises(LedgerError):
                audit(three.folder, trust)
        path.write_bytes(whole)


def test_a_middle_segment_removed_is_found(short_segments, keystore, trust, tmp_path):
    ledger = filled(Ledger(tmp_path / "ledger", keystore), 9)
    segment(ledger, 4).unlink()
    with pytest.raises(LedgerAltered, match=r"0000000007\.jsonl:1, entry 4"):
        audit(ledger.folder, trust)


def test_entries_put_at_the_end_are_not_signed(five, trust, monkeypatch):
    monkeypatch.setattr("ledger.audit.SECONDS_FOR_A_SEAL", 0)
    forged = json.loads(lines(five)[-2]) | {"seq": 6, "sealed": 5}
    with segment(five).open("ab") as file:
        file.write(json.dumps(forged, separators=(",", ":"), sort_keys=True).encode() + b"\n")
    with pytest.raises(LedgerInterrupted) as raised:
        audit(five.folder, trust)
    assert raised.value.seq == 6
    assert five.append(LOOK).seq == 7
    assert [entry.purpose for entry in five.entries(after=5)] == ["ledger.repair", LOOK.purpose]
    assert audit(five.folder, trust).repairs == 1


def test_a_head_that_another_bureau_signed_is_not_believed(five, tmp_path):
    other = new_bureau(tmp_path / "other")
    with pytest.raises(LedgerAltered, match="no trusted key"):
        audit(five.folder, read_trust(other.trust()))


def test_a_ledger_set_back_or_written_anew_is_found_by_a_kept_head(five, keystore, trust, tmp_path):
    early = tmp_path / "early"
    shutil.copytree(five.folder, early)
    filled(five, 3)
    kept = (five.folder / "head").read_bytes()
    assert audit(five.folder, trust, heads=(kept, (early / "head").read_bytes())).entries == 8
    with pytest.raises(LedgerAltered, match="truncated"):
        audit(early, trust, heads=(kept,))
    other = Ledger(tmp_path / "other" / "ledger", keystore)
    for number in range(9):
        other.append(replace(LOOK, purpose=f"other {number}"))
    with pytest.raises(LedgerAltered, match="forked"):
        audit(other.folder, trust, heads=(kept,))


@pytest.mark.parametrize(
    "name", ["the last two removed", "the head changed", "the head removed", "emptied", "the segment removed"]
)
def test_nothing_is_appended_to_a_ledger_whose_end_was_altered(five, keystore, name):
    ALTERATIONS[name][0](five)
    before = contents(five.folder)
    with pytest.raises(LedgerError):
        Ledger(five.folder, keystore).append(LOOK)
    assert contents(five.folder) == before


def test_what_was_moved_aside_may_not_be_altered_either(five, trust):
    with segment(five).open("ab") as file:
        file.write(b"\x00" * 64)
    five.append(LOOK)
    (moved,) = five.folder.glob("torn-*.bin")
    assert moved.read_bytes() == b"\x00" * 64
    moved.write_bytes(b"\x01")
    with pytest.raises(LedgerAltered, match="torn-"):
        audit(five.folder, trust)
    moved.unlink()
    with pytest.raises(LedgerAltered, match="torn-"):
        audit(five.folder, trust)
