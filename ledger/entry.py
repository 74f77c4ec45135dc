"""An entry of the ledger: one look at one subject, as one line of JSON; the line's bytes are a leaf of the log.

`{"format": "onefile.ledger/2", "seq", "sealed", "at", "operator", "purpose", "subject", "fields", "basis", "kind", …}`:
RFC 8785 JSON, what is empty left out. The subject is a keyed hash; no value that was shown stands anywhere.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from ledger.errors import BadEntry
from licence_vault.canonical import canonical
from licence_vault.log_folder import LONGEST_ENTRY
from onefile.verify.errors import Malformed
from onefile.verify.reading import Record, instant_text

FORMAT = "onefile.ledger/2"
REPAIR = "ledger.repair"  # the purposes of the entries that the ledger writes about itself
CLOCK = "ledger.clock"
EXPIRY = "ledger.expiry"
OPTIONAL = (
    "department", "client", "acting", "grant", "item", "case", "resource", "lake_version", "answer", "answer_id",
    "notice_after",
)  # fmt: skip
NAMED = ".named"
"""How the kind of a look ends at somebody who was not asked about, but is named in what was shown of another."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Look:
    """A look about to happen: who, why, at whom, at which attributes, on what basis.

    `subject_id` is the stable internal id; None when the entry is about nobody. `kind` says what was answered (`file`,
    `licence`, `match`, …). `acting` says whose right was used when not one's own, with its mandate. `resource` is the
    catalogue's entry; `lake_version` what the answer was made from; `answer` the SHA-256, hex, of the answer as it
    leaves; `answer_id` joins the looks of one answer. `notice_after` (a day): the subject is told after it, not before.
    """

    at: datetime
    operator: str
    purpose: str
    subject_id: str | None
    fields: tuple[str, ...]
    basis: str
    kind: str = "look"
    department: str = ""
    client: str = ""
    acting: str = ""
    grant: str = ""
    item: str = ""
    case: str = ""
    resource: str = ""
    lake_version: str = ""
    answer: str = ""
    answer_id: str = ""
    notice_after: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A look as recorded. `seq` counts from 1 without a gap; `subject` is `subject_hash`'s.

    `sealed` is how many entries the seal before it covers: so no seal can be taken away either.
    """

    seq: int
    sealed: int
    at: datetime
    operator: str
    purpose: str
    subject: str | None
    fields: tuple[str, ...]
    basis: str
    kind: str
    department: str = ""
    client: str = ""
    acting: str = ""
    grant: str = ""
    item: str = ""
    case: str = ""
    resource: str = ""
    lake_version: str = ""
    answer: str = ""
    answer_id: str = ""
    notice_after: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the entry as its JSON object."""
        told: dict[str, object] = {
            "format": FORMAT, "seq": self.seq, "sealed": self.sealed, "at": instant_text(self.at),
            "operator": self.operator, "purpose": self.purpose, "subject": self.subject, "fields": list(self.fields),
            "basis": self.basis, "kind": self.kind,
        }  # fmt: skip
        for name in OPTIONAL:
            if value := getattr(self, name):
                told[name] = value
        return told

    def leaf(self) -> bytes:
        """Return the entry's bytes: its line without the line end."""
        return canonical(self.as_json())


class MalformedEntry(Malformed):
    """A line is no entry; callers see `LedgerAltered`."""

    exit_code = 1
    paper = ("ledger entry", "台账条目")


def subject_hash(secret: bytes, subject_id: str) -> str:
    """Return what stands for a subject in the ledger: HMAC-SHA256 of its id, hexadecimal."""
    return hmac.new(secret, subject_id.encode("utf-8"), sha256).hexdigest()


def recorded(look: Look, seq: int, sealed: int, at: datetime, secret: bytes) -> Entry:
    """Return the entry that records a look under a number at an instant."""
    return Entry(
        seq, sealed, at, look.operator, look.purpose,
        None if look.subject_id is None else subject_hash(secret, look.subject_id),
        look.fields, look.basis, look.kind, *(getattr(look, name) for name in OPTIONAL),
    )  # fmt: skip


def require_whole(look: Look) -> None:
    """Return when a look says all that it must.

    Raises:
        BadEntry: it has no operator, no purpose, an instant without offset, text that is no Unicode, a digest that is
            none, or is longer than an entry of a log may be.
    """
    if not look.operator.strip() or not look.purpose.strip() or not look.kind:
        raise BadEntry("a look needs an operator, a purpose and a kind: set ONEFILE_OPERATOR, give --purpose")
    if look.at.tzinfo is None:
        raise BadEntry("a look needs an instant with its offset")
    if look.answer and _DIGEST.fullmatch(look.answer) is None:
        raise BadEntry("a look's answer is named by its SHA-256: 64 hexadecimal digits in lower case")
    if look.notice_after and _DAY.fullmatch(look.notice_after) is None:
        raise BadEntry("a look's notice_after is a day like 2026-03-01")
    told = (look.operator, look.purpose, look.subject_id or "", look.basis, look.kind, *look.fields)
    try:
        length = len("".join((*told, *(getattr(look, name) for name in OPTIONAL))).encode("utf-8"))
    except UnicodeEncodeError:
        raise BadEntry("a look's operator, purpose, basis or fields are not written in UTF-8") from None
    if 6 * length + 4 * len(look.fields) + 1000 > LONGEST_ENTRY and length > LONGEST_ENTRY // 8:
        raise BadEntry(f"a look's texts are {length} bytes long: at most {LONGEST_ENTRY // 8}")


def read_entry(value: object) -> Entry:
    """Return the entry in a JSON value.

    Raises:
        MalformedEntry: it is none of this format.
    """
    record = Record(value, "the entry", MalformedEntry)
    record.choice("format", (FORMAT,))
    return Entry(
        seq=record.count("seq", 1),
        sealed=record.count("sealed"),
        at=record.instant("at"),
        operator=record.text("operator"),
        purpose=record.text("purpose"),
        subject=None if record.take("subject") is None else record.digest("subject"),
        fields=_fields(record),
        basis=record.string("basis"),
        kind=record.text("kind"),
        **{name: record.text(name) for name in OPTIONAL if record.has(name)},
    )


def _fields(record: Record) -> tuple[str, ...]:
    fields = record.items("fields")
    if not all(isinstance(field, str) for field in fields):
        raise record.wrong("fields", "an array of texts")
    return tuple(map(str, fields))
