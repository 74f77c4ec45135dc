"""Licences before the verifier: the closed list of verdicts, and each attack with the verdict it must meet."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import zlib
from datetime import UTC, date, datetime, timedelta

import pytest

from licence_vault import log, status_lists
from licence_vault.canonical import canonical
from licence_vault.exporting import export, find
from licence_vault.notes import NoteSigner
from onefile.verify import licence_verdict as verdicts
from onefile.verify.__main__ import main
from onefile.verify.errors import (
    BadSignature,
    ImpossibleProof,
    Inconsistent,
    Malformed,
    MalformedLicence,
    MalformedStatus,
    NotInLog,
    NotWitnessed,
    OtherStatusList,
    PayloadAltered,
    RetiredKey,
    UnknownKey,
    UnsupportedAlgorithm,
    VerificationError,
    WrongUse,
)
from onefile.verify.leaf import Leaf, commitment
from onefile.verify.licence import PAYLOAD_TYPE, open_licence
from onefile.verify.status import LIST_SIZE, STATUSES, StatusList, inflate, open_status
from tests.papers import AT
from tests.vault import DECLARED, ids_of, issue_rows, permit, trust_of, vault_of
from tests.yardstick import slowness
from tools.reference.exit_codes import errors

TODAY = date(2026, 11, 23)


class Papers:
    """A vault with three licences: one valid, one revoked later, one that lapsed."""

    def __init__(self, home):
        self.vault = vault_of(home)
        rows = [permit(1), permit(2), permit(3, expires_on="2026-06-30"), permit(4, issued_on="2025-05-01")]
        issue_rows(self.vault, rows, "d-1")
        self.ids = ids_of(self.vault)
        self.early = self.publish(AT)
        issue_rows(self.vault, [permit(2, state="revoked")], "d-2", AT + timedelta(days=2))
        self.late = self.publish(AT + timedelta(days=2))
        self.trust = self.vault.keystore.trust()

    def publish(self, at):
        status_lists.publish(self.vault, at=at, day=at.date())
        return status_lists.current(self.vault.home, 0)

    def file(self, number, status=None):
        return json.loads(export(self.vault, find(self.vault, self.ids[number]), status))

    def judge(self, file, on=TODAY, **options):
        return verdicts.judge_licence(json.dumps(file).encode(), self.trust, on, **options)


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    return Papers(tmp_path_factory.mktemp("vault"))


def test_a_valid_licence_with_a_fresh_list_is_in_force(papers):
    verdict = papers.judge(papers.file(0, papers.early))
    assert (verdict.code, verdict.exit_code, verdict.known_at) == ("in_force", 0, AT)
    assert verdicts.told(verdict, "zh").startswith("真实有效：食品经营许可证在 2026-11-23 有效")
    assert verdicts.told(verdict, "en").startswith("genuine, and in force on 2026-11-23")
    assert verdicts.as_json(verdict, "en")["id"] == papers.ids[0]


def test_without_a_list_or_after_its_life_the_status_is_unknown(papers):
    assert papers.judge(papers.file(0)).code == "status_unknown"
    assert papers.judge(papers.file(0, papers.early), now=AT + timedelta(hours=25)).code == "status_unknown"
    assert papers.judge(papers.file(0, papers.early), now=AT + timedelta(hours=23)).code == "in_force"
    assert papers.judge(papers.file(0, papers.early), on=TODAY + timedelta(days=9)).code == "status_unknown"
    assert verdicts.GENUINE["status_unknown"][0] == 3


def test_the_last_day_counts_and_the_next_one_does_not(papers):
    lapsed = papers.file(2, papers.early)
    for day, code in ((date(2026, 6, 30), "in_force"), (date(2026, 7, 1), "no_longer_in_force")):
        verdict = papers.judge(lapsed, on=day)
        assert verdict.code in (code, "not_yet_in_force")
    assert papers.judge(papers.file(2, papers.early), on=TODAY).code == "no_longer_in_force"


def test_before_its_first_day_it_is_not_yet_in_force(papers):
    verdict = papers.judge(papers.file(3, papers.early), on=date(2025, 4, 30))
    assert (verdict.code, verdict.exit_code) == ("not_yet_in_force", 3)


def test_what_was_revoked_is_told_by_the_list_of_then_and_of_now(papers):
    file = papers.file(1)
    assert papers.judge(file, status=papers.early.encode()).code == "in_force"
    later = papers.judge(file, on=TODAY + timedelta(days=2), status=papers.late.encode())
    assert (later.code, later.exit_code, later.known_at) == ("revoked", 3, AT + timedelta(days=2))
    assert status_lists.known_at(papers.vault.home, 0, AT + timedelta(days=1)) == papers.early
    assert status_lists.known_at(papers.vault.home, 0, AT + timedelta(days=3)) == papers.late
    assert status_lists.known_at(papers.vault.home, 0, AT - timedelta(days=1)) is None


def test_the_newer_version_says_itself_that_it_is_revoked(papers):
    newer = json.loads(export(papers.vault, find(papers.vault, ids_of(papers.vault)[4]), papers.late))
    assert papers.judge(newer, on=TODAY + timedelta(days=2)).code == "revoked"


@pytest.mark.parametrize("status", sorted(set(STATUSES.values())))
def test_every_status_has_its_verdict(papers, status):
    value = status_lists.VALUES[status]
    token = signed(papers, {"status_list": {"bits": 8, "lst": lst(bytes([value] * 5))}})
    code = papers.judge(papers.file(0), status=token).code
    assert code == {"valid": "in_force"}.get(status, status)
    assert code in verdicts.GENUINE


def claims(**changes):
    return {
        "iat": int(AT.timestamp()), "exp": int(AT.timestamp()) + 86_400, "ttl": 60,
        "sub": "https://city.example/log/status/0", "status_list": {"bits": 8, "lst": lst(bytes(5))}, **changes,
    }  # fmt: skip


def lst(data):
    return status_lists.base64url(zlib.compress(data))


def signed(papers, changes=None, use="status"):
    return status_lists.sign(claims(**(changes or {})), papers.vault.keystore.signer(use))


def raw_token(header, content, signature=b"x" * 64):
    return ".".join(
        status_lists.base64url(part) for part in (canonical(header), canonical(content), signature)
    ).encode()


def header_of(papers, **changes):
    return {"alg": "EdDSA", "kid": papers.vault.keystore.signer("status").key_id, "typ": "statuslist+jwt", **changes}


BAD_LISTS = {
    "of another issuer": (lambda p: signed(p, {"sub": "https://other.example/log/status/0"}), OtherStatusList),
    "for other leaves": (lambda p: signed(p, {"sub": "https://city.example/log/status/1"}), OtherStatusList),
    "in which the leaf is beyond the end": (
        lambda p: signed(p, {"status_list": {"bits": 8, "lst": lst(b"")}}), OtherStatusList),
    "with a status nobody knows": (
        lambda p: signed(p, {"status_list": {"bits": 8, "lst": lst(b"\x07" * 5)}}), OtherStatusList),
    "of 3 bits": (lambda p: signed(p, {"status_list": {"bits": 3, "lst": lst(bytes(5))}}), MalformedStatus),
    "that unpacks without end": (
        lambda p: signed(p, {"status_list": {"bits": 8, "lst": lst(bytes(LIST_SIZE + 1))}}), MalformedStatus),
    "that is no zlib": (lambda p: signed(p, {"status_list": {"bits": 8, "lst": "AAAA"}}), MalformedStatus),
    "of algorithm none": (lambda p: raw_token(header_of(p, alg="none"), claims(), b""), UnsupportedAlgorithm),
    "of HMAC with the public key": (lambda p: raw_token(header_of(p, alg="HS256"), claims()), UnsupportedAlgorithm),
    "of another curve": (lambda p: raw_token(header_of(p, alg="ES384"), claims()), UnsupportedAlgorithm),
    "of another algorithm than its key's": (
        lambda p: raw_token(header_of(p, alg="ES256"), claims()), UnsupportedAlgorithm),
    "with a critical extension": (lambda p: raw_token(header_of(p, crit=["x"]), claims()), UnsupportedAlgorithm),
    "of another type": (lambda p: raw_token(header_of(p, typ="JWT"), claims()), MalformedStatus),
    "without a good signature": (lambda p: raw_token(header_of(p), claims()), BadSignature),
    "of an unknown key": (lambda p: raw_token(header_of(p, kid="0" * 32), claims()), UnknownKey),
    "signed with the log's own key": (lambda p: signed(p, use="log"), WrongUse),
    "of two parts": (lambda _: b"a.b", MalformedStatus),
    "with padding": (lambda p: signed(p) + b"==", MalformedStatus),
    "not in ASCII": (lambda _: "证照".encode(), MalformedStatus),
    "empty": (lambda _: b"", MalformedStatus),
}  # fmt: skip


@pytest.mark.parametrize(("made", "error"), BAD_LISTS.values(), ids=BAD_LISTS)
def test_a_status_list_is_refused(papers, made, error):
    with pytest.raises(error) as raised:
        papers.judge(papers.file(0), status=made(papers))
    assert raised.value.exit_code == 4
    assert verdicts.code_of(raised.value) in verdicts.REFUSED


def payload_with(papers, number=0, **changes):
    """A licence file whose payload is altered after issuing."""
    file = papers.file(number, papers.early)
    payload = json.loads(base64.b64decode(file["payload"]))
    payload.update(changes)
    return {**file, "payload": base64.b64encode(canonical(payload)).decode()}


def resalted(papers, **changes):
    """A licence file whose leaf was made by the attacker for an altered payload: all but the log agrees."""
    file = payload_with(papers, **changes)
    payload = base64.b64decode(file["payload"])
    leaf = Leaf("116901000005202685002", "116901000005202685", 1, AT, commitment(bytes(16), PAYLOAD_TYPE, payload))
    return {**file, "salt": base64.b64encode(bytes(16)).decode(), "entry": base64.b64encode(leaf.entry()).decode()}


def with_field(**changes):
    return lambda papers: {**papers.file(0, papers.early), **changes}


def other_leaf(papers):
    mine, other = papers.file(0), papers.file(1)
    return {**mine, "proof": other["proof"], "leaf_index": other["leaf_index"], "entry": other["entry"]}


def checkpoint_of(papers, size, root=None):
    """A checkpoint that the log's own key signed over another tree."""
    entries = list(papers.vault.log.entries(0, size))
    root = root or log.root(log.leaf_hashes(entries))
    return NoteSigner.of(papers.vault.keystore.active_key("log")).checkpoint(size, root).decode()


ATTACKS = {
    "another holder": (lambda p: payload_with(p, holders=[]), PayloadAltered),
    "another field": (lambda p: payload_with(p, data={"ZZBH": "x"}), PayloadAltered),
    "another last day": (lambda p: payload_with(p, valid_until="2099-12-31"), PayloadAltered),
    "another type": (lambda p: payload_with(p, type_name="营业执照"), PayloadAltered),
    "another version": (lambda p: payload_with(p, version=2), PayloadAltered),
    "a payload and leaf of one's own": (lambda p: resalted(p, holders=[]), NotInLog),
    "another salt": (with_field(salt=base64.b64encode(bytes(16)).decode()), PayloadAltered),
    "a salt too short": (with_field(salt="AAAA"), MalformedLicence),
    "the proof of another leaf": (other_leaf, PayloadAltered),
    "another leaf's proof for this entry": (
        lambda p: {**p.file(0), "proof": p.file(1)["proof"]}, NotInLog),
    "a proof shortened": (lambda p: {**p.file(0), "proof": p.file(0)["proof"][:-1]}, ImpossibleProof),
    "a proof lengthened": (lambda p: {**p.file(0), "proof": [*p.file(0)["proof"], "0" * 64]}, ImpossibleProof),
    "another place": (with_field(leaf_index=1), NotInLog),
    "a place beyond the log": (with_field(leaf_index=5), ImpossibleProof),
    "a checkpoint of size 0": (
        lambda p: {**p.file(0), "checkpoint": checkpoint_of(p, 0)}, (ImpossibleProof, NotInLog)),
    "a checkpoint rolled back": (
        lambda p: {**p.file(0), "checkpoint": checkpoint_of(p, 2)}, (NotInLog, ImpossibleProof)),
    "a forked log": (lambda p: {**p.file(0), "checkpoint": checkpoint_of(p, 5, bytes(32))}, NotInLog),
    "a log of another name": (
        lambda p: {**p.file(0), "checkpoint": p.file(0)["checkpoint"].replace("city.example", "town.example")},
        UnknownKey),
    "a checkpoint altered": (
        lambda p: {**p.file(0), "checkpoint": p.file(0)["checkpoint"].replace("\n5\n", "\n4\n")}, BadSignature),
    "a checkpoint without a signature": (
        lambda p: {**p.file(0), "checkpoint": p.file(0)["checkpoint"].split("\n—")[0]}, Malformed),
    "another payload type": (with_field(payload_type="text/plain"), MalformedLicence),
    "another format": (with_field(format="onefile.licence/2"), MalformedLicence),
    "an index that is a text": (with_field(leaf_index="0"), MalformedLicence),
    "a huge index": (with_field(leaf_index=10**40), MalformedLicence),
    "an index with a fraction": (with_field(leaf_index=0.5), MalformedLicence),
    "no proof": (with_field(proof=None), MalformedLicence),
}  # fmt: skip


@pytest.mark.parametrize(("made", "error"), ATTACKS.values(), ids=ATTACKS)
def test_an_altered_licence_is_refused(papers, made, error):
    with pytest.raises(error) as raised:
        papers.judge(made(papers))
    assert raised.value.exit_code == 4
    assert verdicts.code_of(raised.value) in verdicts.REFUSED


RAW = {
    "a doubled key": lambda data: data.replace(b'"leaf_index":', b'"leaf_index":9,"leaf_index":', 1),
    "deep nesting": lambda _: b"[" * 100_000,
    "a huge number": lambda data: data.replace(b'"leaf_index": 0', b'"leaf_index": ' + b"9" * 5000),
    "invalid UTF-8": lambda data: data.replace(b"onefile", b"onef\xffle", 1),
    "NaN": lambda data: data.replace(b'"leaf_index": 0', b'"leaf_index": NaN'),
    "nothing": lambda _: b"",
    "something after it": lambda data: data + b"{}",
    "an unpaired surrogate": lambda data: data.replace(b'"onefile.licence/1"', b'"\\ud800"'),
}


@pytest.mark.parametrize("change", RAW.values(), ids=RAW)
def test_hostile_json_is_refused(papers, change):
    data = json.dumps(papers.file(0, papers.early)).encode()
    changed = change(data)
    assert changed != data
    with pytest.raises(MalformedLicence):
        open_licence(changed, papers.vault.trust)


def test_every_single_byte_of_an_exported_licence_counts(papers):
    """Altered anywhere it is refused, or it is another spelling of the same: then it says the same."""
    data = canonical(papers.file(0, papers.early))
    want = papers.judge(papers.file(0, papers.early))
    for place in range(0, len(data), 3):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        try:
            found = verdicts.judge_licence(changed, papers.trust, TODAY)
        except VerificationError:
            continue
        assert found.proved.licence == want.proved.licence
        assert found.code == want.code


def test_a_payload_that_contradicts_its_own_leaf_is_refused_though_the_log_has_it(tmp_path):
    """A vault that lies: the leaf, in the log, is for another version than the payload says."""
    vault = vault_of(tmp_path)
    issue_rows(vault, [permit(1)], "d-1")
    kept = find(vault, ids_of(vault)[0])
    leaf = Leaf("116901000005202685002", "116901000005202685", 7, AT, commitment(kept.salt, PAYLOAD_TYPE, kept.payload))
    with vault.log.writing(vault.signer) as writer:
        writer.append([leaf.entry()])
    head = vault.log.checkpoint()
    file = json.loads(export(vault, kept, None))
    file |= {
        "leaf_index": 1,
        "entry": base64.b64encode(leaf.entry()).decode(),
        "proof": [item.hex() for item in vault.log.tree().inclusion_proof(1, head.size)],
    }
    with pytest.raises(Inconsistent):
        open_licence(json.dumps(file).encode(), vault.trust)


def test_an_unknown_key_and_a_stranger_s_trust_file_believe_nothing(papers, tmp_path):
    stranger = vault_of(tmp_path).keystore.trust()
    with pytest.raises(UnknownKey):
        verdicts.judge_licence(json.dumps(papers.file(0)).encode(), stranger, TODAY)


def test_witnesses_that_are_demanded_must_have_signed(papers):
    content = json.loads(papers.trust)
    witness = next(key for key in content["keys"] if key["use"] == "ledger")
    witness |= {"use": "witness", "signs_as": "w.example"}
    content["witnesses_needed"] = 1
    with pytest.raises(NotWitnessed):
        verdicts.judge_licence(json.dumps(papers.file(0)).encode(), json.dumps(content).encode(), TODAY)


def test_rotation_breaks_no_old_proof_and_a_retired_key_signs_nothing_younger(tmp_path):
    vault = vault_of(tmp_path)
    issue_rows(vault, [permit(1)], "d-1")
    old = export(vault, find(vault, ids_of(vault)[0]), None)
    vault.keystore.rotate_key("log", AT + timedelta(days=1))
    trust = trust_of(vault.keystore)
    assert open_licence(old, trust).signed.key.state == "retired"
    stolen = NoteSigner.of(vault.keystore.keys[[k.use for k in vault.keystore.keys].index("log")])
    later = vault_of(tmp_path, at=AT + timedelta(days=2))
    issue_rows(later, [permit(2)], "d-2", AT + timedelta(days=2))
    file = json.loads(export(later, find(later, ids_of(later)[1]), None))
    file["checkpoint"] = stolen.checkpoint(2, later.log.tree().root(2)).decode()
    with pytest.raises(RetiredKey):
        open_licence(json.dumps(file).encode(), trust_of(later.keystore))


def test_a_list_signed_after_its_key_was_retired_is_refused(tmp_path):
    vault = vault_of(tmp_path)
    issue_rows(vault, [permit(1)], "d-1")
    token = status_lists.sign(claims(iat=int(AT.timestamp()) + 10), vault.keystore.signer("status")).decode()
    assert open_status(token, vault.trust, "city.example/log", 0).bits == 8
    vault.keystore.rotate_key("status", AT + timedelta(seconds=5))
    with pytest.raises(RetiredKey):
        open_status(token, trust_of(vault.keystore), "city.example/log", 0)


def test_ecdsa_p256_signs_log_and_lists_as_well(tmp_path):
    vault = vault_of(tmp_path)
    for use in ("log", "status"):
        vault.keystore.rotate_key(use, AT, "ECDSA-P256")
    again = vault_of(tmp_path)
    issue_rows(again, [permit(1)], "d-1")
    status_lists.publish(again, at=AT, day=TODAY)
    data = export(again, find(again, ids_of(again)[0]), status_lists.current(tmp_path, 0))
    assert verdicts.judge_licence(data, again.keystore.trust(), TODAY).code == "in_force"
    header, content, signature = status_lists.current(tmp_path, 0).split(".")
    broken = f"{header}.{content}.{'A' * len(signature)}"
    with pytest.raises(BadSignature):
        open_status(broken, again.trust, "city.example/log", 0)


# Vectors of the Token Status List specification.
VECTOR_1 = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
VECTOR_2 = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]
LARGE = (
    "eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAAAJsLCQAAAAAAAAAAADjelAAAAAAA"
    "AAAAKjDMAQAAAACAZC8L2AEb"
)


@pytest.mark.parametrize(
    ("statuses", "bits", "data", "text"),
    [(VECTOR_1, 1, "b9a3", "eNrbuRgAAhcBXQ"), (VECTOR_2, 2, "c944f9", "eNo76fITAAPfAgc")],
    ids=("1 bit", "2 bits"),
)
def test_the_specifications_lists_are_packed_and_read(statuses, bits, data, text):
    assert status_lists.packed(iter(statuses), bits).hex() == data
    packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert inflate(packed, 100).hex() == data
    listed = StatusList("o", 0, AT, AT, bits, bytes.fromhex(data))
    assert [status_lists.VALUES[listed.status(i)] for i in range(len(statuses))] == statuses


def test_the_specifications_list_of_a_million_is_read():
    packed = base64.urlsafe_b64decode(LARGE + "=" * (-len(LARGE) % 4))
    listed = StatusList("o", 0, AT, AT, 1, inflate(packed, LIST_SIZE // 8))
    found = [i for i in range(LIST_SIZE) if listed.data[i // 8] and listed.status(i) != "valid"]
    assert found == [0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345]


def test_two_bits_say_the_commonest_things(papers):
    status_lists.publish(papers.vault, at=AT + timedelta(days=3), day=TODAY, bits=2)
    token = status_lists.current(papers.vault.home, 0)
    listed = open_status(token, papers.vault.trust, "city.example/log", 0)
    assert [listed.status(i) for i in range(5)] == ["valid", "invalid", "invalid", "valid", "invalid"]
    assert papers.judge(papers.file(1), on=TODAY, status=token.encode()).code == "invalid"


def test_a_newer_version_takes_the_place_of_the_older_one_in_the_list(tmp_path):
    vault = vault_of(tmp_path)
    issue_rows(vault, [permit(1), permit(2)], "d-1")
    issue_rows(vault, [permit(1, items="x"), permit(2, state="suspended")], "d-2", AT + timedelta(hours=1))
    status_lists.publish(vault, at=AT + timedelta(hours=2), day=TODAY)
    listed = open_status(status_lists.current(tmp_path, 0), vault.trust, vault.origin, 0)
    assert [listed.status(i) for i in range(4)] == ["superseded", "superseded", "valid", "suspended"]


def test_a_list_that_says_nothing_new_leaves_no_trace_in_the_history_but_is_fresh(tmp_path):
    vault = vault_of(tmp_path)
    issue_rows(vault, [permit(1)], "d-1")
    done = [status_lists.publish(vault, at=AT + timedelta(minutes=n), day=TODAY) for n in range(3)]
    assert [found.changed for found in done] == [1, 0, 0]
    assert len(list((tmp_path / "status" / "history" / "0").iterdir())) == 1
    listed = open_status(status_lists.current(tmp_path, 0), vault.trust, vault.origin, 0)
    assert listed.issued_at == AT + timedelta(minutes=2)


def test_every_error_of_the_verifier_has_a_verdict_of_the_closed_list():
    told = {error for kinds in verdicts.REFUSED.values() for error in kinds}
    of_licences = {e for e in errors() if e.__module__ == "onefile.verify.errors" and e is not VerificationError}
    of_receipts = {"CountsDiffer", "OtherDelivery"}
    missing = {e.__name__ for e in of_licences if not issubclass(e, tuple(told))} - of_receipts
    assert missing == set()
    assert all(zh and en for _, zh, en in verdicts.GENUINE.values())
    assert set(STATUSES.values()) - {"valid"} <= set(verdicts.GENUINE)


def test_the_stand_alone_verifier_takes_licences_starts_fast_and_needs_nothing_else(papers, tmp_path):
    (tmp_path / "licence.json").write_bytes(json.dumps(papers.file(0, papers.early)).encode())
    (tmp_path / "trust.json").write_bytes(papers.trust)
    arguments = [str(tmp_path / "licence.json"), "--trust", str(tmp_path / "trust.json"), "--on", "2026-11-23"]
    script = (
        "import sys, time; began = time.process_time(); from onefile.verify.__main__ import main;"
        f"code = main({arguments!r}, {{'LANG': 'C'}});"
        "took = time.process_time() - began;"
        "ours = {m.split('.')[0] for m in sys.modules if '.' not in m} & "
        "{'click', 'yaml', 'schemas', 'catalog', 'licence_vault', 'inbox', 'ledger', 'sqlalchemy', 'rfc8785'};"
        f"sys.stderr.write(repr((code, sorted(ours), took < {0.3 * slowness()})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env={**os.environ, "LANG": "C"}
    )
    assert done.stderr == "(0, [], True)"
    assert "in force on 2026-11-23" in done.stdout


def test_the_stand_alone_verifier_leaves_with_three_or_four(papers, tmp_path, capsys):
    (tmp_path / "trust.json").write_bytes(papers.trust)
    for name, file, code in (
        ("unknown", papers.file(0), 3),
        ("altered", payload_with(papers, holders=[]), 4),
    ):
        (tmp_path / name).write_bytes(json.dumps(file).encode())
        arguments = [str(tmp_path / name), "--trust", str(tmp_path / "trust.json"), "--on", "2026-11-23"]
        assert main([*arguments, "--json"], {}) == code
        assert json.loads(capsys.readouterr().out)["verdict"] in ("status_unknown", "altered")
        assert main([*arguments, "--lang", "zh"], {}) == code
        capsys.readouterr()
    (tmp_path / "list").write_text(papers.early)
    arguments = [str(tmp_path / "unknown"), "--trust", str(tmp_path / "trust.json"), "--status", str(tmp_path / "list")]
    assert main([*arguments, "--on", "2026-11-23"], {}) == 0


def test_no_field_of_a_sensitive_kind_is_told_in_a_verdicts_sentence(papers):
    verdict = papers.judge(papers.file(0, papers.early))
    for lang in ("zh", "en"):
        assert "样例餐饮店" not in verdicts.told(verdict, lang)


def test_instants_are_told_in_utc():
    assert datetime.fromtimestamp(claims()["iat"], UTC) == AT
    assert DECLARED.licences
