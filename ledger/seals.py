"""What signs the ledger: checkpoints (C2SP tlog-checkpoint) over the Merkle tree of its entries, by the vault's code.

A *seal* is such a checkpoint as a line among the entries; the *head* is the newest seal in a file of its own, of
fixed size, written over in one step. Both are notes with exactly one signature, of a key for `ledger`.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from ledger.entry import MalformedEntry
from ledger.errors import LedgerAltered, OlderLedger
from licence_vault.canonical import canonical
from licence_vault.keystore import Keystore
from licence_vault.log import Tree
from licence_vault.notes import NoteSigner
from licence_vault.signers import signer
from onefile.verify.checkpoint import Checkpoint, read_checkpoint
from onefile.verify.errors import UnknownKey, VerificationError
from onefile.verify.note import NoteKey, note_kind, read_note, signers
from onefile.verify.reading import Record, instant_text, parse
from onefile.verify.trust import Trust

ORIGIN = "onefile.ledger"
USE = "ledger"
SEAL_START = b'{"seal":'
HEAD = "head"
HEAD_BYTES = 512
LONGEST_SEALED_LINE = 8192
"""More than a line with a seal can have: a seal's own, or a segment's first."""
SEGMENT_FORMAT = "onefile.ledger-segment/2"


def sealer(keystore: Keystore) -> NoteSigner:
    """Return what signs the ledger's checkpoints: the active key for `ledger`."""
    key = keystore.active_key(USE)
    return NoteSigner(ORIGIN, signer(key.id, key.private), key.public_der)


def open_seal(note: bytes, trust: Trust) -> Checkpoint:
    """Return the checkpoint in a seal.

    Raises:
        VerificationError: no trusted key for `ledger` signed it, or there is anything else in it.
    """
    found = read_note(note)
    keys = [NoteKey(ORIGIN, note_kind(key.algorithm), key.public, key.id) for key in trust.of_use(USE)]
    if not signers(found, keys) or len(found.signatures) != 1:
        raise UnknownKey(found.signatures[0].key_id.hex())
    return read_checkpoint(found.text)


def seal_line(note: bytes) -> bytes:
    """Return a seal as its line, with the line end."""
    return canonical({"seal": note.decode("utf-8")}) + b"\n"


def note_in(line: bytes) -> bytes:
    """Return the note in a seal's line.

    Raises:
        MalformedEntry: the line is none.
    """
    note = Record(parse(line, MalformedEntry), "the seal", MalformedEntry).text("seal").encode("utf-8")
    if seal_line(note) != line:
        raise MalformedEntry("the seal is not in its one form")
    return note


def header_line(tree: Tree, note: bytes, last_at: datetime | None) -> bytes:
    """Return the first line of a segment: its first entry's number; the tree, the seal and the instant before it."""
    return canonical({
        "format": SEGMENT_FORMAT, "first": tree.size + 1, "peaks": [peak.hex() for peak in tree.peaks],
        "seal": note.decode("utf-8"), "last_at": None if last_at is None else instant_text(last_at),
    }) + b"\n"  # fmt: skip


def read_header(line: bytes) -> tuple[Tree, bytes, datetime | None]:
    """Return the tree, the note and the last instant before a segment; nothing of it believed yet.

    Raises:
        MalformedEntry: the line is no header.
    """
    record = Record(parse(line, MalformedEntry), "the segment's first line", MalformedEntry)
    record.choice("format", (SEGMENT_FORMAT,))
    tree = Tree(record.count("first", 1) - 1, record.digests("peaks"))
    note = record.string("seal").encode("utf-8")
    last_at = None if record.take("last_at") is None else record.instant("last_at")
    if header_line(tree, note, last_at) != line:
        raise MalformedEntry("the segment's first line is not in its one form")
    return tree, note, last_at


def head_bytes(note: bytes) -> bytes:
    """Return the head: the note, filled up with line ends."""
    return note.ljust(HEAD_BYTES, b"\n")


def read_head(folder: Path, trust: Trust) -> Checkpoint | None:
    """Return the newest checkpoint as the head has it; None when the ledger was never written to.

    Raises:
        LedgerAltered: there are entries but no head, or the head is not the ledger key's.
        OlderLedger: the folder holds a ledger of format 1.
    """
    if (folder / "head.json").exists():
        raise OlderLedger
    try:
        data = (folder / HEAD).read_bytes()
    except FileNotFoundError:
        if any(folder.glob("[0-9]*.jsonl")):
            raise LedgerAltered("head", HEAD, 0, "it is missing, though there are entries") from None
        return None
    note = data.rstrip(b"\n") + b"\n"
    try:
        if head_bytes(note) != data:
            raise MalformedEntry("the head is not in its one form")
        return open_seal(note, trust)
    except VerificationError as error:
        raise LedgerAltered("head", HEAD, 0, str(error)) from error
