"""The door: what comes in, what does not, and that everything has one clear outcome."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from inbox import deliveries, departments, door
from inbox.errors import KeptFileChanged, NoSuchRow, UnknownDelivery
from inbox.manifest import MAX_BYTES
from onefile.errors import Busy
from onefile.files import lock
from tests.unit.inbox.hands import NOON, PEOPLE, RESOURCES, SHANGHAI, Hands, public


def test_a_delivery_is_taken_moved_as_it_came_and_noted(hands: Hands):
    hands.put()
    arrival = hands.receive()[0]
    assert (arrival.status, arrival.department, arrival.delivery) == ("taken", "civil", "d-1")
    assert (hands.kept(), hands.waits()) == (["civil/d-1"], [])
    delivery = deliveries.open_delivery(hands.home, "d-1")
    assert (delivery.id, delivery.department, delivery.seq) == ("d-1", "civil", 1)
    assert (delivery.received_at, delivery.signed_by) == (NOON, None)
    assert (delivery.folder / "people.csv").read_bytes() == PEOPLE
    assert sorted(p.name for p in delivery.folder.iterdir()) == ["manifest.json", "people.csv", "received.json"]
    assert arrival.note == deliveries.read_received(delivery.folder)


def test_rows_are_numbered_through_all_files_in_the_manifests_order(hands: Hands):
    hands.put({"b.csv": PEOPLE, "a.csv": b"name,number\nc,3\nd,4\n"})
    hands.receive()
    delivery = deliveries.open_delivery(hands.home, "d-1")
    resource = RESOURCES["civil.people"]
    rows = [row for batch in delivery.rows(resource) for row in batch]
    assert rows == [
        (1, b"1,a", ("1", "a", None)),
        (2, b"2,b", ("2", "b", None)),
        (3, b"c,3", ("3", "c", None)),
        (4, b"d,4", ("4", "d", None)),
    ]
    assert [deliveries.row_bytes(delivery, resource, n) for n in (1, 4)] == [b"1,a", b"d,4"]
    for number in (0, 5):
        with pytest.raises(NoSuchRow):
            deliveries.row_bytes(delivery, resource, number)


def test_deliveries_are_learnt_in_order_of_their_period_then_of_their_id(hands: Hands):
    hands.put(delivery="a", period="2026-03-01")
    hands.put(delivery="z", period="2026-02")
    hands.put(delivery="b", period="2026-02-28", department="tax", resource="tax.payers")
    hands.put_raw(b"{", {}, "0")
    assert [a.delivery for a in hands.receive()] == ["b", "z", "a", "0"]
    assert [d.id for d in deliveries.every(hands.home)] == ["b", "z", "a"]
    assert [d.id for d in deliveries.every(hands.home, "civil")] == ["z", "a"]
    assert [(n.delivery, n.seq) for n in deliveries.refused(hands.home)] == [("0", 4)]
    hands.put(delivery="c", period="2026-01")
    assert hands.receive()[0].note.seq == 5


def test_an_empty_delivery_is_one_of_no_rows(hands: Hands):
    hands.put({"people.csv": b"number,name\n"}, rows=0)
    hands.put({"people.jsonl": b""}, rows=0, resource="civil.lines", delivery="d-2")
    assert hands.outcome() == ["taken", "taken"]
    delivery = deliveries.open_delivery(hands.home, "d-1")
    assert list(delivery.rows(RESOURCES["civil.people"])) == []


@pytest.mark.parametrize(
    ("files", "how", "reason"),
    [
        ({"p.csv": b"number,name,age\n1,a,3\n2,b,4\n"}, {}, "columns_unknown"),
        ({"p.csv": b"number\n1\n2\n"}, {}, "columns_missing"),
        ({"p.csv": "number,name\n1,张\n2,李\n".encode("gb18030")}, {}, "encoding"),
        ({"p.csv": "number,name\n1,张\n2,李\n".encode()}, {"resource": "civil.gb"}, "encoding"),
        ({"p.csv": b'number,name\n1,"a\n2,b\n'}, {}, "quoting"),
        ({"p.csv": b"number,name\n1,a\n2,b,c\n"}, {}, "fields_differ"),
        ({"p.jsonl": b'{"number": 1, "name": "a"}\n{"number": \n'}, {"resource": "civil.lines"}, "json"),
        ({"p.csv": b""}, {"rows": 0}, "no_header"),
        ({}, {}, "no_files"),
        (None, {"rows": 3}, "rows_differ"),
        (None, {"change": lambda m: m["files"][0].update(sha256="0" * 64)}, "hash_differs"),
        (None, {"change": lambda m: m["files"][0].update(rows="2")}, "manifest_malformed"),
        (None, {"change": lambda m: m["files"][0].update(name="../people.csv")}, "bad_file_name"),
        (None, {"change": lambda m: m["files"][0].update(name="other.csv")}, "file_missing"),
        (None, {"change": lambda m: m.update(id="d-2")}, "wrong_id"),
        (None, {"change": lambda m: m["files"].append(m["files"][0] | {"name": "b.csv"})}, "file_missing"),
        (None, {"resource": "civil.nothing"}, "unknown_resource"),
        (None, {"resource": "tax.payers"}, "wrong_department"),
        (None, {"resource": "civil.signed"}, "signature_missing"),
        (None, {"period": "2026-03-03"}, "future_period"),
        (None, {"period": "2026-03"}, "future_period"),
        (None, {"delivery": "the first one"}, "bad_id"),
        (None, {"delivery": "69010119900101123X"}, "bad_id"),
    ],
)  # fmt: skip
def test_a_bad_delivery_is_refused_kept_and_does_not_hold_up_another(hands: Hands, files, how, reason):
    place = hands.put(files, **how)
    there = {path.name: path.read_bytes() for path in place.iterdir()}
    hands.put(delivery="good")
    bad, good = sorted(hands.receive(), key=lambda arrival: arrival.status)
    assert (bad.status, bad.refusal.reason, good.status) == ("refused", reason, "taken")
    assert hands.waits() == []
    folder = hands.home / "deliveries" / "civil" / bad.note.name
    assert {p.name: p.read_bytes() for p in folder.iterdir() if p.name != "received.json"} == there
    assert deliveries.read_received(folder) == bad.note
    assert bad.note.refusal.reason == reason
    for lang in ("zh", "en"):
        words = bad.refusal.words(lang)
        assert words.found
        assert words.wanted
        assert words.do
    with pytest.raises(UnknownDelivery):
        deliveries.open_delivery(hands.home, how.get("delivery", "d-1"))


def test_an_identity_number_in_a_name_is_not_said_again(hands: Hands):
    number = "69010119900101123X"
    hands.put(delivery=f"d-{number}")
    hands.put({f"{number}.csv": PEOPLE}, delivery="d-2")
    said = "".join(f"{a}{a.refusal.words('zh')}{a.refusal.words('en')}" for a in hands.receive())
    assert number not in said
    assert number not in "".join(hands.kept())
    assert not any(number in p.read_text() for p in (hands.home / "deliveries").glob("*/*/received.json"))


def test_the_day_of_receipt_is_the_legal_one(hands: Hands):
    hands.put(period="2026-03-02")
    late_on_the_first = NOON.replace(day=1, hour=15, minute=59)
    assert hands.outcome(at=late_on_the_first) == ["future_period"]
    hands.put(period="2026-03-02")
    assert hands.outcome(at=late_on_the_first + timedelta(minutes=1)) == ["taken"]


def _link_for_a_file(place: Path, outside: Path) -> None:
    (place / "people.csv").rename(outside / "people.csv")
    (place / "people.csv").symlink_to(outside / "people.csv")


def _link_beside_the_files(place: Path, outside: Path) -> None:
    (place / "surplus").symlink_to("/nowhere")


def _link_for_the_signature(place: Path, outside: Path) -> None:
    (place / "manifest.json.sig").symlink_to("/dev/zero")


def _link_for_the_manifest(place: Path, outside: Path) -> None:
    (place / "manifest.json").rename(outside / "manifest.json")
    (place / "manifest.json").symlink_to(outside / "manifest.json")


def _link_for_the_folder(place: Path, outside: Path) -> None:
    place.rename(outside / "real")
    place.symlink_to(outside / "real")


def _link_to_nothing(place: Path, outside: Path) -> None:
    place.rename(outside / "real")
    place.symlink_to("/nowhere")


@pytest.mark.parametrize(
    "spoil",
    [
        _link_for_a_file,
        _link_beside_the_files,
        _link_for_the_signature,
        _link_for_the_manifest,
        _link_for_the_folder,
        _link_to_nothing,
    ],
)
def test_a_symbolic_link_is_refused_never_followed_and_not_kept(hands: Hands, tmp_path: Path, spoil):
    spoil(hands.put(), tmp_path)
    there = sorted(tmp_path.glob("[!h]*/**/*"))
    assert hands.outcome() == ["symbolic_link"]
    assert hands.waits() == []
    assert not any(path.is_symlink() for path in (hands.home / "deliveries").rglob("*"))
    assert sorted(tmp_path.glob("[!h]*/**/*")) == there


def _pipe_beside_the_files(place: Path, outside: Path) -> None:
    os.mkfifo(place / "pipe")


def _pipe_for_a_file(place: Path, outside: Path) -> None:
    (place / "people.csv").unlink()
    os.mkfifo(place / "people.csv")


def _pipe_for_the_manifest(place: Path, outside: Path) -> None:
    (place / "manifest.json").unlink()
    os.mkfifo(place / "manifest.json")


def _folder_for_the_manifest(place: Path, outside: Path) -> None:
    (place / "manifest.json").unlink()
    (place / "manifest.json").mkdir()


def _socket_beside_the_files(place: Path, outside: Path) -> None:
    here = Path.cwd()
    with socket.socket(socket.AF_UNIX) as plug:
        os.chdir(place)  # a socket's path must be short
        plug.bind("plug")
        os.chdir(here)


def _second_name_for_a_file(place: Path, outside: Path) -> None:
    (outside / "theirs").hardlink_to(place / "people.csv")


def _folder_beside_the_files(place: Path, outside: Path) -> None:
    (place / "folder").mkdir()
    (place / "folder" / "x.csv").write_bytes(b"x")
    (place / "folder" / "link").symlink_to("/nowhere")


@pytest.mark.parametrize(
    "spoil",
    [
        _pipe_beside_the_files,
        _pipe_for_a_file,
        _pipe_for_the_manifest,
        _folder_for_the_manifest,
        _socket_beside_the_files,
        _second_name_for_a_file,
        _folder_beside_the_files,
    ],
)
def test_what_is_no_plain_file_is_refused_without_hanging(hands: Hands, tmp_path: Path, spoil):
    spoil(hands.put(), tmp_path)
    assert hands.outcome() == ["not_a_file"]
    assert hands.waits() == []
    kept = list((hands.home / "deliveries").rglob("*"))
    assert all((path.is_file() or path.is_dir()) and not path.is_symlink() for path in kept)


def test_surplus_files_are_refused_and_a_planted_note_does_not_become_ours(hands: Hands):
    place = hands.put()
    (place / "received.json").write_text('{"status": "taken"}')
    (place / "manifest.json.tmp").write_text("x")
    arrival = hands.receive()[0]
    assert (arrival.refusal.reason, arrival.refusal.facts["count"]) == ("file_surplus", 2)
    folder = hands.home / "deliveries" / "civil" / arrival.note.name
    assert deliveries.read_received(folder).status == "refused"
    assert '{"status": "taken"}' in [p.read_text() for p in folder.glob("received.json.*")]


def test_a_planted_folder_in_the_notes_place_is_moved_aside(hands: Hands):
    (hands.put() / "received.json" / "deep").mkdir(parents=True)
    arrival = hands.receive()[0]
    assert arrival.refusal.reason == "not_a_file"
    assert deliveries.read_received(hands.home / "deliveries" / "civil" / arrival.note.name) == arrival.note


def test_a_delivery_still_being_written_waits(hands: Hands):
    folder = hands.put()
    for name in ("manifest.json.tmp", ".manifest.json.swp", "manifest.json.part"):
        (folder / "manifest.json").rename(folder / name)
        (folder.parent / f".{name}-folder").mkdir()
        (folder.parent / name).write_text("a loose file")
        assert hands.receive() == []
        assert door.waiting(hands.home) == [door.Waiting("civil", "d-1", False)]
        (folder / name).rename(folder / "manifest.json")
    assert door.waiting(hands.home) == [door.Waiting("civil", "d-1", True)]
    assert hands.outcome() == ["taken"]


def test_the_same_delivery_twice_is_removed_and_changes_nothing(hands: Hands):
    hands.put()
    hands.receive()
    before = deliveries.open_delivery(hands.home, "d-1")
    hands.put()
    again = hands.receive(at=NOON + timedelta(days=9))[0]
    assert (again.status, again.refusal, again.note.received_at) == ("repeated", None, NOON)
    assert deliveries.every(hands.home) == [before]
    assert (hands.waits(), hands.kept()) == ([], ["civil/d-1"])


def test_the_same_id_with_other_bytes_is_refused_without_touching_the_first(hands: Hands):
    hands.put()
    hands.receive()
    before = deliveries.open_delivery(hands.home, "d-1")
    changes = [
        {"files": {"people.csv": b"number,name\n1,a\n2,c\n"}},
        {"period": "2026-02-01"},
        {"files": {"people.csv": PEOPLE, "more.csv": PEOPLE}},
        {"department": "tax", "resource": "tax.payers"},
    ]
    for change in changes:
        hands.put(**change)
        arrival = hands.receive()[0]
        assert (arrival.status, arrival.refusal.reason) == ("refused", "id_reused")
        assert arrival.note.name.startswith("d-1.refused-")
    place = hands.put()
    (place / "people.csv").write_bytes(b"number,name\n1,a\n2,c\n")
    assert hands.outcome() == ["id_reused"]
    assert deliveries.every(hands.home) == [before]
    assert len(hands.kept()) == 6


def test_a_refused_delivery_may_come_again_under_its_id_and_the_same_one_is_refused_once(hands: Hands):
    hands.put(rows=3)
    first = hands.receive()[0]
    hands.put(rows=3)
    second = hands.receive(at=NOON + timedelta(days=1))[0]
    assert (second.status, second.refusal, second.note) == ("repeated", first.refusal, first.note)
    hands.put()
    assert hands.outcome() == ["taken"]
    assert len(hands.kept()) == 2


def test_signatures_are_held_against_the_departments_keys(hands: Hands, key):
    other = Ed25519PrivateKey.generate()
    hands.put(resource="civil.signed", key=key)
    assert hands.outcome() == ["key_unknown"]
    registered = departments.add(hands.home, "civil", public(key), NOON)
    hands.put(resource="civil.signed", key=key)
    hands.put(resource="civil.signed", key=other, delivery="d-2")
    hands.put(key=other, delivery="d-3")
    (hands.put(key=key, delivery="d-4") / "manifest.json.sig").write_bytes(b"x" * 100_000)
    assert hands.outcome() == ["taken", "signature_bad", "signature_bad", "signature_bad"]
    assert deliveries.open_delivery(hands.home, "d-1").signed_by == registered.id
    departments.retire(hands.home, "civil", registered.id, NOON)
    hands.put(resource="civil.signed", key=key, delivery="d-5")
    assert hands.outcome() == ["key_retired"]


def test_departments_that_nobody_knows_are_left_and_reported(hands: Hands):
    hands.put(department="stranger")
    (hands.home / "inbox" / "empty").mkdir()
    (hands.home / "inbox" / "tax").symlink_to("/tmp")
    hands.put(delivery="good")
    arrivals = hands.receive()
    assert [(a.status, a.department) for a in arrivals] == [("left", "stranger"), ("left", "tax"), ("taken", "civil")]
    assert [a.refusal.reason for a in arrivals[:2]] == ["unknown_department", "symbolic_link"]
    assert hands.waits().count("d-1") == 1


def test_a_manifest_of_any_size_costs_only_its_limit(hands: Hands):
    place = hands.put()
    with (place / "manifest.json").open("ab") as file:
        file.truncate(10 * MAX_BYTES)
    assert hands.outcome() == ["manifest_malformed"]


def test_bytes_changed_after_receipt_are_noticed(hands: Hands):
    hands.put()
    hands.receive()
    delivery = deliveries.open_delivery(hands.home, "d-1")
    (delivery.folder / "people.csv").write_bytes(PEOPLE.replace(b"2,b", b"2,c"))
    with pytest.raises(KeptFileChanged):
        list(delivery.rows(RESOURCES["civil.people"]))
    (delivery.folder / "people.csv").unlink()
    with pytest.raises(KeptFileChanged):
        list(delivery.rows(RESOURCES["civil.people"]))


def test_the_door_opens_for_one_at_a_time(hands: Hands):
    with lock(hands.home / "locks" / "inbox.lock"), pytest.raises(Busy) as error:
        hands.receive()
    assert error.value.exit_code == 5


def test_the_count_goes_on_when_its_file_is_lost(hands: Hands):
    hands.put()
    hands.receive()
    (hands.home / "deliveries" / ".seq").unlink()
    hands.put(delivery="d-2")
    assert hands.receive()[0].note.seq == 2


def test_what_is_kept_is_for_its_owner_only(hands: Hands):
    hands.put()
    hands.receive()
    for path in (hands.home / "deliveries", hands.home / "deliveries" / "civil", hands.home / "locks"):
        assert path.stat().st_mode & 0o077 == 0
    assert (hands.home / "deliveries" / "civil" / "d-1" / "received.json").stat().st_mode & 0o077 == 0


def test_an_inbox_that_is_not_there_is_an_empty_one(hands: Hands):
    assert door.receive(hands.home, {}, NOON, SHANGHAI) == []
    assert door.waiting(hands.home) == []


def test_the_note_says_all_that_the_manifest_cannot(hands: Hands):
    hands.put(rows=3)
    name = hands.receive()[0].note.name
    note = json.loads((hands.home / "deliveries" / "civil" / name / "received.json").read_bytes())
    assert note == {
        "format": "onefile.received/1",
        "name": name,
        "delivery": "d-1",
        "department": "civil",
        "seq": 1,
        "received_at": "2026-03-02T04:00:00+00:00",
        "status": "refused",
        "signed_by": None,
        "refusal": {"reason": "rows_differ", "facts": {"file": "people.csv", "found": 2, "wanted": 3}},
    }
    assert hashlib.sha256(PEOPLE).hexdigest() in (
        (hands.home / "deliveries" / "civil" / name / "manifest.json").read_text()
    )
