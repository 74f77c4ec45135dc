"""Whose signatures are believed: the trust file, read strictly.

`{"format": "onefile.trust/1", "keys": [{"id", "name", "use", "algorithm", "public", "state",
"created_at", "retired_at"}]}`: `public` is the key's SubjectPublicKeyInfo (DER) in base64,
and `id` follows from it, so a key cannot pose as another. Algorithms are allow-listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from onefile.verify.errors import BadSignature, MalformedTrust, UnknownKey, WrongUse
from onefile.verify.reading import Record, parse

FORMAT = "onefile.trust/1"
ALGORITHMS = ("Ed25519",)
STATES = ("active", "retired")
_ED25519_DER = bytes.fromhex("302a300506032b6570032100")  # all of the SubjectPublicKeyInfo but the key (RFC 8410)


@dataclass(frozen=True)
class TrustedKey:
    """A public key, what it may sign, and when it ceased to."""

    id: str
    name: str
    use: str
    algorithm: str
    state: str
    created_at: datetime
    retired_at: datetime | None
    public: Ed25519PublicKey

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return when the signature is this key's over the message; raise BadSignature otherwise."""
        try:
            self.public.verify(signature, message)
        except InvalidSignature:
            raise BadSignature(self.id) from None


@dataclass(frozen=True)
class Trust:
    """The keys that are believed, by id."""

    keys: Mapping[str, TrustedKey]

    def key(self, key_id: str, use: str) -> TrustedKey:
        """Return the key of that id.

        Raises:
            UnknownKey: there is none.
            WrongUse: it is trusted for something else than `use`.
        """
        if key_id not in self.keys:
            raise UnknownKey(key_id)
        key = self.keys[key_id]
        if key.use != use:
            raise WrongUse(key_id, key.use, use)
        return key


def key_id(public_der: bytes) -> str:
    """Return the id of a public key: the first 32 hexadecimal digits of the SHA-256 of its DER."""
    return sha256(public_der).hexdigest()[:32]


def read_trust(data: bytes) -> Trust:
    """Return the trusted keys in a trust file.

    Raises:
        MalformedTrust: the bytes are no such file, or an id is not its key's.
    """
    top = Record(parse(data, MalformedTrust), "the file", MalformedTrust)
    top.choice("format", (FORMAT,))
    keys = [_key(Record(item, "a key", MalformedTrust)) for item in top.items("keys")]
    by_id = {key.id: key for key in keys}
    if len(by_id) != len(keys):
        raise MalformedTrust("a key stands twice")
    return Trust(by_id)


def _key(record: Record) -> TrustedKey:
    der = record.base64("public")
    if record.text("id") != key_id(der):
        raise record.wrong("id", "the id of its public key")
    retired_at = None if record.take("retired_at") is None else record.instant("retired_at")
    state = record.choice("state", STATES)
    if (state == "retired") != (retired_at is not None):
        raise record.wrong("retired_at", "there exactly when the key is retired")
    return TrustedKey(
        id=key_id(der),
        name=record.text("name"),
        use=record.text("use"),
        algorithm=record.choice("algorithm", ALGORITHMS),
        state=state,
        created_at=record.instant("created_at"),
        retired_at=retired_at,
        public=_public(der, record),
    )


def _public(der: bytes, record: Record) -> Ed25519PublicKey:
    if not der.startswith(_ED25519_DER) or len(der) != len(_ED25519_DER) + 32:
        raise record.wrong("public", "an Ed25519 key as SubjectPublicKeyInfo")
    return Ed25519PublicKey.from_public_bytes(der[len(_ED25519_DER) :])
