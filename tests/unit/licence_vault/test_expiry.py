"""Time ends licences by itself: those that ended lapse, once; the rest is not touched; what will end is listed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from licence_vault.auditing import audit
from licence_vault.expiry import ending, is_due, lapse
from licence_vault.exporting import export, find
from licence_vault.status_lists import current, publish
from onefile.verify.licence import open_licence
from onefile.verify.status import open_status
from tests.papers import AT
from tests.statements import events, stated, told, waiting
from tests.vault import DECLARED, ids_of, issue_rows, killed_at_each_step, permit, vault_of

KINDS = {kind.code: kind for kind in DECLARED.licences.values()}
LAST = (AT + timedelta(days=5)).date()


@pytest.fixture
def vault(tmp_path):
    vault = vault_of(tmp_path)
    issue_rows(vault, [permit(1, expires_on=LAST.isoformat()), permit(2), permit(3, expires_on=None)], "d-1")
    return vault


def lapsed_on(vault, day):
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return lapse(vault, KINDS, at=at, day=day)


def test_a_licence_lapses_the_day_after_its_last_and_no_other_is_touched(vault):
    assert (is_due(vault, KINDS, LAST), lapsed_on(vault, LAST)) == (False, 0)
    next_day = LAST + timedelta(days=1)
    assert (is_due(vault, KINDS, next_day), is_due(vault, {}, next_day)) == (True, False)
    assert lapsed_on(vault, next_day) == 1
    assert events(vault)[3:] == [("lapsed", "lapsed", next_day.isoformat())]
    assert audit(vault).leaves == 4
    said = open_licence(export(vault, find(vault, ids_of(vault)[3]), None), vault.trust).licence
    assert (said.state, said.version, said.data["ZZBH"]) == ("lapsed", 2, "JY10000000000001")


def test_it_lapses_once_however_often_it_is_looked_for(vault):
    day = LAST + timedelta(days=3)
    assert [lapsed_on(vault, day + timedelta(days=later)) for later in (0, 0, 1)] == [1, 0, 0]
    assert len(events(vault)) == 4


def test_killed_at_each_step_the_outcome_is_the_same(vault, tmp_path):
    day = LAST + timedelta(days=1)
    for _ in killed_at_each_step(lambda: lapsed_on(vault_of(tmp_path), day), ("os.rename",)):
        pass
    publish(vault_of(tmp_path), at=AT + timedelta(days=9), day=day)
    assert [event for event, _, _ in events(vault)] == ["new", "new", "new", "lapsed"]
    assert audit(vault).leaves == 4


def test_lists_of_before_stay_beside_the_list_that_says_lapsed(vault, tmp_path):
    publish(vault, at=AT, day=AT.date())
    day = LAST + timedelta(days=1)
    lapsed_on(vault, day)
    publish(vault, at=AT + timedelta(days=6), day=day)
    listed = open_status(current(tmp_path, 0) or "", vault.trust, vault.origin, 0)
    assert [listed.status(leaf) for leaf in range(4)] == ["lapsed", "valid", "valid", "lapsed"]
    assert len(list((tmp_path / "status" / "history" / "0").glob("*.jwt"))) == 2


def test_a_list_with_nothing_new_to_say_is_signed_anew_without_a_look_at_the_table(vault, tmp_path):
    publish(vault, at=AT, day=AT.date())
    first = current(tmp_path, 0)
    with vault.tables() as connection:
        connection.execute(text("ALTER TABLE licence_version RENAME TO hidden"))
    publish(vault, at=AT + timedelta(seconds=30), day=AT.date())
    with vault.tables() as connection:
        connection.execute(text("ALTER TABLE hidden RENAME TO licence_version"))
    listed = open_status(current(tmp_path, 0) or "", vault.trust, vault.origin, 0)
    assert (listed.issued_at, listed.status(0)) == (AT + timedelta(seconds=30), "valid")
    assert current(tmp_path, 0) != first


def test_a_list_that_somebody_put_there_is_not_signed_anew(vault, tmp_path):
    publish(vault, at=AT, day=AT.date())
    old = current(tmp_path, 0) or ""
    told(vault, stated(2, 1, state="revoked"), batch="b-2")
    publish(vault, at=AT, day=AT.date())
    place = tmp_path / "status" / "0.jwt"
    place.write_text(old)
    publish(vault, at=AT + timedelta(seconds=1), day=AT.date())
    assert "revoked" in [open_status(place.read_text(), vault.trust, vault.origin, 0).status(leaf) for leaf in range(4)]
    head, _, signature = place.read_text().split(".")
    place.write_text(f"{head}.{old.split('.')[1]}.{signature}")
    publish(vault, at=AT + timedelta(seconds=2), day=AT.date())
    assert "revoked" in [open_status(place.read_text(), vault.trust, vault.origin, 0).status(leaf) for leaf in range(4)]


def test_a_renewal_brings_it_back_and_a_late_statement_of_the_time_before_does_not(tmp_path):
    vault = vault_of(tmp_path)
    told(vault, stated(1, 1, expires_on=LAST.isoformat()))
    lapsed_on(vault, LAST + timedelta(days=1))
    after = AT + timedelta(days=9)
    told(vault, stated(1, 2, LAST, expires_on=LAST.isoformat(), items="冷食"), batch="b-2", at=after)
    assert (events(vault)[-1][:2], waiting(vault)) == (("changed", "lapsed"), [])
    told(vault, stated(1, 3, after.date(), expires_on="2031-01-01", items="冷食"), batch="b-3", at=after)
    assert events(vault)[-1][:2] == ("renewed", "valid")


def test_what_is_delivered_after_its_last_day_has_lapsed_at_once(tmp_path):
    vault = vault_of(tmp_path)
    told(vault, stated(1, 1, expires_on="2025-06-30"))
    assert events(vault) == [("new", "lapsed", "2025-07-01")]
    assert not is_due(vault, KINDS, AT.date())


def test_what_ends_soon_is_told_with_its_days(vault):
    found = [(e.version.valid_until, e.days_left) for e in ending(vault, AT.date(), 30)]
    assert found == [(LAST.isoformat(), 5)]
    assert [e.days_left for e in ending(vault, LAST, 0)] == [0]
    assert list(ending(vault, LAST + timedelta(days=1), 30)) == []
