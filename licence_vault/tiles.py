"""Tiles: a Merkle tree cut into files of up to 256 hashes, and proofs made from them (C2SP tlog-tiles).

Paths are relative to the log's folder or address: `tile/<level>/<index>[.p/<width>]`,
`tile/entries/<index>[.p/<width>]`, `checkpoint`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256

from licence_vault.errors import LogDamaged
from onefile.verify.errors import ImpossibleProof
from onefile.verify.merkle import EMPTY_ROOT, node_hash

WIDTH = 256
CACHED_TILES = 64


def tile_path(level: int | str, index: int, width: int = WIDTH) -> str:
    """Return the path of a tile, or with the level `entries` of an entry bundle."""
    text, rest = f"{index % 1000:03d}", index // 1000
    while rest:
        text, rest = f"x{rest % 1000:03d}/{text}", rest // 1000
    return f"tile/{level}/{text}" + (f".p/{width}" if width < WIDTH else "")


def tile_width(level: int, index: int, size: int) -> int:
    """Return how many hashes a tile has in a tree of that size: 256 where it is full."""
    return min(WIDTH, (size >> 8 * level) - index * WIDTH)


def bundle(entries: Iterable[bytes]) -> bytes:
    """Return entries as a bundle: each with its length (two bytes, big-endian) before it."""
    return b"".join([part for entry in entries for part in (len(entry).to_bytes(2, "big"), entry)])


def unbundle(data: bytes, path: str) -> Iterator[bytes]:
    """Yield the entries of a bundle; LogDamaged when it does not end with one."""
    place = 0
    while place < len(data):
        length = int.from_bytes(data[place : place + 2], "big")
        place += 2 + length
        if place > len(data) or length == 0:
            raise LogDamaged(path, "it is cut short")
        yield data[place - length : place]


class TiledTree:
    """Roots and proofs over tiles that are read when asked for; the last few tiles are kept, hashed upwards."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._tiles: OrderedDict[tuple[int, int, int], list[list[bytes]]] = OrderedDict()

    def root(self, size: int) -> bytes:
        """Return the root (32 bytes) over the first `size` leaves."""
        return self._range(0, size, size) if size else EMPTY_ROOT

    def leaf_hash(self, index: int, size: int) -> bytes:
        """Return the hash of leaf `index` in the tree of that size."""
        return self._full(0, index, size)

    def peaks(self, size: int) -> list[bytes]:
        """Return the roots of the full subtrees of which the tree of that size is made, the largest first."""
        found, low = [], 0
        while low < size:
            power = (size - low).bit_length() - 1
            found.append(self._full(power, low >> power, size))
            low += 1 << power
        return found

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """Return the siblings from leaf `index` up to the root over `size` leaves (RFC 6962 section 2.1.1).

        Raises:
            ImpossibleProof: there is no such leaf.
            LogDamaged: a tile is missing or too short.
        """
        if not 0 <= index < size:
            raise ImpossibleProof("the tree has no leaf of that index")
        path, low, high = [], 0, size
        while high - low > 1:
            middle = _split(low, high)
            if index < middle:
                path.append(self._range(middle, high, size))
                high = middle
            else:
                path.append(self._range(low, middle, size))
                low = middle
        return path[::-1]

    def consistency_proof(self, size1: int, size2: int) -> list[bytes]:
        """Return what shows that the first `size1` leaves are how the tree of `size2` began (section 2.1.2).

        Raises:
            ImpossibleProof: `size1` is 0 or above `size2`.
            LogDamaged: a tile is missing or too short.
        """
        if not 0 < size1 <= size2:
            raise ImpossibleProof("size1 is not within the tree")
        path: list[bytes] = []
        low, high = 0, size2
        while size1 != high:
            middle = _split(low, high)
            if size1 <= middle:
                path.append(self._range(middle, high, size2))
                high = middle
            else:
                path.append(self._range(low, middle, size2))
                low = middle
        if low:
            path.append(self._range(low, high, size2))
        return path[::-1]

    def _range(self, low: int, high: int, size: int) -> bytes:
        """Return the root over leaves `low` to `high`, which begin where a tree of RFC 6962 may part."""
        if (high - low) & (high - low - 1) == 0:
            power = (high - low).bit_length() - 1
            return self._full(power, low >> power, size)
        middle = _split(low, high)
        return node_hash(self._range(low, middle, size), self._range(middle, high, size))

    def _full(self, power: int, number: int, size: int) -> bytes:
        """Return the root of the full subtree of 2**power leaves of that number."""
        level, inner = divmod(power, 8)
        index = number >> (8 - inner)
        return self._tile(level, index, size)[inner][number - (index << (8 - inner))]

    def _tile(self, level: int, index: int, size: int) -> list[list[bytes]]:
        """Return a tile's hashes and the full nodes above them, level by level."""
        key = (level, index, tile_width(level, index, size))
        if key not in self._tiles:
            self._tiles[key] = _nodes(self._hashes(*key))
            if len(self._tiles) > CACHED_TILES:
                self._tiles.popitem(last=False)
        self._tiles.move_to_end(key)
        return self._tiles[key]

    def _hashes(self, level: int, index: int, width: int) -> list[bytes]:
        path = tile_path(level, index, width)
        data = self._read(path)[: 32 * width]
        if len(data) != 32 * width:
            raise LogDamaged(path, "it is cut short")
        return [data[place : place + 32] for place in range(0, len(data), 32)]


def _nodes(hashes: list[bytes]) -> list[list[bytes]]:
    levels = [hashes]
    while len(levels[-1]) > 1:
        level = levels[-1]
        pairs = zip(level[::2], level[1::2], strict=False)
        levels.append([sha256(b"\x01" + left + right).digest() for left, right in pairs])
    return levels


def _split(low: int, high: int) -> int:
    """Return where RFC 6962 parts a range: after the largest power of two below its length."""
    return low + (1 << (high - low - 1).bit_length() - 1)
