"""A leaf of the licence log: what the public may know of one version of one licence.

UTF-8 JSON in one form: `{"at","commitment","format":"onefile.leaf/1","issuer","type",
"version"}`. The commitment is SHA-256 over the payload and a random salt of 128 bits, which
is kept with the payload: whoever reads the log cannot try names and numbers out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from onefile.verify.errors import MalformedLeaf
from onefile.verify.reading import Record, instant_text, parse

FORMAT = "onefile.leaf/1"
SALT_BYTES = 16
_DOMAIN = b"onefile.commitment/1\x00"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One version of one licence as the log has it.

    `type` is the licence type's code (21 characters), `issuer` the issuing authority's code,
    `version` counts from 1, `at` is the instant of the batch, `commitment` 32 bytes.
    """

    type: str
    issuer: str
    version: int
    at: datetime
    commitment: bytes

    def entry(self) -> bytes:
        """Return the bytes that the log keeps."""
        return entry_bytes(self.type, self.issuer, self.version, instant_text(self.at), self.commitment)


def entry_bytes(kind: str, issuer: str, version: int, at: str, commitment: bytes) -> bytes:
    """Return a leaf's bytes from its fields; `at` as `instant_text` writes it. Codes are ASCII without quotes."""
    return (
        f'{{"at":"{at}","commitment":"{commitment.hex()}","format":"{FORMAT}",'
        f'"issuer":"{issuer}","type":"{kind}","version":{version}}}'
    ).encode("ascii")


def read_leaf(entry: bytes) -> Leaf:
    """Return the leaf in a log entry.

    Raises:
        MalformedLeaf: it is no entry of this format, in its one form.
    """
    record = Record(parse(entry, MalformedLeaf), "the leaf", MalformedLeaf)
    record.choice("format", (FORMAT,))
    leaf = Leaf(
        type=record.text("type"),
        issuer=record.text("issuer"),
        version=record.count("version", 1),
        at=record.instant("at"),
        commitment=bytes.fromhex(record.digest("commitment")),
    )
    if not (leaf.type.isascii() and leaf.issuer.isascii()) or leaf.entry() != entry:
        raise MalformedLeaf("it is not in its one form")
    return leaf


def commitment(salt: bytes, payload_type: str, payload: bytes) -> bytes:
    """Return what a leaf says of a payload: SHA-256 over domain, salt (16 bytes), type with its length, payload."""
    return sha256(_DOMAIN + salt + _type_bytes(payload_type) + payload).digest()


@lru_cache(maxsize=16)
def _type_bytes(payload_type: str) -> bytes:
    kind = payload_type.encode("utf-8")
    return len(kind).to_bytes(4, "big") + kind
