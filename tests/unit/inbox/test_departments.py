"""Keys of departments: registered, in force for a time, and verified at the instant of receipt."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from inbox import departments
from inbox.errors import KeyFileUnusable, KeyRetired, RecordUnreadable, Refused, UnknownKey
from tests.unit.inbox.hands import NOON, public

LATER = NOON + timedelta(days=30)


def reason(home: Path, signature: bytes, at=NOON) -> str:
    with pytest.raises(Refused) as error:
        departments.verify(home, "civil", b"manifest", signature, at)
    return error.value.refusal.reason


def raw(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def test_a_key_is_the_same_in_every_form_of_file(key):
    forms = [public(key), raw(key), raw(key).hex().encode(), base64.b64encode(raw(key)) + b"\n"]
    assert {departments.read_public_key(form) for form in forms} == {raw(key)}


def test_what_holds_no_ed25519_public_key_is_refused(key):
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    p256 = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for content in (private, p256, b"", b"x", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"):
        with pytest.raises(KeyFileUnusable) as error:
            departments.read_public_key(content)
        assert base64.b64encode(raw(key)).decode() not in str(error.value)


def test_a_signature_verifies_under_a_key_in_force_only(tmp_path, key):
    signature = key.sign(b"manifest")
    assert reason(tmp_path, signature) == "key_unknown"
    registered = departments.add(tmp_path, "civil", public(key), NOON)
    assert departments.verify(tmp_path, "civil", b"manifest", signature, NOON) == registered.id
    assert reason(tmp_path, signature, NOON - timedelta(seconds=1)) == "key_retired"
    departments.retire(tmp_path, "civil", registered.id, LATER)
    assert departments.verify(tmp_path, "civil", b"manifest", signature, LATER - timedelta(seconds=1))
    assert reason(tmp_path, signature, LATER) == "key_retired"
    departments.add(tmp_path, "civil", public(Ed25519PrivateKey.generate()), NOON)
    assert reason(tmp_path, signature, LATER) == "key_retired"


@pytest.mark.parametrize("signature", [b"", b"x" * 63, b"x" * 64, b"x" * 65])
def test_what_is_no_signature_is_refused(tmp_path, key, signature):
    departments.add(tmp_path, "civil", public(key), NOON)
    assert reason(tmp_path, signature) == "signature_bad"
    assert reason(tmp_path, key.sign(b"another manifest")) == "signature_bad"


def test_one_departments_key_does_not_sign_for_another(tmp_path, key):
    departments.add(tmp_path, "tax", public(key), NOON)
    assert reason(tmp_path, key.sign(b"manifest")) == "key_unknown"


def test_registering_and_retiring_twice_changes_nothing_and_a_retired_key_does_not_come_back(tmp_path, key):
    first = departments.add(tmp_path, "civil", public(key), NOON)
    assert departments.add(tmp_path, "civil", public(key), LATER) == first
    retired = departments.retire(tmp_path, "civil", first.id, LATER)
    assert departments.retire(tmp_path, "civil", first.id, LATER + timedelta(days=1)) == retired
    assert departments.keys(tmp_path, "civil") == (retired,)
    with pytest.raises(KeyRetired):
        departments.add(tmp_path, "civil", public(key), LATER)
    with pytest.raises(UnknownKey):
        departments.retire(tmp_path, "civil", "0000", LATER)


def test_a_damaged_register_is_an_error_and_not_an_empty_one(tmp_path, key):
    departments.add(tmp_path, "civil", public(key), NOON)
    path = tmp_path / "keys" / "departments" / "civil.json"
    assert path.stat().st_mode & 0o777 == 0o600
    for content in (b"", b"{}", b'{"format": "onefile.department-keys/1", "keys": [{}]}'):
        path.write_bytes(content)
        with pytest.raises(RecordUnreadable):
            departments.keys(tmp_path, "civil")
