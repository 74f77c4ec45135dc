"""What is believed about a receipt and a row in it: a table of named tamperings, and the error each must raise."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licence_vault import receipts
from onefile.verify.errors import (
    BadSignature,
    CountsDiffer,
    ImpossibleProof,
    MalformedEnvelope,
    MalformedProof,
    MalformedReceipt,
    MalformedTrust,
    OtherDelivery,
    ProofDoesNotFit,
    RetiredKey,
    UnknownKey,
    VerificationError,
    WrongUse,
)
from onefile.verify.merkle import EMPTY_ROOT
from onefile.verify.receipt import open_receipt
from onefile.verify.trust import read_trust
from onefile.verify.verdict import judge, told
from tests.papers import AT, ROWS, Envelope, content_of, new_bureau, proof_of, receipt_over, signed


@pytest.fixture(scope="module")
def keystore(tmp_path_factory):
    return new_bureau(tmp_path_factory.mktemp("bureau"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return new_bureau(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(scope="module")
def genuine(keystore):
    return receipts.sign(receipt_over(), keystore.signer("receipts"))


def test_a_receipt_comes_back_as_it_was_signed(keystore, genuine):
    assert open_receipt(genuine, read_trust(keystore.trust())) == receipt_over()


def test_one_receipt_is_always_the_same_bytes(keystore, genuine):
    assert receipts.sign(receipt_over(), keystore.signer("receipts")) == genuine


@pytest.mark.parametrize("number", range(1, len(ROWS) + 1))
def test_every_row_can_be_proved(keystore, genuine, number):
    assert judge(genuine, keystore.trust(), ROWS[number - 1], proof_of(number)).row == number


@pytest.mark.parametrize(
    "framed",
    [b"%s\n", b"%s\r\n", b"\xef\xbb\xbf%s", b"\xef\xbb\xbf%s\r\n", b"\x84\x31\x95\x33%s\n"],
    ids=["line feed", "carriage return and line feed", "byte order mark", "both", "mark of GB 18030"],
)
def test_one_line_end_and_a_byte_order_mark_are_no_part_of_a_row(keystore, genuine, framed):
    assert judge(genuine, keystore.trust(), framed % ROWS[0], proof_of(1)).row == 1


def test_a_row_that_itself_ends_in_a_line_end_or_begins_with_the_mark_is_proved(keystore):
    rows = (b"\xef\xbb\xbfa\n", b"b")
    envelope = receipts.sign(receipt_over(rows), keystore.signer("receipts"))
    assert judge(envelope, keystore.trust(), rows[0], proof_of(1, rows)).row == 1
    assert judge(envelope, keystore.trust(), rows[0] + b"\n", proof_of(1, rows)).row == 1


def test_the_verdict_says_what_became_of_the_row(keystore, genuine):
    rejected = judge(genuine, keystore.trust(), ROWS[2], proof_of(3))
    assert told(rejected, "en").splitlines()[-1] == (
        "row 3 is in it, with these very bytes; it was rejected (年龄: not_a_number; 性别: not_in_list)"
    )
    assert told(rejected, "zh").splitlines()[-1].startswith("第 3 行在其中，字节完全一致；该行被退回")
    assert told(judge(genuine, keystore.trust(), ROWS[0], proof_of(1)), "en").endswith("it was not rejected")


def test_the_receipt_of_a_refused_delivery_is_told_as_such(keystore):
    refused = replace(
        receipt_over(()), status="refused", resource=None, refusal=receipts.Refusal("quoting", "row 7", "", "export")
    )
    verdict = judge(receipts.sign(refused, keystore.signer("receipts")), keystore.trust())
    assert "refused (quoting)" in told(verdict, "en")
    assert "拒收（quoting）" in told(verdict, "zh")


def _change(change: Callable[[Envelope], object]) -> Callable[[bytes], bytes]:
    def changed(genuine: bytes) -> bytes:
        envelope = Envelope.of(genuine)
        change(envelope)
        return envelope.bytes()

    return changed


def _rewrite(envelope: Envelope) -> None:
    envelope.payload = envelope.payload.replace(b'"accepted":9', b'"accepted":8')


def _flip(text: str) -> str:
    data = bytearray(base64.b64decode(text))
    data[5] ^= 1
    return base64.b64encode(bytes(data)).decode()


ENVELOPES: dict[str, tuple[Callable[[bytes], bytes], type[VerificationError]]] = {
    "payload rewritten": (_change(_rewrite), BadSignature),
    "payload of another receipt": (_change(lambda e: setattr(e, "payload", b"{}")), BadSignature),
    "signature changed by a bit": (
        _change(lambda e: e.signature.update(sig=_flip(str(e.signature["sig"])))), BadSignature),
    "signature cut short": (_change(lambda e: e.signature.update(sig="AAAA")), BadSignature),
    "signature empty": (_change(lambda e: e.signature.update(sig="")), MalformedEnvelope),
    "signature in URL-safe base64 with slack": (_change(lambda e: e.signature.update(sig="AB==")), MalformedEnvelope),
    "signature no base64": (_change(lambda e: e.signature.update(sig="***")), MalformedEnvelope),
    "signature a number": (_change(lambda e: e.signature.update(sig=7)), MalformedEnvelope),
    "no signature": (_change(lambda e: e.fields.update(signatures=[])), MalformedEnvelope),
    "two signatures": (_change(lambda e: e.fields.update(signatures=[e.signature] * 2)), MalformedEnvelope),
    "signatures no list": (_change(lambda e: e.fields.update(signatures=e.signature)), MalformedEnvelope),
    "a signature no object": (_change(lambda e: e.fields.update(signatures=["x"])), MalformedEnvelope),
    "key id of nobody": (_change(lambda e: e.signature.update(keyid="0" * 32)), UnknownKey),
    "key id missing": (_change(lambda e: e.signature.pop("keyid")), MalformedEnvelope),
    "key id endless": (_change(lambda e: e.signature.update(keyid="x" * 10_000)), UnknownKey),
    "payload type of another paper": (_change(lambda e: e.fields.update(payloadType="text/plain")), MalformedEnvelope),
    "payload missing": (_change(lambda e: e.fields.pop("payload")), MalformedEnvelope),
    "no JSON": (lambda _: b"receipt", MalformedEnvelope),
    "nothing at all": (lambda _: b"", MalformedEnvelope),
    "bytes that are no UTF-8": (lambda _: b"\xff\xfe{}", MalformedEnvelope),
    "cut in the middle": (lambda genuine: genuine[:-20], MalformedEnvelope),
    "something after it": (lambda genuine: genuine + b"{}", MalformedEnvelope),
    "a list": (lambda _: b"[]", MalformedEnvelope),
    "a key twice": (lambda genuine: b'{"payload":"AA==",' + genuine[1:], MalformedEnvelope),
    "nested without end": (lambda _: b"[" * 100_000, MalformedEnvelope),
    "nested without end, closed": (lambda _: b'{"a":' * 50_000 + b"1" + b"}" * 50_000, MalformedEnvelope),
    "a number without end": (lambda _: b'{"payload":' + b"9" * 10_000 + b"}", MalformedEnvelope),
    "a number beyond 2**53": (lambda _: b'{"payload":9007199254740993}', MalformedEnvelope),
    "a fraction": (lambda _: b'{"payload":1.5}', MalformedEnvelope),
    "an exponent": (lambda _: b'{"payload":1e999}', MalformedEnvelope),
    "NaN": (lambda _: b'{"payload":NaN}', MalformedEnvelope),
    "Infinity": (lambda _: b'{"payload":-Infinity}', MalformedEnvelope),
    "an unpaired surrogate": (lambda _: b'{"payload":"\\ud800"}', MalformedEnvelope),
}  # fmt: skip


@pytest.mark.parametrize(("tamper", "error"), ENVELOPES.values(), ids=ENVELOPES)
def test_a_tampered_envelope_is_refused(keystore, genuine, tamper, error):
    with pytest.raises(error) as raised:
        judge(tamper(genuine), keystore.trust())
    assert type(raised.value) is error
    assert raised.value.exit_code == 4
    assert len(str(raised.value)) < 200


REJECTION = {"row": 3, "column": "年龄", "reason": "length"}
PAYLOADS: dict[str, tuple[dict[str, object], type[VerificationError]]] = {
    "counts do not add up": ({"accepted": 8}, CountsDiffer),
    "fewer rows listed than quarantined": ({"rejected": []}, CountsDiffer),
    "more rows listed than quarantined": ({"rejected": [REJECTION, {**REJECTION, "row": 4}]}, CountsDiffer),
    "a rejected row that was never received": ({"rejected": [{**REJECTION, "row": 12}]}, CountsDiffer),
    "files of another number of rows": ({"files": []}, CountsDiffer),
    "the empty tree's root over rows": ({"rows_root": EMPTY_ROOT.hex()}, CountsDiffer),
    "taken, with a refusal": (
        {"refusal": {"reason": "quoting", "found": "", "wanted": "", "do": ""}}, CountsDiffer),
    "refused, without a refusal": ({"status": "refused"}, CountsDiffer),
    "refused, yet held back": (
        {"status": "refused", "received": 0, "accepted": 0, "quarantined": 0, "duplicates": 0, "rejected": [],
         "rows_root": EMPTY_ROOT.hex(), "refusal": {"reason": "quoting", "found": "", "wanted": "", "do": ""},
         "held_by": ["row_count"]}, CountsDiffer),
    "held back by what is no text": ({"held_by": [1]}, MalformedReceipt),
    "refused, yet rows were taken": (
        {"status": "refused", "refusal": {"reason": "quoting", "found": "", "wanted": "", "do": ""}}, CountsDiffer),
    "another format": ({"format": "onefile.receipt/2"}, MalformedReceipt),
    "an unknown status": ({"status": "lost"}, MalformedReceipt),
    "a negative count": ({"duplicates": -1, "accepted": 11}, MalformedReceipt),
    "a count that is a truth value": ({"duplicates": True}, MalformedReceipt),
    "a count that is text": ({"received": "11"}, MalformedReceipt),
    "row 0 rejected": ({"rejected": [{**REJECTION, "row": 0}]}, MalformedReceipt),
    "a rejection without a reason": ({"rejected": [{"row": 3, "column": None}]}, MalformedReceipt),
    "a rejection that is text": ({"rejected": ["3"]}, MalformedReceipt),
    "an instant with an offset": ({"received_at": "2026-11-23T09:02:03+08:00"}, MalformedReceipt),
    "an instant that no clock shows": ({"received_at": "2026-11-23T25:02:03Z"}, MalformedReceipt),
    "a root in capitals": ({"rows_root": "A" * 64}, MalformedReceipt),
    "no delivery": ({"delivery": None}, MalformedReceipt),
    "a delivery without a name": ({"delivery": ""}, MalformedReceipt),
    "files no list": ({"files": {}}, MalformedReceipt),
}  # fmt: skip


@pytest.mark.parametrize(("change", "error"), PAYLOADS.values(), ids=PAYLOADS)
def test_a_receipt_that_contradicts_itself_is_refused_even_with_a_good_signature(keystore, change, error):
    with pytest.raises(error) as raised:
        judge(signed({**content_of(receipt_over()), **change}, keystore), keystore.trust())
    assert type(raised.value) is error


@pytest.mark.parametrize("field", sorted(content_of(receipt_over())))
def test_a_receipt_that_lacks_a_field_is_refused(keystore, field):
    content = content_of(receipt_over())
    del content[field]
    with pytest.raises(MalformedReceipt, match=field):
        judge(signed(content, keystore), keystore.trust())


def test_a_field_that_a_later_version_adds_is_ignored(keystore):
    content = {**content_of(receipt_over()), "note": "later"}
    assert judge(signed(content, keystore), keystore.trust()).receipt == receipt_over()


def test_a_key_of_the_bureau_for_another_use_signs_no_receipt(keystore):
    with pytest.raises(WrongUse):
        judge(signed(content_of(receipt_over()), keystore, "ledger"), keystore.trust())


def test_a_receipt_of_another_bureau_is_refused(stranger, genuine):
    with pytest.raises(UnknownKey):
        judge(genuine, stranger.trust())


def test_what_a_retired_key_signed_stays_genuine_but_it_signs_nothing_younger(tmp_path):
    keystore = new_bureau(tmp_path)
    old = receipts.sign(receipt_over(), keystore.signer("receipts"))
    young = receipts.sign(replace(receipt_over(), received_at=AT + timedelta(days=2)), keystore.signer("receipts"))
    keystore.retire_key("receipts-1", AT + timedelta(days=1))
    assert judge(old, keystore.trust()).receipt == receipt_over()
    with pytest.raises(RetiredKey):
        judge(young, keystore.trust())


def _proof(**change: object) -> bytes:
    return json.dumps({**json.loads(proof_of(2)), **change}).encode()


HASHES = json.loads(proof_of(2))["hashes"]
PROOFS: dict[str, tuple[bytes, type[VerificationError]]] = {
    "of another delivery": (_proof(delivery="d-2"), OtherDelivery),
    "for another number of rows": (_proof(tree_size=12), OtherDelivery),
    "with another place than its row": (_proof(leaf_index=2), OtherDelivery),
    "for another row": (_proof(row=3, leaf_index=2), ProofDoesNotFit),
    "made for another row": (proof_of(3), ProofDoesNotFit),
    "for a row beyond the last": (_proof(row=12, leaf_index=11), ImpossibleProof),
    "with a hash too few": (_proof(hashes=HASHES[1:]), ImpossibleProof),
    "with a hash too many": (_proof(hashes=[*HASHES, HASHES[0]]), ImpossibleProof),
    "with hashes exchanged": (_proof(hashes=HASHES[::-1]), ProofDoesNotFit),
    "with no hashes": (_proof(hashes=[]), ImpossibleProof),
    "with a hash in capitals": (_proof(hashes=["A" * 64]), MalformedProof),
    "with a short hash": (_proof(hashes=["00"]), MalformedProof),
    "with a hash that is a number": (_proof(hashes=[0]), MalformedProof),
    "with hashes in one text": (_proof(hashes="".join(HASHES)), MalformedProof),
    "for a tree of nothing": (_proof(tree_size=0), MalformedProof),
    "for row 0": (_proof(row=0, leaf_index=-1), MalformedProof),
    "with a row that is text": (_proof(row="2"), MalformedProof),
    "of another format": (_proof(format="onefile.proof/2"), MalformedProof),
    "that is no JSON": (b"hashes", MalformedProof),
    "that is null": (b"null", MalformedProof),
    "nested without end": (b"[" * 100_000, MalformedProof),
}


@pytest.mark.parametrize(("proof", "error"), PROOFS.values(), ids=PROOFS)
def test_a_tampered_proof_is_refused(keystore, genuine, proof, error):
    with pytest.raises(error) as raised:
        judge(genuine, keystore.trust(), ROWS[1], proof)
    assert type(raised.value) is error
    assert raised.value.exit_code == 4


ALTERED_ROWS = {
    "changed": b"P-002,first lime",
    "of another place": ROWS[2],
    "with a space after it": ROWS[1] + b" ",
    "with two line ends": ROWS[1] + b"\n\n",
    "with a carriage return only": ROWS[1] + b"\r",
    "in another encoding": ROWS[1].decode().encode("utf-16"),
    "empty": b"",
}


@pytest.mark.parametrize("row", ALTERED_ROWS.values(), ids=ALTERED_ROWS)
def test_an_altered_row_is_not_in_the_receipt(keystore, genuine, row):
    with pytest.raises(ProofDoesNotFit):
        judge(genuine, keystore.trust(), row, proof_of(2))


def _trust_with(keystore_trust: bytes, **change: object) -> bytes:
    content = json.loads(keystore_trust)
    content["keys"][0].update(change)
    return json.dumps(content).encode()


TRUST_CHANGES: dict[str, dict[str, object]] = {
    "another's id": {"id": "0" * 32},
    "another public key": {"public": base64.b64encode(b"\x00" * 44).decode()},
    "a public key cut short": {"public": "MCowBQYDK2VwAyEA"},
    "an algorithm not on the list": {"algorithm": "RSA"},
    "an unknown state": {"state": "resting"},
    "retired without a day": {"state": "retired"},
    "a day without being retired": {"retired_at": "2026-11-23T00:00:00Z"},
    "no use": {"use": ""},
}


@pytest.mark.parametrize("change", TRUST_CHANGES.values(), ids=TRUST_CHANGES)
def test_an_unusable_trust_file_is_no_verdict(keystore, genuine, change):
    with pytest.raises(MalformedTrust) as raised:
        judge(genuine, _trust_with(keystore.trust(), **change))
    assert raised.value.exit_code == 1


def test_a_trust_file_with_a_key_twice_or_of_another_format_is_unusable(keystore):
    content = json.loads(keystore.trust())
    for broken in ({**content, "keys": content["keys"] * 2}, {**content, "format": "onefile.trust/2"}, []):
        with pytest.raises(MalformedTrust):
            read_trust(json.dumps(broken).encode())


@given(data=st.data())
def test_bytes_changed_anywhere_are_an_error_of_ours_or_change_nothing(keystore, genuine, data):
    """Whatever is done to the papers: no trace of the program, and no other verdict than the true one."""
    papers = {"envelope": genuine, "trust": keystore.trust(), "row": ROWS[1], "proof": proof_of(2)}
    which = data.draw(st.sampled_from(sorted(papers)))
    at = data.draw(st.integers(0, len(papers[which]) - 1))
    until = data.draw(st.integers(at, min(at + 3, len(papers[which]))))
    put = data.draw(st.binary(max_size=3))
    papers[which] = papers[which][:at] + put + papers[which][until:]
    try:
        verdict = judge(**papers)
    except VerificationError:
        return
    assert (verdict.receipt, verdict.row) == (receipt_over(), 2)


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_at_all_are_an_error_of_ours(keystore, data):
    for papers in ((data, keystore.trust()), (b"{}", data)):
        with pytest.raises(VerificationError):
            judge(*papers)
