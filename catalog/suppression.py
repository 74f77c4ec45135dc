"""Which counts of some tables are told, so that none is small and none that was taken out follows from others. Pure.

Tables of one resource are looked at together. Whoever reads them is taken to know how many rows there are and the sum
of every line besides, and how the tables hang together: a cell is the sum of the cells of a finer table that lie in it.
So of many groups of cells the sum is known, and what is told of a group gives away the sum of the rest of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import permutations

Key = tuple[str | None, ...]
Counts = Mapping[Key, int]
Told = dict[Key, int | None]
Cell = tuple[int, Key]
Nest = Mapping[Cell, list[Cell]]
"""By cell of one table the cells of another that it is the sum of."""
MOST_AUDITED = 1_000
"""Of how many cells of the finest table linear sums are gone through; of more, line by line alone."""
_PRIME = 2**61 - 1


@dataclass(frozen=True)
class Table:
    """Rows counted by some columns; every count is from 1."""

    by: tuple[str, ...]
    counts: Counts = field(repr=False)

    def words(self, key: Key, columns: Sequence[str]) -> Key:
        """Return what a cell says of some of its columns."""
        return tuple(key[self.by.index(name)] for name in columns)


def suppress(tables: Sequence[Table], least: int, finest: Table | None = None) -> list[Told]:
    """Return the tables with None for each count that is taken out.

    Taken out are counts below `least`; in a group of which the sum is known (the whole table; a line, which is the
    cells that are alike in all columns but one; the cells that a told cell is the sum of; and those that lie in what
    another group has hidden) what is alone, or comes to less than `least` together: then the smallest of the others
    goes too; of a cell that goes, one at least of the finer cells that it is the sum of; and where `finest` is given,
    whatever sums and differences of what is told still give away.

    Args:
        finest: the rows counted by all columns that any table has; None, or too large: sums are not gone through, and
            that cells lie in others is seen by the columns alone.
    """
    cells = {(place, key): n for place, table in enumerate(tables) for key, n in table.counts.items()}
    hidden = {cell for cell, number in cells.items() if number < least}
    audited = finest if finest is not None and len(finest.counts) <= MOST_AUDITED else None
    lines, nests = [*_lines(tables)], [*_nests(tables, audited)]
    groups = [*lines, *([coarse, *finer] for nest in nests for coarse, finer in nest.items())]
    while True:
        look = _Look(cells, hidden, least)
        more = {one for line in lines for one in look.alone(line)}
        more = more or {one for nest in nests for one in look.seen_through(nest)}
        more = more or {one for known in (*lines, *look.told(nests)) for one in look.rest(known, nests)}
        if not more and audited is not None:
            more = _given_away(tables, audited, hidden, cells, groups)
        if not more:
            return [_told(table, {key for place, key in hidden if place == mine}) for mine, table in enumerate(tables)]
        hidden |= more


def _told(table: Table, hidden: set[Key]) -> Told:
    return {key: None if key in hidden else table.counts[key] for key in sorted(table.counts, key=_text)}


def _lines(tables: Sequence[Table]) -> Iterator[list[Cell]]:
    """Yield the cells of each table: all, and those that are alike in all columns but one."""
    for place, table in enumerate(tables):
        yield [(place, key) for key in table.counts]
        for column in range(len(table.by)):
            groups: dict[Key, list[Cell]] = {}
            for key in table.counts:
                groups.setdefault((*key[:column], *key[column + 1 :]), []).append((place, key))
            yield from groups.values()


def _nests(tables: Sequence[Table], finest: Table | None) -> Iterator[Nest]:
    """Yield for two tables, of which each cell of one lies in one of the other's, which lie in which."""
    for (place, coarse), (other, finer) in permutations(enumerate(tables), 2):
        lies = _lying(coarse, finer, finest)
        nest: dict[Cell, list[Cell]] = {}
        for key in lies:
            nest.setdefault((place, lies[key]), []).append((other, key))
        if nest:
            yield nest


def _lying(coarse: Table, finer: Table, finest: Table | None) -> Mapping[Key, Key]:
    """Return by cell of a table in which of another's it lies; nothing where one may lie in several.

    That a street lies in a district tell the columns where the street's table has the district, else the rows.
    """
    if set(coarse.by) <= set(finer.by):
        return {key: finer.words(key, coarse.by) for key in finer.counts}
    found: dict[Key, Key] = {}
    if finest is None:
        return {}
    for key in finest.counts:
        if found.setdefault(finest.words(key, finer.by), there := finest.words(key, coarse.by)) != there:
            return {}
    return found


@dataclass(frozen=True)
class _Look:
    """Looks for what has to go besides what is hidden."""

    cells: Mapping[Cell, int]
    hidden: set[Cell]
    least: int

    def alone(self, group: Sequence[Cell], whole: Cell | None = None) -> Iterator[Cell]:
        """Yield what goes with cells of a group that are alone, or few together; where no other is left, `whole`."""
        gone = self.gone(group)
        if gone and (len(gone) == 1 or sum(self.cells[cell] for cell in gone) < self.least):
            others = [cell for cell in group if cell not in self.hidden]
            yield from _smallest(others or ([] if whole is None else [whole]), self.cells)

    def seen_through(self, nest: Nest) -> Iterator[Cell]:
        """Yield what goes of the cells that a hidden one is the sum of, where all of them are told, and the reverse."""
        for coarse, finer in nest.items():
            if coarse not in self.hidden:
                yield from self.alone(finer, coarse)
            elif not self.gone(finer):
                yield from _smallest(finer, self.cells)

    def told(self, nests: Sequence[Nest]) -> Iterator[list[Cell]]:
        """Yield the cells that told ones are the sums of."""
        yield from (finer for nest in nests for coarse, finer in nest.items() if coarse not in self.hidden)

    def rest(self, group: Sequence[Cell], nests: Sequence[Nest]) -> Iterator[Cell]:
        """Yield what goes of the finer cells that lie in what is hidden of a group: their sum is known as well."""
        gone = self.gone(group)
        for nest in nests if gone else ():
            inside = [cell for each in gone for cell in nest.get(each, ())]
            if len(inside) > len(gone):
                yield from self.alone(inside)
                yield from self.rest(inside, nests)

    def gone(self, group: Sequence[Cell]) -> list[Cell]:
        return [cell for cell in group if cell in self.hidden]


def _smallest(some: list[Cell], cells: Mapping[Cell, int]) -> Iterator[Cell]:
    if some:
        yield min(some, key=lambda cell: (cells[cell], cell[0], _text(cell[1])))


def _given_away(
    tables: Sequence[Table], finest: Table, hidden: set[Cell], cells: Mapping[Cell, int], groups: list[list[Cell]]
) -> set[Cell]:
    """Return what goes besides because sums and differences of what is told come to a hidden cell.

    It is the smallest of those that stand together with it in one of the `groups`.
    """
    parts: dict[Cell, dict[int, int]] = {cell: {} for cell in cells}
    for number, key in enumerate(finest.counts):
        for place, table in enumerate(tables):
            parts[place, finest.words(key, table.by)][number] = 1
    known = _Sums()
    known.learn(dict.fromkeys(range(len(finest.counts)), 1))  # how many rows there are is told
    for cell in sorted(cells.keys() - hidden, key=lambda cell: len(parts[cell])):
        known.learn(parts[cell])
    found = next((cell for cell in sorted(hidden, key=lambda c: (c[0], _text(c[1]))) if known.give(parts[cell])), None)
    if found is None:
        return set()
    beside = [cell for group in groups if found in group for cell in group if cell not in hidden]
    return set(_smallest(beside or [cell for cell in cells if cell not in hidden], cells))


class _Sums:
    """What follows from sums that are known, by elimination; numbers are taken modulo a large prime."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[int, int]] = {}

    def learn(self, row: Mapping[int, int]) -> None:
        """Take a sum in: by the number of each unknown in it how often it is there."""
        rest = self._reduced(row)
        if rest:
            first = min(rest)
            factor = pow(rest[first], -1, _PRIME)
            self._rows[first] = {place: value * factor % _PRIME for place, value in rest.items()}

    def give(self, row: Mapping[int, int]) -> bool:
        """Say whether a sum follows from those that are known."""
        return not self._reduced(row)

    def _reduced(self, row: Mapping[int, int]) -> dict[int, int]:
        rest, waiting = dict(row), sorted(row)
        while waiting:
            place = heappop(waiting)
            factor, pivot = rest.get(place, 0), self._rows.get(place)
            if not factor or pivot is None:
                continue
            for each, value in pivot.items():
                if each not in rest:
                    heappush(waiting, each)
                rest[each] = (rest.get(each, 0) - factor * value) % _PRIME
        return {place: value for place, value in rest.items() if value}


def _text(key: Key) -> list[str]:
    return [part or "" for part in key]
