"""Who stands in one register only: foreigners, residents of Hong Kong, Macau and Taiwan; organisations that are none
of the city's enterprises.

Their numbers pass every check and belong to nobody: a foreigner's names the country 999, which no
list has; a resident's says a birth before 1900, when there were no permits.
"""

from __future__ import annotations

import re
from datetime import date

import numpy as np

from samples.city import numbers, told
from samples.city.calendar import number
from samples.city.chance import Chance, Ints
from samples.city.columns import Column, codes, days, joined, listed
from samples.city.numbers import AREAS
from samples.city.register import FIRMS, PERSONS
from schemas.model import Table

_AREAS = {"553": 999901, "571": 810000, "572": 830000}
_FIRST, _LAST = number(date(1850, 1, 1)), number(date(1899, 12, 31))
_GIVEN = ("Alexei", "Birgit", "Carlos", "Deniz", "Elif", "Farid", "Greta", "Hiro", "Ines", "Jonas", "Kamala", "Lena")
_FAMILY = ("Almeida", "Berg", "Costa", "Demir", "Egger", "Fontaine", "Grieg", "Haruki", "Ito", "Jansen", "Kaya", "Lund")


_CALLED = {
    "12": "服务中心", "51": "协会", "52": "培训中心", "53": "基金会", "54": "村民委员会", "55": "社区居民委员会",
    "92": "经营部", "93": "农民专业合作社",
}  # fmt: skip
"""By the first two characters of their credit code what organisations of a kind are called."""

_OFFSET = 10_000_000


def kinds(table: Table) -> tuple[str, ...] | None:
    """Return the kinds of number that those in a table have who stand in it only; None where it is of others."""
    first = first_subject(table)
    if first is None:
        return None
    return _kinds_of_person(table) if first[1] == PERSONS else _kinds_of_organisation(table, first[0])


def first_subject(table: Table) -> tuple[str, str] | None:
    """Return column and kind of the subject that a row is drawn for: one of the key, else the first."""
    subjects = [(s.column, s.kind) for s in table.subjects]
    return next((pair for pair in subjects if pair[0] in table.key), subjects[0] if subjects else None)


def deciding(table: Table) -> str | None:
    """Return the code column that says of which kind a row's number is."""
    lists = {PERSONS: "identity_type", FIRMS: "registration_kind"}
    first = first_subject(table)
    return next((c.name for c in table.columns if first and c.codes == lists[first[1]]), None)


def _kinds_of_organisation(table: Table, first: str) -> tuple[str, ...] | None:
    column = next((c for c in table.columns if c.codes == "registration_kind"), None)
    if column is None or column.pattern is None or table.key != (first,):
        return None
    return tuple(code for code in _CALLED if re.search(column.pattern, code)) or None


def _kinds_of_person(table: Table) -> tuple[str, ...] | None:
    """Return the kinds of number that a table's people have by its code column of `identity_type`.

    None: they are citizens, for it has no such column, or one that takes citizens too.
    """
    column = next((c for c in table.columns if c.codes == "identity_type"), None)
    if column is None or column.pattern is None or not any(s.kind == PERSONS for s in table.subjects):
        return None
    allowed = tuple(code for code in _AREAS if re.search(column.pattern, code))
    return allowed if allowed and not re.search(column.pattern, "111") else None


def births(who: Ints) -> Ints:
    """Return the day of birth of each."""
    return _FIRST + who % (_LAST - _FIRST)


def numbers_of(chance: Chance, who: Ints, kinds: tuple[str, ...], kind: Ints) -> Column:
    """Return the number of each; `kind` are places in `kinds`."""
    area = np.array([_AREAS[code] for code in kinds], dtype=np.int64)[kind]
    order = who // (_LAST - _FIRST) % numbers.ORDERS
    return codes(numbers.checked(area, births(who), 2 * order + sexes(chance, who)))


def sexes(chance: Chance, who: Ints) -> Ints:
    """Return 1 male, 2 female for each."""
    return 1 + chance.below("stranger sex", who, 2)


def known(chance: Chance, who: Ints, attribute: str) -> Column | None:
    """Return what is known of each by an attribute of the one file; None where nothing is."""
    if attribute == "name":
        given = listed(_GIVEN, chance.below("stranger given", who, len(_GIVEN)))
        return joined(given, "·", listed(_FAMILY, chance.below("stranger family", who, len(_FAMILY))))
    if attribute == "sex":
        return listed(("1", "2"), sexes(chance, who) - 1)
    return days(births(who)) if attribute == "birth_on" else None


def codes_of(chance: Chance, who: Ints, kinds: tuple[str, ...], kind: Ints) -> Column:
    """Return the credit code of each organisation; `kind` are places in `kinds`."""
    heads = np.array(kinds, dtype="S2")[kind]
    area = chance.below("organisation area", who, len(AREAS))
    return codes(numbers.credit_codes(area, who + _OFFSET * int(kinds[0]), heads))


def called(who: Ints, kinds: tuple[str, ...], kind: Ints) -> Column:
    """Return the name of each organisation."""
    brand = told.brand(who + _OFFSET // 7 * int(kinds[0]))
    return joined("样例", brand, listed([_CALLED[code] for code in kinds], kind))
