"""A licence as one file: payload, salt, proof, checkpoint, status token; believed step by step, or refused.

`onefile vault export` writes it; nothing but a trust file is needed to judge it. The payload
is read only once the log's checkpoint, the inclusion proof and the commitment hold, and the
bytes read are the bytes that were committed to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime

from onefile.verify.checkpoint import SignedCheckpoint, open_checkpoint
from onefile.verify.errors import (
    Inconsistent,
    LostKey,
    MalformedLicence,
    NotInLog,
    PayloadAltered,
    ProofDoesNotFit,
    RetiredKey,
)
from onefile.verify.leaf import SALT_BYTES, Leaf, commitment, read_leaf
from onefile.verify.merkle import leaf_hash, verify_inclusion
from onefile.verify.reading import Record, parse
from onefile.verify.trust import Trust

FORMAT = "onefile.licence/1"
PAYLOAD_FORMAT = "onefile.licence-payload/1"
PAYLOAD_TYPE = "application/vnd.onefile.licence+json;version=1"
STATES = ("valid", "suspended", "revoked", "annulled", "cancelled", "lapsed", "transferred", "superseded")
_ID = re.compile(r"1\.2\.156\.3005\.2\.([0-9A-Z]{21})\.([0-9A-Z]{6,18})\.([0-9A-Z]+)\.([0-9]{3})\.([0-9A-Z])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NEXT = {c: tuple(((state + v) % 36 or 36) * 2 % 37 for state in range(37)) for v, c in enumerate(_ALPHABET)}
"""By a character, what each state of the check (ISO 7064, MOD 37,36) becomes."""


@dataclass(frozen=True, slots=True)
class LicenceFile:
    """An exported licence, taken apart and not believed yet."""

    payload: bytes = field(repr=False)
    payload_type: str
    salt: bytes = field(repr=False)
    leaf_index: int
    entry: bytes
    proof: tuple[bytes, ...]
    checkpoint: bytes
    status: str | None
    timestamp: bytes | None = None
    issuer: Record | None = None


@dataclass(frozen=True, slots=True)
class Licence:
    """One version of a licence that is believed. `data` has the fields by their codes.

    `state` is what the version itself says, since `since_on`; what came later only a status
    token or a newer version tells. `valid_until` is the last day, inclusive; None: no end.
    """

    id: str
    type: str
    issuer: str
    version: int
    type_name: str
    issuer_name: str
    state: str
    since_on: date
    valid_from: date
    valid_until: date | None
    at: datetime
    data: dict[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proved:
    """A licence in the log: the licence, its leaf's index, the checkpoint that covers it.

    `stamped_at`: when an authority of time saw that checkpoint; `certified_by`: the CA that certified its issuer.
    """

    licence: Licence
    leaf_index: int
    signed: SignedCheckpoint
    status: str | None
    stamped_at: datetime | None = None
    certified_by: str | None = None


def check_not_lost(signed: SignedCheckpoint, stamped_at: datetime | None) -> None:
    """Return when the key that signed was not lost, or its signature is proved older than that; LostKey otherwise."""
    lost_at = signed.key.lost_at
    if lost_at is not None and (stamped_at is None or stamped_at >= lost_at):
        raise LostKey(signed.key.id)


def open_licence(data: bytes, trust: Trust, known: dict[bytes, SignedCheckpoint] | None = None) -> Proved:
    """Verify an exported licence and return it.

    1. The file is of the format. 2. Its checkpoint is signed by a trusted key of the log and by as
    many witnesses as demanded. 3. The leaf is in the log at that checkpoint. 4. The leaf is of
    the format, and no younger than a retired key that signed; a lost key needs a time stamp from
    before; where the file has the issuer's certificate and the trust file CAs, it holds. 5. The leaf's commitment is to
    this payload under this salt. 6. The payload is of its format and says what the leaf says.

    Args:
        data: the file's bytes.
        trust: the keys that are believed.
        known: checkpoints that were verified with this trust before, to save step 2 for the many
            licences of one checkpoint; what is verified now is added. None: remember nothing.

    Raises:
        MalformedLicence: the bytes are no such file.
        MalformedNote, MalformedCheckpoint, UnknownKey, BadSignature, NotWitnessed: step 2.
        NotInLog, ImpossibleProof: step 3.
        MalformedLeaf, RetiredKey, LostKey, BadTimestamp, IssuerUnproved: step 4.
        PayloadAltered: step 5.
        MalformedLicence, Inconsistent: step 6.
    """
    file = read_licence_file(data)
    signed = None if known is None else known.get(file.checkpoint)
    if signed is None:
        signed = open_checkpoint(file.checkpoint, trust)
        if known is not None:
            known[file.checkpoint] = signed
    head = signed.checkpoint
    try:
        verify_inclusion(file.leaf_index, max(1, head.size), leaf_hash(file.entry), file.proof, head.root)
    except ProofDoesNotFit:
        raise NotInLog from None
    leaf = read_leaf(file.entry)
    if signed.key.retired_at is not None and leaf.at > signed.key.retired_at:
        raise RetiredKey(signed.key.id)
    stamped_at = None
    if file.timestamp is not None:
        from onefile.verify.timestamp import open_timestamp, stamped_bytes

        stamped_at = open_timestamp(file.timestamp, stamped_bytes(file.checkpoint, signed), trust)
    check_not_lost(signed, stamped_at)
    if commitment(file.salt, file.payload_type, file.payload) != leaf.commitment:
        raise PayloadAltered
    certified_by = None
    if file.issuer is not None and trust.cas:
        from onefile.verify.issuer import open_issuer

        certified_by = open_issuer(file.issuer, leaf, signed, trust)
    return Proved(read_payload(file.payload, leaf), file.leaf_index, signed, file.status, stamped_at, certified_by)


def read_licence_file(data: bytes) -> LicenceFile:
    """Take an exported licence apart; MalformedLicence when it is none."""
    record = Record(parse(data, MalformedLicence), "the file", MalformedLicence)
    record.choice("format", (FORMAT,))
    salt = record.base64("salt")
    if len(salt) != SALT_BYTES:
        raise record.wrong("salt", f"{SALT_BYTES} bytes")
    return LicenceFile(
        payload=record.base64("payload"),
        payload_type=record.choice("payload_type", (PAYLOAD_TYPE,)),
        salt=salt,
        leaf_index=record.count("leaf_index"),
        entry=record.base64("entry"),
        proof=record.digests("proof"),
        checkpoint=record.text("checkpoint").encode("utf-8"),
        status=record.text_or_none("status"),
        timestamp=record.base64("timestamp") if record.has("timestamp") else None,
        issuer=Record(record.take("issuer"), "issuer", MalformedLicence) if record.has("issuer") else None,
    )


def read_payload(payload: bytes, leaf: Leaf) -> Licence:
    """Return the licence in a payload that the leaf commits to.

    Raises:
        MalformedLicence: it is no payload of this format, or its identifier's check character is wrong.
        Inconsistent: payload and leaf do not say the same.
    """
    record = Record(parse(payload, MalformedLicence), "the payload", MalformedLicence)
    record.choice("format", (PAYLOAD_FORMAT,))
    kind, issuer, version = _identifier(record)
    licence = Licence(
        id=record.text("id"),
        type=kind,
        issuer=issuer,
        version=version,
        type_name=record.text("type_name"),
        issuer_name=record.text("issuer_name"),
        state=record.choice("state", STATES),
        since_on=_day(record, "since_on"),
        valid_from=_day(record, "valid_from"),
        valid_until=None if record.take("valid_until") is None else _day(record, "valid_until"),
        at=record.instant("at"),
        data=_data(record),
    )
    if record.count("version", 1) != version:
        raise Inconsistent("version")
    for name in ("type", "issuer", "version", "at"):
        if getattr(licence, name) != getattr(leaf, name):
            raise Inconsistent(name)
    return licence


def _identifier(record: Record) -> tuple[str, str, int]:
    """Return type, issuer and version of the payload's identifier, once its check character (MOD 37,36) fits."""
    found = _ID.fullmatch(record.text("id"))
    if found is None:
        raise record.wrong("id", "an electronic licence identifier")
    state = 36
    for character in found[1] + found[2] + found[3] + found[4]:
        state = _NEXT[character][state]
    if _ALPHABET[(1 - state) % 36] != found[5]:
        raise record.wrong("id", "one with a right check character")
    return found[1], found[2], int(found[4])


def _data(record: Record) -> dict[str, object]:
    value = record.take("data")
    if not isinstance(value, dict):
        raise record.wrong("data", "an object")
    return value


def _day(record: Record, name: str) -> date:
    text = record.text(name)
    try:
        return date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        raise record.wrong(name, "a day, YYYY-MM-DD") from None
