"""How people, enterprises and places are called: by themselves, and by departments that have it wrong."""

from __future__ import annotations

import numpy as np

from samples.city import firms, words
from samples.city.chance import Chance, Flags, Ints
from samples.city.city import City
from samples.city.columns import Column, either, figures, joined, listed, same

_LETTERS = len(words.MALE), len(words.FEMALE)
_BRANDS = (len(words.BRAND_FIRST), len(words.BRAND_SECOND), len(words.BRAND_THIRD))
_STRIDE = 7919
_FORMS = ("有限公司", "有限责任公司", "实业有限公司", "股份有限公司", "商行")


def is_rare(city: City, rows: Ints) -> Flags:
    """Say whose name has a character that GB 18030 writes in four bytes."""
    found: Flags = city.chance.share("rare character", rows, 0.004) & ~is_dotted(city, rows)
    return found


def is_dotted(city: City, rows: Ints) -> Flags:
    """Say whose name has a middle dot."""
    at = [words.ETHNIC_GROUPS.index(code) for code in words.DOTTED_GROUPS]
    found: Flags = np.isin(city.people.ethnic[rows], at)
    return found


def name(city: City, rows: Ints, slip: Flags | None = None) -> Column:
    """Return people's names.

    Args:
        slip: for whom a clerk has written another last character.
    """
    sex = city.people.sex[rows]
    first, second = _given(city.chance, "given", sex, rows), _given(city.chance, "second", sex, rows)
    is_long = city.chance.share("two characters", rows, 0.82)
    tail = either(is_rare(city, rows), listed(words.RARE, city.chance.below("rare", rows, len(words.RARE))), second)
    tail = either(is_long | is_rare(city, rows), tail, same("", rows))
    han = joined(listed(words.SURNAMES, city.people.surname[rows]), first, tail)
    steppe = joined(_steppe(city, rows, sex), "·", listed(words.STEPPE_MALE, _father(city, rows)))
    full = either(is_dotted(city, rows), steppe, han)
    if slip is None:
        return full
    mistaken = joined(listed(words.SURNAMES, city.people.surname[rows]), _given(city.chance, "slip", sex, rows), "子")
    return either(slip, mistaken, full)


def former_name(city: City, rows: Ints) -> Column:
    """Return names that people had before."""
    sex = city.people.sex[rows]
    return joined(listed(words.SURNAMES, city.people.surname[rows]), _given(city.chance, "former", sex, rows), "儿")


def home(city: City, rows: Ints) -> Column:
    """Return people's registered addresses."""
    people = city.people
    key = people.household[rows] * 16 + people.moves[rows] % 16
    return address(city.chance, key, home_area(city, rows), has_flat=True)


def home_area(city: City, rows: Ints) -> Ints:
    """Return the county that a household is registered in, a place in `numbers.AREAS`."""
    return city.chance.below("home area", city.people.household[rows], len(words.AREA_NAMES))


def address(chance: Chance, key: Ints, area: Ints, *, has_flat: bool) -> Column:
    """Return an address for each key."""
    parts = [
        words.PREFECTURE,
        listed(words.AREA_NAMES, area),
        listed(words.STREETS, chance.below("street", key, len(words.STREETS))),
        "街道",
        listed(words.ROADS, chance.below("road", key, len(words.ROADS))),
        figures(1 + chance.below("house", key, 480)),
        "号",
    ]
    if has_flat:
        parts += [
            figures(1 + chance.below("block", key, 30)),
            "栋",
            figures(101 + chance.below("flat", key, 2800)),
            "室",
        ]
    return joined(*parts)


def phone(chance: Chance, key: Ints) -> Column:
    """Return telephone numbers of a series that nobody was given."""
    return joined("1200", figures(chance.below("phone", key, 10_000_000), 7))


def firm(city: City, rows: Ints, slip: Flags | None = None) -> Column:
    """Return names of enterprises; with another brand where somebody has an old one (`slip`)."""
    return joined(
        words.PREFECTURE.removesuffix("市"),
        brand(rows if slip is None else np.where(slip, rows + 104_729, rows)),
        listed([industry[1] for industry in words.INDUSTRIES], city.firms.industry[rows]),
        listed(_FORMS, city.firms.kind[rows]),
    )


def firm_address(city: City, rows: Ints, slip: Flags | None = None) -> Column:
    """Return enterprises' registered addresses; another one where somebody has it wrong (`slip`)."""
    key = rows * 16 + city.firms.moves[rows] % 16 + (1 << 40)
    key = key if slip is None else np.where(slip, key + (1 << 41), key)
    return address(city.chance, key, city.firms.area[rows], has_flat=False)


def firm_class(city: City, rows: Ints) -> Column:
    """Return enterprises' classes as codes."""
    return listed(firms.CLASSES, city.firms.kind[rows])


def _given(chance: Chance, what: str, sex: Ints, rows: Ints) -> Column:
    male = listed(words.MALE, chance.below(f"{what} male", rows, _LETTERS[0]))
    return either(sex == 1, male, listed(words.FEMALE, chance.below(f"{what} female", rows, _LETTERS[1])))


def _steppe(city: City, rows: Ints, sex: Ints) -> Column:
    male = listed(words.STEPPE_MALE, city.chance.below("steppe male", rows, len(words.STEPPE_MALE)))
    female = listed(words.STEPPE_FEMALE, city.chance.below("steppe female", rows, len(words.STEPPE_FEMALE)))
    return either(sex == 1, male, female)


def _father(city: City, rows: Ints) -> Ints:
    """Return the father's given name: the same for brothers and sisters."""
    father = city.people.father[rows]
    key = np.where(father >= 0, father, rows + (1 << 40))
    return city.chance.below("steppe male", key, len(words.STEPPE_MALE))


def brand(rows: Ints) -> Column:
    """Return three characters, different ones for each row of a city."""
    first, second, third = _BRANDS
    place = rows * _STRIDE % (first * second * third)
    return joined(
        listed(words.BRAND_FIRST, place % first),
        listed(words.BRAND_SECOND, place // first % second),
        listed(words.BRAND_THIRD, place // (first * second)),
    )
