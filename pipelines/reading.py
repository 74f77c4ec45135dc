"""Typed reading: a cleaned text becomes the value that its column declares, or one reason why not.

What a column declares is put together once, into one function of a text: the same runs over a
few values and over millions.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

from pipelines import suspicious
from pipelines.code_entries import AMBIGUOUS, CURRENT, RETIRED, entries, regions
from pipelines.outcome import Reading
from schemas.identifiers import areas, enterprises, licences, persons
from schemas.identifiers.earlier import earlier_number
from schemas.model import CodeList, Column

Read = Callable[[str], Reading]

_WHOLE = re.compile(r"([+-]?)0*([0-9]+)\Z")
_DECIMAL = re.compile(r"[+-]?[0-9]+(?:\.([0-9]+))?\Z")
_DAY = re.compile(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}\Z")
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
_ZONE = r"(?:Z|[+-](?:0[0-9]|1[0-7]):[0-5][0-9]|[+-]18:00)"
_INSTANT = re.compile(rf"[1-9][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_TIME}{_ZONE}\Z")
_LEAST, _GREATEST, _DIGITS = -(2**63), 2**63 - 1, 19
_IN_PATTERN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\.", re.DOTALL)
_ANY_OF_A_LINE = r"[^\n\r\x85\u2028\u2029]"
_WORDS = {
    True: ("是", "1", "true", "y", "yes", "t", "有"),
    False: ("否", "0", "false", "n", "no", "f", "无"),
}
_TRUTH = {word: Reading(is_so) for is_so, words in _WORDS.items() for word in words}


@dataclass(frozen=True)
class _Asked:
    """What a reader of one type is made for."""

    column: Column
    codes: Mapping[str, CodeList]
    on: date | None


def reader(column: Column, codes: Mapping[str, CodeList], on: date | None = None) -> Callable[[str | None], Reading]:
    """Return what reads a cleaned text as its column declares.

    Args:
        column: type, bounds and whether it is required.
        codes: code lists by name, for the types `code` (a code, its name or a synonym gives
            the code; retired codes stay readable) and `area_code` (a name with all its
            parents, or one that is unique). Persons' numbers need the list `area`: they have areas.
        on: the day it was received, which a birth inside a person's number may not be after.

    Returns:
        A function of a text, None where there is nothing, as `pipelines.cleaners` leaves it.
        Values are `str`, `int`, `Decimal` of the declared scale, `bool`, `date`, or `datetime`
        in UTC; identifiers are in canonical form. Days are read as yyyy-MM-dd and instants as
        ISO 8601 with offset: other forms are the cleaners' work. None gives None, and
        `required` where it must not.

    Raises:
        KeyError: `codes` lacks a list that is needed.
    """
    read = _READERS[column.type](_Asked(column, codes, on))
    nothing = Reading(None, "required" if column.required else None)
    return lambda text: nothing if text is None else read(text)


def region_warning(area: str, listed: CodeList) -> str | None:
    """Return `region_unknown`, `region_retired` or None of six digits, as `areas.warning` by the built-in list."""
    return _region_warning(area, regions(listed))


def _region_warning(area: str, below: Mapping[str, str]) -> str | None:
    standing, county = below.get(area[:4], ""), area[4:]
    if county + CURRENT in standing:
        return None
    return "region_retired" if county + RETIRED in standing else "region_unknown"


def _string(asked: _Asked) -> Read:
    most, pattern = asked.column.max_length, asked.column.pattern
    matches = None if pattern is None else _whole(pattern).match

    def read(text: str) -> Reading:
        reason = suspicious.fault(text)
        if reason is not None:
            return Reading(None, reason)
        if most is not None and len(text) > most:
            return Reading(None, "too_long")
        if matches is not None and not matches(text):
            return Reading(None, "pattern")
        return Reading(text)

    return read


def _whole(pattern: str) -> re.Pattern[str]:
    """Compile a declared pattern for the whole text; its `.` is no line end, of those that Unicode has."""
    told = _IN_PATTERN.sub(lambda part: _ANY_OF_A_LINE if part[0] == "." else part[0], pattern)
    return re.compile(rf"(?:{told})\Z")


def _long(asked: _Asked) -> Read:
    least, most = asked.column.minimum, asked.column.maximum

    def read(text: str) -> Reading:
        if len(text) < _DIGITS and text.isascii() and text.isdigit():
            number = int(text)
        else:
            found = _WHOLE.match(text)
            if found is None:
                return Reading(None, "not_whole" if _DECIMAL.match(text) else "not_a_number")
            sign, digits = found.groups()
            number = int(sign + digits) if len(digits) <= _DIGITS else _GREATEST + 1
            if not _LEAST <= number <= _GREATEST:
                return Reading(None, "below_min" if sign == "-" else "above_max")
        if least is not None and number < least:
            return Reading(None, "below_min")
        return Reading(number) if most is None or number <= most else Reading(None, "above_max")

    return read


def _decimal(asked: _Asked) -> Read:
    scale, least, most = asked.column.scale, asked.column.minimum, asked.column.maximum
    context = Context(prec=asked.column.precision, rounding=ROUND_HALF_UP, traps=[InvalidOperation])
    step = Decimal(1).scaleb(-scale)
    zero = Decimal(0).quantize(step)

    def read(text: str) -> Reading:
        found = _DECIMAL.match(text)
        if found is None:
            return Reading(None, "not_a_number")
        if found[1] is not None and found[1][scale:].strip("0"):
            return Reading(None, "too_precise")
        try:
            # There is no negative zero where it is kept.
            number = Decimal(text).quantize(step, context=context) or zero
        except InvalidOperation:
            return Reading(None, "below_min" if text[0] == "-" else "above_max")
        if least is not None and number < least:
            return Reading(None, "below_min")
        return Reading(number) if most is None or number <= most else Reading(None, "above_max")

    return read


def _boolean(_: _Asked) -> Read:
    refused = Reading(None, "not_a_boolean")
    return lambda text: _TRUTH.get(text) or _TRUTH.get(text.lower(), refused)


def _date(_: _Asked) -> Read:
    refused = Reading(None, "not_a_date")

    def read(text: str) -> Reading:
        if not _DAY.match(text):
            return refused
        try:
            return Reading(date.fromisoformat(text))
        except ValueError:
            return refused

    return read


def _instant(_: _Asked) -> Read:
    refused = Reading(None, "not_an_instant")

    def read(text: str) -> Reading:
        if not _INSTANT.match(text):
            return refused
        try:
            return Reading(datetime.fromisoformat(text).astimezone(UTC))
        except (ValueError, OverflowError):
            return refused

    return read


def _code(asked: _Asked) -> Read:
    found, unlisted = _listed(asked.codes[asked.column.codes or ""], "code_retired").get, Reading(None, "not_in_list")
    return lambda text: found(text, unlisted)


def _area_code(asked: _Asked) -> Read:
    """Read an area: six digits of the list, nine or twelve below one of them, or a name."""
    found, unlisted = _listed(asked.codes["area"], "region_retired").get, Reading(None, "not_in_list")
    wrong_length = Reading(None, "length")

    def read(text: str) -> Reading:
        if not (text.isascii() and text.isdigit()):
            return found(text, unlisted)
        if len(text) not in areas.LENGTHS:
            return found(text, wrong_length)
        if len(text) == areas.LENGTHS[0]:
            return found(text, unlisted)
        county = found(text[:6], unlisted)
        return county if county.reason is not None else Reading(text, None, county.warning)

    return read


@functools.lru_cache(maxsize=64)
def _listed(code_list: CodeList, retired: str) -> Mapping[str, Reading]:
    """Return by text what is read of it, whether it is a code, a name or a synonym; `retired` is the warning."""
    ambiguous = Reading(None, "ambiguous")
    made: dict[str, Reading] = {}
    for text, entry in entries(code_list).items():
        warning = retired if entry.startswith(RETIRED) else None
        made[text] = ambiguous if entry == AMBIGUOUS else Reading(entry[1:], None, warning)
    return made


def _citizen_number(asked: _Asked) -> Read:
    return _number(asked, persons.citizen_fault)


def _person_number(asked: _Asked) -> Read:
    return _number(asked, persons.person_fault)


def _number(asked: _Asked, fault: Callable[[str, date | None], str | None]) -> Read:
    on, below = asked.on, regions(asked.codes["area"])

    def read(text: str) -> Reading:
        reason = fault(text, on)
        if reason is not None:
            return Reading(None, reason)
        full = text.upper() if len(text) == 18 else persons.upgrade(text)
        return Reading(full) if full[0] == "9" else Reading(full, None, _region_warning(full[:6], below))

    return read


def _credit_code(asked: _Asked) -> Read:
    """Read a credit code, or an earlier number where the column may hold one."""
    types = asked.column.earlier

    def read(text: str) -> Reading:
        reason = enterprises.credit_fault(text)
        if reason is None:
            return Reading(text.upper())
        found = earlier_number(text, types) if types else None
        return Reading(None, reason) if found is None else Reading(found[1])

    return read


def _licence_id(_: _Asked) -> Read:
    def read(text: str) -> Reading:
        reason = licences.licence_fault(text)
        return Reading(text) if reason is None else Reading(None, reason)

    return read


_READERS: Mapping[str, Callable[[_Asked], Read]] = {
    "string": _string,
    "long": _long,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "instant": _instant,
    "code": _code,
    "area_code": _area_code,
    "citizen_number": _citizen_number,
    "person_number": _person_number,
    "credit_code": _credit_code,
    "licence_id": _licence_id,
}
