"""Canonical JSON, envelopes and receipts as they are made."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from licence_vault import dsse, receipts
from licence_vault.canonical import canonical
from licence_vault.errors import NoSuchRow, ReceiptContradicts, RowsDiffer
from licence_vault.log import leaf_hashes
from onefile.verify.dsse import open_envelope, pae
from onefile.verify.proof import read_proof
from onefile.verify.trust import read_trust
from tests.papers import ROWS, new_bureau, proof_of, receipt_over

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
keys = st.text(st.characters(max_codepoint=127), max_size=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(keys, values, max_size=5))
def test_canonical_json_is_that_of_rfc_8785(value):
    assert canonical(value) == rfc8785.dumps(value)


def test_the_pre_authentication_encoding_is_that_of_the_dsse_specification():
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@pytest.fixture(scope="module")
def keystore(tmp_path_factory):
    return new_bureau(tmp_path_factory.mktemp("bureau"))


@given(payload=st.binary(min_size=1))
def test_an_envelope_gives_back_the_very_bytes_that_were_signed(keystore, payload):
    envelope = dsse.sign("text/plain", payload, keystore.signer("receipts"))
    assert open_envelope(envelope, "text/plain", read_trust(keystore.trust()), "receipts")[0] == payload


def test_a_receipt_is_kept_under_its_deliverys_id_and_twice_gives_the_same_file(tmp_path, keystore):
    path = receipts.save(tmp_path, receipt_over(), keystore.signer("receipts"))
    first = path.read_bytes()
    assert path == tmp_path / "receipts" / "d-1.json" == receipts.path(tmp_path, "d-1")
    assert path.stat().st_mode & 0o777 == 0o600
    receipts.save(tmp_path, receipt_over(), keystore.signer("receipts"))
    assert path.read_bytes() == first


def test_the_payload_has_the_fields_that_stand_fixed(keystore):
    assert json.loads(receipts.payload(receipt_over())) == {
        "format": "onefile.receipt/1",
        "delivery": "d-1",
        "department": "police",
        "resource": "police.population",
        "period": "2026-10",
        "status": "taken",
        "received_at": "2026-11-23T01:02:03Z",
        "received": 11,
        "accepted": 9,
        "quarantined": 1,
        "duplicates": 1,
        "rows_root": receipt_over().rows_root,
        "files": [{"name": "people.csv", "rows": 11, "sha256": "0" * 64}],
        "rejected": [
            {"row": 3, "column": "年龄", "reason": "not_a_number"},
            {"row": 3, "column": "性别", "reason": "not_in_list"},
        ],
        "held_by": [],
        "refusal": None,
    }


def test_the_order_in_which_rejections_were_found_makes_no_difference(keystore):
    turned = replace(receipt_over(), rejected=receipt_over().rejected[::-1])
    assert receipts.payload(turned) == receipts.payload(receipt_over())


@pytest.mark.parametrize(
    "change", [{"accepted": 10}, {"rejected": ()}, {"delivery": ""}, {"rows_root": "?"}, {"received": 2**60}]
)
def test_no_receipt_is_signed_that_a_verifier_would_refuse(keystore, change):
    with pytest.raises(ReceiptContradicts, match="not signed"):
        receipts.sign(replace(receipt_over(), **change), keystore.signer("receipts"))


@pytest.mark.parametrize("row", [0, -1, 12])
def test_a_row_that_was_not_delivered_cannot_be_proved(row):
    with pytest.raises(NoSuchRow, match="rows 1 to 11"):
        receipts.prove(receipt_over(), leaf_hashes(ROWS), row)


@pytest.mark.parametrize("rows", [ROWS[:-1], (*ROWS[:-1], b"changed"), ROWS[::-1], (*ROWS, b"more")])
def test_nothing_is_proved_from_files_that_are_not_those_of_the_receipt(rows):
    with pytest.raises(RowsDiffer, match="restore them"):
        receipts.prove(receipt_over(), leaf_hashes(rows), 1)


def test_a_proof_file_comes_back_as_it_was_written():
    assert read_proof(proof_of(4)) == receipts.prove(receipt_over(), leaf_hashes(ROWS), 4)
    assert json.loads(proof_of(4)).keys() == {"format", "delivery", "row", "tree_size", "leaf_index", "hashes"}
