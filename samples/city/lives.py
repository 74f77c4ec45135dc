"""What people do: where they work and are insured, and what they learnt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from samples.city import calendar, words
from samples.city.calendar import NEVER, YEAR, number
from samples.city.chance import Chance, Flags, Ints
from samples.city.firms import Firms
from samples.city.people import People

RUNS, ENDED, RETIRED = 1, 3, 4
LEVELS = ("90", "81", "71", "61", "41", "31", "21", "14", "11")
"""Codes of `education_level`, from none to doctoral; certificates are given from the fourth on."""

_CERTIFIED = 3
_LEVEL_SHARES = (
    (1956, (0.18, 0.38, 0.26, 0.09, 0.05, 0.03, 0.01, 0.0, 0.0)),
    (1976, (0.03, 0.15, 0.45, 0.15, 0.09, 0.08, 0.045, 0.005, 0.0)),
    (1991, (0.01, 0.04, 0.32, 0.16, 0.13, 0.18, 0.14, 0.018, 0.002)),
    (9999, (0.005, 0.01, 0.14, 0.2, 0.13, 0.25, 0.225, 0.037, 0.003)),
)
_AGE_AT_END = np.array([10, 12, 15, 18, 18, 21, 22, 25, 29])
_YEARS_OF_STUDY = np.array([0, 6, 3, 3, 3, 3, 4, 3, 4])
_FIRST_INSURED = number(date(1996, 1, 1))


@dataclass
class Jobs:
    """Arrays by person and employer; each is a row for every kind of insurance. `state`: RUNS, ENDED or RETIRED."""

    person: Ints
    firm: Ints
    began: Ints
    ended: Ints
    state: Ints
    updated: Ints


@dataclass
class Certificates:
    """Arrays by certificate; `level` is a place in `LEVELS`, `version` counts corrections of the subject studied."""

    person: Ints
    level: Ints
    graduated: Ints
    version: Ints


def employed(chance: Chance, people: People, firms: Firms, on: int) -> Jobs:
    """Return who works where, worked where before, and is retired."""
    rows = np.arange(len(people))
    age = people.age(on)
    alive = people.is_alive(on)
    works = rows[alive & (age >= 19) & (age < 60) & chance.share("works", rows, 0.62)]
    retired = rows[alive & (age >= 60) & (age < 82) & chance.share("drew a pension", rows, 0.4)]
    before = works[chance.share("worked before", works, 0.2)]
    firm_now = _employers(chance, "employer", works, firms)
    firm_then = _employers(chance, "earlier employer", before, firms)
    jobs = [
        _jobs(chance, people, firms, (works, firm_now), RUNS, on),
        _jobs(chance, people, firms, (retired, _employers(chance, "last employer", retired, firms)), RETIRED, on),
    ]
    kept = firm_then != firm_now[np.searchsorted(works, before)]
    jobs.append(_jobs(chance, people, firms, (before[kept], firm_then[kept]), ENDED, on))
    return Jobs(*(np.concatenate([getattr(job, name) for job in jobs]) for name in Jobs.__dataclass_fields__))


def learnt(chance: Chance, people: People, on: int) -> tuple[Ints, Certificates]:
    """Return everybody's level of education (a place in `LEVELS`), and the certificates of the higher ones."""
    rows = np.arange(len(people))
    year = calendar.years(people.birth)
    level, low = np.zeros(len(rows), dtype=np.int64), 0
    for high, shares in _LEVEL_SHARES:
        mine = (year >= low) & (year < high)
        level[mine] = chance.weighted("education", rows[mine], shares)
        low = high
    end = np.minimum(on, people.died)
    while (early := graduation(people.birth, level) > end).any() and level[early].max() > 0:
        level[early] = np.maximum(0, level[early] - 1)
    own = rows[level >= _CERTIFIED]
    scholars = rows[level > LEVELS.index("21")]
    person = np.concatenate([own, scholars])
    of = np.concatenate([level[own], np.full(len(scholars), LEVELS.index("21"))])
    return level, Certificates(person, of, graduation(people.birth[person], of), np.zeros(len(person), dtype=np.int64))


def graduation(birth: Ints, level: Ints) -> Ints:
    """Return the day on which a level is reached: the first of July of some year."""
    return calendar.of_year(calendar.years(birth) + _AGE_AT_END[level] + 1, 7, 1)


def entry(certificates: Certificates, rows: Ints) -> Ints:
    """Return the first day at school for each certificate."""
    graduated = certificates.graduated[rows]
    return calendar.of_year(calendar.years(graduated) - _YEARS_OF_STUDY[certificates.level[rows]], 9, 1)


def school(chance: Chance, certificates: Certificates, rows: Ints) -> Ints:
    """Return the school of each certificate, a place in `words.SCHOOLS`."""
    level, kinds = certificates.level[rows], len(words.SCHOOLS) // 4
    is_higher, is_college = level >= LEVELS.index("21"), level == LEVELS.index("31")
    kind = np.where(is_higher, 0, np.where(is_college, 2, np.where(level == LEVELS.index("41"), 6, 4)))
    other = np.where(is_higher | is_college, chance.below("kind of school", rows, 2), 0)
    found: Ints = np.minimum(kind + other, kinds - 1) * 4 + chance.below("school", rows, 4)
    return found


def is_nameless(chance: Chance, certificates: Certificates, rows: Ints) -> Flags:
    """Say which certificates lack their holder's number: many of the old ones, hardly any of the new."""
    share = np.where(calendar.years(certificates.graduated[rows]) < 2001, 0.12, 0.004)
    found: Flags = chance.of("certificate without number", rows) < share
    return found


def _employers(chance: Chance, name: str, rows: Ints, firms: Firms) -> Ints:
    """Return an employer for each row; few employ many."""
    pool = np.flatnonzero(firms.is_active())
    weight = np.cumsum((1.0 / (1.0 - chance.of("size", pool))) ** 0.8)
    found: Ints = pool[np.searchsorted(weight, chance.of(name, rows) * weight[-1], side="right").clip(0, len(pool) - 1)]
    return found


def _jobs(chance: Chance, people: People, firms: Firms, who_where: tuple[Ints, Ints], state: int, on: int) -> Jobs:
    person, firm = who_where
    grown = people.birth[person] + int(18.5 * YEAR)
    start = np.maximum(np.maximum(grown, firms.established[firm]), _FIRST_INSURED)
    key = person * 4 + state
    began = start + (chance.of("began", key) * np.maximum(0, on - 40 - start)).astype(np.int64)
    began = np.minimum(began, on)
    ended = np.full(len(person), NEVER, dtype=np.int64)
    if state != RUNS:
        last = np.maximum(began, np.minimum(on, people.birth[person] + int(60.5 * YEAR))) if state == RETIRED else on
        ended = began + (chance.of("stayed", key) * np.maximum(0, last - began)).astype(np.int64)
    updated = np.where(ended < NEVER, ended, np.maximum(began, on - 1 - chance.below("insurance updated", key, 360)))
    return Jobs(person, firm, began, ended, np.full(len(person), state, dtype=np.int64), updated)
