"""The rules of `schemas.identifiers` as Spark column expressions, proved equal to them by test.

Each function takes the text as a column of the frame (a reference, not a long expression,
because it is read at many places) and returns a struct whose `reason` is null where the text
is good, and whose other fields are null where it is not. A null text gives a struct of nulls.
Nothing raises under ANSI, and only built-in functions are used, so that it runs over Spark
Connect as well.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from functools import reduce
from operator import add, mul

from pyspark.sql import Column
from pyspark.sql import functions as f

from schemas.identifiers import areas, enterprises, licences, persons


def citizen_number(text: Column, on: Column | None = None) -> Column:
    """Read citizens' numbers, as `schemas.identifiers.citizen_number` does.

    Args:
        text: string.
        on: date handed in, which a birth may not be after; None: not asked.

    Returns:
        struct<text string, reason string, kind string, birth_on date, sex string, area string>.
    """
    return _person(text, on, takes_foreigners=False)


def person_number(text: Column, on: Column | None = None) -> Column:
    """Read persons' numbers of any kind: as `citizen_number`, and kind `foreigner` is taken too."""
    return _person(text, on, takes_foreigners=True)


def credit_code(text: Column) -> Column:
    """Read unified social credit codes, as `schemas.identifiers.credit_code` does.

    Returns:
        struct<text string, reason string, department string, category string, area string,
        organisation string>.
    """
    code = f.upper(text)
    any_of = f"[{enterprises.ALPHABET}{enterprises.ALPHABET[10:].lower()}]"
    weighted = _weighted(code, range(1, 18, 2), _PAIRS_BY_3, [*(pow(9, k, 31) for k in range(8)), pow(3, 15, 31)])
    check = _at(enterprises.ALPHABET, (f.lit(31) - weighted % 31) % 31)
    organisation = _weighted(code, range(9, 17, 2), _PAIRS_BY_2, [pow(2, k, 11) for k in (7, 5, 3, 1)]) % 11
    reason = _first(
        length=f.length(text) != 18,
        alphabet=~text.rlike(rf"^{any_of}{{2}}[0-9]{{6}}{any_of}{{10}}\z"),
        check=check != f.substring(code, 18, 1),
        organisation_check=_at(enterprises.ORGANISATION_CHECKS, organisation) != f.substring(code, 17, 1),
    )
    return _struct(
        text,
        reason,
        text=code,
        department=f.substring(code, 1, 1),
        category=f.substring(code, 2, 1),
        area=f.substring(code, 3, 6),
        organisation=f.substring(code, 9, 9),
    )


def licence_id(text: Column) -> Column:
    """Read licence identifiers, as `schemas.identifiers.licence_id` does.

    Returns:
        struct<text string, reason string, type string, issuer string, serial string, version int>.
        What a fault is called and how it may be repaired, `onefile ids lint` tells.
    """
    parts = f.split(f.substring(text, len(licences.ROOT) + 2, 1 << 30), r"\.", -1)
    kind, issuer, serial, version, check = (f.get(parts, f.lit(i)) for i in range(5))
    reason = _first(
        alphabet=~text.rlike(r"^[0-9A-Za-z._*-]*\z"),
        root=~text.startswith(f"{licences.ROOT}."),
        structure=text.isNotNull() & (f.size(parts) != 5),
        type=~kind.rlike(r"^[0-9A-Z]{18}[0-9]{3}\z"),
        issuer=~issuer.rlike(r"^([0-9A-Z]{18}|[0-9]{6}|[0-9]{9}|[0-9]{12})\z"),
        alphabet_=~serial.rlike(r"^[0-9A-Z]+\z"),
        version=~version.rlike(r"^[0-9]{3}\z") | (version == "000"),
        check=check != _mod_37_36(text),
    )
    return _struct(text, reason, text=text, type=kind, issuer=issuer, serial=serial, version=version.try_cast("int"))


def area_code(text: Column) -> Column:
    """Read the shape of area codes, as `schemas.identifiers.area_code` does: struct<text, reason>."""
    reason = _first(length=~f.length(text).isin(6, 9, 12), alphabet=~text.rlike(r"^[0-9]+\z"))
    return _struct(text, reason, text=text)


def upgraded(text: Column) -> Column:
    """Return the 18-character form of 15 ASCII digits, as `schemas.identifiers.persons.upgrade` does."""
    century = f.when(f.substring(text, 13, 3).isin(*persons.CENTENARIAN_ORDERS), "18").otherwise("19")
    body = f.concat(f.substring(text, 1, 6), century, f.substring(text, 7, 9))
    return f.concat(body, _citizen_check(body))


def _citizen_check(text: Column) -> Column:
    weighted = _weighted(text, range(1, 18, 3), _TRIPLES_BY_2, [pow(2, k, 11) for k in (15, 12, 9, 6, 3, 1)])
    return _at(persons.CHECKS, weighted % 11)


def _person(text: Column, on: Column | None, *, takes_foreigners: bool) -> Column:
    is_legacy = f.length(text) == 15
    check = _citizen_check(text)
    full = f.when(is_legacy, upgraded(text)).otherwise(f.concat(f.substring(text, 1, 17), check))
    year_month_day = (f.substring(full, start, length) for start, length in ((7, 4), (11, 2), (13, 2)))
    birth_on = f.concat_ws("-", *year_month_day).try_cast("date")
    is_impossible = birth_on.isNull() | (birth_on < f.lit(f"{persons.FIRST_YEAR}-01-01").cast("date"))
    if on is not None:
        is_impossible = is_impossible | f.coalesce(birth_on > on, f.lit(False))
    is_foreigner = text.startswith("9")
    reason = _first(
        length=~f.length(text).isin(15, 18),
        alphabet=~text.rlike(r"^([0-9]{15}|[0-9]{17}[0-9Xx])\z"),
        kind=is_foreigner & f.lit(not takes_foreigners),
        length_=is_foreigner & is_legacy,
        date=is_impossible & text.isNotNull(),
        check=~is_legacy & (check != f.upper(f.substring(text, 18, 1))),
    )
    area = f.substring(text, 1, 6)
    kind = f.when(is_foreigner, "foreigner").when(area.isin(*areas.HMT_AREAS), "hmt_resident").otherwise("citizen")
    sex = f.when(f.substring(full, 17, 1).isin("1", "3", "5", "7", "9"), "male").otherwise("female")
    return _struct(
        text,
        reason,
        text=full,
        kind=kind,
        birth_on=birth_on,
        sex=f.when(~is_foreigner, sex),
        area=f.when(~is_foreigner, area),
    )


def _first(**faults: Column) -> Column:
    """Return the name of the first fault that is true; null when none is.

    Every fault is computed (`least` looks at all), so that Spark computes what they share
    once; in a chain of `when` it would do so anew in each branch. A trailing underscore only
    tells two faults of one reason apart.
    """
    names = [name.rstrip("_") for name in faults]
    places = [f.when(fault, place) for place, fault in enumerate(faults.values())]
    return f.get(f.array(*map(f.lit, names)), f.least(*places))


def _struct(given: Column, reason: Column, **values: Column) -> Column:
    """Put the values together with the reason; a value is null where there is a reason or no text."""
    is_good = given.isNotNull() & reason.isNull()
    first, *others = values.items()
    kept = [f.when(is_good, value).alias(name) for name, value in (first, *others)]
    return f.struct(kept[0], reason.alias("reason"), *kept[1:])


def _sums(alphabet: str, length: int, factors: tuple[int, ...], modulus: int) -> str:
    """Return as JSON, for each text of up to `length` characters, Σ value × factor mod modulus.

    A value is the place in the alphabet. Shorter texts have the last factors' places.
    """
    texts = itertools.chain(*(itertools.product(alphabet, repeat=n) for n in range(1, length + 1)))
    return json.dumps({"".join(t): sum(map(mul, map(alphabet.index, t), factors[-len(t) :])) % modulus for t in texts})


_TRIPLES_BY_2 = _sums("0123456789", 3, (4, 2, 1), 11)
_PAIRS_BY_2 = _sums(licences.ALPHABET, 2, (2, 1), 11)
_PAIRS_BY_3 = _sums(enterprises.ALPHABET, 2, (1, 3), 31)


def _weighted(text: Column, places: range, sums: str, weights: Sequence[int]) -> Column:
    """Return Σ weight × sum of the characters from each place up to the next; null where one is not in the alphabet.

    The last place's characters go up to where `places` stops.

    All weights of these numbers are powers of one factor, so that the sums of two or three
    characters come from one table: a third of the work, and of the plan.
    """
    table = f.from_json(f.lit(sums), "map<string,int>")
    lengths = (min(places.step, places.stop - place) for place in places)
    parts = (f.try_element_at(table, f.substring(text, *part)) for part in zip(places, lengths, strict=True))
    return reduce(add, (part * weight for part, weight in zip(parts, weights, strict=True)))


def _at(alphabet: str, place: Column) -> Column:
    return f.substr(f.lit(alphabet), place.cast("int") + 1, f.lit(1))


def _mod_37_36(text: Column) -> Column:
    """Return the MOD 37,36 check character of an identifier, over all between its root and its check but the dots."""
    first = len(licences.ROOT) + 2
    state = f.aggregate(
        f.sequence(f.lit(first), f.greatest(f.length(text) - 2, f.lit(first))),
        f.lit(36),
        lambda p, place: _next_state(p, f.instr(f.lit(licences.ALPHABET), f.substr(text, place, f.lit(1)))),
    )
    return _at(licences.ALPHABET, (f.lit(37) - state) % 36)


def _next_state(state: Column, place: Column) -> Column:
    return f.when(place == 0, state).otherwise(((state + place - 2) % 36 + 1) * 2 % 37)
