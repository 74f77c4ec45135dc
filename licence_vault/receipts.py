"""Receipts: made, signed and kept here; opened by `onefile.verify.receipt`, which anybody may run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from licence_vault import dsse, log
from licence_vault.canonical import canonical
from licence_vault.errors import NoSuchRow, ReceiptContradicts, RowsDiffer
from licence_vault.signers import Signer
from onefile.files import write_whole
from onefile.verify import proof as proofs
from onefile.verify.errors import CountsDiffer, Malformed
from onefile.verify.proof import Proof
from onefile.verify.reading import instant_text
from onefile.verify.receipt import (
    FORMAT,
    PAYLOAD_TYPE,
    Receipt,
    ReceivedFile,
    Refusal,
    Rejection,
    open_receipt,
    read_receipt,
)

__all__ = [
    "Proof",
    "Receipt",
    "ReceivedFile",
    "Refusal",
    "Rejection",
    "open_receipt",
    "path",
    "payload",
    "proof_bytes",
    "prove",
    "save",
    "sign",
]


def payload(receipt: Receipt) -> bytes:
    """Return what is signed: the receipt as RFC 8785 JSON, rejections in order of row, column and reason."""
    refusal = receipt.refusal
    rejected = sorted(receipt.rejected, key=lambda r: (r.row, r.column or "", r.reason))
    return canonical(
        {
            "format": FORMAT,
            "delivery": receipt.delivery,
            "department": receipt.department,
            "resource": receipt.resource,
            "period": receipt.period,
            "status": receipt.status,
            "received_at": instant_text(receipt.received_at),
            "received": receipt.received,
            "accepted": receipt.accepted,
            "quarantined": receipt.quarantined,
            "duplicates": receipt.duplicates,
            "rows_root": receipt.rows_root,
            "files": [{"name": file.name, "rows": file.rows, "sha256": file.sha256} for file in receipt.files],
            "held_by": list(receipt.held_by),
            "rejected": [{"row": r.row, "column": r.column, "reason": r.reason} for r in rejected],
            "refusal": None
            if refusal is None
            else {
                "reason": refusal.reason,
                "found": refusal.found,
                "wanted": refusal.wanted,
                "do": refusal.do,
            },
        }
    )


def sign(receipt: Receipt, signer: Signer) -> bytes:
    """Return the receipt in a signed envelope. Nothing is signed that a verifier would not take.

    Raises:
        ReceiptContradicts: the counts do not add up, or a field is not of the format.
    """
    content = payload(receipt)
    try:
        read_receipt(content)
    except (CountsDiffer, Malformed) as error:
        raise ReceiptContradicts(f"receipt of delivery {receipt.delivery} not signed: {error}") from error
    return dsse.sign(PAYLOAD_TYPE, content, signer)


def path(home: Path, delivery: str) -> Path:
    """Return where the receipt of a delivery is kept."""
    return home / "receipts" / f"{delivery}.json"


def save(home: Path, receipt: Receipt, signer: Signer, name: str | None = None) -> Path:
    """Sign a receipt and keep it; the same receipt again gives the same file. Returns its path.

    Args:
        name: what it is kept under, where that is not the delivery's id.
    """
    place = path(home, name or receipt.delivery)
    write_whole(place, sign(receipt, signer))
    return place


def prove(receipt: Receipt, leaf_hashes: Sequence[bytes], row: int) -> Proof:
    """Return the proof that a row is in a receipt.

    Args:
        receipt: the delivery's.
        leaf_hashes: of all its rows, in order, made anew from the files kept.
        row: from 1.

    Raises:
        NoSuchRow: the delivery has no such row.
        RowsDiffer: the files kept no longer give the receipt's root.
    """
    if not 1 <= row <= receipt.received:
        raise NoSuchRow(f"delivery {receipt.delivery} has rows 1 to {receipt.received}, not {row}")
    if len(leaf_hashes) != receipt.received or log.root(leaf_hashes).hex() != receipt.rows_root:
        raise RowsDiffer(f"the files kept of delivery {receipt.delivery} are not those of its receipt: restore them")
    hashes = tuple(log.inclusion_proof(leaf_hashes, row - 1))
    return Proof(receipt.delivery, row, receipt.received, row - 1, hashes)


def proof_bytes(proof: Proof) -> bytes:
    """Return a proof as the file that `onefile receipt verify --proof` takes."""
    return canonical(
        {
            "format": proofs.FORMAT,
            "delivery": proof.delivery,
            "row": proof.row,
            "tree_size": proof.tree_size,
            "leaf_index": proof.leaf_index,
            "hashes": [item.hex() for item in proof.hashes],
        }
    )
