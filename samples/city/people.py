"""People: who they are, from what family, and where they live. A row of `People` is a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from samples.city import families, numbers, words
from samples.city.calendar import NEVER, YEAR
from samples.city.chance import Chance, Flags, Ints, places
from samples.city.families import Kin
from samples.city.numbers import Codes

NOBODY = -1


@dataclass
class People:
    """Arrays by person; days are numbers, `NEVER` for one that has not come, `NOBODY` for none.

    `sex` is 1 or 2, `couple` the last marriage (a row of `Couples`), `moves` how often the
    person has moved house since the city began, `updated` since when the household register's
    entry is as it is. `surname`, `given` and `second` are places in the word lists.
    """

    number: Codes
    birth: Ints
    sex: Ints
    area: Ints
    surname: Ints
    ethnic: Ints
    father: Ints
    mother: Ints
    couple: Ints
    household: Ints
    relation: Ints
    moves: Ints
    died: Ints
    updated: Ints

    def __len__(self) -> int:
        return len(self.birth)

    def age(self, on: int) -> Ints:
        """Return whole years of age on a day."""
        return ((on - self.birth) / YEAR).astype(np.int64)

    def is_alive(self, on: int) -> Flags:
        """Say who lives on a day."""
        found: Flags = (self.birth <= on) & (self.died > on)
        return found


@dataclass
class Couples:
    """Arrays by marriage. `ending` is 30 by death, 40 by divorce, 0 where it stands; `is_again`: not their first."""

    man: Ints
    woman: Ints
    wedding: Ints
    ended: Ints
    ending: Ints
    is_again: Flags
    updated: Ints

    def __len__(self) -> int:
        return len(self.man)


def settle(chance: Chance, size: int, on: int) -> tuple[People, Couples]:
    """Make the people of a city, so many as they are on a day, and their marriages."""
    kin, couples = families.grow(chance, size, on)
    rows = np.arange(size)
    last = _last_couple(kin, couples)
    household, relation = _households(chance, kin, couples, last, on)
    people = People(
        number=numbers.citizen_numbers(kin.area, kin.birth, kin.sex, numbers.ranks(kin.area, kin.birth, kin.sex)),
        birth=kin.birth,
        sex=kin.sex,
        area=kin.area,
        surname=_handed_down(kin, places(chance.of("surname", rows), _zipf(len(words.SURNAMES)))),
        ethnic=_handed_down(kin, chance.weighted("ethnic group", rows, words.ETHNIC_SHARES)),
        father=kin.father,
        mother=kin.mother,
        couple=last,
        household=household,
        relation=relation,
        moves=np.zeros(size, dtype=np.int64),
        died=kin.died,
        updated=_updated(chance, kin, on),
    )
    ended = np.minimum(np.minimum(kin.died[couples.man], kin.died[couples.woman]), couples.ended)
    ending = np.where(couples.ended < NEVER, 40, np.where(ended < NEVER, 30, 0))
    again = couples.is_again
    latest = np.where(ended < NEVER, ended, couples.wedding)
    return people, Couples(couples.man, couples.woman, couples.wedding, ended, ending, again, latest)


def _zipf(size: int) -> list[float]:
    return [1.0 / (place + 4) for place in range(size)]


def _handed_down(kin: Kin, own: Ints) -> Ints:
    """Give each child what its father has, generation by generation."""
    found = own.copy()
    for first, end in kin.generations:
        rows = np.arange(first, end)
        heirs = rows[kin.father[rows] >= 0]
        found[heirs] = found[kin.father[heirs]]
    return found


def _last_couple(kin: Kin, couples: families.Pairs) -> Ints:
    found = np.full(len(kin.birth), NOBODY, dtype=np.int64)
    order = np.argsort(couples.wedding, kind="stable")
    found[couples.man[order]] = order
    found[couples.woman[order]] = order
    return found


def _households(chance: Chance, kin: Kin, couples: families.Pairs, last: Ints, on: int) -> tuple[Ints, Ints]:
    """Return each person's household and the relation to its head (a code of `household_relation`).

    A couple is a household, with its unmarried children; some old couples live with a child's.
    Who is divorced (women), grown and single, or without family lives alone.
    """
    size, pairs = len(kin.birth), len(couples.man)
    rows = np.arange(size)
    home = _homes(chance, kin, couples, last)
    parents = np.where(kin.father >= 0, last[np.maximum(kin.father, 0)], NOBODY)
    is_divorced = (last >= 0) & (couples.ended[np.maximum(last, 0)] < NEVER)
    is_grown = (on - kin.birth > 28 * YEAR) & chance.share("lives alone", rows, 0.6)
    with_couple = (last >= 0) & ~(is_divorced & (kin.sex == 2))
    with_parents = (last < 0) & (parents >= 0) & ~is_grown
    own = pairs + rows
    place = np.where(with_couple, np.maximum(last, 0), np.where(with_parents, np.maximum(parents, 0), NOBODY))
    household = np.where(place >= 0, home[np.maximum(place, 0)], own)
    is_guest = with_couple & (home[np.maximum(last, 0)] != last)
    husband_lives = kin.died[couples.man[np.maximum(last, 0)]] > on
    is_wife = with_couple & (kin.sex == 2) & husband_lives & ~is_divorced
    relation = np.where(is_guest, 5, np.where(is_wife, 1, np.where(with_parents, kin.sex + 1, 0)))
    return household, relation


def _homes(chance: Chance, kin: Kin, couples: families.Pairs, last: Ints) -> Ints:
    """Return for each couple the couple in whose home it lives: mostly its own."""
    pairs = np.arange(len(couples.man))
    home = pairs.copy()
    father = kin.father[couples.man]
    above = np.where(father >= 0, last[np.maximum(father, 0)], NOBODY)
    is_host = (above >= 0) & (kin.birth[couples.man] >= families.OLD_BEFORE)
    is_host &= np.where(above >= 0, kin.birth[couples.man[np.maximum(above, 0)]] < families.OLD_BEFORE, False)
    is_host &= chance.share("parents live with", pairs, 0.35) & (last[couples.man] == pairs)
    guests, first = np.unique(above[is_host], return_index=True)
    home[guests] = pairs[is_host][first]
    return home


def _updated(chance: Chance, kin: Kin, on: int) -> Ints:
    """Return since when each entry stands: some day of the last years, not before birth, at death for the dead."""
    rows = np.arange(len(kin.birth))
    some = on - 1 - chance.below("entry updated", rows, 3000)
    found: Ints = np.where(kin.died < NEVER, kin.died, np.maximum(some, kin.birth))
    return found
