"""What happens in a day, from births to new firms, and what that changes in the registers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from samples.city import firms, lives, numbers, registers, words
from samples.city.calendar import NEVER, YEAR
from samples.city.chance import Ints
from samples.city.city import City, joined
from samples.city.firms import Holdings, Penalties, Permits
from samples.city.lives import Jobs
from samples.city.people import NOBODY, Couples, People
from samples.city.views import INSURANCES

MOVES, JOBS, WEDDINGS, DIVORCES, BIRTHS, DEATHS = 0.001, 0.001, 0.0001, 0.00004, 0.0001, 0.00005
"""How many of the people a day; at least one of each happens."""

FIRM_MOVES, FIRM_STARTS, FIRM_ENDS, FIRM_HEADS, PERMITS, PENALTIES = 0.002, 0.001, 0.0005, 0.0005, 0.001, 0.0003
"""How many of the enterprises a day; at least one of each happens."""

CORRECTIONS, ERRORS = 0.0005, 0.0001
"""Certificates corrected, and entries withdrawn because they should never have been made, a day."""


@dataclass
class Day:
    """What changed: by table the rows to be handed over, and those whose entry is taken back."""

    number: int
    gone_before: Mapping[str, Ints] = field(default_factory=dict)
    changed: dict[str, list[Ints]] = field(default_factory=lambda: defaultdict(list))
    withdrawn: dict[str, list[Ints]] = field(default_factory=lambda: defaultdict(list))

    def change(self, table: str, rows: Ints) -> None:
        """Note that the rows' entries are new or other than before."""
        self.changed[table].append(rows)

    def rows(self, table: str) -> Ints:
        """Return the rows that changed, each once; not those taken back before."""
        rows = _distinct(self.changed.get(table, []))
        return np.setdiff1d(rows, self.gone_before[table]) if table in self.gone_before else rows

    def gone(self, table: str) -> Ints:
        """Return the rows that were taken back, each once."""
        return _distinct(self.withdrawn.get(table, []))


class _Dice:
    """The draws of one day."""

    def __init__(self, city: City, day: int) -> None:
        self.rng = city.chance.stream(f"day {day}")

    def some(self, pool: Ints, share: float, of: int) -> Ints:
        """Draw a share of `of`, at least one, from the pool."""
        count = min(len(pool), max(1, round(share * of)))
        return np.sort(self.rng.choice(pool, count, replace=False)) if count else pool[:0]

    def one_each(self, pool: Ints, count: int) -> Ints:
        """Draw one for each, with replacement."""
        return self.rng.choice(pool, count) if len(pool) else np.zeros(0, dtype=np.int64)


def live(city: City, day: int) -> Day:
    """Let a day pass in the city, and return what it changed."""
    city.day = day
    today, dice = Day(day, dict(city.gone)), _Dice(city, day)
    for happen in _EVENTS:
        happen(city, today, dice)
    return today


def _weddings(city: City, today: Day, dice: _Dice) -> None:
    people = city.people
    single = (people.couple < 0) & city.is_there() & (people.birth > today.number - 35 * YEAR)
    single &= people.birth < today.number - np.where(people.sex == 1, 22, 20) * YEAR - 2
    men, women = np.flatnonzero(single & (people.sex == 1)), np.flatnonzero(single & (people.sex == 2))
    if not len(men) or not len(women):
        return
    count = min(len(men), len(women), max(1, round(WEDDINGS * len(people))))
    man, woman = dice.rng.choice(men, count, replace=False), dice.rng.choice(women, count, replace=False)
    apart = (people.mother[man] < 0) | (people.mother[man] != people.mother[woman])
    man, woman = man[apart], woman[apart]
    rows = np.arange(len(man)) + len(city.couples)
    wedding = np.full(len(man), today.number, dtype=np.int64)
    none = np.zeros(len(man), dtype=np.int64)
    city.couples = joined(
        city.couples, Couples(man, woman, wedding, none + NEVER, none, none.astype(np.bool_), wedding)
    )
    people.couple[man], people.couple[woman] = rows, rows
    _entered(city, today, np.concatenate([man, woman]))
    today.change("marriage", rows)


def _divorces(city: City, today: Day, dice: _Dice) -> None:
    standing = np.flatnonzero((city.couples.ended == NEVER) & (city.couples.wedding < today.number - 400))
    rows = dice.some(standing, DIVORCES, len(city.people))
    _ended(city, today, rows, 40)
    _entered(city, today, np.concatenate([city.couples.man[rows], city.couples.woman[rows]]))


def _births(city: City, today: Day, dice: _Dice) -> None:
    people, couples = city.people, city.couples
    youngest = np.full(len(people), -NEVER, dtype=np.int64)
    mothers = people.mother[people.mother >= 0]
    np.maximum.at(youngest, mothers, people.birth[people.mother >= 0])
    age = today.number - people.birth[couples.woman]
    fit = (couples.ended == NEVER) & (age < 42 * YEAR) & (couples.wedding < today.number - 250)
    fit &= youngest[couples.woman] < today.number - 400
    rows = dice.some(np.flatnonzero(fit), BIRTHS, len(people))
    count, man, woman = len(rows), couples.man[rows], couples.woman[rows]
    none, day = np.zeros(count, dtype=np.int64), np.full(count, today.number, dtype=np.int64)
    sex, area = 1 + (dice.rng.random(count) >= 0.52).astype(np.int64), people.area[woman]
    if not count:
        return
    city.people = joined(people, People(
        number=numbers.citizen_numbers(area, day, sex, numbers.ranks(area, day, sex)),
        birth=day, sex=sex, area=area, surname=people.surname[man], ethnic=people.ethnic[man], father=man, mother=woman,
        couple=none + NOBODY, household=people.household[man], relation=sex + 1, moves=people.moves[man],
        died=none + NEVER, updated=day,
    ))  # fmt: skip
    city.level = np.concatenate([city.level, none])
    today.change("population", np.arange(count) + len(people))


def _deaths(city: City, today: Day, dice: _Dice) -> None:
    people = city.people
    old = np.flatnonzero(city.is_there() & (people.birth < today.number - 70 * YEAR))
    rows = dice.some(old, DEATHS, len(people))
    people.died[rows] = today.number
    _entered(city, today, rows)
    couple = people.couple[rows]
    couple = np.unique(couple[couple >= 0])
    couple = couple[city.couples.ended[couple] == NEVER]
    _ended(city, today, couple, 30)
    _entered(city, today, np.concatenate([city.couples.man[couple], city.couples.woman[couple]]))
    _end_jobs(city, today, np.flatnonzero(np.isin(city.jobs.person, rows) & (city.jobs.state == lives.RUNS)))


def _moves(city: City, today: Day, dice: _Dice) -> None:
    people = city.people
    alive = city.is_there()
    homes = np.unique(people.household[dice.some(np.flatnonzero(alive), MOVES, len(people))])
    rows = np.flatnonzero(np.isin(people.household, homes) & alive)
    people.moves[rows] += 1
    _entered(city, today, rows)


def _jobs(city: City, today: Day, dice: _Dice) -> None:
    people, jobs = city.people, city.jobs
    running = np.flatnonzero(jobs.state == lives.RUNS)
    leaving = dice.some(running, JOBS, len(people))
    leaving = leaving[jobs.began[leaving] < today.number]
    _end_jobs(city, today, leaving)
    age = (today.number - people.birth) / YEAR
    idle = np.setdiff1d(np.flatnonzero(city.is_there() & (age > 19) & (age < 55)), jobs.person[running])
    person = np.concatenate([jobs.person[leaving], dice.some(idle, JOBS / 4, len(people))])
    firm = dice.one_each(np.flatnonzero(city.firms.is_active()), len(person))
    if not len(firm):
        return
    pair, known = person * len(city.firms) + firm, jobs.person * len(city.firms) + jobs.firm
    kept = ~np.isin(pair, known)
    person, firm = person[kept], firm[kept]
    first, count = len(jobs.person), len(person)
    day = np.full(count, today.number, dtype=np.int64)
    city.jobs = joined(jobs, Jobs(person, firm, day, np.full(count, NEVER), np.full(count, lives.RUNS), day))
    today.change("social_insurance", _insured(np.arange(first, first + count)))


def _corrections(city: City, today: Day, dice: _Dice) -> None:
    certificates = city.certificates
    with_major = np.flatnonzero(certificates.level != lives.LEVELS.index("61"))
    rows = dice.some(with_major, CORRECTIONS, len(certificates.person))
    certificates.version[rows] += 1
    today.change("education", rows)


def _firms(city: City, today: Day, _: _Dice) -> None:
    first = len(city.firms)
    rows = np.arange(first, first + max(1, round(FIRM_STARTS * first)))
    city.firms = joined(city.firms, firms.found(city.chance, rows, city.people, today.number, today.number))
    held = firms.held(city.chance, city.firms, rows, city.people, today.number)
    permits = firms.licensed(city.chance, city.firms, rows, today.number)
    today.change("enterprise", rows)
    today.change("tax_registration", rows[city.firms.taxed[rows] <= today.number])
    today.change("shareholder", np.arange(len(held.firm)) + len(city.holdings.firm))
    today.change("food_permit", np.arange(len(permits.firm)) + len(city.permits.firm))
    city.holdings, city.permits = joined(city.holdings, held), joined(city.permits, permits)


def _closures(city: City, today: Day, dice: _Dice) -> None:
    there = city.firms
    active = np.flatnonzero(there.is_active() & (there.established < today.number))
    if len(active) < 3:
        return
    rows = dice.some(active, FIRM_ENDS, len(there))
    there.cancelled[rows] = today.number
    _registered(city, today, rows)
    permits = np.flatnonzero(np.isin(city.permits.firm, rows) & (city.permits.ended == NEVER))
    city.permits.ended[permits] = today.number
    today.change("food_permit", permits)
    _end_jobs(city, today, np.flatnonzero(np.isin(city.jobs.firm, rows) & (city.jobs.state == lives.RUNS)))


def _changes(city: City, today: Day, dice: _Dice) -> None:
    """Enterprises move, change their heads, and their holders sell to others."""
    there, people = city.firms, city.people
    active = np.flatnonzero(there.is_active())
    moved, headed = dice.some(active, FIRM_MOVES, len(there)), dice.some(active, FIRM_HEADS, len(there))
    grown = np.flatnonzero(city.is_there() & (people.birth < today.number - 25 * YEAR))
    there.moves[moved] += 1
    there.head[headed] = dice.one_each(grown, len(headed))
    _registered(city, today, np.union1d(moved, headed))
    holdings = city.holdings
    standing = np.flatnonzero((holdings.until == NEVER) & (holdings.person >= 0) & (holdings.since < today.number))
    sold = dice.some(standing, FIRM_HEADS, len(there))
    _, first = np.unique(holdings.firm[sold], return_index=True)
    sold = sold[first]
    holdings.until[sold], holdings.updated[sold] = today.number, today.number
    serial = np.zeros(len(there), dtype=np.int64)
    np.maximum.at(serial, holdings.firm, holdings.serial)
    day, nobody = np.full(len(sold), today.number, dtype=np.int64), np.full(len(sold), NOBODY, dtype=np.int64)
    firm = holdings.firm[sold]
    buyer = dice.one_each(grown, len(sold))
    bought = Holdings(firm, serial[firm] + 1, buyer, nobody, holdings.share[sold], day, day - day + NEVER, day)
    today.change("shareholder", np.concatenate([sold, np.arange(len(sold)) + len(holdings.firm)]))
    city.holdings = joined(holdings, bought)


def _rulings(city: City, today: Day, dice: _Dice) -> None:
    """New food permits for those who have one, and new penalties."""
    active = np.flatnonzero(city.firms.is_active())
    renewing = np.intersect1d(np.unique(city.permits.firm), active)
    if len(renewing):
        firm = dice.some(renewing, PERMITS, len(city.firms))
        kinds = np.array([industry[3] for industry in words.INDUSTRIES])[city.firms.industry[firm]]
        day = np.full(len(firm), today.number, dtype=np.int64)
        today.change("food_permit", np.arange(len(firm)) + len(city.permits.firm))
        city.permits = joined(city.permits, Permits(firm, kinds, day, day - day + NEVER))
    firm = dice.some(active, PENALTIES, len(city.firms))
    day = np.full(len(firm), today.number, dtype=np.int64)
    kind = dice.rng.integers(0, len(firms.PENALTY_KINDS), len(firm))
    today.change("penalty", np.arange(len(firm)) + len(city.penalties.firm))
    city.penalties = joined(city.penalties, Penalties(firm, np.full(len(firm), NOBODY), kind, day))


def _errors(city: City, today: Day, dice: _Dice) -> None:
    """Entries are taken back that should never have been made: of lone people, taxpayers, untaxed firms."""
    people = city.people
    tied = np.concatenate([people.father, people.mother, city.jobs.person, city.firms.head, city.holdings.person,
                           city.penalties.person, city.certificates.person])  # fmt: skip
    lone = np.setdiff1d(np.flatnonzero((people.couple < 0) & city.is_there()), tied)
    person = dice.some(_other(city, today, "population", lone), ERRORS, len(people))
    people.updated[_take_back(city, today, "population", person)] = today.number
    taxed = np.flatnonzero(city.firms.taxed < today.number)
    firm = dice.some(_other(city, today, "tax_registration", taxed), ERRORS, len(city.firms))
    city.firms.tax_updated[_take_back(city, today, "tax_registration", firm)] = today.number
    untaxed = np.flatnonzero((city.firms.taxed == NEVER) & (city.firms.established < today.number))
    firm = dice.some(_other(city, today, "enterprise", untaxed), ERRORS, len(city.firms))
    city.firms.updated[_take_back(city, today, "enterprise", firm)] = today.number


def _registers(city: City, today: Day, _: _Dice) -> None:
    """Let the day pass in the registers of tables without a view of their own, each with draws of its own."""
    for table, plan in city.plans.items():
        rng = city.chance.stream(f"day {today.number} {table}")
        city.registers[table], changed, back = registers.live(city, plan, city.registers[table], rng)
        today.change(table, changed)
        _take_back(city, today, table, back)


def _other(city: City, today: Day, table: str, rows: Ints) -> Ints:
    """Return the rows that nothing happened to today and that were not taken back before."""
    gone = city.gone.get(table, rows[:0])
    return np.setdiff1d(rows, np.concatenate([today.rows(table), gone]))


def _take_back(city: City, today: Day, table: str, rows: Ints) -> Ints:
    today.withdrawn[table].append(rows)
    city.gone[table] = np.concatenate([city.gone.get(table, rows[:0]), rows])
    return rows


def _entered(city: City, today: Day, rows: Ints) -> None:
    """Note that people's entries in the household register are other from today on."""
    city.people.updated[rows] = today.number
    today.change("population", rows)


def _ended(city: City, today: Day, rows: Ints, ending: int) -> None:
    couples = city.couples
    couples.ended[rows], couples.ending[rows], couples.updated[rows] = today.number, ending, today.number
    today.change("marriage", rows)


def _end_jobs(city: City, today: Day, rows: Ints) -> None:
    jobs = city.jobs
    jobs.ended[rows], jobs.state[rows], jobs.updated[rows] = today.number, lives.ENDED, today.number
    today.change("social_insurance", _insured(rows))


def _registered(city: City, today: Day, rows: Ints) -> None:
    """Note that enterprises' entries are other from today on, in the tax register too."""
    city.firms.updated[rows] = today.number
    today.change("enterprise", rows)
    taxed = rows[city.firms.taxed[rows] <= today.number]
    city.firms.tax_updated[taxed] = today.number
    today.change("tax_registration", taxed)


def _insured(jobs: Ints) -> Ints:
    """Return the rows of the insurance register that belong to jobs."""
    return (jobs[:, None] * len(INSURANCES) + np.arange(len(INSURANCES))).reshape(-1)


def _distinct(parts: list[Ints]) -> Ints:
    return np.unique(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int64)


_EVENTS = (
    _weddings,
    _divorces,
    _births,
    _deaths,
    _moves,
    _jobs,
    _corrections,
    _firms,
    _closures,
    _changes,
    _rulings,
    _errors,
    _registers,
)
