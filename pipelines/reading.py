"""Typed reading: a cleaned text becomes the value that its column declares, or one reason why not.

`read` looks at one value, `cross` at the days of a row against each other. Both give columns
and touch no data; nothing raises under ANSI.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as f

from pipelines import identifiers, suspicious
from pipelines.code_entries import AMBIGUOUS, CURRENT, RETIRED, entries, regions
from pipelines.lookup import look_up
from pipelines.outcome import Reading
from schemas.identifiers import areas
from schemas.model import CodeList, Column, Table

_WHOLE = r"^[+-]?[0-9]+\z"
_DECIMAL = r"^[+-]?[0-9]+(\.[0-9]+)?\z"
_DAY = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}\z"
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
_INSTANT = rf"^[1-9][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_TIME}(Z|[+-][0-9]{{2}}:[0-9]{{2}})\z"
_BELOW_COUNTY = r"^([0-9]{9}|[0-9]{12})\z"
_YES = ("是", "1", "true", "y", "yes", "t", "有")
_NO = ("否", "0", "false", "n", "no", "f", "无")


@dataclass(frozen=True)
class _Asked:
    """What a reader of one type is given; `found` is what `look` made of the text."""

    text: SparkColumn
    found: SparkColumn
    column: Column
    areas: CodeList


def read(text: SparkColumn, column: Column, codes: Mapping[str, CodeList], on: date | None = None) -> Reading:
    """Read a cleaned text as its column declares: `look` and `conclude` in one expression.

    Args:
        text: string, null where there is nothing, as `cleaners.clean` or `prepare` leave it.
        column: type, bounds and whether it is required.
        codes: code lists by name, for the types `code` (a code, its name or a synonym gives
            the code; retired codes stay readable) and `area_code` (a name with all its
            parents, or one that is unique). The list `area` must be there: numbers have areas.
        on: the day it was received, which a birth inside a person's number may not be after.

    Returns:
        The value: Spark's type for the declared one, identifiers in canonical form. Days are
        read as yyyy-MM-dd and instants as ISO 8601 with offset: other forms are the cleaners'
        work. A text that is null gives null, and `required` where it must not.
    """
    found = look(text, column, codes, on)
    return conclude(text, text if found is None else found, column, codes)


def look(
    text: SparkColumn, column: Column, codes: Mapping[str, CodeList], on: date | None = None
) -> SparkColumn | None:
    """Return what `conclude` reads many times and should be at hand; None where that is the text itself."""
    day = None if on is None else f.lit(on)
    match column.type:
        case "citizen_number":
            return identifiers.citizen_number(text, day)
        case "person_number":
            return identifiers.person_number(text, day)
        case "credit_code":
            return identifiers.credit_code(text)
        case "licence_id":
            return identifiers.licence_id(text)
        case "code":
            return look_up(entries(codes[column.codes or ""]), text)
        case "area_code":
            is_below = text.rlike(_BELOW_COUNTY)
            return look_up(entries(codes["area"]), f.when(is_below, f.substring(text, 1, 6)).otherwise(text))
    return None


def conclude(text: SparkColumn, found: SparkColumn, column: Column, codes: Mapping[str, CodeList]) -> Reading:
    """Make value, reason and warning of what `look` found of a text (of the text, where it returned None)."""
    made = _READERS[column.type](_Asked(text, found, column, codes["area"]))
    reason = f.coalesce(made.reason, f.when(text.isNull(), "required")) if column.required else made.reason
    return Reading(f.when(made.reason.isNull(), made.value), reason, made.warning)


def cross(table: Table, received_on: date) -> dict[str, SparkColumn]:
    """Return, for each column that has `not_before` or `not_after` or is `observed`, why its day does not fit its row.

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
        # Since when a record is true lies never after its receipt: it would win over all that comes.
        latest = column.not_after or ("received" if column.name == table.observed else None)
        if latest is not None:
            faults.append(f.when(day > _other(latest, received_on), "after"))
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
    is_whole, is_decimal = asked.text.rlike(_WHOLE), asked.text.rlike(_DECIMAL)
    reason = f.when(~is_decimal, "not_a_number").when(~is_whole, "not_whole")
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
    return _listed(asked, f.lit("not_in_list"), "code_retired")


def _area_code(asked: _Asked) -> Reading:
    """Read an area: six digits of the list, nine or twelve below one of them, or a name."""
    is_wrong_length = asked.text.rlike(r"^[0-9]+\z") & ~f.length(asked.text).isin(*areas.LENGTHS)
    listed = _listed(asked, f.when(is_wrong_length, "length").otherwise("not_in_list"), "region_retired")
    value = f.when(asked.text.rlike(_BELOW_COUNTY), asked.text).otherwise(listed.value)
    return Reading(value, listed.reason, listed.warning)


def _listed(asked: _Asked, unlisted: SparkColumn, retired: str) -> Reading:
    entry = asked.found
    reason = f.when(entry == AMBIGUOUS, "ambiguous").when(asked.text.isNotNull() & entry.isNull(), unlisted)
    return Reading(f.substring(entry, 2, 1 << 30), reason, f.when(entry.startswith(RETIRED), retired))


def _person(asked: _Asked) -> Reading:
    area = asked.found["area"]
    warning = f.when(area.isNotNull(), region_warning(area, asked.areas))
    return Reading(asked.found["text"], asked.found["reason"], warning)


def _credit_code(asked: _Asked) -> Reading:
    """Read a credit code, or an earlier number where the column may hold one."""
    if not asked.column.earlier:
        return _identifier(asked)
    earlier = identifiers.earlier_number(asked.text, asked.column.earlier)
    value = f.coalesce(asked.found["text"], earlier)
    return Reading(value, f.when(value.isNull(), asked.found["reason"]), _nothing())


def _identifier(asked: _Asked) -> Reading:
    return Reading(asked.found["text"], asked.found["reason"], _nothing())


def region_warning(area: SparkColumn, listed: CodeList) -> SparkColumn:
    """Return `region_unknown`, `region_retired` or null of six digits, as `areas.warning` by the built-in list."""
    below, county = look_up(regions(listed), f.substring(area, 1, 4)), f.substring(area, 5, 2)
    is_retired = below.contains(f.concat(county, f.lit(RETIRED)))
    return (
        f.when(below.contains(f.concat(county, f.lit(CURRENT))), None)
        .when(is_retired, "region_retired")
        .otherwise("region_unknown")
    )


_READERS: Mapping[str, Callable[[_Asked], Reading]] = {
    "string": _string,
    "long": _long,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "instant": _instant,
    "code": _code,
    "area_code": _area_code,
    "citizen_number": _person,
    "person_number": _person,
    "credit_code": _credit_code,
    "licence_id": _identifier,
}
