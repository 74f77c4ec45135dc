"""Forms that were handed in: each field against its attestation, offline, and each way of cheating by its name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licence_vault import log
from licence_vault.attestations import LIFE, Attested, Claim, attest
from licence_vault.keystore import Keystore
from onefile.verify.__main__ import main
from onefile.verify.attestation import USE, told
from onefile.verify.errors import VerificationError
from onefile.verify.form import REASONS, Form, Submitted, check_form, read_form
from onefile.verify.form_verdict import STATES, judge_form
from onefile.verify.trust import read_trust
from tests.papers import AT, new_bureau

ANNA, BELA = "690101199001010018", "690101198502030020"
CLAIMS = (
    Claim("applicant.name", ("0102", "1012"), "安娜", "police.population", "2026-11-01", ANNA),
    Claim("applicant.base", ("0102",), 800000, "human_resources.social_insurance", None, ANNA),
    Claim("spouse.name", ("0102",), "贝拉", "police.population", "2026-11-01", BELA),
    Claim("conditions.food_permit.in_being", ("0102",), True, "market.enterprises", "2026-11-01", None),
    Claim("applicant.note", ("0102",), None, "market.enterprises", "2026-11-01", ANNA),
)


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    keystore = new_bureau(tmp_path_factory.mktemp("home"))
    keystore.create_key("attestations-1", use=USE, at=AT)
    keystore.create_key("tokens-1", use="tokens", at=AT)
    return keystore


@pytest.fixture(scope="module")
def made(bureau: Keystore) -> Attested:
    return attest(CLAIMS, "D-1", "https://counter.example", AT, bureau.signer(USE), os.urandom)


def form(made: Attested, **more: Any) -> dict[str, Any]:
    """The form as an honest platform hands it in: texts, as a browser posts them."""
    fields = [
        {"field": claim.field, "value": told(claim.value), "attestation": json.loads(json.dumps(attestation))}
        for claim, attestation in zip(CLAIMS, made.attestations, strict=True)
    ]
    return {
        "format": "onefile.form/1",
        "case": "D-1",
        "items": ["0102"],
        "batches": [made.batch],
        "fields": fields,
    } | more


def states(bureau: Keystore, handed_in: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    verdict = judge_form(json.dumps(handed_in).encode(), bureau.trust(), more.pop("at", AT), **more)
    return [(each.state, each.reason) for each in verdict.fields]


def test_an_honest_form_is_untouched_and_each_field_is_provable_alone(bureau: Keystore, made: Attested) -> None:
    whole = form(made)
    assert states(bureau, whole) == [("untouched", "")] * 5
    for each in whole["fields"]:
        assert states(bureau, {**whole, "fields": [each]}) == [("untouched", "")]
    assert made.batch.count(".") == 2, "one signature for all of them"


def swap_values(f: dict[str, Any]) -> None:
    first, third = f["fields"][0], f["fields"][2]
    first["value"], third["value"] = third["value"], first["value"]


def swap_attestations(f: dict[str, Any]) -> None:
    first, third = f["fields"][0], f["fields"][2]
    first["attestation"], third["attestation"] = third["attestation"], first["attestation"]


def swap_both(f: dict[str, Any]) -> None:
    swap_values(f)
    swap_attestations(f)


def statement(f: dict[str, Any], **changes: Any) -> None:
    attestation = f["fields"][0]["attestation"]
    attestation["statement"] = json.dumps({**json.loads(attestation["statement"]), **changes}, ensure_ascii=False)


TAMPERED: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "the value": (lambda f: f["fields"][0].update(value="安妮"), "value_differs"),
    "the value and the statement": (lambda f: (f["fields"][0].update(value="X"), statement(f, value="X")), "altered"),
    "values swapped between fields": (swap_values, "value_differs"),
    "attestations swapped between fields": (swap_attestations, "other_field"),
    "value and attestation of another field": (swap_both, "other_field"),
    "the field's name": (lambda f: f["fields"][0].update(field="applicant.other"), "other_field"),
    "the statement's field": (lambda f: statement(f, field="applicant.other"), "altered"),
    "the statement's case": (lambda f: statement(f, case="D-2"), "altered"),
    "the statement's items": (lambda f: statement(f, items=["0213"]), "altered"),
    "the statement's source": (lambda f: statement(f, source="tax.registrations"), "altered"),
    "the place in the tree": (lambda f: f["fields"][0]["attestation"].update(index=1), "altered"),
    "a hash of the proof": (lambda f: f["fields"][0]["attestation"]["hashes"].__setitem__(0, "0" * 64), "altered"),
    "the proof shortened": (lambda f: f["fields"][0]["attestation"]["hashes"].pop(), "altered"),
    "another root": (lambda f: f["fields"][0]["attestation"].update(root="0" * 64), "altered"),
    "the attestation's shape": (lambda f: f["fields"][0].update(attestation={"statement": 7}), "altered"),
    "an attestation that is a text": (lambda f: f["fields"][0].update(attestation="trust me"), "altered"),
    "the batch": (lambda f: f["batches"].__setitem__(0, f["batches"][0][:-4] + "AAAA"), "altered"),
    "no batch": (lambda f: f.update(batches=[]), "altered"),
    "another item of the form": (lambda f: f.update(items=["0213"]), "other_item"),
    "an item beyond those attested": (lambda f: f["fields"][0].update(items=["0102", "0213"]), "other_item"),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_each_tampering_is_told_by_its_name(bureau: Keystore, made: Attested, what: str) -> None:
    handed_in, (change, reason) = form(made), TAMPERED[what]
    change(handed_in)
    assert states(bureau, handed_in)[0] == ("tampered", reason)


def test_tampering_with_one_field_leaves_the_others_as_they_are(bureau: Keystore, made: Attested) -> None:
    for place in range(len(CLAIMS)):
        handed_in = form(made)
        handed_in["fields"][place]["value"] = "something else"
        wanted = [("tampered", "value_differs") if n == place else ("untouched", "") for n in range(len(CLAIMS))]
        assert states(bureau, handed_in) == wanted


def test_what_the_applicant_changed_and_says_so_is_amended_and_what_has_no_proof_is_his_own_word(
    bureau: Keystore, made: Attested
) -> None:
    handed_in = form(made)
    handed_in["fields"][0] |= {"value": "安娜·新", "is_amended": True}
    handed_in["fields"][1] |= {"is_amended": True}
    handed_in["fields"][2] = {"field": "spouse.name", "value": "贝拉"}
    handed_in["fields"][3] |= {"attestation": {"statement": "x"}, "is_amended": True}
    assert states(bureau, handed_in) == [
        ("amended", ""), ("untouched", ""), ("never_attested", ""), ("tampered", "altered"), ("untouched", ""),
    ]  # fmt: skip


def test_a_form_replayed_in_another_case_is_refused(bureau: Keystore, made: Attested) -> None:
    assert set(states(bureau, form(made), case="D-2")) == {("tampered", "other_case")}
    assert set(states(bureau, form(made, case="D-2"))) == {("tampered", "other_case")}
    assert set(states(bureau, form(made), items=("0213",))) == {("tampered", "other_item")}


def test_after_its_time_an_attestation_is_stale_and_before_it_false(bureau: Keystore, made: Attested) -> None:
    assert set(states(bureau, form(made), at=AT + LIFE)) == {("untouched", "")}
    assert set(states(bureau, form(made), at=AT + LIFE + timedelta(seconds=1))) == {("stale", "expired")}
    assert set(states(bureau, form(made), at=AT - timedelta(minutes=5))) == {("tampered", "not_yet")}


def test_a_field_handed_in_twice_counts_once(bureau: Keystore, made: Attested) -> None:
    handed_in = form(made)
    handed_in["fields"].append(dict(handed_in["fields"][0]))
    assert states(bureau, handed_in)[-1] == ("tampered", "twice")


def test_a_value_of_somebody_else_is_known_by_the_number(bureau: Keystore, made: Attested) -> None:
    attestation = made.attestations[0]
    fields = (Submitted("applicant.name", "安娜", dict(attestation), False),)
    trust = read_trust(bureau.trust())
    for number, wanted in ((ANNA, "untouched"), (BELA, "tampered")):
        handed_in = Form("D-1", ("0102",), (made.batch,), fields, {"applicant": number})
        (checked,) = check_form(handed_in, trust, AT)
        assert checked.state == wanted


@pytest.mark.parametrize("use", ["tokens", "receipts"])
def test_a_batch_under_a_key_for_something_else_attests_nothing(bureau: Keystore, use: str) -> None:
    forged = attest(CLAIMS, "D-1", "x", AT, bureau.signer(use), os.urandom)
    assert set(states(bureau, form(forged))) == {("tampered", "altered")}


def test_a_stranger_s_batch_attests_nothing(bureau: Keystore, tmp_path: Path) -> None:
    stranger = new_bureau(tmp_path)
    stranger.create_key("attestations-1", use=USE, at=AT)
    forged = attest(CLAIMS, "D-1", "x", AT, stranger.signer(USE), os.urandom)
    assert set(states(bureau, form(forged))) == {("tampered", "altered")}


def test_a_retired_key_signs_nothing_younger_and_a_lost_one_nothing(tmp_path: Path) -> None:
    for lost_at in (None, AT):
        keystore = new_bureau(tmp_path / str(lost_at is None))
        keystore.create_key("attestations-1", use=USE, at=AT)
        made = attest(CLAIMS, "D-1", "x", AT + timedelta(days=1), keystore.signer(USE), os.urandom)
        assert set(states(keystore, form(made), at=AT + timedelta(days=1))) == {("untouched", "")}
        keystore.retire_key("attestations-1", AT + timedelta(hours=1), lost_at)
        assert set(states(keystore, form(made), at=AT + timedelta(days=1))) == {("tampered", "altered")}


@pytest.mark.parametrize(
    "broken",
    ["[]", "{}", '{"format": "onefile.form/1"}', '{"format": "onefile.form/2", "case": "D-1"}', "\\ud800", "{",
     '{"format":"onefile.form/1","case":"D","items":["1"],"batches":[],"fields":[{"field":"a","value":1,"is_amended":1}]}'],
)  # fmt: skip
def test_what_is_no_form_is_refused_without_a_value_in_the_message(broken: str) -> None:
    with pytest.raises(VerificationError, match="malformed form") as raised:
        read_form(broken.encode())
    assert raised.value.exit_code == 1


@given(st.integers(1, 70))
def test_paths_of_a_small_tree_are_the_proofs_of_the_slow_way(size: int) -> None:
    leaves = log.leaf_hashes(str(n).encode() for n in range(size))
    root, paths = log.inclusion_paths(leaves)
    assert root == log.root(leaves)
    assert paths == [log.inclusion_proof(leaves, n) for n in range(size)]


def test_the_verifier_tells_it_from_files_alone(
    bureau: Keystore, made: Attested, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "trust.json").write_bytes(bureau.trust())
    handed_in = form(made)

    def run(*more: str, lang: str = "en") -> tuple[int, str]:
        (tmp_path / "form.json").write_text(json.dumps(handed_in))
        files = [str(tmp_path / "form.json"), "--trust", str(tmp_path / "trust.json"), "--at", AT.isoformat()]
        code = main([*files, *more], {"ONEFILE_LANG": lang})
        return code, capsys.readouterr().out

    code, out = run("--case", "D-1", "--item", "0102")
    assert (code, out.splitlines()[:2]) == (0, ["the form of case D-1, 5 fields", "  applicant.name: untouched"])
    assert run("--case", "D-2")[0] == 4
    code, out = run("--json", "--at", (AT + LIFE + timedelta(days=1)).isoformat())
    assert (code, json.loads(out)["verdict"]) == (3, "stale")
    handed_in["fields"][0]["value"] = "改了"
    code, out = run(lang="zh")
    assert code == 4
    assert "applicant.name: 被篡改 (数值与凭证不同，且未注明申请人修改)" in out
    assert "安娜" not in out


def test_every_field_and_word_of_the_formats_is_in_the_reference(made: Attested) -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "attestations.md").read_text(encoding="utf-8")
    names = [*made.attestations[0], *json.loads(str(made.attestations[0]["statement"])), *form(made)]
    assert [name for name in names if f"| `{name}` |" not in page] == []
    assert [
        word for word in (*STATES, *REASONS, "onefile.form/1", "onefile.statement/1") if f"`{word}`" not in page
    ] == []
