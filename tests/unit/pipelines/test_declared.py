"""What is noted of the declarations that tables were made by: what decides about rows, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

import catalog
from catalog.model import Catalogue
from pipelines import declared
from pipelines.declared import Change, DeclarationChanged, NoteUnreadable, Parts
from tests.declared import SHOP, SHOP_FILE, SHOP_RESOURCE, SHOP_TABLE, lay

SHOPS = "market.shops"


def load(folder: Path, **files: str) -> Catalogue:
    """Load the shop, with some of its files written otherwise."""
    places = {"table": "tables/shop.yml", "resource": "resources/market/shops.yml", "codes": "codes/shop_kind.yml",
              "file": "files/shops.yml"}  # fmt: skip
    return catalog.load(
        (lay(folder, SHOP | {"files/shops.yml": SHOP_FILE} | {places[n]: t for n, t in files.items()}),)
    )


def reading(found: Catalogue) -> Parts:
    return declared.reading(found.resource(SHOPS), found.declarations)


def making(found: Catalogue) -> Parts:
    return declared.making(found.declarations.files["enterprise"], found.declarations)


@pytest.mark.parametrize(
    "files",
    [
        {"table": SHOP_TABLE.replace("label: 面积", "label: 使用面积")},
        {"resource": SHOP_RESOURCE.replace("title: 店铺信息", "title: 店铺")},
        {"table": SHOP_TABLE.replace("about: Area", "about: Floor area, sensitivity: open")},
    ],
)
def test_words_decide_nothing(tmp_path: Path, files: dict[str, str]) -> None:
    assert reading(load(tmp_path / "a")) == reading(load(tmp_path / "b", **files))


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"resource": SHOP_RESOURCE.replace("trim, upper", "trim")}, "columns.shop_no.clean"),
        ({"resource": SHOP_RESOURCE.replace("ignore: [备注]", "ignore: [备注, 电话]")}, "headers.电话"),
        ({"table": SHOP_TABLE.replace("min: 0, ", "")}, "table.columns.area_m2.minimum"),
        ({"codes": SHOP["codes/shop_kind.yml"].replace("[茶楼]", "[茶楼, 茶室]")}, "codes.shop_kind"),
        ({"resource": SHOP_RESOURCE + "assertions: {min_rows: 1}\n"}, "assertions.min_rows"),
    ],
)
def test_what_decides_how_rows_are_read_is_named_by_its_place(
    tmp_path: Path, files: dict[str, str], place: str
) -> None:
    before, after = reading(load(tmp_path / "a")), reading(load(tmp_path / "b", **files))
    assert [change.place for change in declared.changes(before, after)] == [place]


def test_another_lead_concerns_the_tables_of_the_attribute_and_no_others(tmp_path: Path) -> None:
    before = making(load(tmp_path / "a"))
    after = making(load(tmp_path / "b", file=SHOP_FILE.replace("lead: market", "lead: tax")))
    assert list(declared.changes(before, after)) == [Change("attributes.shop_no.lead", "market", "tax")]
    assert declared.concerned(before, after) == {"shop": {"holder_code"}}
    assert declared.concerned(before, before) == {}


def test_what_ends_a_subject_concerns_everybody() -> None:
    found = catalog.load()
    before = declared.making(found.declarations.files["person"], found.declarations)
    attributes = {**before["attributes"], "died_on": before["attributes"]["died_on"] | {"lead": None}}
    assert declared.concerned(before, {**before, "attributes": attributes}) is None
    assert declared.concerned(before, {**before, "ended_on": None}) is None


def test_an_attribute_that_is_gone_concerns_the_tables_that_it_came_from(tmp_path: Path) -> None:
    before, after = making(load(tmp_path / "a")), making(catalog.load())
    (change,) = declared.changes(before, after)
    assert (change.place, change.after) == ("attributes.shop_no", None)
    assert declared.concerned(before, after) == {"shop": {"holder_code"}}


def test_the_first_delivery_notes_how_it_is_read_and_later_ones_are_held_to_it(tmp_path: Path) -> None:
    home, first = tmp_path / "home", load(tmp_path / "a")
    other = load(tmp_path / "b", resource=SHOP_RESOURCE.replace("trim, upper", "trim"))
    declared.begin(home, first.resource(SHOPS), first.declarations, is_first=True)
    declared.begin(home, first.resource(SHOPS), first.declarations, is_first=False)
    with pytest.raises(DeclarationChanged):
        declared.begin(home, other.resource(SHOPS), other.declarations, is_first=True)


def test_what_is_on_the_way_or_unknown_is_read_by_other_declarations(tmp_path: Path) -> None:
    home, found = tmp_path / "home", load(tmp_path / "a")
    shops = found.resource(SHOPS)

    def unread(settled: set[str]) -> list[str]:
        return [r.id for r in declared.unread(home, [shops], found.declarations, settled)]

    assert unread(set()) == []
    assert unread({SHOPS}) == [SHOPS], "it was read, and nobody knows by what"
    declared.keep(home, SHOPS, reading(found), is_whole=False)
    assert unread({SHOPS}) == [SHOPS]
    declared.keep(home, SHOPS, reading(found))
    assert unread({SHOPS}) == []


def test_a_note_that_cannot_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    declared.keep(tmp_path, SHOPS, {})
    (tmp_path / declared.FOLDER / f"{SHOPS}.json").write_text("{}")
    with pytest.raises(NoteUnreadable, match="cannot be read"):
        declared.noted(tmp_path, SHOPS)
