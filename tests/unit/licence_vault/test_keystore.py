"""The keystore: what is kept comes back, nothing leaks, nothing is lost between two processes."""

from __future__ import annotations

import json
import multiprocessing
import pickle
import time
import traceback
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

from licence_vault.errors import (
    KeystoreCorrupted,
    KeystoreExists,
    KeystoreMissing,
    NameTaken,
    NoSuchKey,
    PassphraseMissing,
    UnknownAlgorithm,
    VaultError,
    WrongPassphrase,
)
from licence_vault.keystore import Keystore, bureau, passphrase
from onefile.verify.trust import read_trust
from tests.papers import AT, new_bureau
from tests.yardstick import slowness

PASSPHRASE = b"correct horse battery staple"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys" / "keystore.json"


def test_keys_and_secrets_come_back_as_they_were_made(path):
    store = Keystore.create(path, PASSPHRASE)
    key = store.create_key("seal", use="receipts", at=AT)
    secret = store.create_secret("subject-hash", AT)
    again = Keystore.open(path, PASSPHRASE)
    assert [(k.name, k.use, k.algorithm, k.state, k.created_at, k.id) for k in again.keys] == [
        ("seal", "receipts", "Ed25519", "active", AT, key.id)
    ]
    assert again.secret("subject-hash") == secret
    assert len(secret) == 32
    assert again.signer("receipts").sign(b"x") == store.signer("receipts").sign(b"x")
    assert again.trust() == store.trust() == (path.parent / "trust.json").read_bytes()


def test_the_files_are_for_their_owner_only(tmp_path):
    new_bureau(tmp_path)
    modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "keys").iterdir()}
    assert modes == {"keystore.json": 0o600, "passphrase": 0o600, "trust.json": 0o600}
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_the_trust_file_holds_public_keys_that_verify(path):
    store = Keystore.create(path, PASSPHRASE)
    key = store.create_key("seal", use="receipts", at=AT)
    load_der_public_key(key.public_der)
    trusted = read_trust(store.trust()).key(key.id, "receipts")
    trusted.verify(b"message", store.signer("receipts").sign(b"message"))


def test_the_youngest_active_key_of_a_use_signs(path):
    store = Keystore.create(path, PASSPHRASE)
    for number in (1, 2, 3):
        store.create_key(f"seal-{number}", use="receipts", at=AT)
    store.retire_key("seal-3", AT + timedelta(days=1))
    assert store.signer("receipts").key_id == store.keys[1].id
    assert [key.state for key in Keystore.open(path, PASSPHRASE).keys] == ["active", "active", "retired"]


def test_what_is_not_there_or_not_allowed_is_refused(path):
    store = Keystore.create(path, PASSPHRASE)
    store.create_key("seal", use="receipts", at=AT)
    store.create_secret("salt", AT)
    store.retire_key("seal", AT)
    refused = {
        NoSuchKey: (
            lambda: store.signer("receipts"), lambda: store.signer("ledger"), lambda: store.secret("pepper"),
            lambda: store.retire_key("seal", AT), lambda: store.retire_key("nobody", AT),
        ),
        NameTaken: (lambda: store.create_key("seal", use="ledger", at=AT), lambda: store.create_secret("salt", AT)),
        UnknownAlgorithm: (lambda: store.create_key("rsa", use="receipts", at=AT, algorithm="RSA"),),
        KeystoreExists: (lambda: Keystore.create(path, PASSPHRASE),),
        KeystoreMissing: (lambda: Keystore.open(path.with_name("other.json"), PASSPHRASE),),
        WrongPassphrase: (lambda: Keystore.open(path, b"wrong"), lambda: Keystore.open(path, b"")),
    }  # fmt: skip
    for error, calls in refused.items():
        for call in calls:
            with pytest.raises(error):
                call()


def _edit(path: Path, **change: object) -> bytes:
    return json.dumps({**json.loads(path.read_bytes()), **change}).encode()


DAMAGES = {
    "cut short": lambda path: path.read_bytes()[:-40],
    "emptied": lambda _: b"",
    "a byte changed": lambda path: path.read_bytes().replace(b'"sealed":"', b'"sealed":"A', 1),
    "another format": lambda path: _edit(path, format="onefile.keystore/2"),
    "another cipher": lambda path: _edit(path, cipher="none"),
    "another nonce": lambda path: _edit(path, nonce="AAAAAAAAAAAAAAAA"),
    "a cheaper key derivation": lambda path: _edit(
        path, kdf={**json.loads(path.read_bytes())["kdf"], "n": 2}
    ),
    "not a keystore": lambda _: b'{"format":"onefile.trust/1","keys":[]}',
    "no JSON": lambda _: b"\x00" * 4096,
    "nested without end": lambda _: b"[" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_told_from_a_wrong_passphrase(path, damage):
    Keystore.create(path, PASSPHRASE)
    path.write_bytes(damage(path))
    with pytest.raises(KeystoreCorrupted, match="restore it from the last backup"):
        Keystore.open(path, PASSPHRASE)


def test_a_file_altered_with_care_does_not_open(path):
    """Its digest is right again, but the cipher binds every parameter."""
    from licence_vault import sealing

    Keystore.create(path, PASSPHRASE)
    body = {k: v for k, v in json.loads(path.read_bytes()).items() if k != "digest"}
    body["nonce"] = "AAAAAAAAAAAAAAAA"
    path.write_bytes(json.dumps({**body, "digest": sealing._digest(body)}).encode())
    with pytest.raises(WrongPassphrase):
        Keystore.open(path, PASSPHRASE)


def test_key_material_is_in_no_representation_error_or_file(tmp_path):
    store = new_bureau(tmp_path)
    raw = [key.private.private_bytes_raw() for key in store.keys]
    hidden = [*raw, store.secret("subject-hash"), (tmp_path / "keys" / "passphrase").read_bytes().strip()]
    shown = [repr(store), str(store), repr(store.keys), repr(store.signer("receipts")), repr(store._contents)]
    shown.append(repr(store._key))
    for call in (lambda: store.signer("x"), lambda: store.secret("x"), lambda: Keystore.open(store.path, b"wrong")):
        try:
            call()
        except VaultError as error:
            shown.append("".join(traceback.format_exception(error)))
    shown += [(tmp_path / "keys" / name).read_text() for name in ("keystore.json", "trust.json")]
    for secret in hidden:
        for form in (secret.hex(), repr(secret), repr(secret)[2:-1]):
            assert not any(form in text for text in shown)


def test_a_signer_cannot_be_sent_to_another_process(tmp_path):
    with pytest.raises(TypeError):
        pickle.dumps(new_bureau(tmp_path).signer("receipts"))


def test_opening_takes_well_under_150_milliseconds_of_work(tmp_path):
    new_bureau(tmp_path)
    taken = []
    for _ in range(5):
        began = time.process_time()
        new_bureau(tmp_path)
        taken.append(time.process_time() - began)
    assert min(taken) < 0.15 * slowness()


def test_a_bureau_is_made_once_and_then_opened(tmp_path):
    first = new_bureau(tmp_path)
    assert [(key.name, key.use) for key in first.keys] == [("receipts-1", "receipts"), ("ledger-1", "ledger")]
    before = (tmp_path / "keys" / "keystore.json").read_bytes()
    assert new_bureau(tmp_path).trust() == first.trust()
    assert (tmp_path / "keys" / "keystore.json").read_bytes() == before


def test_a_retired_key_of_the_bureau_is_followed_by_a_new_one(tmp_path):
    new_bureau(tmp_path).retire_key("receipts-1", AT)
    assert [(key.name, key.state) for key in new_bureau(tmp_path).keys] == [
        ("receipts-1", "retired"), ("ledger-1", "active"), ("receipts-2", "active"),
    ]  # fmt: skip


def test_a_missing_or_stale_trust_file_is_written_anew(tmp_path):
    trust = tmp_path / "keys" / "trust.json"
    store = new_bureau(tmp_path)
    for break_it in (trust.unlink, lambda: trust.write_bytes(b"old")):
        break_it()
        new_bureau(tmp_path)
        assert trust.read_bytes() == store.trust()


def test_a_lost_keystore_is_not_silently_replaced(tmp_path):
    new_bureau(tmp_path)
    (tmp_path / "keys" / "keystore.json").unlink()
    with pytest.raises(KeystoreMissing, match="last backup"):
        new_bureau(tmp_path)


def test_only_the_homes_own_passphrase_is_made_up(tmp_path):
    with pytest.raises(PassphraseMissing, match="ONEFILE_PASSPHRASE_FILE"):
        bureau(tmp_path / "home", tmp_path / "typed-wrong", AT)
    (tmp_path / "given").write_bytes(b"  from the safe \r\n")
    assert passphrase(tmp_path / "given") == b"from the safe"
    bureau(tmp_path / "home", tmp_path / "given", AT)
    assert not (tmp_path / "home" / "keys" / "passphrase").exists()


def test_an_opened_home_whose_passphrase_is_lost_gets_no_new_one(tmp_path):
    new_bureau(tmp_path)
    (tmp_path / "keys" / "passphrase").unlink()
    with pytest.raises(PassphraseMissing):
        new_bureau(tmp_path)


def test_an_empty_passphrase_file_is_refused(tmp_path):
    (tmp_path / "empty").write_bytes(b" \n")
    with pytest.raises(PassphraseMissing, match="empty"):
        passphrase(tmp_path / "empty")


def _make_bureau(home: Path, start: object, name: str) -> None:
    start.wait()  # type: ignore[attr-defined]
    new_bureau(home).create_key(name, use="test", at=AT)


def test_processes_that_create_at_once_agree_and_lose_nothing(tmp_path):
    context = multiprocessing.get_context("fork")
    start = context.Barrier(4)
    processes = [context.Process(target=_make_bureau, args=(tmp_path, start, f"key-{n}")) for n in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    names = [key.name for key in new_bureau(tmp_path).keys]
    assert sorted(names) == ["key-0", "key-1", "key-2", "key-3", "ledger-1", "receipts-1"]
