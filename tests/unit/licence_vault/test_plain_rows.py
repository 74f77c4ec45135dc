"""Rows of a file, held against their table: each kind of value, and the reason why another one is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from licence_vault.auditing import audit
from licence_vault.drafts import Refused, drafts
from licence_vault.issuing import issue
from licence_vault.plain_rows import drafts_of_rows
from tests.papers import AT
from tests.vault import DECLARED, permit, vault_of

KIND = DECLARED.licences["food_operation_permit"]
TABLE = DECLARED.tables[KIND.table]


def reasons(*rows, kind=KIND):
    made = drafts_of_rows(kind, DECLARED.tables[kind.table], DECLARED.codes, rows)
    return [(m.reason, m.column) if isinstance(m, Refused) else None for m in made]


WRONG = {
    "a number where a text is wanted": ({"permit_no": 5}, "pattern", "permit_no"),
    "a list": ({"permit_no": ["x"]}, "pattern", "permit_no"),
    "an object": ({"items": {"a": 1}}, "pattern", "items"),
    "a number beyond all readers": ({"items": 10**400}, "pattern", "items"),
    "a code that the list lacks": ({"kind": "zz"}, "not_in_list", "kind"),
    "a state by its name": ({"state": "吊销"}, "not_in_list", "state"),
    "no such day": ({"expires_on": "2029-02-30"}, "not_a_date", "expires_on"),
    "a day in another form": ({"expires_on": "20290201"}, "not_a_date", "expires_on"),
    "a day as a number": ({"issued_on": 20250101}, "not_a_date", "issued_on"),
    "a control character": ({"holder_name": "a\x1b[31m"}, "control_character", "holder_name"),
    "a text without end": ({"holder_name": "x" * 300_000}, "too_long", "holder_name"),
    "nothing where something is wanted": ({"permit_no": None}, "required", "permit_no"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_value_that_is_none_of_its_column_s_is_refused_with_its_reason(what):
    values, reason, column = WRONG[what]
    assert reasons({**permit(1), **values}) == [(reason, column)]


def test_rows_that_fit_are_taken_in_order_and_the_rest_counted_by_its_place():
    made = list(drafts_of_rows(KIND, TABLE, DECLARED.codes, [permit(1), {**permit(2), "kind": "zz"}, permit(3)]))
    assert [m.number if isinstance(m, Refused) else m.printed for m in made] == [
        permit(1)["permit_no"], 2, permit(3)["permit_no"],
    ]  # fmt: skip


DECIMALS = {
    "12.50": None, "12": None, 12: None, "12.505": "too_precise", "x": "not_a_number", "NaN": "not_a_number",
    "Infinity": "not_a_number", True: "not_a_number", 12.5: "not_a_number", "1e30": "above_max",
}  # fmt: skip


@pytest.mark.parametrize("value", DECIMALS)
def test_decimals_are_texts_or_whole_numbers(value):
    column = replace(TABLE.columns[0], type="decimal", scale=2, minimum=None, maximum=None)
    table = replace(TABLE, columns=(column,))
    (made,) = drafts_of_rows(KIND, table, {}, [{column.name: value}])
    found = made.reason if isinstance(made, Refused) and made.column == column.name else None
    assert found == DECIMALS[value]


def test_a_number_that_readers_read_differently_is_in_no_payload_whoever_hands_it_in(tmp_path):
    vault = vault_of(tmp_path)
    rows = [
        permit(1),
        {**permit(2), "items": 2**53},
        {**permit(3), "items": -(2**60)},
        {**permit(4), "items": 2**53 - 1},
    ]
    done = issue(vault, drafts(KIND, TABLE, rows), batch_id="b", at=AT, day="2026-11-23")
    assert [(r.number, r.reason) for r in done.refusals] == [(2, "above_max"), (3, "below_min")]
    assert audit(vault).leaves == 2
