"""Presentations before the verifier: the closed list of verdicts, and each attack with the error it must meet."""

from __future__ import annotations

import hmac
import json
import subprocess
import sys
from datetime import timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from licence_vault import status_lists
from licence_vault.presentations import sd_jwt
from licence_vault.signers import generate, public_der, signer
from onefile.verify.errors import (
    BadSignature,
    HiddenDisclosure,
    Inconsistent,
    LostKey,
    Malformed,
    NotBound,
    OtherAudience,
    OtherNonce,
    RetiredKey,
    UnknownKey,
    UnsupportedAlgorithm,
    VerificationError,
    WrongUse,
)
from onefile.verify.presentation import CLEAR, USE, Question
from onefile.verify.presentation_verdict import judge_presentation, told
from onefile.verify.reading import instant_text
from onefile.verify.trust import key_id
from tests.papers import AT
from tests.presented import ASKED, House, Token, digest, header_changed, padded, unpadded
from tests.vault import issue_rows, permit


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    return House(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def content(house):
    return house.show().content


def test_only_the_granted_fields_stand_in_it_and_the_rest_in_no_form(house, content):
    shown = house.open(content)
    assert shown.data == {"ZZMC": "食品经营许可证", "CZZT": "样例餐饮店1号", "KZ_JYXM": "热食类食品制售"}
    assert (shown.audience, shown.item, shown.case) == ("health", "0102", "2026-17")
    token = Token(content)
    assert len(token.claims["_sd"]) == len(token.disclosures) == 3
    payload = json.loads(house.kept().payload)
    for name in ("ZZBH", "ZZYXQJZRQ"):
        assert payload["data"][name] not in json.dumps(token.claims) + str([unpadded(d) for d in token.disclosures])


def test_what_must_stand_in_clear_does_and_the_type_is_the_registered_one(content, house):
    token = Token(content)
    assert token.header["typ"] == "dc+sd-jwt"
    assert {"iss", "nbf", "exp", "vct", "status", "aud", "nonce", "jti", "purpose", "log"} <= set(token.claims)
    hidden = {json.loads(unpadded(d))[1] for d in token.disclosures}
    assert not hidden & set(CLEAR)
    assert token.claims["exp"] - token.claims["iat"] == 600
    assert token.claims["status"]["status_list"]["uri"] == "https://city.example/log/status/0"
    assert unpadded(token.claims["log"]["entry"].replace("+", "-").replace("/", "_")) == house.kept().version.entry()


def test_each_salt_is_of_128_bits_and_none_comes_twice(house):
    salts = [json.loads(unpadded(d))[0] for _ in range(3) for d in Token(house.show().content).disclosures]
    assert len(set(salts)) == 9
    assert {len(unpadded(salt)) for salt in salts} == {16}


def test_whoever_passes_it_on_may_leave_fields_out(house, content):
    token = Token(content)
    parts = content.decode().split("~")
    shown = house.open("~".join([parts[0], parts[2], ""]))
    assert list(shown.data) == [json.loads(unpadded(token.disclosures[1]))[1]]


def foreign(house, token):
    other = Token(house.show(fields=("ZZBH",)).content)
    token.disclosures.append(other.disclosures[0])


def unsigned_for(house, token):
    token.add("KZ_MORE", "x", is_signed_for=False)


def doubled(house, token):
    token.disclosures.append(token.disclosures[0])


def doubled_digest(house, token):
    token.claims["_sd"].append(token.claims["_sd"][0])


def same_name(house, token):
    token.add("ZZMC", "another")


def of_an_array(house, token):
    token.disclosures.append(padded(b'["c2FsdA","value"]'))
    token.claims["_sd"].append(digest(token.disclosures[-1]))


def no_salt(house, token):
    token.disclosures.append(padded(b'[1,"KZ_X","value"]'))
    token.claims["_sd"].append(digest(token.disclosures[-1]))


def hidden_within_a_value(house, token):
    token.add("KZ_X", {"_sd": [digest("x")]})


def hidden_in_an_array(house, token):
    token.add("KZ_X", [{"...": digest("x")}])


def hidden_in_a_claim(house, token):
    token.claims["purpose"]["_sd"] = [digest("x")]


def brings(name):
    def change(house, token):
        token.add(name, "x")

    change.__name__ = f"brings_{name}"
    return change


DISCLOSURES = [
    foreign, unsigned_for, doubled, doubled_digest, same_name, of_an_array, no_salt, hidden_within_a_value,
    hidden_in_an_array, hidden_in_a_claim,
    *map(brings, ("iss", "nbf", "exp", "vct", "status", "cnf", "aud", "nonce", "purpose", "log", "_sd", "...")),
]  # fmt: skip


@pytest.mark.parametrize("change", DISCLOSURES, ids=lambda c: c.__name__)
def test_a_foreign_doubled_or_hidden_disclosure_is_refused(house, content, change):
    token = Token(content)
    change(house, token)
    with pytest.raises(HiddenDisclosure):
        house.open(token.text(house.signer))


def test_wrong_audience_and_wrong_nonce_are_refused(house, content):
    with pytest.raises(OtherAudience):
        house.open(content, Question("market", ASKED.nonce))
    for nonce in ("n-0123456788", "", "N-0123456789"):
        with pytest.raises(OtherNonce):
            house.open(content, Question("health", nonce))


@pytest.mark.parametrize(
    ("after", "code", "exit_code"),
    [
        (timedelta(seconds=-61), "presentation_not_yet", 3),
        (timedelta(), "presented", 0),
        (timedelta(minutes=10, microseconds=-1), "presented", 0),
        (timedelta(minutes=10), "presentation_over", 3),
        (timedelta(days=400), "presentation_over", 3),
    ],
)
def test_a_wrong_time_is_told(house, content, after, code, exit_code):
    verdict = judge_presentation(content, house.trust, ASKED, AT.replace(microsecond=0) + after)
    assert (verdict.code, verdict.exit_code) == (code, exit_code)


def test_a_status_list_that_knows_more_goes_before(tmp_path):
    house = House(tmp_path)
    content = house.show(life=timedelta(hours=3)).content
    later = AT + timedelta(hours=1)
    issue_rows(house.vault, [permit(1, state="revoked")], "b2", later)
    status_lists.publish(house.vault, at=later, day=later.date())
    listed = status_lists.current(tmp_path, 0).encode()
    verdict = judge_presentation(content, house.trust, ASKED, later, status=listed)
    assert (verdict.code, verdict.exit_code, verdict.known_at) == ("revoked", 3, later.replace(microsecond=0))
    assert told(verdict, "zh").startswith("真实，但已被吊销")


def headers(content):
    return {
        "none": ({"alg": "none"}, UnsupportedAlgorithm),
        "hmac": ({"alg": "HS256"}, UnsupportedAlgorithm),
        "another curve": ({"alg": "ES256"}, UnsupportedAlgorithm),
        "crit": ({"crit": ["x"]}, UnsupportedAlgorithm),
        "another type": ({"typ": "statuslist+jwt"}, Malformed),
        "unknown key": ({"kid": "0" * 32}, UnknownKey),
        "a header more": ({"x": 1}, BadSignature),
    }


@pytest.mark.parametrize("name", headers(b""))
def test_headers_choose_nothing(house, content, name):
    changes, error = headers(content)[name]
    with pytest.raises(error):
        house.open(header_changed(content, changes))


def test_what_a_lost_key_signed_counts_no_more(tmp_path):
    house = House(tmp_path)
    content = house.show().content
    house.vault.keystore.retire_key("presentations-1", AT + timedelta(hours=1), lost_at=AT + timedelta(minutes=30))
    with pytest.raises(LostKey):
        house.open(content)


def test_an_hmac_with_the_public_key_is_no_signature(house, content):
    token = header_changed(content, {"alg": "HS256"})
    signed, rest = token.split("~", 1)
    body = signed.rpartition(".")[0]
    forged = padded(hmac.digest(house.vault.keystore.active_key(USE).public_der, body.encode(), sha256))
    with pytest.raises(UnsupportedAlgorithm):
        house.open(f"{body}.{forged}~{rest}")


def test_a_stranger_s_key_a_key_for_something_else_and_a_retired_key_sign_nothing(house, content, tmp_path):
    token = Token(content)
    private = generate("Ed25519")
    with pytest.raises(UnknownKey):
        house.open(token.text(signer(key_id(public_der(private)), private)))
    with pytest.raises(WrongUse):
        house.open(token.text(house.vault.keystore.signer("status")))
    other = House(tmp_path)
    old, made = other.signer, other.show().content
    other.vault.keystore.rotate_key(USE, AT + timedelta(hours=1))
    assert other.open(made).data
    younger = Token(made)
    younger.claims.update(
        iat=int(AT.timestamp()) + 7200, nbf=int(AT.timestamp()) + 7200, exp=int(AT.timestamp()) + 7300
    )
    with pytest.raises(RetiredKey):
        other.open(younger.text(old))


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(iss="https://other.example/log"),
        lambda c: c.update(vct="urn:onefile:licence:11100000MB03271699001"),
        lambda c: c["status"]["status_list"].update(idx=1),
        lambda c: c["status"]["status_list"].update(uri="https://city.example/log/status/1"),
        lambda c: c["log"].update(leaf_index=1),
        lambda c: c.update(exp=c["nbf"]),
    ],
)
def test_claims_that_contradict_each_other_are_refused(house, content, change):
    token = Token(content)
    change(token.claims)
    with pytest.raises(Inconsistent):
        house.open(token.text(house.signer))


@pytest.mark.parametrize(
    "name", ["iss", "iat", "nbf", "exp", "vct", "status", "aud", "nonce", "jti", "purpose", "log", "_sd"]
)
def test_a_claim_that_is_missing_or_of_another_type_is_refused(house, content, name):
    for value in (None, 1.5, True, [[[]]], -1):
        token = Token(content)
        if value is None:
            del token.claims[name]
        else:
            token.claims[name] = value
        with pytest.raises(VerificationError):
            house.open(token.text(house.signer))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"~", b"a~", b"a.b.c~", "é~".encode(), b"ey" + b"~" * 300, b"ey~" + b"x" * 1_000_001,
        b'{"a":1}', padded(b'{"alg":"none","alg":"EdDSA"}').encode() + b".e30.~",
        padded(b"[" * 100_000).encode() + b".e30.AA~",
        padded(b'{"typ":"dc+sd-jwt","n":' + b"9" * 5000 + b"}").encode() + b".e30.AA~",
        padded(b'{"typ":"\xff"}').encode() + b".e30.AA~",
    ],
)  # fmt: skip
def test_hostile_bytes_are_refused(house, data):
    with pytest.raises(Malformed):
        house.open(data)


def test_every_single_byte_counts(house, content):
    for place in range(len(content)):
        for change in (1, 32):
            altered = bytearray(content)
            altered[place] ^= change
            with pytest.raises(VerificationError):
                house.open(bytes(altered))


def test_every_byte_may_be_cut_off_and_nothing_shorter_is_believed(house, content):
    for length in range(0, len(content) - 1, 7):
        try:
            shown = house.open(content[:length])
        except VerificationError:
            continue
        assert content[:length].endswith(b"~")
        assert len(shown.data) < 3


@pytest.mark.parametrize("curve", ["Ed25519", "ECDSA-P256"])
class TestKeyBinding:
    """Where the holder has a key, that key signs too."""

    @pytest.fixture
    def holder(self, curve):
        private = Ed25519PrivateKey.generate() if curve == "Ed25519" else ec.generate_private_key(ec.SECP256R1())
        self.pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return signer("holder", private)

    @pytest.fixture
    def shown(self, house, holder):
        assert holder.key_id == "holder"
        return house.show(holder_key=self.pem).content.decode()

    def bound(self, shown, holder, audience="health", nonce=ASKED.nonce, after=5):
        return sd_jwt.bind(shown, audience, nonce, int(AT.timestamp()) + after, holder)

    def test_it_is_taken_with_it_and_refused_without(self, house, holder, shown):
        assert house.open(self.bound(shown, holder)).is_bound
        with pytest.raises(NotBound):
            house.open(shown)

    def test_the_holder_may_leave_fields_out_before_signing_and_nobody_after(self, house, holder, shown):
        parts = shown.split("~")
        less = "~".join([*parts[:2], ""])
        assert len(house.open(self.bound(less, holder)).data) == 1
        binding = self.bound(shown, holder).rpartition("~")[2]
        with pytest.raises(NotBound):
            house.open(less + binding)

    def test_another_key_audience_nonce_or_time_is_refused(self, house, holder, shown, curve):
        private = generate(curve)
        with pytest.raises(NotBound):
            house.open(self.bound(shown, signer("thief", private)))
        with pytest.raises(OtherAudience):
            house.open(self.bound(shown, holder, audience="market"))
        with pytest.raises(OtherNonce):
            house.open(self.bound(shown, holder, nonce="n-old"))
        for after in (-120, 600, 10_000):
            with pytest.raises(NotBound):
                house.open(self.bound(shown, holder, after=after))

    def test_the_algorithm_is_the_keys_own(self, house, shown, curve):
        other = generate("ECDSA-P256" if curve == "Ed25519" else "Ed25519")
        with pytest.raises(NotBound):
            house.open(self.bound(shown, signer("thief", other)))


def test_a_binding_where_no_key_is_named_is_refused(house, content):
    with pytest.raises(Malformed):
        house.open(sd_jwt.bind(content.decode(), "health", ASKED.nonce, int(AT.timestamp()), house.signer))


def test_ecdsa_p256_signs_presentations_as_well(tmp_path):
    house = House(tmp_path, "ECDSA-P256")
    content = house.show().content
    assert Token(content).header["alg"] == "ES256"
    assert house.open(content).data
    with pytest.raises((BadSignature, Malformed)):
        house.open(content[:-20].rpartition(b"~")[0][:-3] + b"AAA~")


def test_the_stand_alone_verifier_takes_presentations(house, content, tmp_path):
    file, trust = tmp_path / "shown", tmp_path / "trust.json"
    file.write_bytes(content)
    trust.write_bytes(house.trust)
    base = [sys.executable, "-m", "onefile.verify", str(file), "--trust", str(trust), "--lang", "en"]
    at = ["--at", instant_text(AT)]
    for more, code, said in (
        (["--audience", "health", "--nonce", ASKED.nonce, *at], 0, "genuine: made for health, for 0102 2026-17"),
        (["--audience", "health", "--nonce", ASKED.nonce, "--at", "2027-01-01T00:00:00Z"], 3, "its time is over"),
        (["--audience", "market", "--nonce", ASKED.nonce, *at], 4, "another audience"),
        (["--audience", "health", "--nonce", "x", *at], 4, "another question"),
        (at, 2, "--audience and --nonce"),
    ):
        done = subprocess.run([*base, *more], capture_output=True, text=True, check=False)
        assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done
