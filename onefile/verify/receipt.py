"""A receipt: what the bureau says it did with a delivery, row by row, under its signature.

`licence_vault.receipts` makes them; here they are opened. The counts are part of the
format: a receipt that contradicts itself is not one, whoever signed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from onefile.verify.dsse import open_envelope
from onefile.verify.errors import CountsDiffer, MalformedReceipt, RetiredKey
from onefile.verify.merkle import EMPTY_ROOT
from onefile.verify.reading import Record, parse
from onefile.verify.trust import Trust

FORMAT = "onefile.receipt/1"
PAYLOAD_TYPE = "application/vnd.onefile.receipt+json"
USE = "receipts"
STATUSES = ("taken", "refused")


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file of the delivery, as its manifest declares it. `sha256` is hexadecimal."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """One reason why a row was rejected; a row may have several.

    `row` counts from 1 over the data rows of all files in the manifest's order; `column` is
    the department's own header, None when the row as a whole is meant.
    """

    row: int
    column: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a whole delivery was refused: a reason code and what was found, wanted and is to do."""

    reason: str
    found: str
    wanted: str
    do: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The bureau's answer to one delivery.

    Rows: received = accepted + quarantined + duplicates, and `quarantined` is the number of
    different rows in `rejected`. `rows_root` is the Merkle root over all rows received, in
    order, hexadecimal. A refused delivery has `refusal` and took no row; what could not be
    read of its manifest (`resource`, `period`) is None. `held_by` names the critical expectations
    that the delivery does not meet; while it is not empty, no accepted row counts.
    """

    delivery: str
    department: str
    resource: str | None
    period: str | None
    status: str
    received_at: datetime
    received: int
    accepted: int
    quarantined: int
    duplicates: int
    rows_root: str
    files: tuple[ReceivedFile, ...]
    rejected: tuple[Rejection, ...]
    refusal: Refusal | None
    held_by: tuple[str, ...]

    def reasons(self, row: int) -> tuple[Rejection, ...]:
        """Return why a row was rejected; empty when it was not."""
        return tuple(rejection for rejection in self.rejected if rejection.row == row)


def open_receipt(envelope: bytes, trust: Trust) -> Receipt:
    """Verify an envelope and return the receipt in it.

    Args:
        envelope: a DSSE 1.0 envelope with exactly one signature, UTF-8 JSON.
        trust: the keys that are believed; only those for `receipts` count.

    Raises:
        MalformedEnvelope: the bytes are no such envelope.
        UnknownKey: `trust` lacks the key that signed.
        WrongUse: that key signs papers of another kind.
        BadSignature: the payload is not what was signed.
        MalformedReceipt: it was signed, but is no receipt of this format.
        CountsDiffer: its counts contradict each other.
        RetiredKey: its key was retired before the delivery was received.
    """
    payload, key = open_envelope(envelope, PAYLOAD_TYPE, trust, USE)
    receipt = read_receipt(payload)
    if key.retired_at is not None and receipt.received_at > key.retired_at:
        raise RetiredKey(key.id)
    return receipt


def read_receipt(payload: bytes) -> Receipt:
    """Return the receipt in a payload whose signature already holds.

    Raises:
        MalformedReceipt: it is no receipt of this format.
        CountsDiffer: its counts contradict each other.
    """
    record = Record(parse(payload, MalformedReceipt), "the receipt", MalformedReceipt)
    record.choice("format", (FORMAT,))
    receipt = Receipt(
        delivery=record.text("delivery"),
        department=record.text("department"),
        resource=record.text_or_none("resource"),
        period=record.text_or_none("period"),
        status=record.choice("status", STATUSES),
        received_at=record.instant("received_at"),
        received=record.count("received"),
        accepted=record.count("accepted"),
        quarantined=record.count("quarantined"),
        duplicates=record.count("duplicates"),
        rows_root=record.digest("rows_root"),
        files=tuple(_file(Record(item, "a file", MalformedReceipt)) for item in record.items("files")),
        rejected=tuple(_rejection(Record(item, "a rejection", MalformedReceipt)) for item in record.items("rejected")),
        refusal=_refusal(record),
        held_by=tuple(record.texts("held_by")),
    )
    check(receipt)
    return receipt


def check(receipt: Receipt) -> None:
    """Return when a receipt does not contradict itself.

    Raises:
        CountsDiffer: it does; the message says where.
    """
    if receipt.received != receipt.accepted + receipt.quarantined + receipt.duplicates:
        raise CountsDiffer("received is not accepted + quarantined + duplicates", "收到数不等于接收、问题与重复之和")
    rows = {rejection.row for rejection in receipt.rejected}
    if len(rows) != receipt.quarantined:
        raise CountsDiffer("quarantined is not the number of rejected rows listed", "问题数不等于所列被退的行数")
    if rows and max(rows) > receipt.received:
        raise CountsDiffer("a rejected row is beyond the rows received", "被退的行号超出收到的行数")
    if (receipt.received == 0) != (receipt.rows_root == EMPTY_ROOT.hex()):
        raise CountsDiffer("rows_root belongs to another number of rows", "树根与行数不符")
    if receipt.status == "taken" and receipt.received != sum(file.rows for file in receipt.files):
        raise CountsDiffer("received is not the sum of the files' rows", "收到数不等于各文件行数之和")
    if (receipt.status == "refused") != (receipt.refusal is not None):
        raise CountsDiffer("the status and the refusal do not agree", "状态与拒收理由不符")
    if receipt.status == "refused" and receipt.received:
        raise CountsDiffer("a refused delivery took rows", "拒收的批次却接收了行")
    if receipt.status == "refused" and receipt.held_by:
        raise CountsDiffer("a refused delivery is held back", "拒收的批次又被扣留")


def _file(record: Record) -> ReceivedFile:
    return ReceivedFile(record.text("name"), record.count("rows"), record.digest("sha256"))


def _rejection(record: Record) -> Rejection:
    return Rejection(record.count("row", 1), record.text_or_none("column"), record.text("reason"))


def _refusal(receipt: Record) -> Refusal | None:
    if receipt.take("refusal") is None:
        return None
    record = Record(receipt.take("refusal"), "the refusal", MalformedReceipt)
    return Refusal(record.text("reason"), record.string("found"), record.string("wanted"), record.string("do"))
