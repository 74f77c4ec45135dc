"""Attestations: each value that a form was filled with, proved alone, and all of one prefill under one signature.

A statement is the JSON text of what was told: `{"case", "field", "format", "items", "observed_on", "salt", "source",
"subject", "value"}`. Its bytes are a leaf of a Merkle tree (RFC 6962 hashing), whose root stands in a signed batch, a
compact JWS with `case`, `iat`, `exp`, `root` and `size`. So a statement is bound to case, items, field, value and time.
`subject` is SHA-256 over the salt, a colon and the subject's number: who knows the number can tell whose value it is.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from onefile.verify.errors import Malformed, ProofDoesNotFit, RetiredKey
from onefile.verify.jws import open_jws, seconds
from onefile.verify.merkle import leaf_hash, verify_inclusion
from onefile.verify.reading import Record, parse
from onefile.verify.trust import Trust

FORMAT = "onefile.statement/1"
TYPE = "attestations+jwt"
USE = "attestations"
SKEW = timedelta(seconds=30)


class MalformedAttestation(Malformed):
    """The bytes are no statement, no proof of one, or no batch of them."""

    paper = ("attestation", "预填凭证")


@dataclass(frozen=True)
class Batch:
    """A signed batch: `root` of the statements of one prefill, for one case, in force from `made_at` to `ends_at`."""

    case: str
    root: bytes
    size: int
    made_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Statement:
    """What was told of one field, `name`. `source` is a resource, `subject` hexadecimal."""

    case: str
    name: str
    items: tuple[str, ...]
    value: object = field(repr=False)
    source: str
    observed_on: str | None
    subject: str | None
    salt: str


@dataclass(frozen=True)
class Attestation:
    """A statement's own bytes and the way from it to the root of its batch."""

    statement: bytes = field(repr=False)
    index: int
    root: bytes
    hashes: tuple[bytes, ...]


def open_batch(token: str, trust: Trust) -> Batch:
    """Return what a batch says once its signature holds.

    Raises:
        MalformedAttestation: it is no batch.
        UnknownKey, WrongUse, UnsupportedAlgorithm, BadSignature, LostKey: it is not the bureau's.
        RetiredKey: it says that it is younger than its key's last day.
    """
    claims, key = open_jws(token, TYPE, trust, USE, MalformedAttestation)
    root = bytes.fromhex(claims.digest("root"))
    batch = Batch(claims.text("case"), root, claims.count("size", 1), seconds(claims, "iat"), seconds(claims, "exp"))
    if key.retired_at is not None and batch.made_at > key.retired_at:
        raise RetiredKey(key.id)
    return batch


def read_attestation(value: object) -> Attestation:
    """Return the attestation in a JSON value; MalformedAttestation when it is none."""
    record = Record(value, "an attestation", MalformedAttestation)
    root = bytes.fromhex(record.digest("root"))
    try:
        statement = record.text("statement").encode("utf-8")
    except UnicodeEncodeError:
        raise record.wrong("statement", "a text in Unicode") from None
    return Attestation(statement, record.count("index"), root, record.digests("hashes"))


def open_statement(attestation: Attestation, batch: Batch) -> Statement:
    """Return what was stated once it is proved to be in the batch.

    Raises:
        MalformedAttestation: it is no statement.
        ImpossibleProof, ProofDoesNotFit: it is not one of the batch's.
    """
    verify_inclusion(attestation.index, batch.size, leaf_hash(attestation.statement), attestation.hashes, batch.root)
    record = Record(parse(attestation.statement, MalformedAttestation), "the statement", MalformedAttestation)
    record.choice("format", (FORMAT,))
    found = Statement(
        record.text("case"), record.text("field"), tuple(record.texts("items")), record.take("value"),
        record.string("source"), record.text_or_none("observed_on"), record.text_or_none("subject"),
        record.text("salt"),
    )  # fmt: skip
    if found.case != batch.case:
        raise ProofDoesNotFit("the batch's own case")
    return found


def of_subject(salt: str, number: str) -> str:
    """Return what stands for a subject in a statement: SHA-256 of salt and number, hexadecimal."""
    return sha256(f"{salt}:{number.strip().upper()}".encode()).hexdigest()


def told(value: object) -> str:
    """Return a value as the text that a form has for it: NFC, without white space around; yes and no as JSON has them.

    A form posts texts: the number 800000 and the text "800000" are the same value.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return unicodedata.normalize("NFC", str(value)).strip()
