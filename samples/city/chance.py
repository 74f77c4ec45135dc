"""Chance without a state: the same seed, name and row give the same draw, in whatever order rows are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


class Chance:
    """The draws of one city.

    `of` and what is built on it hash the row's number (splitmix64), so that a value stays the
    same from one day to the next; `stream` is a generator for what is drawn once, in order.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def stream(self, name: str) -> np.random.Generator:
        """Return the generator of that name, from its beginning."""
        return np.random.Generator(np.random.PCG64(self._key(name)))

    def of(self, name: str, rows: Ints) -> Floats:
        """Return a draw from [0, 1) for each row."""
        found: Floats = (self._hash(name, rows) >> np.uint64(11)).astype(np.float64) / float(1 << 53)
        return found

    def below(self, name: str, rows: Ints, bound: int | Ints) -> Ints:
        """Return a whole number from 0 to below `bound` for each row."""
        found: Ints = (self.of(name, rows) * bound).astype(np.int64)
        return found

    def share(self, name: str, rows: Ints, share: float) -> Flags:
        """Say for each row whether it is of that share of all."""
        found: Flags = self.of(name, rows) < share
        return found

    def weighted(self, name: str, rows: Ints, weights: Sequence[float]) -> Ints:
        """Return for each row a place in `weights`, the more often the heavier."""
        return places(self.of(name, rows), weights)

    def _key(self, name: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{self.seed}/{name}".encode()).digest()[:8], "little")

    def _hash(self, name: str, rows: Ints) -> NDArray[np.uint64]:
        start = np.uint64((self._key(name) + _GOLDEN) & _MASK)
        z = rows.astype(np.uint64) * np.uint64(_GOLDEN) + start
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        found: NDArray[np.uint64] = z ^ (z >> np.uint64(31))
        return found


def places(draws: Floats, weights: Sequence[float]) -> Ints:
    """Turn draws from [0, 1) into places in `weights`."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    found = np.searchsorted(edges / edges[-1], draws, side="right")
    return np.minimum(found, len(edges) - 1).astype(np.int64)
