"""Which rows of a delivery are spoilt and how, laid down before it is written, and what was planted then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from samples.city.chance import Flags, Ints
from samples.city.columns import Column
from samples.dirt.cells import conflict_cell, swapped_cells
from samples.dirt.kinds import KINDS, Cell
from samples.dirt.rates import CONFLICT, DUPLICATE, SWAPPED, Rates

CLEAN, AGAIN, OTHERWISE, EXCHANGED = -1, -2, -3, -4
"""What becomes of a row, beside a place in `KINDS`: nothing; the second alike; the second with other content; a number
and a name in each other's place."""


_LENGTHS_OF_NUMBERS = (15, 18)


@dataclass(frozen=True)
class Defect:
    """A planted defect. `row` counts from 1 through the delivery; `expected` is a reason code, `duplicate`, or None.

    `is_detectable` says that the flow must tell it by the row: as a rejection or a duplicate.
    """

    row: int
    column: str
    kind: str
    expected: str | None

    @property
    def is_detectable(self) -> bool:
        return self.expected is not None


@dataclass(frozen=True)
class Plan:
    """The rows of a delivery in order. `order` are places in the rows handed in, `fate` what becomes of each,
    `contested` the rows whose key stands in the delivery again with another content.
    """

    order: Ints
    fate: Ints
    contested: Flags
    seeds: Ints


def plan(
    rng: np.random.Generator, may_spoil: Flags, cells: Sequence[Cell], most_share: float | None, rates: Rates
) -> Plan:
    """Lay down the defects of a delivery: at most one a row.

    Args:
        may_spoil: by row; the others stay as they are, and are not sent twice.
        cells: where defects may stand.
        most_share: the share of rejected rows above which the delivery would be held back; it
            is kept well below that. None: no bound.
    """
    size = len(may_spoil)
    pool = np.flatnonzero(may_spoil)
    rng.shuffle(pool)
    counts = [_count(rates.of(kind.name), size) for kind in KINDS]
    doubled = _count(rates.of(DUPLICATE), size)
    contradicted = _count(rates.of(CONFLICT), size) if conflict_cell(tuple(cells)) else 0
    swapped = _count(rates.of(SWAPPED), size) if swapped_cells(tuple(cells)) else 0
    telling = [any(kind.expected(cell) for cell in cells) for kind in KINDS]
    rejected = sum(c for c, is_told in zip(counts, telling, strict=True) if is_told) + 2 * contradicted + swapped
    if most_share is not None and rejected > size * most_share / 2:
        counts, contradicted, swapped = [0] * len(KINDS), 0, 0
    fate = np.full(size, CLEAN, dtype=np.int64)
    at = 0
    for place, count in (*enumerate(counts), (EXCHANGED, swapped)):
        fate[pool[at : at + count]] = place
        at += count
    twice, other = pool[at : at + doubled], pool[at + doubled : at + doubled + contradicted]
    return _ordered(rng, fate, twice, other)


def _count(per_mille: float, size: int) -> int:
    """Return how many rows of a delivery have a defect; one in deliveries of some size, so that each kind is met."""
    count = round(per_mille * size / 1000)
    return count or int(size >= 500 and per_mille > 0)


def _ordered(rng: np.random.Generator, fate: Ints, twice: Ints, other: Ints) -> Plan:
    """Put the second rows somewhere behind the first ones."""
    size = len(fate)
    second = np.concatenate([twice, other])
    order = np.concatenate([np.arange(size), second])
    fates = np.concatenate([fate, np.full(len(twice), AGAIN), np.full(len(other), OTHERWISE)])
    where = np.concatenate([np.arange(size), second + rng.random(len(second)) * (size - second) + 0.5])
    contested = np.zeros(size, dtype=np.bool_)
    contested[other] = True
    turn = np.argsort(where, kind="stable")
    order = order[turn]
    return Plan(order, fates[turn], contested[order] & (fates[turn] != AGAIN), rng.integers(0, 1 << 30, len(order)))


class Planter:
    """Plants a plan's defects in the texts of a delivery, chunk by chunk, and keeps account of them."""

    def __init__(self, cells: tuple[Cell, ...], key_header: str) -> None:
        self._cells = cells
        self.key = key_header
        self._fitting = [tuple(cell for cell in cells if kind.fits(cell)) for kind in KINDS]
        self._other = conflict_cell(cells)
        self._swapped = swapped_cells(cells)
        self.defects: list[Defect] = []

    def plant(self, texts: dict[str, Column], laid: Plan, start: int) -> dict[str, Column]:
        """Return the texts of the rows from `start` (of the plan) on with their defects."""
        count = len(next(iter(texts.values())))
        part = slice(start, start + count)
        spoilt: dict[str, dict[int, str]] = {}
        for row in np.flatnonzero((laid.fate[part] != CLEAN) | laid.contested[part]).tolist():
            fate, seed = int(laid.fate[start + row]), int(laid.seeds[start + row])
            if fate >= 0:
                self._spoil(texts, spoilt, row, start, fate, seed)
            elif fate == EXCHANGED:
                self._exchange(texts, spoilt, row, start)
            elif fate == AGAIN:
                self.defects.append(Defect(start + row + 1, self.key, DUPLICATE, DUPLICATE))
            else:
                self._contradict(texts, spoilt, row, start, is_second=fate == OTHERWISE)
        return {header: _replaced(column, spoilt.get(header, {})) for header, column in texts.items()}

    def tell(self, told: Mapping[str, tuple[str, Flags]], headers: Mapping[str, str], start: int) -> None:
        """Keep account of what is odd in the city itself: by column the kind and the rows."""
        for column, (kind, rows) in told.items():
            if column in headers:
                found = (start + np.flatnonzero(rows) + 1).tolist()
                self.defects += [Defect(row, headers[column], kind, None) for row in found]

    def _spoil(
        self, texts: Mapping[str, Column], spoilt: dict[str, dict[int, str]], row: int, start: int, fate: int, seed: int
    ) -> None:
        """Spoil the first fitting cell of the row that gives something to spoil."""
        kind, fitting = KINDS[fate], self._fitting[fate]
        for turn in range(len(fitting)):
            cell = fitting[(seed + turn) % len(fitting)]
            text = kind.spoil(texts[cell.header][row].as_py(), cell, seed)
            if text is not None:
                spoilt.setdefault(cell.header, {})[row] = text
                self.defects.append(Defect(start + row + 1, cell.header, kind.name, kind.expected(cell)))
                return

    def _exchange(self, texts: Mapping[str, Column], spoilt: dict[str, dict[int, str]], row: int, start: int) -> None:
        """Put a number and a name into each other's place, where both are there."""
        if self._swapped is None:
            return
        number, name = (cell.header for cell in self._swapped)
        digits, word = texts[number][row].as_py(), texts[name][row].as_py()
        if digits and word and len(word) not in _LENGTHS_OF_NUMBERS:
            spoilt.setdefault(number, {})[row], spoilt.setdefault(name, {})[row] = word, digits
            self.defects.append(Defect(start + row + 1, number, SWAPPED, "length"))

    def _contradict(
        self, texts: Mapping[str, Column], spoilt: dict[str, dict[int, str]], row: int, start: int, *, is_second: bool
    ) -> None:
        self.defects.append(Defect(start + row + 1, self.key, CONFLICT, "key_conflict"))
        if is_second and self._other is not None:
            text = texts[self._other.header][row].as_py() or ""
            spoilt.setdefault(self._other.header, {})[row] = f"{text}甲"


def _replaced(column: Column, spoilt: Mapping[int, str]) -> Column:
    if not spoilt:
        return column
    mask = np.zeros(len(column), dtype=np.bool_)
    rows = sorted(spoilt)
    mask[rows] = True
    return pc.replace_with_mask(column, pa.array(mask), pa.array([spoilt[row] for row in rows], pa.string()))
