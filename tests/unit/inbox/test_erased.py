"""A kept delivery after rows of it were erased: they say nothing, the others are as they were, its root can be made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from inbox import deliveries
from inbox.deliveries import Delivery
from inbox.erased import Seal, erase, is_overwritten, read_erased
from inbox.errors import KeptFileChanged, NotErasable, RecordUnreadable, RowErased
from licence_vault.log import leaf_hash, leaf_hashes
from schemas.model import Resource
from tests.unit.inbox.hands import RESOURCES, Hands

SEAL = Seal(bytes(range(32)))
PEOPLE = RESOURCES["civil.people"]
GB = replace(PEOPLE, encoding="gb18030", delimiter=";")
TITLED = replace(PEOPLE, header_row=3)
LINES = replace(PEOPLE, format="jsonl")
CASES = {
    "plain": (PEOPLE, b"number,name\n1,a\n2,b\n3,c\n"),
    "no line end at the end": (PEOPLE, b"number,name\n1,a\n2,b\n3,c"),
    "byte order mark, quotes, line ends of Windows": (
        PEOPLE,
        b'\xef\xbb\xbf"number","name",note\r\n1,a,\r\n"2","b ""x""\r\ny",z\r\n3,c,\r\n',
    ),
    "GB 18030": (GB, "number;name\n1;张\n2;李\n3;王\n".encode("gb18030")),
    "titles": (TITLED, b'\xef\xbb\xbfRegister "of,,\r\n\r\nnumber,name\r\n1,a\r\n2,b\r\n3,c\r\n'),
    "JSON Lines": (LINES, '{"number": 1, "name": "张"}\n{"name": "李", "number": 2}\n{"number": 3}\n'.encode()),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, hands: Hands) -> tuple[Delivery, Resource]:
    """A delivery of two files, of three rows each."""
    resource, content = CASES[request.param]
    name = f"people.{resource.format}"
    hands.resources = {resource.id: resource}
    hands.put({name: content, f"more-{name}": content}, rows=3)
    assert hands.outcome() == ["taken"]
    return deliveries.open_delivery(hands.home, "d-1"), resource


def raw(delivery: Delivery, resource: Resource) -> list[bytes]:
    return [record for batch in delivery.rows(resource) for record in batch.raw]


def sealed(delivery: Delivery, resource: Resource, *rows: int) -> Mapping[int, str]:
    return {row: SEAL.seal(leaf_hash(deliveries.row_bytes(delivery, resource, row)), delivery.id, row) for row in rows}


def again(delivery: Delivery) -> Delivery:
    """Return the delivery as whoever opens it now has it."""
    return deliveries._delivery(delivery.folder, deliveries.read_received(delivery.folder))  # type: ignore[arg-type]


def test_an_erased_row_says_nothing_and_every_other_keeps_its_bytes(case: tuple[Delivery, Resource]) -> None:
    delivery, resource = case
    before = raw(delivery, resource)
    erase(delivery.folder, delivery.files(), resource, sealed(delivery, resource, 2, 4))
    after = again(delivery)
    assert [before[row] for row in (0, 2, 4, 5)] == [raw(after, resource)[row] for row in (0, 2, 4, 5)]
    gone = [values for batch in after.rows(resource) for row, _, values in batch if row in (2, 4)]
    assert {value for values in gone for value in values} <= {"", None}
    assert before[1] not in (delivery.folder / next(iter(delivery.files()))).read_bytes()


def test_the_leaves_are_those_that_the_receipt_covers(case: tuple[Delivery, Resource]) -> None:
    delivery, resource = case
    before = leaf_hashes(raw(delivery, resource))
    erase(delivery.folder, delivery.files(), resource, sealed(delivery, resource, 2, 6))
    after = again(delivery)
    assert [leaf for batch in after.rows(resource) for leaf in after.leaves(batch, lambda: SEAL)] == before
    assert before[1].hex() not in (delivery.folder / "erased.json").read_text()
    with pytest.raises(RecordUnreadable):
        list(after.leaves(next(after.rows(resource)), lambda: Seal(bytes(32))))


def test_a_row_that_was_erased_is_said_to_be(case: tuple[Delivery, Resource]) -> None:
    delivery, resource = case
    erase(delivery.folder, delivery.files(), resource, sealed(delivery, resource, 3))
    with pytest.raises(RowErased, match="row 3 of delivery d-1 was erased by law"):
        deliveries.row_bytes(again(delivery), resource, 3)


def test_more_rows_can_be_erased_later_and_all_of_them(case: tuple[Delivery, Resource]) -> None:
    delivery, resource = case
    leaves = leaf_hashes(raw(delivery, resource))
    for rows in ((1, 2), (2, 3, 4), (5, 6)):
        now = again(delivery)
        erase(
            now.folder,
            now.files(),
            resource,
            sealed(now, resource, *(row for row in rows if row not in now.erased.rows)),
        )
    after = again(delivery)
    assert sorted(after.erased.rows) == [1, 2, 3, 4, 5, 6]
    assert [leaf for batch in after.rows(resource) for leaf in after.leaves(batch, lambda: SEAL)] == leaves


def test_killed_between_the_note_and_the_file_it_is_still_read_and_ends_the_same(
    case: tuple[Delivery, Resource],
) -> None:
    delivery, resource = case
    name = next(iter(delivery.files()))
    original = (delivery.folder / name).read_bytes()
    rows = sealed(delivery, resource, 2)
    erase(delivery.folder, delivery.files(), resource, rows)
    whole = {path.name: path.read_bytes() for path in delivery.folder.iterdir()}
    (delivery.folder / name).write_bytes(original)  # as a kill before the renaming leaves it
    assert not is_overwritten(delivery.folder)
    assert len(raw(again(delivery), resource)) == 6
    erase(delivery.folder, delivery.files(), resource, rows)
    assert is_overwritten(delivery.folder)
    assert {path.name: path.read_bytes() for path in delivery.folder.iterdir()} == whole


def test_a_file_that_was_changed_otherwise_is_noticed(case: tuple[Delivery, Resource]) -> None:
    delivery, resource = case
    erase(delivery.folder, delivery.files(), resource, sealed(delivery, resource, 2))
    path = delivery.folder / next(iter(delivery.files()))
    path.write_bytes(path.read_bytes().replace(b"1", b"7"))
    with pytest.raises(KeptFileChanged):
        raw(again(delivery), resource)


@pytest.mark.parametrize("form", [{"format": "xml"}, {"format": "xlsx"}, {"packed": "zip"}, {"format": "of tomorrow"}])
def test_nothing_is_written_where_rows_cannot_be_overwritten_one_by_one(hands: Hands, form: dict[str, str]) -> None:
    hands.put()
    hands.receive()
    delivery = deliveries.open_delivery(hands.home, "d-1")
    rows = sealed(delivery, PEOPLE, 1)
    before = {path.name: path.read_bytes() for path in delivery.folder.iterdir()}
    with pytest.raises(NotErasable, match=r"delivery d-1 .* civil\.people is declared as .*: nothing of it was"):
        erase(delivery.folder, delivery.files(), replace(PEOPLE, **form), rows)
    assert {path.name: path.read_bytes() for path in delivery.folder.iterdir()} == before


@pytest.mark.parametrize("content", ["", "[]", '{"format": "onefile.erased/9"}', '{"format": "onefile.erased/1"}'])
def test_a_note_that_is_none_of_ours_is_refused(hands: Hands, content: str) -> None:
    hands.put()
    hands.receive()
    folder = deliveries.open_delivery(hands.home, "d-1").folder
    (folder / "erased.json").write_text(content)
    with pytest.raises(RecordUnreadable, match=r"erased\.json of d-1"):
        read_erased(folder)


def test_a_sealed_hash_is_good_for_its_place_alone() -> None:
    text = SEAL.seal(bytes(32), "d-1", 2)
    assert SEAL.open(text, "d-1", 2) == bytes(32)
    assert SEAL.seal(bytes(32), "d-1", 2) == text
    for delivery, row in (("d-1", 3), ("d-2", 2)):
        assert SEAL.seal(bytes(32), delivery, row) != text
        with pytest.raises(RecordUnreadable):
            SEAL.open(text, delivery, row)


def test_a_note_says_of_what_it_is(hands: Hands) -> None:
    hands.put()
    hands.receive()
    delivery = deliveries.open_delivery(hands.home, "d-1")
    erase(delivery.folder, delivery.files(), PEOPLE, sealed(delivery, PEOPLE, 1))
    note = json.loads((delivery.folder / "erased.json").read_bytes())
    assert note.keys() == {"format", "rows", "files"}
    assert note["rows"].keys() == {"1"}
    assert [len(hashes) for hashes in note["files"].values()] == [1]
