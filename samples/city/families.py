"""Families, grown generation by generation: founders marry, their children marry, and so on to the present day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from samples.city.calendar import NEVER, YEAR, number, years
from samples.city.chance import Chance, Flags, Floats, Ints, places
from samples.city.numbers import AREAS

FIRST_BIRTH, LAST_FOUNDER = number(date(1936, 1, 1)), number(date(1962, 12, 31))
OLD_BEFORE = number(date(1958, 1, 1))
"""Couples born before this day may live with a child's family."""

_FOUNDERS = 0.31
_IN_FAMILIES = 0.9
_CHILDREN = ((1980, (0.03, 0.12, 0.35, 0.32, 0.18)), (2016, (0.04, 0.42, 0.42, 0.12)), (9999, (0.12, 0.36, 0.42, 0.1)))
"""Up to which year of wedding how many couples have 0, 1, 2 … children."""


@dataclass(frozen=True)
class Kin:
    """Arrays by person: days are numbers, -1 is nobody. `generations` are the rows of each."""

    birth: Ints
    sex: Ints
    area: Ints
    father: Ints
    mother: Ints
    died: Ints
    generations: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Pairs:
    """Arrays by marriage; `ended` is the day of a divorce, NEVER without one."""

    man: Ints
    woman: Ints
    wedding: Ints
    ended: Ints
    is_again: Flags


def grow(chance: Chance, size: int, on: int) -> tuple[Kin, Pairs]:
    """Make exactly `size` people as they are on a day, and their marriages.

    Most belong to families; the rest came to the city alone.
    """
    rng = chance.stream("families")
    kin = _founders(rng, max(2, int(size * _FOUNDERS)), on)
    every, first = _no_pairs(), 0
    while first < len(kin.birth):
        pairs = _pairs(rng, kin, first, on)
        generation = len(kin.birth)
        kin, divorced = _with_children(rng, kin, pairs, on)
        every = _both(every, Pairs(pairs.man, pairs.woman, pairs.wedding, divorced, pairs.is_again))
        first = generation
    kin, every = _trimmed(kin, every, int(size * _IN_FAMILIES))
    every = _both(every, _second_pairs(rng, kin, every, on))
    return _with_newcomers(rng, kin, size, on), every


def _no_pairs() -> Pairs:
    none = np.zeros(0, dtype=np.int64)
    return Pairs(none, none, none, none, np.zeros(0, dtype=np.bool_))


def _both(one: Pairs, other: Pairs) -> Pairs:
    return Pairs(*(np.concatenate([getattr(one, name), getattr(other, name)]) for name in Pairs.__dataclass_fields__))


def _founders(rng: np.random.Generator, count: int, on: int) -> Kin:
    birth = rng.integers(FIRST_BIRTH, LAST_FOUNDER, count)
    sex = 1 + np.arange(count) % 2
    nobody = np.full(count, -1, dtype=np.int64)
    return Kin(birth, sex, rng.integers(0, len(AREAS), count), nobody, nobody, _deaths(rng, birth, on), ((0, count),))


def _deaths(rng: np.random.Generator, birth: Ints, on: int) -> Ints:
    """Return each one's day of death by Gompertz' law, NEVER where it lies after `on`."""
    span = np.log1p(-np.log1p(-rng.random(len(birth))) * 0.1 / 2.4e-5) / 0.1
    day = birth + (span * YEAR).astype(np.int64)
    return np.where(day <= on, np.maximum(day, birth + 1), NEVER)


def _pairs(rng: np.random.Generator, kin: Kin, first: int, on: int) -> Pairs:
    """Marry most of the people from row `first` on, to somebody of about their age and no sibling."""
    rows = np.arange(first, len(kin.birth))
    rows = rows[rng.random(len(rows)) < 0.93]
    near = kin.birth[rows] + rng.normal(0, 700, len(rows)) + np.where(kin.sex[rows] == 2, -800, 0)
    rows = rows[np.argsort(near, kind="stable")]
    men, women = rows[kin.sex[rows] == 1], rows[kin.sex[rows] == 2]
    count = min(len(men), len(women))
    men, women = men[:count], women[:count]
    ready = np.maximum(kin.birth[men] + 22 * YEAR, kin.birth[women] + 20 * YEAR).astype(np.int64) + 1
    wedding = ready + rng.gamma(1.6, 900, count).astype(np.int64)
    dead = np.minimum(kin.died[men], kin.died[women])
    is_kin = (kin.mother[men] >= 0) & (kin.mother[men] == kin.mother[women])
    kept = (wedding < np.minimum(on, dead)) & ~is_kin
    never = np.full(int(kept.sum()), NEVER, dtype=np.int64)
    return Pairs(men[kept], women[kept], wedding[kept], never, np.zeros(len(never), dtype=np.bool_))


def _with_children(rng: np.random.Generator, kin: Kin, pairs: Pairs, on: int) -> tuple[Kin, Ints]:
    """Return the people with the couples' children, and the day on which each couple was divorced."""
    count = _wanted(rng.random(len(pairs.man)), years(pairs.wedding))
    couple = np.repeat(np.arange(len(pairs.man)), count)
    nth = np.arange(len(couple)) - np.repeat(np.cumsum(count) - count, count)
    birth = pairs.wedding[couple] + 280 + nth * 1000 + rng.integers(0, 800, len(couple))
    man, woman = pairs.man[couple], pairs.woman[couple]
    last = np.minimum(kin.died[woman], kin.died[man] + 200)
    kept = (birth <= on) & (birth < kin.birth[woman] + 45 * YEAR) & (birth < last)
    couple, birth, man, woman = couple[kept], birth[kept], man[kept], woman[kept]
    born = len(birth)
    grown = Kin(
        birth=np.concatenate([kin.birth, birth]),
        sex=np.concatenate([kin.sex, 1 + (rng.random(born) >= 0.52).astype(np.int64)]),
        area=np.concatenate([kin.area, kin.area[woman]]),
        father=np.concatenate([kin.father, man]),
        mother=np.concatenate([kin.mother, woman]),
        died=np.concatenate([kin.died, _deaths(rng, birth, on)]),
        generations=(*kin.generations, (len(kin.birth), len(kin.birth) + born)) if born else kin.generations,
    )
    settled = pairs.wedding.copy()
    np.maximum.at(settled, couple, birth)
    return grown, _divorces(rng, kin, pairs, settled, on)


def _wanted(draws: Floats, wedding: Ints) -> Ints:
    found = np.zeros(len(draws), dtype=np.int64)
    low = 0
    for year, shares in _CHILDREN:
        mine = (wedding >= low) & (wedding < year)
        found[mine] = places(draws[mine], shares)
        low = year
    return found


def _divorces(rng: np.random.Generator, kin: Kin, pairs: Pairs, settled: Ints, on: int) -> Ints:
    day = settled + 400 + rng.integers(0, 5000, len(settled))
    alive = np.minimum(kin.died[pairs.man], kin.died[pairs.woman])
    is_divorced = (rng.random(len(settled)) < 0.16) & (day < np.minimum(on, alive)) & (years(pairs.wedding) > 1980)
    return np.where(is_divorced, day, NEVER)


def _second_pairs(rng: np.random.Generator, kin: Kin, every: Pairs, on: int) -> Pairs:
    """Marry a third of the divorced again, to each other in another order."""
    divorced = np.flatnonzero(every.ended < NEVER)
    divorced = divorced[rng.random(len(divorced)) < 0.35]
    one, other = divorced, np.roll(divorced, 1)
    man, woman = every.man[one], every.woman[other]
    wedding = np.maximum(every.ended[one], every.ended[other]) + 200 + rng.integers(0, 1500, len(one))
    kept = (one != other) & (wedding < np.minimum(on, np.minimum(kin.died[man], kin.died[woman])))
    never = np.full(int(kept.sum()), NEVER, dtype=np.int64)
    return Pairs(man[kept], woman[kept], wedding[kept], never, np.ones(len(never), dtype=np.bool_))


def _trimmed(kin: Kin, every: Pairs, most: int) -> tuple[Kin, Pairs]:
    """Leave out the youngest who neither married nor have children, until at most `most` are left."""
    surplus = len(kin.birth) - most
    if surplus <= 0:
        return kin, every
    is_leaf = np.ones(len(kin.birth), dtype=np.bool_)
    for tied in (kin.father[kin.father >= 0], kin.mother[kin.mother >= 0], every.man, every.woman):
        is_leaf[tied] = False
    gone = np.flatnonzero(is_leaf)[-surplus:]
    kept = np.ones(len(kin.birth), dtype=np.bool_)
    kept[gone] = False
    place = np.concatenate([np.cumsum(kept) - 1, [-1]])  # the last stands for nobody, whose row is -1
    ends = [(int(kept[:first].sum()), int(kept[:end].sum())) for first, end in kin.generations]
    trimmed = Kin(
        kin.birth[kept], kin.sex[kept], kin.area[kept], place[kin.father[kept]], place[kin.mother[kept]],
        kin.died[kept], tuple(ends),
    )  # fmt: skip
    return trimmed, Pairs(place[every.man], place[every.woman], every.wedding, every.ended, every.is_again)


def _with_newcomers(rng: np.random.Generator, kin: Kin, size: int, on: int) -> Kin:
    """Add people of working age without family, up to the size wanted."""
    count = size - len(kin.birth)
    birth = on - (rng.uniform(19, 58, count) * YEAR).astype(np.int64)
    nobody = np.full(count, -1, dtype=np.int64)
    added = {
        "birth": birth,
        "sex": rng.integers(1, 3, count),
        "area": rng.integers(0, len(AREAS), count),
        "father": nobody,
        "mother": nobody,
        "died": np.full(count, NEVER, dtype=np.int64),
    }
    joined = {name: np.concatenate([getattr(kin, name), column]) for name, column in added.items()}
    return Kin(**joined, generations=kin.generations)
