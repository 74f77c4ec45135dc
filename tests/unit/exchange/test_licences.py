"""`/v1/licences`: found by holder, id and printed number, as far as granted; proved, presented, copied."""

from __future__ import annotations

import base64
import os
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from licence_vault.certificates import Subject, certify, create_ca
from licence_vault.log import verify_inclusion
from licence_vault.pdf import copies
from onefile.client import Purpose, Refused
from onefile.verify.checkpoint import open_checkpoint
from onefile.verify.merkle import leaf_hash
from onefile.verify.paper import Asked, judge_paper
from onefile.verify.trust import read_trust
from tests.counter import AT, FIRM, Open, Shop, purpose
from tests.papers import AT as ISSUED
from tests.unit.exchange.test_own import applicant
from tests.vault import ids_of, issue_rows, permit, vault_of

ENTRY = "licence.food_operation_permit"
FIELDS = ("ZZBH", "ZZBS", "CZZT")


@pytest.fixture
def licensed(shop: Shop) -> list[str]:
    """Two permits of one firm in the vault; returns their identifiers."""
    vault = vault_of(shop.home, shop.url)
    issue_rows(
        vault, [permit(1, holder_code=FIRM), permit(2, holder_code=FIRM, expires_on="2026-01-01")], "b-1", ISSUED
    )
    return ids_of(vault)


@pytest.fixture
def cited(licensed: list[str], counter: Open) -> Purpose:
    counter.case(parties=(FIRM,), department="tax")
    return purpose(counter.shop.grant(ENTRY, FIELDS, consumer="tax", mode="licence"))


def test_a_licence_is_found_by_its_holder_its_id_and_its_printed_number(
    licensed: list[str], counter: Open, cited: Purpose
) -> None:
    kind = "food_operation_permit"
    searches = [{"holder": FIRM, "type": kind}, {"id": licensed[0]}, {"type": kind, "printed": "JY1" + "0" * 12 + "1"},
                {"holder": "690101197705050019"}, {"holder": FIRM, "type": "business_licence"}]  # fmt: skip
    with counter.ask("tax-app") as ask:
        answer = ask.call("POST", "/v1/licences/search", {"searches": searches}, cited)
    by_holder, by_id, by_printed, nobody, other_type = answer["results"]
    assert {licence["state"] for licence in by_holder["licences"]} == {"valid", "lapsed"}
    valid = [licence for licence in by_holder["licences"] if licence["state"] == "valid"]
    assert by_id["licences"] == by_printed["licences"] == valid
    assert set(by_id["licences"][0]["fields"]) == set(FIELDS)
    assert nobody["outcome"] == other_type["outcome"] == "not_found"
    assert {look.grant for look in counter.looks()} == {cited.grant}


def test_what_is_not_granted_is_not_there(licensed: list[str], counter: Open, cited: Purpose) -> None:
    other = counter.shop.grant("licence.business_licence", ("ZZBH",), consumer="tax", mode="licence")
    with counter.ask("tax-app") as ask:
        with pytest.raises(Refused, match="not_found"):
            ask.call("GET", f"/v1/licences/{licensed[0]}", None, Purpose(other, cited.item, cited.case))
        with pytest.raises(Refused, match="field_not_granted"):
            ask.call("GET", f"/v1/licences/{licensed[0]}?fields=CZZTDM", None, cited)
        narrow = counter.shop.grant(ENTRY, FIELDS, consumer="tax", mode="licence", rows="area=6902")
        with pytest.raises(Refused, match="not_found"):
            ask.call("GET", f"/v1/licences/{licensed[0]}", None, Purpose(narrow, cited.item, cited.case))
    assert counter.looks() == []


def test_first_and_last_day_are_told_where_they_are_granted_and_asked_for(
    licensed: list[str], counter: Open, cited: Purpose
) -> None:
    fields = ("ZZBH", "ZZYXQQSRQ", "ZZYXQJZRQ")
    wider = counter.shop.grant(ENTRY, fields, consumer="tax", mode="licence")

    def days(grant: str, asked: str = "") -> list[str]:
        with counter.ask("tax-app") as ask:
            why = Purpose(grant, cited.item, cited.case)
            shown = ask.call("GET", f"/v1/licences/{licensed[0]}?fields={asked}", None, why)["licence"]
            found = ask.call("POST", "/v1/licences/search", {"searches": [{"id": licensed[0]}]}, why)
            assert asked or shown == found["results"][0]["licences"][0]
        return [name for name in ("valid_from", "valid_until") if name in shown]

    assert days(cited.grant) == days(wider, "ZZBH") == []
    assert days(wider, "ZZYXQJZRQ") == ["valid_until"]
    assert days(wider) == ["valid_from", "valid_until"]


def test_a_licence_is_proved_by_its_log_and_told_unchanged_by_its_etag(
    licensed: list[str], counter: Open, cited: Purpose
) -> None:
    with counter.ask("tax-app") as ask:
        proof = ask.call("GET", f"/v1/licences/{licensed[0]}/proof", None, cited)
        first = ask.fetch("GET", f"/v1/licences/{licensed[0]}", None, cited)
        again = ask.fetch("GET", f"/v1/licences/{licensed[0]}", None, cited, {"If-None-Match": first.headers["etag"]})
        standing = ask.call("GET", f"/v1/licences/{licensed[1]}/status", None, cited)
    head = open_checkpoint(proof["checkpoint"].encode(), read_trust(counter.trust)).checkpoint
    leaf = leaf_hash(base64.b64decode(proof["entry"]))
    path = [bytes.fromhex(item) for item in proof["proof"]]
    verify_inclusion(proof["leaf_index"], head.size, leaf, path, head.root)
    assert proof["payload"] is None
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert standing["state"] == "lapsed"
    assert len(counter.looks()) == 4


def test_a_licence_printed_from_a_value_in_question_says_so_wherever_it_is_shown(
    licensed: list[str], counter: Open, cited: Purpose
) -> None:
    for attribute in ("food_permit_no", "food_permit_state"):
        wish = {"attribute": attribute, "reason": "登记有误"}
        made = counter.http.post("/v1/objections", json=wish, headers=applicant(counter, FIRM))
        assert made.status_code == 201, made.text
    place = f"/v1/licences/{licensed[0]}"
    questions = [{"predicate": "licence_in_force", "type": "food_operation_permit"}]
    with counter.ask("tax-app") as ask:
        (found,) = ask.call("POST", "/v1/licences/search", {"searches": [{"id": licensed[0]}]}, cited)["results"]
        one = ask.call("GET", f"{place}?fields=CZZT", None, cited)["licence"]
        standing = ask.call("GET", f"{place}/status", None, cited)
        paper = ask.fetch("GET", f"{place}/presentation?nonce=n-12345678", None, cited).content
        body = {"subjects": [{"number": FIRM}], "questions": questions}
        (said,) = ask.call("POST", "/v1/files/predicates", body, cited)["results"]
    (licence,) = found["licences"]
    assert {code: marks[0]["what"] for code, marks in licence["disputed"].items()} == {
        "ZZBH": "objection", "state": "objection",
    }  # fmt: skip
    assert (list(one["disputed"]), list(standing["disputed"])) == (["state"], ["state"])
    assert (said["answers"], said["disputed"]) == (["yes"], [True])
    asked = Asked(counter.trust, AT, ZoneInfo("Asia/Shanghai"), None, None, "tax", "n-12345678")
    assert "in question when it was made: ZZBH" in judge_paper(paper, asked, "en").text(False)


def test_a_presentation_is_for_the_asker_and_its_case_alone(licensed: list[str], counter: Open, cited: Purpose) -> None:
    with counter.ask("tax-app") as ask:
        token = ask.fetch("GET", f"/v1/licences/{licensed[0]}/presentation?nonce=n-12345678", None, cited).content
        with pytest.raises(Refused, match="not_in_force"):
            ask.fetch("GET", f"/v1/licences/{licensed[1]}/presentation?nonce=n-12345678", None, cited)
    zone = ZoneInfo("Asia/Shanghai")
    asked = Asked(counter.trust, AT + timedelta(minutes=1), zone, None, None, "tax", "n-12345678")
    told = judge_paper(token, asked, "en")
    assert "genuine" in told.text(False)
    assert told.exit_code == 0


def test_a_copy_as_pdf_is_signed_for_the_asker_and_holds_what_is_granted_alone(
    licensed: list[str], counter: Open, cited: Purpose
) -> None:
    with counter.ask("tax-app") as ask:
        with pytest.raises(Refused, match="no key for copies"):
            ask.fetch("GET", f"/v1/licences/{licensed[0]}/pdf", None, cited)
        vault = counter.counter.vault
        create_ca(vault.keystore, Subject("trial CA", "样例市数据局"), AT, os.urandom)
        vault.keystore.create_key("copies-1", use=copies.USE, at=AT, algorithm="ECDSA-P256")
        certify(vault.keystore, "copies-1", Subject("copies", "样例市数据局"), AT, os.urandom)
        answer = ask.fetch("GET", f"/v1/licences/{licensed[0]}/pdf?fields=ZZBH,CZZT", None, cited)
        with pytest.raises(Refused, match="field_not_granted"):
            ask.fetch("GET", f"/v1/licences/{licensed[0]}/pdf?fields=CZZTDM", None, cited)
        with pytest.raises(Refused, match="not_in_force"):
            ask.fetch("GET", f"/v1/licences/{licensed[1]}/pdf", None, cited)
    assert answer.headers["content-type"] == "application/pdf"
    asked = Asked(counter.trust, AT + timedelta(minutes=1), ZoneInfo("Asia/Shanghai"), None, None, None, None)
    told = judge_paper(answer.content, asked, "en")
    assert told.exit_code == 0
    assert set(told.fields["data"]) == {"ZZBH", "CZZT"}
    assert FIRM.encode() not in answer.content
    (look,) = [look for look in counter.looks() if look.answer_id == answer.headers["onefile-answer"]]
    assert (look.fields, look.kind) == (("ZZBH", "CZZT"), "licences.present")


def said(counter: Open, cited: Purpose, **question: str) -> list[str]:
    body = {"subjects": [{"number": FIRM}, {"number": "690101197705050019"}],
            "questions": [{"predicate": "licence_in_force", "type": "food_operation_permit", **question}]}  # fmt: skip
    with counter.ask("tax-app") as ask:
        found = ask.call("POST", "/v1/files/predicates", body, cited)["results"]
    return [answer for each in found for answer in each["answers"]]


def test_whether_a_licence_is_in_force_for_a_scope_is_told_without_the_licence(
    licensed: list[str], counter: Open
) -> None:
    counter.case(parties=(FIRM,), department="tax")
    cited = purpose(counter.shop.grant(ENTRY, ("ZZBH", "KZ_JYXM"), consumer="tax", mode="licence"))
    assert said(counter, cited) == ["yes", "unknown"]
    assert said(counter, cited, field="KZ_JYXM", contains="热食") == ["yes", "unknown"]
    assert said(counter, cited, field="KZ_JYXM", contains="冷食") == ["no", "unknown"]
    with pytest.raises(Refused, match="field_not_granted"):
        said(counter, cited, field="CZZT", contains="样例")
    elsewhere = purpose(counter.shop.grant(ENTRY, ("ZZBH",), consumer="tax", mode="licence", rows="area=6902"))
    assert said(counter, elsewhere) == ["unknown", "unknown"]


def test_a_scope_is_not_found_out_letter_by_letter(licensed: list[str], counter: Open) -> None:
    counter.case(parties=(FIRM,), department="tax")
    cited = purpose(counter.shop.grant(ENTRY, ("ZZBH", "KZ_JYXM"), consumer="tax", mode="licence"))
    for letter in "abcde":
        assert said(counter, cited, field="KZ_JYXM", contains=letter)[0] == "no"
    with pytest.raises(Refused, match="slow_down"):
        said(counter, cited, field="KZ_JYXM", contains="热")
