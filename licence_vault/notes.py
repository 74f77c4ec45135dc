"""Signed notes, made: a log's checkpoint, and a witness's cosignature under it. Opening is `onefile.verify`'s."""

from __future__ import annotations

from licence_vault.contents import Key
from licence_vault.errors import BadName
from licence_vault.signers import Signer, signer
from onefile.verify.algorithms import ED25519, public_key
from onefile.verify.checkpoint import Checkpoint
from onefile.verify.note import COSIGNATURE, cosigned, is_name, note_key_id, note_kind, read_note, signature_line


class NoteSigner:
    """Signs notes under a name with one key."""

    def __init__(self, name: str, signs: Signer, public_der: bytes) -> None:
        if not is_name(name):
            raise BadName(f"notes cannot be signed as {name!a}: write a name like city.example/log, without spaces")
        self.name, self._signs = name, signs
        public = public_key(signs.algorithm, public_der)
        if public is None:
            raise BadName(f"the key of {name!a} is none of algorithm {signs.algorithm}: give its own public key")
        self._raw = public.raw()

    @classmethod
    def of(cls, key: Key) -> NoteSigner:
        """Return the signer for a key that has a name to sign as."""
        return cls(key.signs_as, signer(key.id, key.private), key.public_der)

    def sign(self, text: bytes) -> bytes:
        """Return the whole note: the text, which ends with a line end, a blank line, the signature."""
        kind = note_kind(self._signs.algorithm)
        return text + b"\n" + signature_line(self.name, note_key_id(self.name, kind, self._raw), self._signs.sign(text))

    def checkpoint(self, size: int, root: bytes) -> bytes:
        """Return the signed checkpoint of the log of this name: one signature for however many leaves."""
        return self.sign(Checkpoint(self.name, size, root).text())

    def cosign(self, note: bytes, seconds: int) -> bytes:
        """Return the line by which a witness co-signs a checkpoint, to be put under it.

        The caller has checked that the log only grew since the last checkpoint it co-signed.

        Args:
            note: the signed checkpoint.
            seconds: POSIX time.

        Raises:
            BadName: the key is not Ed25519, the one algorithm of cosignatures.
            MalformedNote: `note` is none.
        """
        if self._signs.algorithm != ED25519:
            raise BadName(f"{self.name!a} cannot co-sign with {self._signs.algorithm}: a witness key is Ed25519")
        signature = seconds.to_bytes(8, "big") + self._signs.sign(cosigned(read_note(note).text, seconds))
        return signature_line(self.name, note_key_id(self.name, COSIGNATURE, self._raw), signature)
