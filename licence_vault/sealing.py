"""How the keystore's content is sealed in its file: scrypt (RFC 7914) and AES-256-GCM.

`{"format": "onefile.keystore/1", "cipher", "kdf": {"name", "n", "r", "p", "salt"}, "nonce",
"sealed", "digest"}`. All but `sealed` and `digest` are the cipher's associated data, so no
parameter can be changed. `digest` is the SHA-256 of the rest, against accidents: so a
damaged file is told from a wrong passphrase. Opening takes some 80 ms, on purpose.
"""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from licence_vault.canonical import canonical
from licence_vault.errors import KeystoreCorrupted, WrongPassphrase
from onefile.verify.errors import Malformed
from onefile.verify.reading import Record, parse

FORMAT = "onefile.keystore/1"
CIPHER = "AES-256-GCM"
_COST = {"name": "scrypt", "n": 2**15, "r": 8, "p": 1}


class MalformedKeystore(Malformed):
    """The bytes are no keystore file; callers see `KeystoreCorrupted`."""

    exit_code = 1
    paper = ("keystore", "密钥库")


@dataclass(frozen=True)
class SealingKey:
    """The key that a passphrase and a salt give: kept while a keystore is open, to save the 80 ms."""

    salt: bytes
    key: bytes = field(repr=False)


def derive(passphrase: bytes, salt: bytes | None = None) -> SealingKey:
    """Return the key of a passphrase; with a fresh salt when none is given."""
    salt = os.urandom(16) if salt is None else salt
    n, r, p = 2**15, 8, 1
    return SealingKey(salt, hashlib.scrypt(passphrase, salt=salt, n=n, r=r, p=p, maxmem=2**26, dklen=32))


def seal(content: bytes, key: SealingKey) -> bytes:
    """Return the file's bytes for this content. The nonce is fresh every time."""
    nonce = os.urandom(12)
    header: dict[str, object] = {
        "format": FORMAT,
        "cipher": CIPHER,
        "kdf": {**_COST, "salt": _text(key.salt)},
        "nonce": _text(nonce),
    }
    sealed = AESGCM(key.key).encrypt(nonce, content, canonical(header))
    body = {**header, "sealed": _text(sealed)}
    return canonical({**body, "digest": _digest(body)}) + b"\n"


def unseal(data: bytes, name: str, passphrase: bytes, known: SealingKey | None = None) -> tuple[bytes, SealingKey]:
    """Return the content of a keystore file, and the key that opened it.

    Args:
        data: the file's bytes.
        name: the file's name, for messages.
        passphrase: as `seal`'s key was derived from.
        known: a key of this passphrase, taken when its salt is the file's.

    Raises:
        KeystoreCorrupted: the bytes are damaged, or no keystore of this format.
        WrongPassphrase: the passphrase does not open it (or somebody altered it with care).
    """
    try:
        record = Record(parse(data, MalformedKeystore), "the file", MalformedKeystore)
        body = {field: record.take(field) for field in ("format", "cipher", "kdf", "nonce", "sealed")}
        is_whole = record.digest("digest") == _digest(body)
        record.choice("format", (FORMAT,))
        record.choice("cipher", (CIPHER,))
        kdf = Record(record.take("kdf"), "kdf", MalformedKeystore)
        if not is_whole or {field: kdf.take(field) for field in _COST} != _COST:
            raise MalformedKeystore("its digest or its parameters are not as written")
        salt, nonce, sealed = kdf.base64("salt"), record.base64("nonce"), record.base64("sealed")
    except MalformedKeystore as error:
        raise KeystoreCorrupted(name, str(error)) from error
    key = known if known is not None and known.salt == salt else derive(passphrase, salt)
    header = {field: body[field] for field in ("format", "cipher", "kdf", "nonce")}
    try:
        return AESGCM(key.key).decrypt(nonce, sealed, canonical(header)), key
    except (InvalidTag, ValueError):
        raise WrongPassphrase(name) from None


def _digest(body: dict[str, object]) -> str:
    return hashlib.sha256(canonical(body)).hexdigest()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
