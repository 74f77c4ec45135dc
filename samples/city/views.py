"""What each department knows: for every table that the city serves its rows, typed as the table declares.

A view is a function from row numbers to columns, so that a full delivery and a day's changes
are written by the same words. Where a department has it wrong, the frame says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from samples.city import calendar, earlier, firms, lives, told, words
from samples.city.calendar import NEVER
from samples.city.chance import Flags, Ints
from samples.city.city import City
from samples.city.columns import Column, codes, days, decimals, either, figures, joined, listed, same, whole, without
from samples.city.numbers import AREAS, Codes

SLIPS: Mapping[tuple[str, str], float] = {
    ("population", "marital_status"): 0.03,
    ("population", "education_level"): 0.06,
    ("social_insurance", "name"): 0.005,
    ("education", "name"): 0.004,
    ("education", "birth_on"): 0.005,
    ("marriage", "man_name"): 0.003,
    ("marriage", "woman_name"): 0.003,
    ("registered_enterprise", "address"): 0.03,
    ("tax_registration", "name"): 0.02,
    ("tax_registration", "address"): 0.05,
    ("tax_registration", "industry"): 0.03,
}
"""Share of rows in which a department has something else than the truth, by table and column."""

INSURANCES = ("1", "2")


@dataclass(frozen=True)
class Frame:
    """Typed columns by name. `told`: by column the kind of oddity, which no row shows by itself, and its rows."""

    columns: Mapping[str, Column]
    told: Mapping[str, tuple[str, Flags]] = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """A table as the city fills it: `every` gives the numbers of its rows, `frame` the rows of some numbers."""

    every: Callable[[City], Ints]
    frame: Callable[[City, Ints], Frame]


def population(city: City, rows: Ints) -> Frame:
    """Return rows of the household register; a row is a person."""
    people = city.people
    stale = {name: _slips(city, "population", name, rows) for name in ("marital_status", "education_level")}
    status, levels = _marital(city, rows), city.level[rows]
    is_dead, never_changed = people.died[rows] < NEVER, ~earlier.has_other_number(city, rows)
    columns = {
        "number": codes(people.number[rows]),
        "earlier_number": without(earlier.person(city, rows), never_changed),
        "number_changed_on": without(earlier.changed_on(city, rows), never_changed),
        "name": told.name(city, rows),
        "former_name": without(told.former_name(city, rows), ~city.chance.share("had another name", rows, 0.02)),
        "sex": listed(("1", "2"), people.sex[rows] - 1),
        "birth_on": days(people.birth[rows]),
        "ethnic_group": listed(words.ETHNIC_GROUPS, people.ethnic[rows]),
        "marital_status": listed(_STATUSES, np.where(stale["marital_status"], 0, status)),
        "education_level": listed(lives.LEVELS, np.where(stale["education_level"], np.maximum(levels - 1, 0), levels)),
        "household_no": joined("69", figures(people.household[rows], 8)),
        "household_relation": figures(people.relation[rows]),
        "father_number": _person(city, people.father[rows]),
        "mother_number": _person(city, people.mother[rows]),
        "address": told.home(city, rows),
        "area": listed(AREAS, told.home_area(city, rows)),
        "phone": without(told.phone(city.chance, rows), people.birth[rows] > city.began - 14 * 365),
        "state": either(is_dead, same("3", rows), same("1", rows)),
        "died_on": days(people.died[rows]),
        "updated_on": days(people.updated[rows]),
    }
    odd = {
        "marital_status": ("contradiction", stale["marital_status"] & (status > 0)),
        "education_level": ("contradiction", stale["education_level"] & (levels > 0)),
        "name": ("rare_character", told.is_rare(city, rows)),
    }
    return Frame(columns, odd)


def marriage(city: City, rows: Ints) -> Frame:
    """Return rows of the marriage register; a row is a marriage."""
    couples = city.couples
    man, woman = couples.man[rows], couples.woman[rows]
    year = figures(calendar.years(couples.wedding[rows]))
    slips = {name: _slips(city, "marriage", name, rows) for name in ("man_name", "woman_name")}
    columns = {
        "marriage_no": joined("J", listed(AREAS, city.people.area[man]), "-", year, "-", figures(rows, 7)),
        "man_number": _person(city, man),
        "man_name": told.name(city, man, slips["man_name"]),
        "woman_number": _person(city, woman),
        "woman_name": told.name(city, woman, slips["woman_name"]),
        "kind": listed(_STATUSES, _standing(city, rows)),
        "registered_on": days(couples.wedding[rows]),
        "ended_on": days(couples.ended[rows]),
        "office": joined(words.PREFECTURE, listed(words.AREA_NAMES, city.people.area[man]), "民政局婚姻登记处"),
        "updated_on": days(couples.updated[rows]),
    }
    return Frame(columns, {name: ("contradiction", slip) for name, slip in slips.items()})


def social_insurance(city: City, rows: Ints) -> Frame:
    """Return rows of the social insurance register; a row is a job and a kind of insurance."""
    job, kind = rows // len(INSURANCES), rows % len(INSURANCES)
    jobs, person = city.jobs, city.jobs.person[job]
    slip = _slips(city, "social_insurance", "name", person)
    other_phone = city.chance.share("phone at work", person, 0.1)
    columns = {
        "person_number": _person(city, person),
        "name": told.name(city, person, slip),
        "employer_code": earlier.written_firm(city, "social_insurance", jobs.firm[job], _firm(city, jobs.firm[job])),
        "employer_name": told.firm(city, jobs.firm[job]),
        "kind": listed(INSURANCES, kind),
        "state": figures(np.where((jobs.state[job] == lives.RETIRED) & (kind == 1), lives.ENDED, jobs.state[job])),
        "base_cents": whole(300_000 + city.chance.below("pay", job, 2700) * 1000),
        "began_on": days(jobs.began[job]),
        "ended_on": days(jobs.ended[job]),
        "phone": told.phone(city.chance, np.where(other_phone, person + (1 << 40), person)),
        "updated_on": days(jobs.updated[job]),
    }
    return Frame(columns, {"name": ("contradiction", slip)})


def education(city: City, rows: Ints) -> Frame:
    """Return rows of the register of certificates."""
    certificates, person = city.certificates, city.certificates.person[rows]
    graduated, level = certificates.graduated[rows], certificates.level[rows]
    slips = {name: _slips(city, "education", name, person) for name in ("name", "birth_on")}
    nameless = lives.is_nameless(city.chance, certificates, rows)
    school = lives.school(city.chance, certificates, rows)
    major = city.chance.below("major", rows * 16 + certificates.version[rows], len(words.MAJORS))
    columns = {
        "certificate_no": joined("69", figures(school, 3), figures(calendar.years(graduated)), "05", figures(rows, 8)),
        "person_number": without(earlier.written_person(city, "education", person, _person(city, person)), nameless),
        "name": told.name(city, person, slips["name"]),
        "birth_on": days(np.where(slips["birth_on"], city.people.birth[person] + 1, city.people.birth[person])),
        "school": listed(words.SCHOOLS, school),
        "major": without(listed(words.MAJORS, major), level == lives.LEVELS.index("61")),
        "level": listed(lives.LEVELS, level),
        "form": listed(("1", "2", "3", "4"), city.chance.weighted("form", rows, (0.84, 0.07, 0.05, 0.04))),
        "result": same("1", rows),
        "entered_on": days(lives.entry(certificates, rows)),
        "graduated_on": days(graduated),
    }
    odd = {name: ("contradiction", slip & ~nameless) for name, slip in slips.items()}
    return Frame(columns, odd | {"person_number": ("number_missing", nameless)})


def enterprise(city: City, rows: Ints) -> Frame:
    """Return rows of the enterprise register."""
    there, head = city.firms, city.firms.head[rows]
    is_closed = there.cancelled[rows] < NEVER
    status = np.where(is_closed, 1, np.where(there.is_revoked[rows], 2, 0))
    is_young = ~earlier.is_of_old(city, rows)
    columns = {
        "code": codes(there.code[rows]),
        "registration_no": without(earlier.registration(city, rows), is_young),
        "organisation_code": without(earlier.organisation(city, rows), is_young),
        "code_given_on": earlier.given_on(city, rows),
        "name": told.firm(city, rows),
        "class": told.firm_class(city, rows),
        "legal_representative": told.name(city, head),
        "legal_representative_number": _person(city, head),
        **_capital(city, rows),
        "established_on": days(there.established[rows]),
        "industry": _industry(city, rows),
        "status": listed(("1", "4", "2"), status),
        "cancelled_on": days(there.cancelled[rows]),
        "address": told.firm_address(city, rows),
        "area": listed(AREAS, there.area[rows]),
        "scope": _scope(city, rows),
        "phone": told.phone(city.chance, rows + (1 << 41)),
        "updated_on": days(there.updated[rows]),
    }
    return Frame(columns)


def registered_enterprise(city: City, rows: Ints) -> Frame:
    """Return rows of a public extract: enterprises as anybody may read of them."""
    slip = _slips(city, "registered_enterprise", "address", rows)
    columns = {
        "code": codes(city.firms.code[rows]),
        "name": told.firm(city, rows),
        "class": told.firm_class(city, rows),
        **_capital(city, rows),
        "established_on": days(city.firms.established[rows]),
        "scope": _scope(city, rows),
        "province": same("10", rows),
        "city": same(words.PREFECTURE, rows),
        "address": told.firm_address(city, rows, slip),
    }
    return Frame(columns, {"address": ("contradiction", slip)})


def shareholder(city: City, rows: Ints) -> Frame:
    """Return rows of contributions to the capital of enterprises."""
    holdings = city.holdings
    firm, person, holder = holdings.firm[rows], holdings.person[rows], holdings.holder[rows]
    is_person, some = person >= 0, np.maximum(person, 0)
    subscribed = city.firms.capital[firm] // 10_000 * holdings.share[rows]
    columns = {
        "enterprise_code": _firm(city, firm),
        "contribution_no": figures(holdings.serial[rows]),
        "holder_kind": either(is_person, same("1", rows), same("2", rows)),
        "holder_name": either(is_person, told.name(city, some), told.firm(city, np.maximum(holder, 0))),
        "holder_number": _person(city, person),
        "holder_code": _firm(city, holder),
        "subscribed_cents": whole(subscribed),
        "currency": listed(firms.CURRENCIES, city.firms.currency[firm]),
        "share": decimals(holdings.share[rows] * 10_000, 9, 8),
        "since_on": days(holdings.since[rows]),
        "until_on": days(holdings.until[rows]),
        "updated_on": days(holdings.updated[rows]),
    }
    return Frame(columns)


def tax_registration(city: City, rows: Ints) -> Frame:
    """Return rows of the tax register."""
    there = city.firms
    slips = {name: _slips(city, "tax_registration", name, rows) for name in ("name", "address", "industry")}
    industry = np.where(slips["industry"], (there.industry[rows] + 1) % len(words.INDUSTRIES), there.industry[rows])
    state = np.where(there.cancelled[rows] < NEVER, 1, np.where(there.is_revoked[rows], 2, 0))
    is_new = there.taxed[rows] > city.began - 500
    tax_no = joined(listed(AREAS, there.area[rows]), earlier.organisation(city, rows))
    columns = {
        "code": codes(there.code[rows]),
        "earlier_tax_no": without(tax_no, ~earlier.is_of_old(city, rows)),
        "name": told.firm(city, rows, slips["name"]),
        "kind": listed(("1", "2"), city.chance.weighted("taxpayer", rows, (0.3, 0.7))),
        "state": listed(("1", "5", "3"), state),
        "industry": listed([industry[0] for industry in words.INDUSTRIES], industry),
        "address": told.firm_address(city, rows, slips["address"]),
        "registered_on": days(there.taxed[rows]),
        "credit_grade": without(listed("ABMCD", city.chance.weighted("credit", rows, (3, 4, 2, 0.7, 0.3))), is_new),
        "updated_on": days(there.tax_updated[rows]),
    }
    return Frame(columns, {name: ("contradiction", slip) for name, slip in slips.items()})


def food_permit(city: City, rows: Ints) -> Frame:
    """Return rows of food permits; valid for five years less a day."""
    permits, firm = city.permits, city.permits.firm[rows]
    expires = permits.issued[rows] + 1825
    state = np.where(permits.ended[rows] < NEVER, 1, np.where(expires < city.day, 2, 0))
    kind = figures(permits.kind[rows])
    columns = {
        "permit_no": joined("JY", kind, listed(AREAS, city.firms.area[firm]), figures(rows, 7)),
        "holder_code": _firm(city, firm),
        "holder_name": told.firm(city, firm),
        "kind": kind,
        "items": listed(("预包装食品销售；散装食品销售", "热食类食品制售；冷食类食品制售"), permits.kind[rows] - 1),
        "address": told.firm_address(city, firm),
        "issued_on": days(permits.issued[rows]),
        "expires_on": days(expires),
        "state": listed(("valid", "cancelled", "lapsed"), state),
    }
    return Frame(columns)


def penalty(city: City, rows: Ints) -> Frame:
    """Return rows of penalties, most of them on enterprises."""
    penalties = city.penalties
    firm, person, decided = penalties.firm[rows], penalties.person[rows], penalties.decided[rows]
    is_person = person >= 0
    facts = city.chance.below("facts", rows, len(words.FACTS))
    is_fine = penalties.kind[rows] == firms.PENALTY_KINDS.index("3")
    columns = {
        "decision_no": joined("样市监处罚〔", figures(calendar.years(decided)), "〕", figures(rows + 1), "号"),
        "party_kind": either(is_person, same("1", rows), same("2", rows)),
        "party_name": either(is_person, told.name(city, np.maximum(person, 0)), told.firm(city, np.maximum(firm, 0))),
        "party_code": earlier.written_firm(city, "penalty", firm, _firm(city, firm)),
        "party_number": _person(city, person),
        "kind": listed(firms.PENALTY_KINDS, penalties.kind[rows]),
        "facts": listed(words.FACTS, facts),
        "basis": listed(words.BASES, facts),
        "fine_cents": whole((1 + city.chance.below("fine", rows, 200)) * 50_000, ~is_fine),
        "decided_on": days(decided),
        "published_until_on": days(decided + 1095),
    }
    return Frame(columns)


_STATUSES = ("10", "20", "22", "30", "40")
_SINGLE, _MARRIED, _AGAIN, _WIDOWED, _DIVORCED = range(5)


def _standing(city: City, rows: Ints) -> Ints:
    """Return what each marriage makes of the two, a place in `_STATUSES`."""
    couples = city.couples
    ended = np.where(couples.ending[rows] == 40, _DIVORCED, _WIDOWED)
    return np.where(couples.ended[rows] < NEVER, ended, np.where(couples.is_again[rows], _AGAIN, _MARRIED))


def _marital(city: City, rows: Ints) -> Ints:
    last = city.people.couple[rows]
    if not len(city.couples):
        return np.zeros_like(rows)
    return np.where(last >= 0, _standing(city, np.maximum(last, 0)), _SINGLE)


def _slips(city: City, table: str, column: str, rows: Ints) -> Flags:
    return city.slips(f"slip {table}.{column}", rows, SLIPS[table, column])


def _person(city: City, rows: Ints) -> Column:
    return _numbers(city.people.number, rows)


def _firm(city: City, rows: Ints) -> Column:
    return _numbers(city.firms.code, rows)


def _numbers(numbers: Codes, rows: Ints) -> Column:
    return codes(numbers[np.maximum(rows, 0)], rows < 0)


def _capital(city: City, rows: Ints) -> dict[str, Column]:
    currency = listed(firms.CURRENCIES, city.firms.currency[rows])
    return {"capital_cents": whole(city.firms.capital[rows]), "capital_currency": currency}


def _industry(city: City, rows: Ints) -> Column:
    return listed([industry[0] for industry in words.INDUSTRIES], city.firms.industry[rows])


def _scope(city: City, rows: Ints) -> Column:
    """Return scopes of business as registers print them."""
    texts = listed([industry[2] for industry in words.INDUSTRIES], city.firms.industry[rows])
    return joined(texts, "。（依法须经批准的项目，经相关部门批准后方可开展经营活动）")


def _extract(city: City) -> Ints:
    rows = np.arange(len(city.firms))
    return rows[city.chance.share("in the public extract", rows, 0.3)]


VIEWS: Mapping[str, View] = {
    "population": View(lambda city: np.arange(len(city.people)), population),
    "marriage": View(lambda city: np.arange(len(city.couples)), marriage),
    "social_insurance": View(lambda city: np.arange(len(city.jobs.person) * len(INSURANCES)), social_insurance),
    "education": View(lambda city: np.arange(len(city.certificates.person)), education),
    "enterprise": View(lambda city: np.arange(len(city.firms)), enterprise),
    "registered_enterprise": View(_extract, registered_enterprise),
    "shareholder": View(lambda city: np.arange(len(city.holdings.firm)), shareholder),
    "tax_registration": View(lambda city: np.flatnonzero(city.firms.taxed <= city.day), tax_registration),
    "food_permit": View(lambda city: np.arange(len(city.permits.firm)), food_permit),
    "penalty": View(lambda city: np.arange(len(city.penalties.firm)), penalty),
}
"""Every table that the city serves."""
