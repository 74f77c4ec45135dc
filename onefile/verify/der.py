"""DER taken apart, one level at a time: definite lengths, nothing left over."""

from __future__ import annotations

from dataclasses import dataclass, field

INTEGER, BITS, OCTETS, OBJECT, SEQUENCE = 0x02, 0x03, 0x04, 0x06, 0x30
UTC_TIME, TIME = 0x17, 0x18


@dataclass(frozen=True, slots=True)
class Item:
    """One value: its tag, what it holds, and all of its bytes."""

    tag: int
    content: bytes = field(repr=False)
    whole: bytes = field(repr=False)

    def items(self) -> list[Item]:
        """Return what a sequence holds; ValueError when it is none."""
        if self.tag != SEQUENCE:
            raise ValueError("no sequence")
        return items(self.content)


def items(data: bytes) -> list[Item]:
    """Return the values that lie side by side in bytes, at least one; ValueError when they are none."""
    found, place = [], 0
    while place < len(data):
        tag, (length, start) = data[place], _length(data, place + 1)
        if start + length > len(data):
            raise ValueError("cut short")
        found.append(Item(tag, data[start : start + length], data[place : start + length]))
        place = start + length
    if not found:
        raise ValueError("empty")
    return found


def sequence(*parts: bytes) -> bytes:
    """Return a sequence of values."""
    content = b"".join(parts)
    size = (len(content).bit_length() + 7) // 8
    length = bytes([len(content)]) if len(content) < 0x80 else bytes([0x80 | size]) + len(content).to_bytes(size, "big")
    return bytes([SEQUENCE]) + length + content


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
