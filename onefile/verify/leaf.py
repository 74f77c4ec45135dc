"""A leaf of the licence log: what the public may know of one version of one licence.

UTF-8 JSON in one form: `{"at","commitment","format":"onefile.leaf/1","issuer","type",
"version"}`. The commitment is SHA-256 over the payload and a random salt of 128 bits, which
is kept with the payload: whoever reads the log cannot try names and numbers out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from onefile.verify.errors import MalformedLeaf
from onefile.verify.reading import MOST, instant_text, read_instant

FORMAT = "onefile.leaf/1"
SALT_BYTES = 16
_DOMAIN = b"onefile.commitment/1\x00"
_FORM = re.compile(
    rb'\{"at":"([0-9TZ.:-]+)","commitment":"([0-9a-f]{64})","format":"' + re.escape(FORMAT.encode("ascii"))
    + rb'","issuer":"([^"\\\x00-\x1f\x80-\xff]+)","type":"([^"\\\x00-\x1f\x80-\xff]+)","version":([1-9][0-9]{0,15})\}'
)  # fmt: skip
"""The one form: as canonical JSON writes these six fields, texts without escapes, so that nothing is read twice."""


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
    found = _FORM.fullmatch(entry)
    if found is None:
        raise MalformedLeaf("it is not in its one form")
    at, content, issuer, kind, version = (part.decode("ascii") for part in found.groups())
    try:
        instant = read_instant(at)
    except ValueError:
        raise MalformedLeaf("'at' is no instant") from None
    if int(version) > MOST or instant_text(instant) != at:
        raise MalformedLeaf("it is not in its one form")
    return Leaf(kind, issuer, int(version), instant, bytes.fromhex(content))


def commitment(salt: bytes, payload_type: str, payload: bytes) -> bytes:
    """Return what a leaf says of a payload: SHA-256 over domain, salt (16 bytes), type with its length, payload."""
    return sha256(_DOMAIN + salt + _type_bytes(payload_type) + payload).digest()


@lru_cache(maxsize=16)
def _type_bytes(payload_type: str) -> bytes:
    kind = payload_type.encode("utf-8")
    return len(kind).to_bytes(4, "big") + kind
