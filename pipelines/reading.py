"""Typed reading: a cleaned text becomes the value that its column declares, or one reason why not.

`read` looks at one value, `cross` at the days of a row against each other. Both give columns
and touch no data; nothing raises under ANSI.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as f

from pipelines import identifiers, suspicious
from pipelines.lookup import look_up
from pipelines.outcome import Reading
from schemas.identifiers import areas
from schemas.model import Code, CodeList, Column, Table

_WHOLE = r"^[+-]?[0-9]+\z"
_DECIMAL = r"^[+-]?[0-9]+(\.[0-9]+)?\z"
_DAY = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}\z"
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
_INSTANT = rf"^[1-9][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_TIME}(Z|[+-][0-9]{{2}}:[0-9]{{2}})\z"
_YES = ("是", "1", "true", "y", "yes", "t", "有")
_NO = ("否", "0", "false", "n", "no", "f", "无")
_GROUPINGS = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")
_AMBIGUOUS = "?"
_CURRENT, _RETIRED = "+", "-"


@dataclass(frozen=True)
class _Asked:
    """What a reader of one type is given."""

    text: SparkColumn
    column: Column
    codes: Mapping[str, CodeList]
    on: date | None

    def day(self) -> SparkColumn | None:
        return None if self.on is None else f.lit(self.on)


def read(text: SparkColumn, column: Column, codes: Mapping[str, CodeList], on: date | None = None) -> Reading:
    """Read a cleaned text as its column declares.

    Args:
        text: string, null where there is nothing, as `cleaners.clean` or `prepare` leave it.
        column: type, bounds and whether it is required.
        codes: code lists by name, for the types `code` (a code, its name or a synonym gives
            the code; retired codes stay readable) and `area_code` (the list `area`; a name
            with all its parents, or one that is unique).
        on: the day it was received, which a birth inside a person's number may not be after.

    Returns:
        The value: Spark's type for the declared one, identifiers in canonical form. Days are
        read as yyyy-MM-dd and instants as ISO 8601 with offset: other forms are the cleaners'
        work. A text that is null gives null, and `required` where it must not.
    """
    made = _READERS[column.type](_Asked(text, column, codes, on))
    reason = f.coalesce(made.reason, f.when(text.isNull(), "required")) if column.required else made.reason
    return Reading(f.when(made.reason.isNull(), made.value), reason, f.when(made.reason.isNull(), made.warning))


def cross(table: Table, received_on: date) -> dict[str, SparkColumn]:
    """Return, for each column that has `not_before` or `not_after`, why its day does not fit its row.

    Args:
        table: its columns are columns of the frame, typed, by name.
        received_on: the legal day of receipt, which `received` stands for.

    Returns:
        By column name: `before`, `after` or null; null too where one of the days is missing.
    """
    found: dict[str, SparkColumn] = {}
    for column in table.columns:
        day = f.col(f"`{column.name}`").cast("date")
        faults = []
        if column.not_before is not None:
            faults.append(f.when(day < _other(column.not_before, received_on), "before"))
        if column.not_after is not None:
            faults.append(f.when(day > _other(column.not_after, received_on), "after"))
        if faults:
            found[column.name] = f.coalesce(*faults)
    return found


def _other(name: str, received_on: date) -> SparkColumn:
    return f.lit(received_on) if name == "received" else f.col(f"`{name}`").cast("date")


def _nothing() -> SparkColumn:
    return f.lit(None).cast("string")


def _string(asked: _Asked) -> Reading:
    faults = [suspicious.fault(asked.text)]
    if asked.column.max_length is not None:
        faults.append(f.when(f.length(asked.text) > asked.column.max_length, "too_long"))
    if asked.column.pattern is not None:
        faults.append(f.when(~asked.text.rlike(rf"^(?:{asked.column.pattern})\z"), "pattern"))
    return Reading(asked.text, f.coalesce(*faults), _nothing())


def _long(asked: _Asked) -> Reading:
    number = f.when(asked.text.rlike(_WHOLE), asked.text.try_cast("bigint"))
    reason = f.when(~asked.text.rlike(_WHOLE), "not_a_number")
    return Reading(number, _bounded(asked.text, number, reason, asked.column), _nothing())


def _decimal(asked: _Asked) -> Reading:
    text, precision, scale = asked.text, asked.column.precision, asked.column.scale
    number = f.when(text.rlike(_DECIMAL), text.try_cast(f"decimal({precision},{scale})"))
    is_too_precise = text.rlike(rf"\.[0-9]{{{scale}}}[0-9]*[1-9]")
    reason = f.when(~text.rlike(_DECIMAL), "not_a_number").when(is_too_precise, "too_precise")
    return Reading(number, _bounded(text, number, reason, asked.column), _nothing())


def _bounded(text: SparkColumn, number: SparkColumn, reason: SparkColumn, column: Column) -> SparkColumn:
    """Add to a `when` what a number too great for its type, or out of its bounds, is called."""
    is_too_great = text.isNotNull() & number.isNull()
    reason = reason.when(is_too_great & text.startswith("-"), "below_min").when(is_too_great, "above_max")
    if column.minimum is not None:
        reason = reason.when(number < column.minimum, "below_min")
    if column.maximum is not None:
        reason = reason.when(number > column.maximum, "above_max")
    return reason


def _boolean(asked: _Asked) -> Reading:
    word = f.lower(asked.text)
    value = f.when(word.isin(*_YES), True).when(word.isin(*_NO), False)
    return Reading(value, f.when(asked.text.isNotNull() & value.isNull(), "not_a_boolean"), _nothing())


def _date(asked: _Asked) -> Reading:
    value = f.when(asked.text.rlike(_DAY), asked.text.try_cast("date"))
    return Reading(value, f.when(asked.text.isNotNull() & value.isNull(), "not_a_date"), _nothing())


def _instant(asked: _Asked) -> Reading:
    value = f.when(asked.text.rlike(_INSTANT), asked.text.try_cast("timestamp"))
    return Reading(value, f.when(asked.text.isNotNull() & value.isNull(), "not_an_instant"), _nothing())


def _code(asked: _Asked) -> Reading:
    return _listed(asked.text, asked.codes[asked.column.codes or ""], "code_retired")


def _area_code(asked: _Asked) -> Reading:
    """Read an area: six digits of the list, nine or twelve below one of them, or a name."""
    is_number = asked.text.rlike(r"^[0-9]+\z")
    below = f.when(is_number & f.length(asked.text).isin(9, 12), f.substring(asked.text, 1, 6)).otherwise(asked.text)
    found = _listed(below, asked.codes["area"], "region_retired")
    reason = f.when(is_number & ~f.length(asked.text).isin(6, 9, 12), "length").otherwise(found.reason)
    return Reading(f.when(is_number, asked.text).otherwise(found.value), reason, found.warning)


def _listed(text: SparkColumn, code_list: CodeList, retired: str) -> Reading:
    entry = look_up(_entries(code_list), text)
    reason = f.when(text.isNotNull() & entry.isNull(), "not_in_list").when(entry == _AMBIGUOUS, "ambiguous")
    return Reading(f.substring(entry, 2, 1 << 30), reason, f.when(entry.startswith(_RETIRED), retired))


@functools.lru_cache(maxsize=64)
def _entries(code_list: CodeList) -> dict[str, str]:
    """Return by text the code it stands for, marked current or retired, or `_AMBIGUOUS`.

    A code stands for itself; then names go before synonyms, and current entries before
    retired ones. A text that two entries of the same standing have is ambiguous.
    """
    entries = {code: _marked(entry) for code, entry in code_list.codes.items()}
    current = [entry for entry in code_list.codes.values() if entry.until is None]
    retired = [entry for entry in code_list.codes.values() if entry.until is not None]
    for words in (_name, _path(code_list), _synonyms):
        for group in (current, retired):
            _add(entries, group, words)
    return entries


def _add(entries: dict[str, str], group: list[Code], words: Callable[[Code], tuple[str, ...]]) -> None:
    found: dict[str, str] = {}
    for entry in group:
        for word in dict.fromkeys(words(entry)):
            found[word] = _AMBIGUOUS if word in found else _marked(entry)
    for word, marked in found.items():
        entries.setdefault(word, marked)


def _marked(entry: Code) -> str:
    return (_CURRENT if entry.until is None else _RETIRED) + entry.code


def _name(entry: Code) -> tuple[str, ...]:
    return (entry.name,)


def _synonyms(entry: Code) -> tuple[str, ...]:
    return entry.synonyms


def _path(code_list: CodeList) -> Callable[[Code], tuple[str, ...]]:
    """Return what gives an entry's name with those of its parents in front, like 江西省九江市濂溪区."""

    def path(entry: Code) -> tuple[str, ...]:
        names, at, seen = [entry.name], entry, {entry.code}
        while at.parent is not None and at.parent not in seen:
            seen.add(at.parent)
            at = code_list.codes[at.parent]
            names.append(at.name)
        return "".join(reversed(names)), "".join(name for name in reversed(names) if name not in _GROUPINGS)

    return path


def _citizen_number(asked: _Asked) -> Reading:
    return _person(identifiers.citizen_number(asked.text, asked.day()))


def _person_number(asked: _Asked) -> Reading:
    return _person(identifiers.person_number(asked.text, asked.day()))


def _person(found: SparkColumn) -> Reading:
    area = found["area"]
    warning = f.when(area.isNull(), None).otherwise(region_warning(area))
    return Reading(found["text"], found["reason"], warning)


def _credit_code(asked: _Asked) -> Reading:
    found = identifiers.credit_code(asked.text)
    return Reading(found["text"], found["reason"], _nothing())


def _licence_id(asked: _Asked) -> Reading:
    found = identifiers.licence_id(asked.text)
    return Reading(found["text"], found["reason"], _nothing())


def region_warning(area: SparkColumn) -> SparkColumn:
    """Return `region_unknown`, `region_retired` or null for six digits, as `areas.warning` does."""
    known = {code: _CURRENT if is_current else _RETIRED for code, is_current in areas.known().items()}
    standing = look_up(known, area)
    return f.when(standing.isNull(), "region_unknown").when(standing == _RETIRED, "region_retired")


_READERS: Mapping[str, Callable[[_Asked], Reading]] = {
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
