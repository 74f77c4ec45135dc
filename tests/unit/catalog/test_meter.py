"""The meter: what items still make people bring, and what to connect next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import catalog
from catalog.prefill.meter import MINUTES_A_FIELD, MINUTES_A_MATERIAL, Metered, metered
from catalog.prefill.meter_forms import COLUMNS, as_csv, as_json
from catalog.prefill.store import Asked

KNOWN = catalog.load().declarations


def asked(case: str, **more: Any) -> Asked:
    """A food permit of November: of five materials one held, one deposited, one promised, two missing."""
    told: dict[str, Any] = {
        "item": "0102", "department": "market", "asked_on": "2026-11-30",
        "materials": {"business_licence": "held", "floor_plan": "deposited", "safety_rules": "promised",
                      "lease_contract": "missing", "premises_right": "not_available", "raw_food_room": "not_needed"},
        "fields": {"applicant.name": ("filled", "market.enterprises"), "food_permit.area_m2": ("applicant", ""),
                   "applicant.number": ("filled", "market.enterprises")},
        "checked": {}, "came": {}, **more,
    }  # fmt: skip
    return Asked(case=case, **told)


def of(*found: Asked) -> Metered:
    return metered(KNOWN, iter(found))


def test_each_item_department_and_month_is_counted_by_itself() -> None:
    found = of(asked("A"), asked("B"), asked("C", asked_on="2026-12-01"), asked("D", item="1012", department="housing"))
    assert [(line.month, line.item, line.department, line.cases) for line in found.lines] == [
        ("2026-11", "0102", "market", 2), ("2026-11", "1012", "housing", 1), ("2026-12", "0102", "market", 1),
    ]  # fmt: skip
    line = found.lines[0]
    assert (line.demanded, line.shared, line.deposited, line.promised) == (10, 2, 2, 2)
    assert (line.saved_share, line.is_on_target) == (0.4, False)
    assert line.filled == 4


def test_the_target_is_seventy_in_a_hundred() -> None:
    materials = {f"m{n}": "held" for n in range(7)} | {f"x{n}": "missing" for n in range(3)}
    assert of(asked("A", materials=materials)).lines[0].is_on_target is True
    assert of(asked("A", materials=materials | {"x3": "missing"})).lines[0].is_on_target is False
    nothing = of(asked("A", materials={"m": "not_needed"})).lines[0]
    assert (nothing.saved_share, nothing.is_on_target) == (None, None)


def test_a_material_that_was_held_and_handed_in_all_the_same_is_a_breach_with_its_case() -> None:
    came = {"business_licence": "handed_in", "lease_contract": "handed_in", "floor_plan": "deposited"}
    line = of(asked("SL-7", came=came)).lines[0]
    assert line.asked_again == (("SL-7", "business_licence"),)
    assert of(asked("SL-8", came={"floor_plan": "handed_in"})).lines[0].asked_again == (("SL-8", "floor_plan"),)


def test_minutes_are_saved_by_materials_that_nobody_brought_and_fields_that_nobody_wrote() -> None:
    checked = {"applicant.name": "untouched", "applicant.number": "amended"}
    assert of(asked("A", checked=checked)).lines[0].saved_minutes == 2 * MINUTES_A_MATERIAL + MINUTES_A_FIELD
    again = {"business_licence": "handed_in"}
    assert of(asked("A", checked=checked, came=again)).lines[0].saved_minutes == MINUTES_A_MATERIAL + MINUTES_A_FIELD


def test_a_source_whose_values_are_amended_much_is_named() -> None:
    def cases(amended: int, of_all: int) -> Iterator[Asked]:
        for n in range(of_all):
            state = "amended" if n < amended else "untouched"
            yield asked(f"C{n}", fields={"applicant.address": ("filled", "tax.registrations")},
                        checked={"applicant.address": state})  # fmt: skip

    (bad,) = metered(KNOWN, cases(2, 20)).sources
    assert (bad.resource, bad.handed_in, bad.amended, bad.share) == ("tax.registrations", 20, 2, 0.1)
    assert metered(KNOWN, cases(1, 20)).sources == ()
    assert of(asked("A")).sources == (), "nothing was handed in yet"


def test_the_plan_says_what_would_save_the_most_demands_from_real_ones() -> None:
    sign = asked("D", item="1012", department="housing", materials={"lease_contract": "missing", "design": "missing"})
    found = of(asked("A"), asked("B"), sign)
    assert [(each.what, each.name, each.demands, each.items) for each in found.plan] == [
        ("material", "lease_contract", 3, ("0102", "1012")),
        ("grant", "real_estate_certificate", 2, ("0102",)),
        ("undeclared", "食品安全管理制度", 2, ("0102",)),
        ("undeclared", "招牌效果图", 1, ("1012",)),
    ]  # fmt: skip
    assert of(asked("A", item="gone", department="x")).plan == (), (
        "an item that is declared no more is counted, not planned"
    )


def test_json_and_csv_say_the_same() -> None:
    found = of(asked("SL-7", came={"business_licence": "handed_in"}))
    told = as_json(found)
    json.dumps(told)
    assert told["lines"][0]["asked_again"] == [{"case": "SL-7", "material": "business_licence"}]
    assert told["lines"][0]["saved_share"] == 0.4
    head, line = as_csv(found).splitlines()
    assert head == ",".join(COLUMNS)
    assert line == "2026-11,0102,market,1,5,1,1,1,1,0.4,False,2,0,0,15.0"
