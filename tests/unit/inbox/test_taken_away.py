"""Refused deliveries after an erasure by law: the files go, what tells of the refusal stays."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from inbox import deliveries
from inbox.taken_away import Ground, may_be_of, take_away
from tests.unit.inbox.hands import NOON, PEOPLE, RESOURCES, Hands

GROUND = Ground.of("demand", "made-up law, art. 1", datetime(2026, 3, 2, 4, 0, tzinfo=UTC))
MANY = {"a.csv": b"number\n1\n", "b.csv": b"number\n2\n", "c.csv": PEOPLE}


def refused(hands: Hands) -> tuple[Path, deliveries.Received]:
    """Have what waits refused; return its folder and note."""
    (arrival,) = hands.receive()
    assert arrival.status == "refused"
    ((folder, note),) = deliveries.notes(hands.home)
    return folder, note


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_manifest_the_refusal_and_a_note_stay(hands: Hands) -> None:
    place = hands.put(MANY)
    (place / "taken-away.json").write_text("1,a")
    (place / "manifest.json.sig").write_text("2,b")
    (place / "more").mkdir()
    (place / "more" / "d.csv").write_text("3,c")
    folder, note = refused(hands)
    before = content_of_files(folder)
    take_away(folder, note, [])
    assert content_of_files(folder) == before
    take_away(folder, note, [GROUND, GROUND])
    after = content(folder)
    assert after.keys() == {"manifest.json", "received.json", "taken-away.json"}
    assert {name: after[name] for name in ("manifest.json", "received.json")}.items() <= before.items()
    told = json.loads(after["taken-away.json"])
    assert told.keys() == {"format", "why", "orders"}
    assert told["orders"] == [{"cause": "demand", "basis": "made-up law, art. 1", "ordered_at": NOON.isoformat()}]
    assert deliveries.refused(hands.home) == [note]


def content_of_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_stands_where_the_manifest_should_goes_too(hands: Hands) -> None:
    hands.put_raw(b"number,name\n1,a\n", {"a.csv": PEOPLE})
    folder, note = refused(hands)
    take_away(folder, note, [GROUND])
    assert content(folder).keys() == {"received.json", "taken-away.json"}


def test_killed_at_any_file_and_begun_again_it_ends_the_same(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    hands.put(MANY)
    folder, note = refused(hands)
    unlink, left = Path.unlink, []

    def dies(path: Path) -> None:
        unlink(path)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", dies)
        for _ in MANY:
            with pytest.raises(KeyboardInterrupt):
                take_away(folder, note, [GROUND])
            left.append(len(content(folder)) - 3)
    assert left == [2, 1, 0]
    whole = content(folder)
    take_away(folder, note, [Ground.of("term", "another law", NOON)])
    assert content(folder) == whole, "there is nothing to take away any more"


def test_the_same_files_sent_again_are_known_as_those_that_were_refused(hands: Hands) -> None:
    hands.put(MANY)
    folder, note = refused(hands)
    take_away(folder, note, [GROUND])
    hands.put(MANY)
    assert [arrival.status for arrival in hands.receive()] == ["repeated"]
    assert "a.csv" not in content(folder)


@pytest.mark.parametrize(
    ("named", "may_be"),
    [("civil.people", True), ("civil.gb", False), ("tax.payers", True), ("civil.nothing", True), ("", True)],
)
def test_it_may_be_of_the_resource_unless_it_names_another_of_the_department(
    hands: Hands, named: str, may_be: bool
) -> None:
    hands.put(MANY, resource=named)
    folder, _ = refused(hands)
    assert may_be_of(folder, RESOURCES["civil.people"], RESOURCES.values()) is may_be
