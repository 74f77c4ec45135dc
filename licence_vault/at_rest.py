"""How payloads lie in the database: each under a key of its own, that wrapped by the master key.

AES-256-GCM both times, with the licence's identifier as associated data, so that no row can
be passed off as another. A payload's key is used once, hence its nonce is zero. Destroying
the wrapped key erases payload and salt together. Subjects and printed numbers are found by
HMAC-SHA256, so that a stolen table lists nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from licence_vault.errors import PayloadDamaged, PayloadErased
from onefile.verify.leaf import SALT_BYTES

MASTER, LOOKUP = "licence-master-1", "licence-lookup"
_ONCE = bytes(12)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A payload as it is kept: `wrapped_key` is nonce and wrapped key, None once it was erased."""

    sealed: bytes = field(repr=False)
    wrapped_key: bytes | None = field(repr=False)


class AtRest:
    """Seals and opens payloads, and makes the keyed hashes that find them."""

    def __init__(self, master: bytes, lookup: bytes) -> None:
        self._master, self._lookup = AESGCM(master), lookup

    def seal(self, licence_id: str, salt: bytes, payload: bytes, random: Callable[[int], bytes]) -> Sealed:
        """Return a payload and its salt (16 bytes), sealed under a fresh key."""
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
            key = self._master.decrypt(kept.wrapped_key[:12], kept.wrapped_key[12:], bound)
            plain = AESGCM(key).decrypt(_ONCE, kept.sealed, bound)
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
