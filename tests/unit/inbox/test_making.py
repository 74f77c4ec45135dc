"""Making a delivery: what is made is what the door takes, and the same files are the same delivery."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from inbox import deliveries, departments, making
from inbox.errors import KeyFileUnusable, NotDeliverable, Refused
from inbox.making import Made
from inbox.manifest import Redriven
from tests.unit.inbox.hands import NOON, PEOPLE, RESOURCES, Hands, public


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "the 'people'.csv"
    path.write_bytes(PEOPLE)
    return path


def make(hands: Hands, *files: Path, resource: str = "civil.people", period: str = "2026-03-01", **how) -> Made:
    return making.make(hands.home, RESOURCES[resource], files, period=period, **how)


def reason(hands: Hands, *files: Path, **how) -> str:
    with pytest.raises(Refused) as error:
        make(hands, *files, **how)
    assert list((hands.home / "inbox").glob("*/*")) == []
    return error.value.refusal.reason


def test_what_is_made_is_taken_with_the_same_counts_and_bytes(hands: Hands, people: Path):
    made = make(hands, people)
    assert (made.state, made.manifest.rows) == ("new", 2)
    assert made.manifest.id.startswith("civil-people-2026-03-01-")
    assert hands.outcome() == ["taken"]
    delivery = deliveries.open_delivery(hands.home, made.manifest.id)
    assert delivery.manifest == made.manifest
    assert (delivery.folder / people.name).read_bytes() == PEOPLE


def test_the_same_files_for_the_same_period_are_the_same_delivery(hands: Hands, people: Path):
    first = make(hands, people)
    assert make(hands, people) == Made(first.manifest, "waiting")
    hands.receive()
    assert make(hands, people) == Made(first.manifest, "taken")
    assert hands.waits() == []
    assert make(hands, people, period="2026-02").manifest.id != first.manifest.id
    people.write_bytes(PEOPLE + b"3,c\n")
    assert make(hands, people).manifest.id != first.manifest.id


def test_another_delivery_under_the_same_id_is_not_made(hands: Hands, people: Path):
    make(hands, people, id="mine")
    people.write_bytes(PEOPLE + b"3,c\n")
    with pytest.raises(NotDeliverable):
        make(hands, people, id="mine")
    assert hands.outcome() == ["taken"]
    assert reason(hands, people, id="mine") == "id_reused"


def test_what_the_door_would_refuse_is_not_put_there(hands: Hands, people: Path, tmp_path: Path):
    numbered = people.with_name("69010119900101123X.csv")
    numbered.write_bytes(PEOPLE)
    assert reason(hands) == "no_files"
    assert reason(hands, people, id="no id") == "bad_id"
    assert reason(hands, numbered) == "bad_file_name"
    assert reason(hands, people, period="soon") == "manifest_malformed"
    assert reason(hands, people, resource="civil.signed") == "signature_missing"
    people.write_bytes(PEOPLE + b"3\n")
    assert reason(hands, people) == "fields_differ"
    with pytest.raises(NotDeliverable):
        make(hands, tmp_path / "not-there.csv")
    with pytest.raises(NotDeliverable):
        make(hands, numbered.with_name("a.csv"), people.parent / "b" / "a.csv")


def test_a_key_signs_what_is_delivered(hands: Hands, people: Path, key, tmp_path: Path):
    path = tmp_path / "key.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    registered = departments.add(hands.home, "civil", public(key), NOON)
    made = make(hands, people, resource="civil.signed", key=path)
    assert hands.outcome() == ["taken"]
    assert deliveries.open_delivery(hands.home, made.manifest.id).signed_by == registered.id
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))
    with pytest.raises(KeyFileUnusable):
        make(hands, people, key=path)
    with pytest.raises(NotDeliverable):
        make(hands, people, key=tmp_path / "none.pem")


def test_what_is_made_is_for_its_owner_only(hands: Hands, people: Path):
    make(hands, people)
    assert {path.stat().st_mode & 0o077 for path in hands.home.rglob("*")} == {0}


def test_corrected_rows_say_which_rows_they_correct(hands: Hands, people: Path):
    rows = (Redriven("d-0", 3), Redriven("d-0", 8))
    made = make(hands, people, redrives=rows)
    assert hands.outcome(rejected={"civil.people": {("d-0", 3), ("d-0", 8)}}.__getitem__) == ["taken"]
    assert deliveries.open_delivery(hands.home, made.manifest.id).manifest.redrives == rows


@pytest.mark.parametrize("rows", [(("d-0", 3), ("ghost", 1)), (("d-0", 3), ("d-0", 3)), (("d-0", 3), ("d-0", 9))])
def test_rows_that_were_never_rejected_are_not_corrected(hands: Hands, people: Path, rows: tuple) -> None:
    make(hands, people, redrives=tuple(Redriven(*row) for row in rows))
    [refused] = hands.receive(rejected=lambda _: {("d-0", 3), ("d-0", 8)})
    assert refused.refusal.reason == "not_rejected"
    assert refused.refusal.facts == {"number": 2}


def test_the_reading_tells_how_far_it_is(hands: Hands, people: Path):
    told = []
    make(hands, people, on_rows=lambda name, rows: told.append((name, rows)))
    assert told == [(people.name, 2)]


def test_what_a_killed_maker_left_goes_and_what_another_is_at_stays(tmp_path: Path):
    inbox = tmp_path / "inbox" / "civil"
    left = inbox / ".making-1"
    left.mkdir(parents=True)
    (left / "rows.csv").write_bytes(PEOPLE)
    with making.scratch(inbox, "a") as one:
        (one / "rows.csv").write_bytes(PEOPLE)
        assert list(inbox.iterdir()) == [one]
        with making.scratch(inbox, "b") as other:
            assert sorted(inbox.iterdir()) == sorted((one, other))
        assert (one / "rows.csv").read_bytes() == PEOPLE
    assert list(inbox.iterdir()) == []
