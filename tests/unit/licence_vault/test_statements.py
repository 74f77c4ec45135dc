"""Statements become versions: in their order, once, with where they came from; the rest waits, and says why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from licence_vault import provenance, store
from licence_vault.auditing import audit
from tests.statements import DAY, events, later, stated, told, waiting
from tests.vault import vault_of


@pytest.fixture
def vault(tmp_path):
    return vault_of(tmp_path)


def test_every_change_is_a_version_and_a_leaf_since_the_day_that_its_statement_says(vault):
    rows = [
        stated(1, 1),
        stated(1, 2, later(1), items="冷食"),
        stated(1, 3, later(2), expires_on="2031-12-31", items="冷食"),
        stated(1, 4, later(3), state="suspended", expires_on="2031-12-31", items="冷食"),
        stated(1, 5, later(4), state="valid", expires_on="2031-12-31", items="冷食"),
        stated(1, 6, later(5), state="revoked", expires_on="2031-12-31", items="冷食"),
        stated(1, 7, later(6), state="cancelled", expires_on="2031-12-31", items="冷食"),
    ]
    done = told(vault, *rows)
    assert (done.batch.issued, done.batch.refused) == (7, 0)
    said = ["new", "changed", "renewed", "suspended", "resumed", "revoked", "cancelled"]
    assert events(vault) == [
        (event, {"resumed": "valid", "new": "valid", "changed": "valid", "renewed": "valid"}.get(event, event),
         later(n).isoformat())
        for n, event in enumerate(said)
    ]  # fmt: skip
    assert audit(vault).leaves == 7


@pytest.mark.parametrize("end", ["annulled", "lapsed", "transferred", "superseded"])
def test_the_other_ends_are_events_of_their_own(vault, end):
    told(vault, stated(1, 1), stated(1, 2, state=end))
    assert events(vault)[-1][:2] == (end, end)


def test_a_version_knows_the_statement_that_brought_it(vault):
    told(vault, stated(1, 1), stated(1, 2, state="suspended"))
    with vault.tables() as connection:
        (version, _) = store.versions(connection, 0, 2)
        sources = provenance.sources_of(connection, version.licence_key)
    assert {n: (s.resource, s.delivery, s.row_no) for n, s in sources.items()} == {
        1: ("market.food_permits", "d-1", 1),
        2: ("market.food_permits", "d-2", 1),
    }


def test_statements_that_come_again_or_are_older_than_what_was_told_change_nothing(vault):
    told(vault, stated(1, 1), stated(1, 2, state="suspended"), stated(1, 3, state="valid"))
    before = events(vault)
    again = told(vault, stated(1, 1), stated(1, 2, state="suspended"), stated(1, 3, state="valid"), batch="b-2")
    assert (again.batch.issued, again.batch.unchanged) == (0, 3)
    late = told(vault, stated(1, 4, DAY - timedelta(days=9), state="revoked"), batch="b-3")
    assert (late.batch.issued, late.batch.unchanged) == (0, 1)
    assert events(vault) == before


def test_what_cannot_happen_waits_with_its_reason_until_the_record_is_put_right(vault):
    told(vault, stated(1, 1), stated(1, 2, state="cancelled"), stated(1, 3, state="valid"))
    assert waiting(vault) == [("d-3", 1, "state", "transition")]
    told(vault, stated(1, 1), stated(1, 2, state="cancelled"), stated(1, 3, state="valid"), batch="b-2")
    assert waiting(vault) == [("d-3", 1, "state", "transition")]
    told(vault, stated(1, 4, state="cancelled", items="冷食"), batch="b-3")
    assert waiting(vault) == []
    assert events(vault)[-1][0] == "changed"


def test_what_is_put_right_in_the_same_batch_does_not_wait(vault):
    done = told(vault, stated(1, 1, state="cancelled"), stated(1, 2), stated(1, 3, state="cancelled", items="冷食"))
    assert (done.batch.issued, done.batch.refused, waiting(vault)) == (2, 1, [])


def test_a_row_that_can_be_no_licence_waits_with_its_column(vault):
    told(vault, stated(1, 1, holder_code="116901000005202686"), stated(2, 1, issued_on=None))
    assert waiting(vault) == [("d-1", 1, "holder_code", "check"), ("d-1", 2, "issued_on", "required")]


def test_only_the_department_that_issues_makes_licences(vault):
    told(vault, stated(1, 1, _department="tax"))
    assert (events(vault), waiting(vault)) == ([], [("d-1", 1, None, "not_issuer")])


def test_a_record_that_is_taken_back_leaves_its_licence_suspended_until_it_is_stated_again(vault):
    told(vault, stated(1, 1), stated(1, 2, later(1), withdrawn=True), stated(1, 3, later(2)))
    assert events(vault) == [
        ("new", "valid", DAY.isoformat()),
        ("suspended", "suspended", later(1).isoformat()),
        ("resumed", "valid", later(2).isoformat()),
    ]


def test_taking_back_the_record_of_an_ended_licence_changes_nothing(vault):
    told(vault, stated(1, 1, state="revoked"), stated(1, 2, state="revoked", withdrawn=True))
    assert [event for event, _, _ in events(vault)] == ["new"]
    assert waiting(vault) == []


def test_the_quarantine_holds_no_value(vault, tmp_path):
    told(vault, stated(1, 1), stated(2, 1, state="cancelled"), stated(2, 2))
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("serving.db*"))
    assert waiting(vault)
    for planted in (b"JY1000000000", "样例餐饮店".encode(), b"key-2"):
        assert planted not in kept
