"""The public keys of departments: who may sign a delivery, and when.

Kept in `keys/departments/<department>.json`. A key is in force from the instant it was
registered until the instant it was retired; a delivery is judged at the instant of receipt.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from inbox.errors import KeyFileUnusable, KeyRetired, RecordUnreadable, Refused, UnknownKey
from onefile.files import lock, write_whole

FORMAT = "onefile.department-keys/1"
SIGNATURE_BYTES = 64
_KEY_BYTES = 32
_HEX = re.compile(rb"[0-9A-Fa-f]{64}")
_WANTED = "an Ed25519 public key: PEM, or its 32 bytes raw, in hex or in base64"


@dataclass(frozen=True, slots=True)
class DepartmentKey:
    """A registered key. In force at t when since <= t, and t < until where it is retired."""

    id: str
    public: bytes
    since: datetime
    until: datetime | None

    def is_in_force(self, at: datetime) -> bool:
        """Say whether the key may sign at an instant."""
        return self.since <= at and (self.until is None or at < self.until)


def keys(home: Path, department: str) -> tuple[DepartmentKey, ...]:
    """Return a department's keys in the order registered.

    Raises:
        RecordUnreadable: the file is not what this module writes.
    """
    path = _path(home, department)
    try:
        kept = json.loads(path.read_bytes())
        if kept["format"] != FORMAT:
            raise ValueError("another format")
        return tuple(_from_json(entry) for entry in kept["keys"])
    except FileNotFoundError:
        return ()
    except (ValueError, KeyError, TypeError) as error:
        raise RecordUnreadable(f"keys/departments/{path.name}") from error


def add(home: Path, department: str, content: bytes, at: datetime) -> DepartmentKey:
    """Register the public key in a key file's bytes. One that is registered already stays as it is.

    Raises:
        KeyFileUnusable: the bytes are no Ed25519 public key.
        KeyRetired: the key was retired.
    """
    public = read_public_key(content)
    key = DepartmentKey(key_id(public), public, at, None)
    with _locked(home):
        registered = keys(home, department)
        for known in registered:
            if known.id == key.id:
                if known.until is not None:
                    raise KeyRetired(key.id)
                return known
        _save(home, department, (*registered, key))
    return key


def retire(home: Path, department: str, retired_id: str, at: datetime) -> DepartmentKey:
    """Let a key sign nothing received from `at` on. One that is retired already stays as it is.

    Raises:
        UnknownKey: the department has no such key.
    """
    with _locked(home):
        registered = keys(home, department)
        for place, known in enumerate(registered):
            if known.id == retired_id:
                if known.until is not None:
                    return known
                retired = replace(known, until=at)
                _save(home, department, (*registered[:place], retired, *registered[place + 1 :]))
                return retired
    raise UnknownKey(department, retired_id)


def verify(home: Path, department: str, manifest: bytes, signature: bytes, at: datetime) -> str:
    """Return the id of the key in force at `at` that signed these bytes.

    Raises:
        Refused: `signature_bad`, `key_unknown` (the department has no key in force) or `key_retired`.
    """
    registered = keys(home, department)
    signers = [key for key in registered if _is_signed(key, manifest, signature)]
    for key in signers:
        if key.is_in_force(at):
            return key.id
    if signers:
        raise Refused("key_retired", key=signers[0].id)
    if not any(key.is_in_force(at) for key in registered):
        raise Refused("key_unknown", department=department)
    raise Refused("signature_bad")


def read_public_key(content: bytes) -> bytes:
    """Return the 32 bytes of the public key in a key file's bytes.

    Raises:
        KeyFileUnusable: they hold none.
    """
    if b"PRIVATE KEY" in content:
        raise KeyFileUnusable(f"the file holds a private key; wanted: {_WANTED}. Keep the private key to yourself")
    public = _from_pem(content) if b"-----BEGIN" in content else _from_text(content)
    try:
        return Ed25519PublicKey.from_public_bytes(public).public_bytes(Encoding.Raw, PublicFormat.Raw)
    except ValueError:
        raise KeyFileUnusable(f"the file holds no Ed25519 key; wanted: {_WANTED}") from None


def check_signer(home: Path, department: str, key: Ed25519PrivateKey, at: datetime) -> None:
    """Refuse a private key whose signature the door would not take.

    Raises:
        Refused: `key_unknown`, `key_retired`, or `signature_bad` where other keys are registered.
    """
    verify(home, department, b"", key.sign(b""), at)


def read_private_key(content: bytes) -> Ed25519PrivateKey:
    """Return the private key in a PEM file's bytes.

    Raises:
        KeyFileUnusable: they hold no Ed25519 private key, or one under a passphrase.
    """
    wanted = "an Ed25519 private key in PEM without passphrase: openssl genpkey -algorithm ed25519 -out KEY.pem"
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFileUnusable(f"the key file cannot be used; wanted: {wanted}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileUnusable(f"the key file holds a key of another algorithm; wanted: {wanted}")
    return key


def key_id(public: bytes) -> str:
    """Return a key's id: the first 16 hex digits of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(public).hexdigest()[:16]


def _is_signed(key: DepartmentKey, manifest: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, manifest)
    except InvalidSignature:
        return False
    return True


def _from_pem(content: bytes) -> bytes:
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        return b""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw) if isinstance(key, Ed25519PublicKey) else b""


def _from_text(content: bytes) -> bytes:
    if len(content) == _KEY_BYTES:
        return content
    text = content.strip()
    if _HEX.fullmatch(text):
        return bytes.fromhex(text.decode())
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _from_json(entry: dict[str, Any]) -> DepartmentKey:
    until = entry["until"]
    return DepartmentKey(
        id=entry["id"],
        public=base64.b64decode(entry["public"], validate=True),
        since=datetime.fromisoformat(entry["since"]),
        until=None if until is None else datetime.fromisoformat(until),
    )


def _save(home: Path, department: str, registered: tuple[DepartmentKey, ...]) -> None:
    entries = [
        {
            "id": key.id,
            "algorithm": "ed25519",
            "public": base64.b64encode(key.public).decode(),
            "since": key.since.astimezone(UTC).isoformat(),
            "until": None if key.until is None else key.until.astimezone(UTC).isoformat(),
        }
        for key in registered
    ]
    content = json.dumps({"format": FORMAT, "department": department, "keys": entries}, indent=2)
    write_whole(_path(home, department), content.encode() + b"\n")


def _path(home: Path, department: str) -> Path:
    return home / "keys" / "departments" / f"{department}.json"


def _locked(home: Path) -> AbstractContextManager[None]:
    return lock(home / "locks" / "departments.lock")
