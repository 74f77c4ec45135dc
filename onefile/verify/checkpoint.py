"""Checkpoints: what a log is at one size, signed by the log and, where demanded, by witnesses.

Source: https://c2sp.org/tlog-checkpoint, https://c2sp.org/tlog-cosignature.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from onefile.verify.errors import MalformedCheckpoint, NotWitnessed, UnknownKey
from onefile.verify.merkle import EMPTY_ROOT
from onefile.verify.note import COSIGNATURE, Note, NoteKey, cosigned_at, note_kind, read_note, signers
from onefile.verify.reading import MOST
from onefile.verify.trust import Trust, TrustedKey

LOG_USE, WITNESS_USE = "log", "witness"
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's size and root (32 bytes) under its name. Extension lines are neither made nor taken."""

    origin: str
    size: int
    root: bytes

    def text(self) -> bytes:
        """Return the note's text, which is what is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n".encode()


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint that is believed: the log's key that signed it, and the witnesses that did, by name."""

    checkpoint: Checkpoint
    key: TrustedKey
    witnesses: tuple[str, ...]


def open_checkpoint(data: bytes, trust: Trust) -> SignedCheckpoint:
    """Verify a signed checkpoint and return it.

    1. It is a note of the checkpoint's form. 2. A trusted key of that very log signed it, and no
    trusted key's signature fails. 3. As many trusted witnesses as `trust` demands co-signed it.

    Raises:
        MalformedNote, MalformedCheckpoint: it is no such note.
        UnknownKey: no trusted log has that name, or none of its keys signed.
        BadSignature: a trusted key's signature does not hold.
        NotWitnessed: fewer witnesses than demanded.
    """
    note = read_note(data)
    checkpoint = read_checkpoint(note.text)
    logs = {key.id: key for key in trust.of_use(LOG_USE) if key.signs_as == checkpoint.origin}
    signed = signers(note, [NoteKey(checkpoint.origin, note_kind(k.algorithm), k.public, k.id) for k in logs.values()])
    if not signed:
        raise UnknownKey(note.signatures[0].key_id.hex())
    witnesses = _witnesses(note, trust)
    if len(witnesses) < trust.witnesses_needed:
        raise NotWitnessed(len(witnesses), trust.witnesses_needed)
    youngest = max((logs[key.id] for key in signed), key=lambda key: (key.retired_at is None, key.created_at))
    return SignedCheckpoint(checkpoint, youngest, witnesses)


def _witnesses(note: Note, trust: Trust) -> tuple[str, ...]:
    """Return the names of the witnesses that co-signed: each once, whichever of its keys it did it with.

    A lost key's line says nothing, for no stamp shows that it is older; nor does a retired key's that is younger.
    """
    keys = {key.id: key for key in trust.of_use(WITNESS_USE) if key.lost_at is None}
    found = signers(note, [NoteKey(key.signs_as, COSIGNATURE, key.public, key.id) for key in keys.values()])
    counted = []
    for key in found:
        retired_at = keys[key.id].retired_at
        if retired_at is None or cosigned_at(note, key) <= retired_at.timestamp():
            counted.append(key.name)
    return tuple(dict.fromkeys(counted))


def read_checkpoint(text: bytes) -> Checkpoint:
    """Return the checkpoint in a note's text.

    Raises:
        MalformedCheckpoint: it has not exactly name, size and root, each in its one form.
    """
    lines = text.decode("utf-8").split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise MalformedCheckpoint("it has not exactly three lines")
    if _SIZE.fullmatch(lines[1]) is None or int(lines[1]) > MOST:
        raise MalformedCheckpoint("its size is no plain whole number")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError):
        raise MalformedCheckpoint("its root is not base64") from None
    checkpoint = Checkpoint(lines[0], int(lines[1]), root)
    if len(root) != 32 or checkpoint.text() != text:
        raise MalformedCheckpoint("its root is not 32 bytes in their one form")
    if (checkpoint.size == 0) != (root == EMPTY_ROOT):
        raise MalformedCheckpoint("its root belongs to another size")
    return checkpoint
