"""Defects: planted at the stated rates, one a row, with what must come of each."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from catalog.model import Catalogue
from inbox.checks import check_file
from inbox.errors import Refused
from inbox.manifest import read_manifest
from samples import making
from samples.city.chance import Chance
from samples.dirt import twins
from samples.dirt.cells import cells
from samples.dirt.kinds import KINDS, Kind
from samples.dirt.plan import AGAIN, CLEAN, EXCHANGED, OTHERWISE, Planter, plan
from samples.dirt.rates import CONTRADICTION, CORRECTED, USUAL, Rates
from samples.errors import UnknownKind
from samples.writing.texts import Writer
from schemas.identifiers import InvalidIdentifier, citizen_number
from schemas.reasons import REASONS
from tests.unit.samples.conftest import ORDER, Made

DOCUMENT = Path(__file__).parent.parent.parent.parent / "docs" / "how-to" / "make-a-city.md"
BY_NAME = {kind.name: kind for kind in KINDS}


def spoilt(catalogue: Catalogue, kind: str, header: str, text: str | None, seed: int = 0) -> str | None:
    writer = Writer(catalogue.resource("police.population"), catalogue.declarations, Chance(1))
    (cell,) = (c for c in cells(writer, catalogue.declarations) if c.header == header)
    assert BY_NAME[kind].fits(cell)
    return BY_NAME[kind].spoil(text, cell, seed)


def test_the_rates_in_the_document_are_those_of_the_code() -> None:
    told = dict(re.findall(r"^\| `([a-z_0-9]+)` \| ([0-9.]+)", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert {name: float(rate) for name, rate in told.items()} == {k: v for k, v in USUAL.items() if k != CORRECTED}


def test_every_kind_that_is_planted_is_in_the_document(made: Made) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    planted = {defect.kind for delivered in made.delivered for defect in delivered.defects}
    assert [kind for kind in planted if f"`{kind}`" not in text] == []
    assert len(planted) >= 20


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_fits_somewhere_and_expects_a_known_reason(kind: Kind, catalogue: Catalogue) -> None:
    every = [
        c
        for r in catalogue.resources.values()
        for c in cells(Writer(r, catalogue.declarations, Chance(1)), catalogue.declarations)
    ]
    fitting = [cell for cell in every if kind.fits(cell)]
    assert fitting
    assert {kind.expected(cell) for cell in fitting} <= {None, *REASONS}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("wrong_check", "check"), ("missing_digit", "length"), ("impossible_day_in_number", "date")],
)
def test_a_spoilt_number_fails_for_the_reason_that_is_expected(kind: str, reason: str, catalogue: Catalogue) -> None:
    for seed in range(9):
        text = spoilt(catalogue, kind, "公民身份号码", "11010519491231002X", seed)
        with pytest.raises(InvalidIdentifier) as caught:
            citizen_number(text or "")
        assert caught.value.reason == reason


def test_a_number_of_15_digits_is_the_same_person_s(catalogue: Catalogue) -> None:
    short = spoilt(catalogue, "number_of_15_digits", "公民身份号码", "11010519491231002X")
    assert citizen_number(short or "").text == "11010519491231002X"
    assert spoilt(catalogue, "number_of_15_digits", "公民身份号码", "690101200101010013") is None


def test_a_word_for_nothing_is_not_made_full_width(catalogue: Catalogue) -> None:
    assert spoilt(catalogue, "full_width", "联系电话", "NULL") is None
    assert spoilt(catalogue, "full_width", "联系电话", "120") == "１２０"


def test_a_plan_has_the_stated_shares_and_one_fate_a_row(catalogue: Catalogue) -> None:
    writer = Writer(catalogue.resource("police.population"), catalogue.declarations, Chance(1))
    size = 20_000
    laid = plan(
        np.random.default_rng(1), np.ones(size, dtype=np.bool_), cells(writer, catalogue.declarations), 0.5, Rates()
    )
    fates = Counter(laid.fate.tolist())
    assert {KINDS[place].name: count for place, count in fates.items() if place >= 0} == {
        kind.name: round(kind.per_mille * size / 1000) for kind in KINDS
    }
    assert (fates[AGAIN], fates[OTHERWISE], fates[EXCHANGED], int(laid.contested.sum())) == (60, 20, 10, 40)
    assert len(laid.order) == size + 80
    twice = laid.order[laid.fate == AGAIN]
    assert (np.bincount(laid.order, minlength=size)[twice] == 2).all()
    first = np.array([np.flatnonzero(laid.order == row)[0] for row in twice])
    assert (laid.fate[first] == CLEAN).all()


def test_a_delivery_that_would_be_held_back_is_not_spoilt(catalogue: Catalogue) -> None:
    writer = Writer(catalogue.resource("police.population"), catalogue.declarations, Chance(1))
    found = cells(writer, catalogue.declarations)
    laid = plan(np.random.default_rng(1), np.ones(2000, dtype=np.bool_), found, 0.001, Rates())
    assert set(laid.fate.tolist()) <= {CLEAN, AGAIN}


def test_rows_that_must_stay_as_they_are_do(catalogue: Catalogue) -> None:
    writer = Writer(catalogue.resource("police.population"), catalogue.declarations, Chance(1))
    laid = plan(
        np.random.default_rng(1), np.zeros(5000, dtype=np.bool_), cells(writer, catalogue.declarations), None, Rates()
    )
    assert laid.order.tolist() == list(range(5000))
    assert set(laid.fate.tolist()) == {CLEAN}


def test_a_defect_is_told_with_the_row_and_the_department_s_column(catalogue: Catalogue) -> None:
    writer = Writer(catalogue.resource("police.population"), catalogue.declarations, Chance(1))
    found = tuple(c for c in cells(writer, catalogue.declarations) if c.header == "性别")
    unknown = [kind.name for kind in KINDS].index("unknown_code")
    laid = plan(np.random.default_rng(1), np.zeros(3, dtype=np.bool_), found, None, Rates())
    laid.fate[1] = unknown
    planter = Planter(found, "公民身份号码")
    texts = planter.plant({"性别": pa.array(["男", "女", "男"]), "姓名": pa.array(["甲", "乙", "丙"])}, laid, 0)
    assert texts["性别"].to_pylist() == ["男", "9Z9", "男"]
    assert texts["姓名"].to_pylist() == ["甲", "乙", "丙"]
    assert [(d.row, d.column, d.kind, d.expected) for d in planter.defects] == [
        (2, "性别", "unknown_code", "not_in_list")
    ]


def test_rates_are_the_usual_ones_but_for_those_asked_for() -> None:
    asked = Rates({"duplicate": 20, "contradiction": 50})
    assert (asked.of("duplicate"), asked.of("wrong_check"), asked.slip_share) == (20, USUAL["wrong_check"], 0.05)
    assert Rates().slip_share is None
    with pytest.raises(UnknownKind, match="'dupe'"):
        Rates({"dupe": 1})


def test_a_city_may_be_without_dirt_or_full_of_one_kind(catalogue: Catalogue, tmp_path: Path) -> None:
    none = dict.fromkeys((*USUAL, CONTRADICTION), 0.0)
    order = replace(ORDER, people=600, days=1, rates=none | {"impossible_date": 30})
    made = making.make_city(order, catalogue, tmp_path / "odd", only=lambda r: r.id == "education.certificates")
    kinds = {defect.kind for delivered in made for defect in delivered.defects}
    assert kinds == {"impossible_date", "number_missing"}
    assert sum(d.quarantined for d in made) == pytest.approx(0.03 * sum(d.received for d in made), rel=0.3)


def test_deliveries_come_twice_cut_and_late(catalogue: Catalogue, tmp_path: Path) -> None:
    rates = {"delivery_again": 500, "delivery_cut": 500, "delivery_late": 500}
    order = replace(ORDER, people=300, enterprises=40, days=4, rates=rates, is_signed=True)
    made = making.make_city(order, catalogue, tmp_path / "odd", only=lambda r: r.id == "tax.registrations")
    again, cut = ([d for d in made if d.id.endswith(end)] for end in ("-again", "-cut"))
    late = [d for d in made if d.handed_over_on > d.period and not d.id.endswith(("-again", "-cut"))]
    assert (len(again), len(cut), len(late)) == (2, 2, 2)
    for delivered in again:
        first = next(d for d in made if f"{d.id}-again" == delivered.id)
        assert (delivered.received, delivered.quarantined) == (first.received, first.quarantined)
        assert (delivered.accepted, delivered.duplicates) == (0, first.received - first.quarantined)
    for delivered in cut:
        place = tmp_path / "odd" / "tax" / delivered.id
        manifest = read_manifest((place / "manifest.json").read_bytes())
        with pytest.raises(Refused, match="hash"):
            check_file(place / manifest.files[0].name, manifest.files[0], catalogue.resource("tax.registrations"))
        assert (delivered.status, delivered.received) == ("refused", 0)


def test_names_are_written_with_what_older_systems_have_for_a_character() -> None:
    names = {"姓名": pa.array(["王䶮", "古丽·艾山", "李明", None])}
    every = Rates({"private_use": 1000, "other_dot": 1000})
    made, told = twins.rewritten(names, ("姓名",), np.arange(4), Chance(1), every)
    assert made["姓名"].to_pylist() == ["王\ue863", "古丽•艾山", "李明", None]
    assert [(kind, rows.tolist()) for _, kind, rows in told] == [
        ("private_use", [True, False, False, False]),
        ("other_dot", [False, True, False, False]),
    ]
    assert made["姓名"][0].as_py().encode("gb18030").decode("gb18030") == "王\ue863"


def test_a_number_and_a_name_change_places(catalogue: Catalogue) -> None:
    writer = Writer(catalogue.resource("police.population"), catalogue.declarations, Chance(1))
    found = cells(writer, catalogue.declarations)
    laid = plan(np.random.default_rng(1), np.zeros(1, dtype=np.bool_), found, None, Rates())
    laid.fate[0] = EXCHANGED
    planter = Planter(found, "公民身份号码")
    texts = planter.plant({"公民身份号码": pa.array(["690101199001010012"]), "姓名": pa.array(["甲乙"])}, laid, 0)
    assert (texts["公民身份号码"].to_pylist(), texts["姓名"].to_pylist()) == (["甲乙"], ["690101199001010012"])
    assert [(d.column, d.kind, d.expected) for d in planter.defects] == [("公民身份号码", "swapped_columns", "length")]
