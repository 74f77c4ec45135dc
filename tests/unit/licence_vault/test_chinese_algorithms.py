"""SM2 with SM3, and SM4: against OpenSSL's, and everywhere that one setting puts them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from datetime import timedelta

import gmssl_pyx
import pytest

from licence_vault import status_lists
from licence_vault.at_rest import MASTER_SM4, Sm4Gcm
from licence_vault.auditing import audit
from licence_vault.contents import INTERNATIONAL, SM
from licence_vault.exporting import export, find
from licence_vault.keystore import Keystore
from licence_vault.signers import Sm2PrivateKey, generate, public_der, signer
from licence_vault.vault import PROFILE_SECRETS, PROFILE_USES
from onefile.verify.algorithms import SM2_SM3, public_key, sm2_der
from onefile.verify.errors import BadSignature, UnsupportedAlgorithm, VerificationError
from onefile.verify.licence import open_licence
from onefile.verify.note import OWN_NOTE, note_key_id, note_kind
from onefile.verify.receipt import open_receipt
from onefile.verify.status import open_status
from onefile.verify.trust import read_trust
from tests.papers import AT, content_of, receipt_over, signed
from tests.presented import House, Token, header_changed
from tests.vault import ids_of, issue_rows, permit

LATER = AT + timedelta(hours=1)
openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing")
AS = "-sigopt distid:1234567812345678"


def run(folder, words):
    done = subprocess.run(["openssl", *words.split()], cwd=folder, capture_output=True, check=False)
    return done.returncode, done.stdout + done.stderr


@openssl
def test_openssl_takes_our_sm2_signatures_and_we_take_its(tmp_path):
    private = generate(SM2_SM3)
    message = "证照".encode() * 100
    (tmp_path / "text").write_bytes(message)
    (tmp_path / "ours.der").write_bytes(public_der(private))
    (tmp_path / "ours.sig").write_bytes(signer("k", private).sign(message))
    code, _ = run(tmp_path, "pkey -pubin -inform DER -in ours.der -out ours.pem")
    assert code == 0
    code, said = run(tmp_path, f"dgst -sm3 -verify ours.pem -signature ours.sig {AS} text")
    assert (code, b"Verified OK" in said) == (0, True), said
    for words in (
        "genpkey -algorithm SM2 -out theirs.key",
        "pkey -in theirs.key -pubout -outform DER -out theirs.der",
        f"dgst -sm3 -sign theirs.key -out theirs.sig {AS} text",
    ):
        assert run(tmp_path, words)[0] == 0
    key = public_key(SM2_SM3, (tmp_path / "theirs.der").read_bytes())
    signature = (tmp_path / "theirs.sig").read_bytes()
    assert key is not None
    assert key.holds(signature, message)
    assert not key.holds(signature, message + b"x")
    for place in range(len(signature)):
        altered = bytearray(signature)
        altered[place] ^= 1
        assert not key.holds(bytes(altered), message)
    assert not key.holds(b"", message)


def test_the_known_answer_of_the_standard_for_sm3_and_of_rfc_8998_for_sm4_gcm():
    assert gmssl_pyx.sm3_hash(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    key, nonce = bytes.fromhex("0123456789abcdeffedcba9876543210"), bytes.fromhex("00001234567800000000abcd")
    bound = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = b"".join(bytes([value]) * 8 for value in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    made = Sm4Gcm(key).encrypt(nonce, plain, bound)
    assert made.hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
    assert Sm4Gcm(key).decrypt(nonce, made, bound) == plain
    assert gmssl_pyx.sm4_gcm_encrypt(key, nonce, bound, plain) == (made[:-16], made[-16:])


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A vault that issued under Ed25519 and AES, then went over, then issued again."""
    made = House(tmp_path_factory.mktemp("home"))
    made.old = {"licence": export(made.vault, made.kept(), None), "shown": made.show().content}
    made.vault.keystore.use_profile(SM, PROFILE_USES, PROFILE_SECRETS, LATER)
    from tests.vault import vault_of

    made.vault = vault_of(made.vault.home, at=LATER)
    issue_rows(made.vault, [permit(3)], "b2", LATER)
    made.ids = ids_of(made.vault)
    return made


def test_one_setting_puts_receipts_checkpoints_presentations_and_envelopes_on_them(house):
    keys = house.vault.keystore
    assert keys.profile == SM
    assert {use: keys.active_key(use).algorithm for use in PROFILE_USES} == dict.fromkeys(PROFILE_USES, SM2_SM3)
    trust = read_trust(house.trust)
    receipt = signed(content_of(receipt_over()), keys)
    assert open_receipt(receipt, trust).delivery == "d-1"
    kept = house.kept(2)
    assert kept.version.master == MASTER_SM4
    proved = open_licence(export(house.vault, kept, None), trust)
    assert proved.signed.key.algorithm == SM2_SM3
    shown = house.show(LATER, 2)
    assert Token(shown.content).header["alg"] == "SM2-SM3"
    assert house.open(shown.content).data
    status_lists.publish(house.vault, at=LATER, day=LATER.date())
    listed = open_status(status_lists.current(house.vault.home, 0), trust, house.vault.origin, 2)
    assert listed.status(2) == "valid"


def test_going_over_breaks_no_old_proof_and_opens_every_old_envelope(house):
    trust = read_trust(house.trust)
    assert open_licence(house.old["licence"], trust).licence.id == house.ids[0]
    assert house.open(house.old["shown"]).data
    assert find(house.vault, house.ids[0]).payload
    assert audit(house.vault).leaves == 3


def test_the_setting_stays_with_the_keystore_and_can_be_taken_back(house, tmp_path):
    keys = house.vault.keystore
    again = Keystore.open(keys.path, (keys.path.parent / "passphrase").read_bytes().strip())
    assert (again.profile, again.active_key("log").algorithm) == (SM, SM2_SM3)
    other = House(tmp_path).vault.keystore
    other.use_profile(SM, PROFILE_USES, PROFILE_SECRETS, LATER)
    other.use_profile(INTERNATIONAL, PROFILE_USES, PROFILE_SECRETS, LATER)
    assert {other.active_key(use).algorithm for use in PROFILE_USES} == {"Ed25519"}


def test_the_note_s_type_is_the_one_that_is_documented(house):
    key = house.vault.keystore.active_key("log")
    note = house.vault.log.signed()
    assert note_kind(SM2_SM3) == OWN_NOTE == 0xFF
    own = note_key_id(house.vault.origin, OWN_NOTE, key.public_der)
    from hashlib import sha256

    text = house.vault.origin.encode() + b"\n\xffonefile.sm2-sm3/1" + key.public_der
    assert own == sha256(text).digest()[:4]
    assert note is not None


@openssl
def test_openssl_takes_a_checkpoint_s_signature(house, tmp_path):
    import base64

    note = house.vault.log.signed().decode()
    text, _, line = note.rpartition("\n\n")
    (tmp_path / "text").write_text(text + "\n")
    (tmp_path / "sig").write_bytes(base64.b64decode(line.split()[-1])[4:])
    (tmp_path / "key.der").write_bytes(house.vault.keystore.active_key("log").public_der)
    assert run(tmp_path, "pkey -pubin -inform DER -in key.der -out key.pem")[0] == 0
    code, said = run(tmp_path, f"dgst -sm3 -verify key.pem -signature sig {AS} text")
    assert code == 0, said


def test_an_sm2_key_signs_nothing_as_another_algorithm(house):
    shown = house.show(LATER, 2).content
    for algorithm in ("ES256", "EdDSA", "none", "HS256"):
        with pytest.raises(UnsupportedAlgorithm):
            house.open(header_changed(shown, {"alg": algorithm}))
    altered = re.sub(rb"\.[^.~]{6}([^.~]*)~", rb".AAAAAA\1~", shown, count=1)
    with pytest.raises((BadSignature, VerificationError)):
        house.open(altered)


def test_private_keys_stand_in_clear_nowhere(house):
    secrets = [key.private.secret for key in house.vault.keystore.keys if isinstance(key.private, Sm2PrivateKey)]
    assert secrets
    for path in house.vault.home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [s for s in secrets if s in data or s.hex().encode() in data]
    assert "secret" not in repr(generate(SM2_SM3)).replace("Sm2PrivateKey", "")


def test_without_the_extra_a_verifier_says_so(house, tmp_path):
    trust = tmp_path / "trust.json"
    trust.write_bytes(house.trust)
    script = (
        "import sys; sys.modules['gmssl_pyx'] = None\n"
        "from onefile.verify.trust import read_trust\n"
        "keys = read_trust(open(sys.argv[1], 'rb').read()).keys.values()\n"
        "from onefile.verify.errors import ExtraMissing\n"
        "for key in keys:\n    if key.algorithm == 'Ed25519':\n        assert not key.public.holds(bytes(64), b'x')\n"
        "key = next(key for key in keys if key.algorithm == 'SM2-SM3')\n"
        "try:\n    key.public.holds(bytes.fromhex('3006020101020101'), b'x')\n"
        "except ExtraMissing as error:\n    print(error, error.exit_code)\n"
    )
    import sys

    done = subprocess.run([sys.executable, "-c", script, trust], capture_output=True, text=True, check=True)
    assert "install onefile[sm2] 1" in done.stdout


def test_a_point_that_is_not_on_the_curve_is_no_key():
    for point in (bytes(64), os.urandom(64)):
        key = public_key(SM2_SM3, sm2_der(point))
        assert key is None or not key.holds(bytes.fromhex("3006020101020101"), b"x")
