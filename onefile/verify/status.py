"""Status lists: what had become of each licence when the list was signed (IETF Token Status List).

A compact JWS of type `statuslist+jwt` whose `sub` is `https://<log's name>/status/<number>`; the
list of that number covers the leaves from number × 2**20 on, one status each. With 8 bits it
says why, with 2 bits the commonest things only.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import datetime

from onefile.verify.errors import MalformedStatus, OtherStatusList, RetiredKey
from onefile.verify.jws import from_base64url, open_jws, seconds
from onefile.verify.reading import Record
from onefile.verify.trust import Trust

USE = "status"
TYPE = "statuslist+jwt"
LIST_SIZE = 2**20
STATUSES = {
    0x00: "valid", 0x01: "invalid", 0x02: "suspended", 0x03: "superseded",
    0x0B: "revoked", 0x0C: "annulled", 0x0D: "cancelled", 0x0E: "lapsed", 0x0F: "transferred",
}  # fmt: skip
"""Status by its value. 0 to 2 are the specification's; 3 and 0x0B to 0x0F are left to applications by it."""


@dataclass(frozen=True, slots=True)
class StatusList:
    """A status list that is believed. `issued_at` is what it knew by, `expires_at` until when it may be used."""

    origin: str
    number: int
    issued_at: datetime
    expires_at: datetime
    bits: int
    data: bytes = field(repr=False)

    def status(self, leaf_index: int) -> str:
        """Return what the list says of a leaf, one of `STATUSES`' names.

        Raises:
            OtherStatusList: the leaf is not in it, or its status is none that is known.
        """
        number, place = divmod(leaf_index, LIST_SIZE)
        first = place * self.bits
        if number != self.number or first + self.bits > 8 * len(self.data):
            raise OtherStatusList("the licence's leaf is beyond it")
        value = self.data[first // 8] >> first % 8 & (1 << self.bits) - 1
        if value not in STATUSES:
            raise OtherStatusList("it has a status that is not known")
        return STATUSES[value]


def subject(origin: str, number: int) -> str:
    """Return the address that a list is signed for."""
    return f"https://{origin}/status/{number}"


def open_status(token: str, trust: Trust, origin: str, leaf_index: int) -> StatusList:
    """Verify a status list token for the leaf of a log and return it.

    1. It is a compact JWS of the type. 2. The key that it names is trusted for status lists, and
    the algorithm that it names is that key's. 3. The signature holds. 4. It is of this log, and
    covers this leaf. 5. It was signed before its key was retired.

    Raises:
        MalformedStatus: it is no such token.
        UnknownKey, WrongUse, UnsupportedAlgorithm, BadSignature: steps 2 and 3.
        OtherStatusList: step 4.
        RetiredKey: step 5.
    """
    claims, key = open_jws(token.strip(), TYPE, trust, USE, MalformedStatus)
    number = leaf_index // LIST_SIZE
    if claims.text("sub") != subject(origin, number):
        raise OtherStatusList("it is another log's, or covers other leaves")
    issued_at = seconds(claims, "iat")
    if key.retired_at is not None and issued_at > key.retired_at:
        raise RetiredKey(key.id)
    listed = Record(claims.take("status_list"), "status_list", MalformedStatus)
    bits = listed.count("bits", 1)
    if bits not in (1, 2, 4, 8):
        raise listed.wrong("bits", "1, 2, 4 or 8")
    data = inflate(from_base64url(listed.text("lst"), MalformedStatus), bits * LIST_SIZE // 8)
    return StatusList(origin, number, issued_at, seconds(claims, "exp"), bits, data)


def inflate(packed: bytes, most: int) -> bytes:
    """Return what a list's bytes are when unpacked (zlib); MalformedStatus when they are none, or above `most`."""
    engine = zlib.decompressobj()
    try:
        data = engine.decompress(packed, most + 1)
    except zlib.error:
        raise MalformedStatus("its list cannot be unpacked") from None
    if len(data) > most or not engine.eof or engine.unused_data:
        raise MalformedStatus("its list is longer than a list may be, or cut short")
    return data
