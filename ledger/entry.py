"""One entry of the ledger: what it holds, how it is written, and how it is hashed.

A line is the RFC 8785 JSON of `{"format": "onefile.ledger/1", "seq", "at", "operator",
"purpose", "subject", "fields", "basis", "prev", "hash"}`. `hash` is the SHA-256
(hexadecimal) of the same JSON without `hash`; `prev` is the hash of the entry before, 64
zeros for the first. `subject` is a keyed hash, so that the ledger alone names nobody.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from ledger.errors import BadEntry
from licence_vault.canonical import canonical
from onefile.verify.errors import Malformed
from onefile.verify.reading import Record, instant_text

FORMAT = "onefile.ledger/1"
FIRST_PREV = "0" * 64
REPAIR = "ledger.repair"  # the purpose of the entries that the ledger writes about itself


@dataclass(frozen=True)
class Look:
    """A look about to happen: who, why, at whom, at which attributes, on what basis.

    `subject_id` is the stable internal id; None when the entry is about nobody.
    """

    at: datetime
    operator: str
    purpose: str
    subject_id: str | None
    fields: tuple[str, ...]
    basis: str


@dataclass(frozen=True)
class Entry:
    """A look as recorded. `seq` counts from 1 without a gap; `subject` is `subject_hash`'s."""

    seq: int
    at: datetime
    operator: str
    purpose: str
    subject: str | None
    fields: tuple[str, ...]
    basis: str
    prev: str
    hash: str

    def as_json(self) -> dict[str, object]:
        """Return the entry as its JSON object."""
        return {
            "format": FORMAT,
            "seq": self.seq,
            "at": instant_text(self.at),
            "operator": self.operator,
            "purpose": self.purpose,
            "subject": self.subject,
            "fields": list(self.fields),
            "basis": self.basis,
            "prev": self.prev,
            "hash": self.hash,
        }

    def line(self) -> bytes:
        """Return the entry's line, with its line end."""
        return canonical(self.as_json()) + b"\n"

    def right_hash(self) -> str:
        """Return the hash that the entry must have."""
        content = self.as_json()
        del content["hash"]
        return sha256(canonical(content)).hexdigest()


class MalformedEntry(Malformed):
    """A line is no entry; callers see `LedgerAltered`."""

    exit_code = 1
    paper = ("ledger entry", "台账条目")


def subject_hash(secret: bytes, subject_id: str) -> str:
    """Return what stands for a subject in the ledger: HMAC-SHA256 of its id, hexadecimal."""
    return hmac.new(secret, subject_id.encode("utf-8"), sha256).hexdigest()


def follow(last: Entry | None, look: Look, secret: bytes) -> Entry:
    """Return the entry that records a look after the last entry.

    Raises:
        BadEntry: the look has no operator, no purpose, an instant without offset, or text that is no Unicode.
    """
    _require_whole(look)
    entry = Entry(
        seq=1 if last is None else last.seq + 1,
        at=look.at,
        operator=look.operator,
        purpose=look.purpose,
        subject=None if look.subject_id is None else subject_hash(secret, look.subject_id),
        fields=look.fields,
        basis=look.basis,
        prev=FIRST_PREV if last is None else last.hash,
        hash="",
    )
    return replace(entry, hash=entry.right_hash())


def _require_whole(look: Look) -> None:
    if not look.operator.strip() or not look.purpose.strip():
        raise BadEntry("a look needs an operator and a purpose: set ONEFILE_OPERATOR, give --purpose")
    if look.at.tzinfo is None:
        raise BadEntry("a look needs an instant with its offset")
    try:
        "".join((look.operator, look.purpose, look.subject_id or "", look.basis, *look.fields)).encode("utf-8")
    except UnicodeEncodeError:
        raise BadEntry("a look's operator, purpose, basis or fields are not written in UTF-8") from None


def read_entry(value: object) -> Entry:
    """Return the entry in a JSON value; whether its hash is right is the caller's to ask.

    Raises:
        MalformedEntry: it is none of this format.
    """
    record = Record(value, "the entry", MalformedEntry)
    record.choice("format", (FORMAT,))
    fields = record.items("fields")
    if not all(isinstance(field, str) for field in fields):
        raise record.wrong("fields", "an array of texts")
    return Entry(
        seq=record.count("seq", 1),
        at=record.instant("at"),
        operator=record.text("operator"),
        purpose=record.text("purpose"),
        subject=None if record.take("subject") is None else record.digest("subject"),
        fields=tuple(str(field) for field in fields),
        basis=record.string("basis"),
        prev=record.digest("prev"),
        hash=record.digest("hash"),
    )
