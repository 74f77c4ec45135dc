"""A proof that a row is in a receipt: read strictly, then followed up to the receipt's root."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from onefile.verify.errors import MalformedProof, OtherDelivery, ProofDoesNotFit
from onefile.verify.merkle import leaf_hash, verify_inclusion
from onefile.verify.reading import Record, parse
from onefile.verify.receipt import Receipt

FORMAT = "onefile.proof/1"
BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\x84\x31\x95\x33")  # UTF-8, GB 18030


@dataclass(frozen=True)
class Proof:
    """The way from one row of a delivery to the root. `row` counts from 1, `leaf_index` from 0."""

    delivery: str
    row: int
    tree_size: int
    leaf_index: int
    hashes: tuple[bytes, ...]


def read_proof(data: bytes) -> Proof:
    """Return the proof in a proof file.

    Raises:
        MalformedProof: the bytes are no such file.
    """
    record = Record(parse(data, MalformedProof), "the proof", MalformedProof)
    record.choice("format", (FORMAT,))
    return Proof(
        delivery=record.text("delivery"),
        row=record.count("row", 1),
        tree_size=record.count("tree_size", 1),
        leaf_index=record.count("leaf_index"),
        hashes=record.digests("hashes"),
    )


def verify_row(receipt: Receipt, row: bytes, proof: Proof) -> None:
    """Return when the row's bytes stand in the delivery where the proof says; raise otherwise.

    Args:
        receipt: as `open_receipt` gave it.
        row: the record's own bytes. One line end (LF or CR LF) after it and a byte order mark
            before it are no part of a record: the row may be handed in with or without them.
        proof: for that row.

    Raises:
        OtherDelivery: the proof is about other rows than the receipt.
        ImpossibleProof: no tree has such a proof.
        ProofDoesNotFit: these bytes do not stand there.
    """
    if proof.delivery != receipt.delivery:
        raise OtherDelivery("delivery")
    if proof.tree_size != receipt.received:
        raise OtherDelivery("tree_size")
    if proof.leaf_index != proof.row - 1:
        raise OtherDelivery("leaf_index")
    root = bytes.fromhex(receipt.rows_root)
    for record in _readings(row):
        try:
            return verify_inclusion(proof.leaf_index, proof.tree_size, leaf_hash(record), proof.hashes, root)
        except ProofDoesNotFit:
            continue
    raise ProofDoesNotFit("the receipt's root: these bytes are not that row")


def _readings(row: bytes) -> Iterator[bytes]:
    """Yield the record's bytes as handed in, then without what a tool may have put around them."""
    bare = row[: -len(_line_end(row))] if _line_end(row) else row
    for text in dict.fromkeys((row, bare)):
        yield text
        for mark in BYTE_ORDER_MARKS:
            if text.startswith(mark):
                yield text[len(mark) :]


def _line_end(row: bytes) -> bytes:
    return next((end for end in (b"\r\n", b"\n") if row.endswith(end)), b"")
