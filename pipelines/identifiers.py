"""The rules of `schemas.identifiers` as Spark column expressions, proved equal to them by test.

Each function takes the text as a column of the frame (a reference, not a long expression,
because it is read at many places) and returns a struct whose `reason` is null where the text
is good, and whose other fields are null where it is not. A null text gives a struct of nulls.
Nothing raises under ANSI, and only built-in functions are used, so that it runs over Spark
Connect as well.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from functools import reduce
from operator import add

from pyspark.sql import Column
from pyspark.sql import functions as f

from schemas.identifiers import areas, earlier, enterprises, licences, persons


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
    weighted = _weighted(code, enterprises.ALPHABET, enterprises.WEIGHTS)
    check = _at(enterprises.ALPHABET, (f.lit(31) - weighted % 31) % 31)
    organisation = _weighted(f.substring(code, 9, 8), licences.ALPHABET, enterprises.ORGANISATION_WEIGHTS) % 11
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


def earlier_number(text: Column, types: Collection[str]) -> Column:
    """Read enterprises' earlier numbers in canonical form, as `schemas.identifiers.earlier` does; null: it is none."""
    code = f.upper(text)
    ways = []
    if earlier.REGISTRATION in types:
        is_it = code.rlike(r"^[0-9]{15}\z") & (_registration_check(code) == f.substring(code, 15, 1))
        ways.append(f.when(is_it, code))
    if earlier.ORGANISATION in types:
        ways.append(f.when((f.length(code) == 9) & _is_organisation(code), code))
    if earlier.TAX in types:
        ways.append(f.when(code.rlike(r"^[0-9A-Z]{20}\z"), code))
        inside = f.substring(code, 7, 9)
        ways.append(f.when(code.rlike(r"^[0-9]{6}.{9}\z") & _is_organisation(inside), inside))
    return f.coalesce(*ways)


def _is_organisation(code: Column) -> Column:
    weighted = _weighted(code, licences.ALPHABET, enterprises.ORGANISATION_WEIGHTS) % 11
    return code.rlike(r"^[0-9A-Z]{8}[0-9X]\z") & (
        _at(enterprises.ORGANISATION_CHECKS, weighted) == f.substring(code, 9, 1)
    )


def _registration_check(code: Column) -> Column:
    """Return the check digit of the first 14 digits (ISO 7064 MOD 11,10); null where they are none."""
    digits = f.transform(f.sequence(f.lit(1), f.lit(14)), lambda at: f.substr(code, at, f.lit(1)).try_cast("int"))
    state = f.aggregate(digits, f.lit(10), lambda p, digit: _doubled((p + digit) % 10))
    return ((11 - state) % 10).cast("string")


def _doubled(left: Column) -> Column:
    return f.when(left == 0, 10).otherwise(left) * 2 % 11


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
    body = f.concat(f.substring(text, 1, 6), _century(text), f.substring(text, 7, 9))
    # Such numbers are few: a lambda keeps the expression, and so the plan, small.
    return f.get(f.transform(f.array(body), lambda made: f.concat(made, _citizen_check(made))), f.lit(0))


def _century(text: Column) -> Column:
    """Return the first two digits of the year of birth in a number of 15 digits."""
    return f.when(f.substring(text, 13, 3).isin(*persons.CENTENARIAN_ORDERS), "18").otherwise("19")


def _citizen_check(body: Column) -> Column:
    """Return the check character of 17 digits; null where they are none.

    The weights are the powers of 2 mod 11, so Σ digit × weight is the number read with base 2
    where it is written with base 10: n − 8 Σ 2^(k−1) ⌊n / 10^k⌋, doubled.
    """
    number = body.try_cast("bigint")
    shifted = (f.call_function("div", number, f.lit(10**k)) * (pow(2, k + 2) % 11) for k in range(1, 17))
    return _at(persons.CHECKS, f.pmod((number - reduce(add, shifted)) * 2, f.lit(11)))


def _person(text: Column, on: Column | None, *, takes_foreigners: bool) -> Column:
    is_legacy, is_foreigner = f.length(text) == 15, text.startswith("9")
    birth_on = _birth_on(text, is_legacy)
    latest = f.lit(date.max) if on is None else on
    check = _citizen_check(f.substring(text, 1, 17))
    reason = _first(
        length=~f.length(text).isin(15, 18),
        alphabet=~text.rlike(r"^([0-9]{15}|[0-9]{17}[0-9Xx])\z"),
        kind=is_foreigner & f.lit(not takes_foreigners),
        length_=is_foreigner & is_legacy,
        date=text.isNotNull() & ~f.coalesce(birth_on.between(date(persons.FIRST_YEAR, 1, 1), latest), f.lit(False)),
        check=~is_legacy & (check != f.upper(f.substring(text, 18, 1))),
    )
    area = f.substring(text, 1, 6)
    kind = f.when(is_foreigner, "foreigner").when(area.isin(*areas.HMT_AREAS), "hmt_resident").otherwise("citizen")
    order = f.when(is_legacy, f.substring(text, 15, 1)).otherwise(f.substring(text, 17, 1))
    return _struct(
        text,
        reason,
        text=f.when(is_legacy, upgraded(text)).otherwise(f.upper(text)),
        kind=kind,
        birth_on=birth_on,
        sex=f.when(~is_foreigner, f.when(order.isin("1", "3", "5", "7", "9"), "male").otherwise("female")),
        area=f.when(~is_foreigner, area),
    )


def _birth_on(text: Column, is_legacy: Column) -> Column:
    """Return the day of birth inside a number; null where it is no day."""
    digits = f.when(is_legacy, f.concat(_century(text), f.substring(text, 7, 6))).otherwise(f.substring(text, 7, 8))
    return f.regexp_replace(digits, "^(....)(..)(..)$", "$1-$2-$3").try_cast("date")


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
    """Put the values together with the reason; the values are null where there is a reason or no text.

    The reason is long: written once in each of two branches, not once for each value.
    """
    (first, value), *others = values.items()
    read = f.struct(
        value.alias(first), f.lit(None).cast("string").alias("reason"), *(v.alias(name) for name, v in others)
    )
    faulty = f.struct(
        f.lit(None).alias(first), reason.alias("reason"), *(f.lit(None).alias(name) for name, _ in others)
    )
    return f.when(given.isNotNull() & reason.isNull(), read).otherwise(faulty)


def _weighted(text: Column, alphabet: str, weights: Sequence[int]) -> Column:
    """Return Σ weight × value of the first characters; a value is the place in the alphabet, from 0."""
    places = (f.instr(f.lit(alphabet), f.substring(text, i, 1)) for i in range(1, len(weights) + 1))
    return reduce(add, (place * weight for place, weight in zip(places, weights, strict=True))) - sum(weights)


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
