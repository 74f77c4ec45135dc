"""Papers for the tests of trust: a bureau with keys, a receipt over rows, and ways to re-sign one."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from licence_vault import dsse, log, receipts
from licence_vault.canonical import canonical
from licence_vault.keystore import Keystore, bureau
from licence_vault.receipts import Receipt, ReceivedFile, Rejection
from onefile.verify.receipt import PAYLOAD_TYPE

AT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
ROWS = tuple(f"P-{number:03d},first line".encode() for number in range(1, 12))


def new_bureau(home: Path) -> Keystore:
    """A bureau's keystore in an empty home."""
    return bureau(home, home / "keys" / "passphrase", AT)


def receipt_over(rows: tuple[bytes, ...] = ROWS, delivery: str = "d-1") -> Receipt:
    """A receipt that rejects row 3 twice over and finds row 5 a duplicate, when there are so many."""
    rejected = (Rejection(3, "年龄", "not_a_number"), Rejection(3, "性别", "not_in_list")) if len(rows) > 4 else ()
    quarantined, duplicates = (1, 1) if rejected else (0, 0)
    return Receipt(
        delivery=delivery,
        department="police",
        resource="police.population",
        period="2026-10",
        status="taken",
        received_at=AT,
        received=len(rows),
        accepted=len(rows) - quarantined - duplicates,
        quarantined=quarantined,
        duplicates=duplicates,
        rows_root=log.root(log.leaf_hashes(rows)).hex(),
        files=(ReceivedFile("people.csv", len(rows), "0" * 64),),
        rejected=rejected,
        refusal=None,
        held_by=(),
    )


def proof_of(row: int, rows: tuple[bytes, ...] = ROWS, delivery: str = "d-1") -> bytes:
    """The proof file for a row of that receipt."""
    return receipts.proof_bytes(receipts.prove(receipt_over(rows, delivery), log.leaf_hashes(rows), row))


def signed(content: dict[str, object] | bytes, keystore: Keystore, use: str = "receipts") -> bytes:
    """An envelope with a good signature over whatever content, of the receipts' type."""
    payload = content if isinstance(content, bytes) else canonical(content)
    return dsse.sign(PAYLOAD_TYPE, payload, keystore.signer(use))


def content_of(receipt: Receipt) -> dict[str, object]:
    """The payload of a receipt, to change."""
    content: dict[str, object] = json.loads(receipts.payload(receipt))
    return content


@dataclass
class Envelope:
    """A genuine envelope taken apart, to change."""

    fields: dict[str, object]

    @classmethod
    def of(cls, envelope: bytes) -> Envelope:
        return cls(json.loads(envelope))

    @property
    def signature(self) -> dict[str, object]:
        signatures = self.fields["signatures"]
        assert isinstance(signatures, list)
        first = signatures[0]
        assert isinstance(first, dict)
        return first

    @property
    def payload(self) -> bytes:
        return base64.b64decode(str(self.fields["payload"]))

    @payload.setter
    def payload(self, payload: bytes) -> None:
        self.fields["payload"] = base64.b64encode(payload).decode("ascii")

    def bytes(self) -> bytes:
        return json.dumps(self.fields).encode()
