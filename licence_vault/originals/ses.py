"""The data of a seal on an OFD, as GB/T 38540 and the older GM/T 0031 have it; its SM2 signature is not checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from licence_vault.originals.report import Seal

_INTEGER, _BITS, _OCTETS, _UTC_TIME, _TIME, _SEQUENCE = 0x02, 0x03, 0x04, 0x17, 0x18, 0x30


@dataclass(frozen=True)
class SealData:
    """A seal, and the digest of the signature file that it was put on."""

    seal: Seal
    data_digest: bytes


@dataclass(frozen=True)
class _Item:
    tag: int
    content: bytes

    def items(self) -> list[_Item]:
        """Return what a sequence holds."""
        if self.tag != _SEQUENCE:
            raise ValueError("no sequence")
        return _items(self.content)


def read(data: bytes) -> SealData:
    """Return the seal in a signature value.

    Raises:
        ValueError: it is laid out otherwise.
    """
    (outer,) = _items(data)
    signature = outer.items()
    signed = signature[0].items()
    if len(signed) < 5 or signed[3].tag != _BITS:
        raise ValueError("no seal's signature")
    info = signed[1].items()[0].items()
    stated = info[2].items()
    picture = info[3].items()
    certificate = next((i.content for i in (*signature[1:], *signed[5:]) if i.tag == _OCTETS), None)
    seal = Seal(
        issuer=stated[1].content.decode("utf-8"),
        seal_id=info[1].content.decode("ascii"),
        certificate=None if certificate is None else sha256(certificate).hexdigest(),
        valid_from=_time(stated[-2]),
        valid_until=_time(stated[-1]),
        signed_at=_time(signed[2]) if signed[2].tag in (_UTC_TIME, _TIME) else None,
        picture_type=picture[0].content.decode("ascii"),
        picture=picture[1].content,
    )
    return SealData(seal, signed[3].content[1:])


def _items(data: bytes) -> list[_Item]:
    """Take DER apart: one level, definite lengths."""
    found, place = [], 0
    while place < len(data):
        tag, length, start = data[place], *_length(data, place + 1)
        if start + length > len(data):
            raise ValueError("cut short")
        found.append(_Item(tag, data[start : start + length]))
        place = start + length
    if not found:
        raise ValueError("empty")
    return found


def _length(data: bytes, place: int) -> tuple[int, int]:
    if place >= len(data):
        raise ValueError("cut short")
    first = data[place]
    if first < 0x80:
        return first, place + 1
    size = first & 0x7F
    if not 0 < size <= 4 or place + 1 + size > len(data):
        raise ValueError("no definite length")
    return int.from_bytes(data[place + 1 : place + 1 + size], "big"), place + 1 + size


def _time(item: _Item) -> str:
    """Return a time as RFC 3339; those without a zone are UTC, as DER has them."""
    pattern = {_UTC_TIME: "%y%m%d%H%M%SZ", _TIME: "%Y%m%d%H%M%SZ"}.get(item.tag)
    if pattern is None:
        raise ValueError("no time")
    made = datetime.strptime(item.content.decode("ascii"), pattern).replace(tzinfo=UTC)
    return made.isoformat().replace("+00:00", "Z")
