"""Minting, consents, one-time codes, and the record of all of them."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from licence_vault.exporting import find
from licence_vault.pdf import copies
from licence_vault.presentations import codes, consents, minting, records
from licence_vault.presentations.consents import Consent
from licence_vault.presentations.errors import (
    BadHolderKey,
    CodeForOther,
    CodeLate,
    CodeUnknown,
    CodeUsed,
    ConsentMissing,
    FieldNotDisclosable,
    LicenceNotInForce,
    LifeTooLong,
    NoSuchConsent,
    NothingToShow,
    NotToBeShown,
)
from licence_vault.presentations.minting import Moment
from onefile.verify.presentation import Question, open_presentation
from onefile.verify.reading import instant_text
from onefile.verify.trust import read_trust
from tests.papers import AT
from tests.presented import FOOD, SHANGHAI, WANTED, House
from tests.vault import DECLARED, ids_of, issue_rows, killed_at_each_step, permit, vault_of
from tools.reference.exit_codes import errors

DAY = date(2026, 11, 23)


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def recorded(vault, kept):
    with vault.looking() as connection:
        return records.of_licence(connection, kept.version.licence_key)


def test_every_presentation_is_recorded_with_who_what_and_why(house):
    shown = house.show()
    (row,) = recorded(house.vault, house.kept())
    assert (row.presentation_id, row.outcome, row.audience, row.item, row.case_no, row.operator, row.basis) == (
        shown.id, "given", "health", "0102", "2026-17", "clerk-7", "grant G1")  # fmt: skip
    assert (row.fields, row.made_at, row.ends_at) == (WANTED.fields, instant_text(AT), "2026-11-23T01:12:03Z")
    assert recorded(house.vault, house.kept(1)) == []


def test_what_is_made_from_a_value_in_question_says_so_of_the_fields_that_it_shows(house):
    kept, moment = house.kept(), Moment(AT, SHANGHAI)
    use = replace(WANTED, disputed=("CZZT", "ZZBH"))
    shown = minting.present(house.vault, kept, FOOD, use, moment)
    read = open_presentation(shown.content, read_trust(house.trust), Question("health", WANTED.nonce))
    assert (read.disputed, read.data["CZZT"]) == (("CZZT",), "样例餐饮店1号")
    data = {"ZZMC": "食品经营许可证", "CZZT": "样例餐饮店1号"}
    sheet = copies.sheet_of(kept, FOOD, use, data, "1", moment, AT, "maker", "city.example/log")
    assert dict(sheet.fields) == {
        "证照名称": "食品经营许可证", "持证主体": "样例餐饮店1号（该项正在异议或校核中）",
    }  # fmt: skip
    assert "样例餐饮店1号（" not in sheet.statement


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"fields": ("ZZMC", "KZ_NOWHERE")}, FieldNotDisclosable),
        ({"fields": ()}, NothingToShow),
        ({"life": timedelta(days=2)}, LifeTooLong),
        ({"life": timedelta()}, LifeTooLong),
        ({"holder_key": b"no key"}, BadHolderKey),
        ({"basis": "consent"}, ConsentMissing),
    ],
)
def test_what_may_not_be_shown_is_refused_and_recorded(house, changes, error):
    with pytest.raises(error):
        house.show(**changes)
    (row,) = recorded(house.vault, house.kept())
    assert (row.outcome, row.ends_at) == (error.reason, None)


def test_a_field_that_its_type_does_not_disclose_is_never_shown(tmp_path):
    hidden = [(k, f) for k in DECLARED.licences.values() for f in k.fields if not f.is_disclosable]
    assert hidden
    house = House(tmp_path)
    kind, field = hidden[0]
    kept = house.kept()
    use = minting.Use("health", (field.code,), "1", "2", "n", "grant G", "o")
    with house.vault.looking() as connection, pytest.raises(FieldNotDisclosable):
        minting.allowed(connection, kept, kind, use, Moment(AT, SHANGHAI))


@pytest.mark.parametrize("state", ["suspended", "revoked", "cancelled"])
def test_a_licence_that_is_not_in_force_is_not_presented(house, state):
    later = AT + timedelta(hours=1)
    issue_rows(house.vault, [permit(1, state=state)], "b2", later)
    newest = find(house.vault, ids_of(house.vault)[-1])
    for kept in (house.kept(), newest):
        with pytest.raises(LicenceNotInForce):
            minting.present(house.vault, kept, FOOD, WANTED, Moment(later, SHANGHAI))


def test_only_the_newest_version_is_presented_and_only_while_it_lasts(house):
    later = AT + timedelta(hours=1)
    issue_rows(house.vault, [permit(1, items="冷食类食品制售")], "b2", later)
    with pytest.raises(LicenceNotInForce, match="newer version"):
        house.show(later)
    for at in (datetime(2029, 12, 31, 15, 59, tzinfo=UTC), datetime(2029, 12, 31, 16, 0, tzinfo=UTC)):
        if at.minute:
            shown = house.show(at, 1)
            assert shown.ends_at == datetime(2029, 12, 31, 16, tzinfo=UTC)
        else:
            with pytest.raises(LicenceNotInForce, match="lapsed"):
                house.show(at, 1)


def marriage(home):
    """A vault with a licence of a type that demands consent."""
    vault = vault_of(home)
    row = {
        "marriage_no": "J690102-2025-000001", "kind": "20", "registered_on": "2025-01-01", "updated_on": "2025-01-01",
        "man_number": "690102199001010014", "man_name": "样例甲",
        "woman_number": "690102199001010022", "woman_name": "样例乙",
    }  # fmt: skip
    kind = DECLARED.licences["marriage_certificate"]
    assert issue_rows(vault, [row], "m1", kind="marriage_certificate").refusals == ()
    return vault, find(vault, ids_of(vault)[0]), kind


def agreed(kept, **changes):
    given = {
        "consent_id": os.urandom(4).hex(), "licence_key": kept.version.licence_key, "audience": "health",
        "fields": ("ZZMC", "CZZT"), "item": None, "given_at": instant_text(AT), "given_how": "at the counter",
        "until": "2026-11-30", **changes,
    }  # fmt: skip
    return Consent(**given)


def test_where_the_type_demands_it_the_holder_must_have_agreed_to_just_that(tmp_path):
    vault, kept, kind = marriage(tmp_path)
    assert kind.needs_consent
    use = minting.Use("health", ("ZZMC", "CZZT"), "0102", "c", "n", "grant G1", "o")

    def show(at=AT, **changes):
        return minting.present(vault, kept, kind, minting.Use(**{**vars(use), **changes}), Moment(at, SHANGHAI))

    with pytest.raises(ConsentMissing):
        show()
    for wrong in ({"audience": "market"}, {"fields": ("ZZMC",)}, {"item": "0999"}, {"until": "2026-11-23"}):
        with vault.tables() as connection:
            consents.give(connection, agreed(kept, **wrong), DAY)
        with pytest.raises(ConsentMissing):
            show(AT + timedelta(days=1))
    good = agreed(kept, item="0102")
    with vault.tables() as connection:
        consents.give(connection, good, DAY)
    assert show().fields == ("ZZMC", "CZZT")
    assert show(basis="consent").fields == ("ZZMC", "CZZT")
    with pytest.raises(ConsentMissing):
        show(datetime(2026, 11, 30, 16, 0, tzinfo=UTC))
    with vault.tables() as connection:
        for one in consents.of_licence(connection, kept.version.licence_key):
            consents.withdraw(connection, one.consent_id, AT)
    with pytest.raises(ConsentMissing):
        show()
    with vault.tables() as connection, pytest.raises(NoSuchConsent):
        consents.withdraw(connection, good.consent_id, AT)


def test_a_consent_ends_within_a_year_and_not_before_it_begins(house):
    for until in ("2026-11-22", "2027-12-01"):
        with house.vault.tables() as connection, pytest.raises(LifeTooLong):
            consents.give(connection, agreed(house.kept(), until=until), DAY)


def code(house, audience=None, life=codes.LIFE):
    return codes.make(house.vault, house.kept(), ("ZZMC", "ZZBH"), audience, AT, life, os.urandom)


def redeem(house, text, at=AT, **changes):
    use = minting.Use(**{**vars(WANTED), "fields": ("CZZT",), **changes})
    return codes.redeem(house.vault, text, {FOOD.code: FOOD}.__getitem__, use, Moment(at, SHANGHAI), os.urandom)


def outcomes(house):
    with house.vault.looking() as connection:
        return [row.outcome for row in records.refused(connection)]


def test_a_code_fetches_one_presentation_once_with_the_fields_that_the_holder_chose(house):
    made = code(house)
    assert len(made.text) == 14
    _, shown = redeem(house, made.text.lower().replace("-", " "), AT + timedelta(minutes=4))
    found = open_presentation(shown.content, read_trust(house.trust), Question("health", WANTED.nonce))
    assert set(found.data) == {"ZZMC", "ZZBH"}
    (row,) = recorded(house.vault, house.kept())
    assert (row.outcome, row.basis[:5]) == ("given", "code ")
    with pytest.raises(CodeUsed):
        redeem(house, made.text, AT + timedelta(minutes=4))
    assert outcomes(house) == ["code_used"]


def test_a_code_that_is_late_unknown_or_another_s_is_refused_and_recorded(house):
    with pytest.raises(CodeLate):
        redeem(house, code(house).text, AT + timedelta(minutes=5))
    with pytest.raises(CodeForOther):
        redeem(house, code(house, "market").text)
    with pytest.raises(CodeUnknown):
        redeem(house, "0000-0000-0000")
    assert sorted(outcomes(house)) == ["code_for_other", "code_late", "code_unknown"]
    with pytest.raises(LifeTooLong):
        code(house, life=timedelta(minutes=31))


def test_a_code_stands_nowhere_but_as_a_keyed_hash(house, tmp_path):
    made = code(house)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert made.text.encode() not in data
            assert made.text.replace("-", "").encode() not in data


def test_of_two_clerks_with_one_code_at_once_one_gets_it(house, tmp_path):
    made = code(house)
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            result = 9
            try:
                redeem(_again(tmp_path, house), made.text, case=f"c-{number}")
                result = 0
            except CodeUsed:
                result = 1
            finally:
                os._exit(result)
        children.append(child)
    results = sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
    assert results == [0, 1, 1, 1]
    assert outcomes(house) == ["code_used"] * 3


def _again(home, house):
    other = object.__new__(House)
    other.vault, other.ids = vault_of(home), house.ids
    return other


def test_killed_at_any_step_a_code_is_spent_exactly_when_its_presentation_is_recorded(house, tmp_path):
    made = code(house)

    def work():
        redeem(_again(tmp_path, house), made.text)

    for number in killed_at_each_step(work, ("sqlite3.connect", "open")):
        given = [row for row in recorded(house.vault, house.kept()) if row.outcome == "given"]
        with house.vault.looking() as connection:
            used = connection.exec_driver_sql("SELECT used_at FROM licence_code").scalar_one()
        assert (used is not None) == (len(given) == 1), number
        if used is not None:
            return


def test_every_refusal_has_its_own_word_in_the_record():
    mine = [e for e in errors() if issubclass(e, NotToBeShown)]
    assert len({e.reason for e in mine}) == len(mine)
    assert {e.reason for e in mine} <= set(records.OUTCOMES)
