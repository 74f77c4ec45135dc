"""Rows that somebody wrote into a file, held against their table's declaration: what the flow would refuse is refused.

Records that departments deliver are typed and checked on their way; a file that is issued from
directly has nobody else to look at it, and what is in a payload stays there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation

from licence_vault.drafts import Draft, Refused, drafts
from onefile.verify.reading import MOST
from schemas.licence_types import LicenceType
from schemas.model import CodeList, Column, Table

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LONGEST = 10_000
"""Characters of a text whose column names no length of its own."""


def drafts_of_rows(
    kind: LicenceType, table: Table, codes: Mapping[str, CodeList], rows: Iterable[Mapping[str, object]]
) -> Iterator[Draft | Refused]:
    """Yield a draft, or why there is none, for each row of the type's table, in order.

    Args:
        codes: the declared code lists by name.
        rows: by column, and no other columns; days as YYYY-MM-DD, decimals as texts, nothing as None or left out.
    """
    for number, row in enumerate(rows, 1):
        wrong = next(_faults(table, codes, row), None)
        if wrong is not None:
            yield Refused(number, *wrong)
            continue
        (made,) = drafts(kind, table, (row,))
        yield replace(made, number=number) if isinstance(made, Refused) else made


def _faults(table: Table, codes: Mapping[str, CodeList], row: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for column in table.columns:
        value = row.get(column.name)
        if value is None or value == "":
            reason = "required" if column.required else None
        else:
            reason = _reason(column, codes, value)
        if reason is not None:
            yield reason, column.name


def _reason(column: Column, codes: Mapping[str, CodeList], value: object) -> str | None:
    """Return why a value is none of the column's, a code of `schemas.reasons`; None when it is one."""
    if column.type == "boolean":
        return None if isinstance(value, bool) else "not_a_boolean"
    if column.type == "long":
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return _out_of_bounds(column, Decimal(str(value))) if is_whole else "not_whole"
    if column.type == "decimal":
        return _wrong_decimal(column, value)
    if not isinstance(value, str):
        return "not_a_date" if column.type == "date" else "pattern"
    if column.type == "date":
        return None if _is_day(value) else "not_a_date"
    if column.type == "code":
        return None if value in codes[column.codes or ""].codes else "not_in_list"
    return _wrong_text(column, value)


def _wrong_decimal(column: Column, value: object) -> str | None:
    try:
        found = Decimal(value) if isinstance(value, str | int) and not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation:
        return "not_a_number"
    if not found.is_finite():
        return "not_a_number"
    exponent = found.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > column.scale:
        return "too_precise"
    return _out_of_bounds(column, found)


def _out_of_bounds(column: Column, value: Decimal) -> str | None:
    least = -MOST if column.minimum is None else column.minimum
    most = MOST if column.maximum is None else column.maximum
    return "below_min" if value < least else "above_max" if value > most else None


def _wrong_text(column: Column, value: str) -> str | None:
    if len(value) > (column.max_length or LONGEST):
        return "too_long"
    if any(unicodedata.category(character) == "Cc" for character in value):
        return "control_character"
    if column.pattern is not None and re.fullmatch(column.pattern, value) is None:
        return "pattern"
    return None


def _is_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and date.fromisoformat(text) is not None
    except ValueError:
        return False
