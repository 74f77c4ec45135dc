"""How payloads lie in the database: each under a key of its own, that wrapped by the master key.

AES-256-GCM both times, or SM4-GCM where the keystore's profile is `sm`, with the licence's
identifier as associated data, so that no row can be passed off as another. A payload's key is
used once, hence its nonce is zero. Destroying the wrapped key erases payload and salt together.
Subjects and printed numbers are found by HMAC-SHA256, so that a stolen table lists nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

from licence_vault.contents import SM
from licence_vault.errors import PayloadDamaged, PayloadErased
from licence_vault.keystore import Keystore
from onefile.verify.leaf import SALT_BYTES

MASTER, LOOKUP = "licence-master-1", "licence-lookup"
MASTER_SM4 = "licence-master-sm4-1"
_SM4_WRAPPED = 32
"""A wrapped SM4 key: 16 bytes and their tag; an AES key is twice as long, so its length says what it is."""
_ONCE = bytes(12)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A payload as it is kept: `wrapped_key` is nonce and wrapped key, None once it was erased; by which master key."""

    sealed: bytes = field(repr=False)
    wrapped_key: bytes | None = field(repr=False)
    master: str = "licence-master-1"


class Sm4Gcm:
    """SM4 in GCM (GB/T 32907; RFC 8998), called as `AESGCM` is."""

    def __init__(self, key: bytes) -> None:
        self._key = SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, bound: bytes) -> bytes:
        """Return the encrypted bytes with their tag behind."""
        engine = Cipher(self._key, GCM(nonce)).encryptor()
        engine.authenticate_additional_data(bound)
        return engine.update(data) + engine.finalize() + engine.tag

    def decrypt(self, nonce: bytes, data: bytes, bound: bytes) -> bytes:
        """Return what was encrypted; InvalidTag when it is not that."""
        engine = Cipher(self._key, GCM(nonce, data[-16:])).decryptor()
        engine.authenticate_additional_data(bound)
        return engine.update(data[:-16]) + engine.finalize()


class AtRest:
    """Seals and opens payloads, and makes the keyed hashes that find them."""

    def __init__(self, master: bytes, lookup: bytes, sm4_master: bytes | None = None, is_sm4: bool = False) -> None:
        self._master, self._lookup = AESGCM(master), lookup
        self._sm4 = None if sm4_master is None else Sm4Gcm(sm4_master[:16])
        self._is_sm4 = is_sm4

    def seal(self, licence_id: str, salt: bytes, payload: bytes, random: Callable[[int], bytes]) -> Sealed:
        """Return a payload and its salt (16 bytes), sealed under a fresh key."""
        if self._sm4 is not None and self._is_sm4:
            drawn = random(28)
            key, nonce, bound = drawn[:16], drawn[16:], licence_id.encode()
            sealed = Sm4Gcm(key).encrypt(_ONCE, salt + payload, bound)
            return Sealed(sealed, nonce + self._sm4.encrypt(nonce, key, bound), MASTER_SM4)
        drawn = random(44)
        key, nonce, bound = drawn[:32], drawn[32:], licence_id.encode()
        sealed = AESGCM(key).encrypt(_ONCE, salt + payload, bound)
        return Sealed(sealed, nonce + self._master.encrypt(nonce, key, bound))

    def open(self, licence_id: str, kept: Sealed) -> tuple[bytes, bytes]:
        """Return salt and payload.

        Raises:
            PayloadErased: its key was destroyed.
            PayloadDamaged: it is not what was sealed for this licence under this master key.
        """
        if kept.wrapped_key is None:
            raise PayloadErased(licence_id)
        bound = licence_id.encode()
        try:
            nonce, wrapped = kept.wrapped_key[:12], kept.wrapped_key[12:]
            if self._sm4 is not None and len(wrapped) == _SM4_WRAPPED:
                plain = Sm4Gcm(self._sm4.decrypt(nonce, wrapped, bound)).decrypt(_ONCE, kept.sealed, bound)
            else:
                plain = AESGCM(self._master.decrypt(nonce, wrapped, bound)).decrypt(_ONCE, kept.sealed, bound)
        except (InvalidTag, ValueError):
            raise PayloadDamaged(licence_id) from None
        return plain[:SALT_BYTES], plain[SALT_BYTES:]

    def holder(self, kind: str, number: str) -> bytes:
        """Return what a holder is found by."""
        return self._hash("holder", kind, number)

    def printed(self, type_code: str, number: str) -> bytes:
        """Return what the number on a licence's face is found by."""
        return self._hash("printed", type_code, number)

    def code(self, text: str) -> bytes:
        """Return what a one-time code is kept as."""
        return self._hash("code", text)

    def identifier(self, identifier: str) -> bytes:
        """Return what an original is found by: the identifier that its authority gave it."""
        return self._hash("identifier", identifier)

    def record(self, type_name: str, record: str) -> bytes:
        """Return what the refusals about a department's record are found by."""
        return self._hash("record", type_name, record)

    def content(self, content: bytes) -> bytes:
        """Return what tells whether a version says anything new."""
        return digest(self._lookup, b"content\x00" + content, sha256)

    @property
    def lookup(self) -> bytes:
        """The secret of the keyed hashes, for serials."""
        return self._lookup

    def _hash(self, *parts: str) -> bytes:
        return digest(self._lookup, "\x00".join(parts).encode("utf-8"), sha256)


def at_rest_of(keystore: Keystore) -> AtRest:
    """Return what seals and opens payloads, by the keystore's profile; NoSuchKey where its secrets are missing."""
    sm4 = keystore.secret(MASTER_SM4) if keystore.has_secret(MASTER_SM4) else None
    return AtRest(keystore.secret(MASTER), keystore.secret(LOOKUP), sm4, keystore.profile == SM)
