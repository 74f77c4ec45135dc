"""Signed notes: a text, a blank line, and a line for each signature (C2SP signed-note).

Signatures of keys that nobody trusts are ignored; one of a trusted key that does not hold
condemns the whole note, and without one that holds the text is not to be read.

Source: https://c2sp.org/signed-note, and https://c2sp.org/tlog-cosignature for type 4.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from onefile.verify.algorithms import ECDSA_P256, SM2_SM3, PublicKey
from onefile.verify.errors import BadSignature, MalformedNote, UnknownKey

ED25519_NOTE, ECDSA_NOTE, COSIGNATURE, OWN_NOTE = 1, 2, 4, 0xFF
SM2_TYPE = b"onefile.sm2-sm3/1"
"""What follows the type byte 0xff, which C2SP keeps for types that it does not know: SM2 with SM3 over the text."""
MOST_SIGNATURES = 100
LARGEST_NOTE = 1_000_000
_DASH = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_NO_NAME = re.compile(r"[\s+\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: the key's name, its short id (4 bytes) and what it signed with."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A note taken apart, nothing of it believed yet. `text` ends with a line end."""

    text: bytes
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True)
class NoteKey:
    """A key under the name that it signs notes with. `kind` is the signature type; `id` the key's full id."""

    name: str
    kind: int
    public: PublicKey
    id: str

    @property
    def note_id(self) -> bytes:
        """The short id in signature lines, 4 bytes."""
        return note_key_id(self.name, self.kind, self.public.raw())

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Say whether the signature is this key's over the text; a cosignature's begins with its time."""
        if self.kind != COSIGNATURE:
            return self.public.holds(signature, text)
        if len(signature) != 72 or signature[0] & 0x80:
            return False
        return self.public.holds(signature[8:], cosigned(text, int.from_bytes(signature[:8], "big")))


def note_kind(algorithm: str) -> int:
    """Return the signature type of a log's own key."""
    return {ECDSA_P256: ECDSA_NOTE, SM2_SM3: OWN_NOTE}.get(algorithm, ED25519_NOTE)


@lru_cache(maxsize=256)
def note_key_id(name: str, kind: int, public: bytes) -> bytes:
    """Return the short id of a key: 4 bytes of SHA-256 over name, type and key; for ECDSA over its DER alone."""
    if kind == ECDSA_NOTE:
        return sha256(public).digest()[:4]
    if kind == OWN_NOTE:
        public = SM2_TYPE + public
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def cosigned(text: bytes, seconds: int) -> bytes:
    """Return what a witness signs: the note's text with the time (POSIX seconds) before it."""
    return b"cosignature/v1\ntime %d\n" % seconds + text


def cosigned_at(note: Note, key: NoteKey) -> int:
    """Return when a witness says that it co-signed a note (POSIX seconds), once `signers` has found its line."""
    line = next(line for line in note.signatures if (line.name, line.key_id) == (key.name, key.note_id))
    return int.from_bytes(line.signature[:8], "big")


def read_note(data: bytes) -> Note:
    """Take a note apart.

    Raises:
        MalformedNote: it is none, has no signature or over a hundred, or is beyond a megabyte.
    """
    if len(data) > LARGEST_NOTE:
        raise MalformedNote("it is beyond a megabyte")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedNote("it is not UTF-8") from None
    if _CONTROL.search(text) is not None:
        raise MalformedNote("it has a control character")
    body, blank, lines = text.rpartition("\n\n")
    if not blank or not body or not lines.endswith("\n"):
        raise MalformedNote("it is no text, blank line and signature lines")
    found = lines[:-1].split("\n")
    if len(found) > MOST_SIGNATURES:
        raise MalformedNote("it has too many signatures")
    return Note(f"{body}\n".encode(), tuple(map(_signature, found)))


def signers(note: Note, keys: Iterable[NoteKey]) -> tuple[NoteKey, ...]:
    """Return the keys, of those given, that signed a note, each once; empty when none of them did.

    Raises:
        BadSignature: a line names one of the keys, but its signature does not hold.
    """
    known = {(key.name, key.note_id): key for key in keys}
    found: dict[str, NoteKey] = {}
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is None or key.id in found:
            continue
        if not key.holds(note.text, line.signature):
            raise BadSignature(key.id)
        found[key.id] = key
    return tuple(found.values())


def open_note(data: bytes, keys: Iterable[NoteKey]) -> bytes:
    """Return the text of a note that at least one of the keys signed.

    Raises:
        MalformedNote, BadSignature: as `read_note` and `signers` say.
        UnknownKey: none of the keys signed it.
    """
    note = read_note(data)
    if not signers(note, keys):
        raise UnknownKey(note.signatures[0].key_id.hex())
    return note.text


def signature_line(name: str, note_id: bytes, signature: bytes) -> bytes:
    """Return a signature as the line that stands under a note."""
    return f"{_DASH}{name} {base64.b64encode(note_id + signature).decode('ascii')}\n".encode()


def is_name(name: str) -> bool:
    """Say whether a key may sign notes under this name: not empty, no space, no plus, no control character."""
    return _NO_NAME.search(name) is None and name != ""


def _signature(line: str) -> NoteSignature:
    name, space, text = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not is_name(name):
        raise MalformedNote("a signature line is not: dash, name, signature")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedNote("a signature is not base64") from None
    if len(data) < 5 or base64.b64encode(data).decode("ascii") != text:
        raise MalformedNote("a signature is too short, or base64 in another form")
    return NoteSignature(name, data[:4], data[4:])
