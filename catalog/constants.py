"""Whether a text written in a declaration can be a value of a column."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from schemas.errors import one_of
from schemas.identifiers import InvalidIdentifier, area_code, citizen_number, credit_code, licence_id, person_number
from schemas.model import CodeList, Column

BOOLEANS = ("true", "false")


def constant_fault(text: str, column: Column, codes: Mapping[str, CodeList]) -> str | None:
    """Return what a value of the column has to be when `text` is none; None when it is one."""
    if column.type == "code":
        code_list = codes.get(column.codes or "")
        if code_list is None or text in code_list.codes:
            return None
        return f"a code of the list {code_list.name!r}: {one_of(code_list.codes, text)}"
    if not _READERS[column.type](text):
        return f"a value of type {column.type!r} in its canonical writing"
    if column.pattern is not None and not re.search(column.pattern, text):
        return f"a text of the form {column.pattern}"
    if column.max_length is not None and len(text) > column.max_length:
        return f"at most {column.max_length} characters"
    return _bounds_fault(text, column)


def _bounds_fault(text: str, column: Column) -> str | None:
    if column.minimum is not None and Decimal(text) < column.minimum:
        return f"at least {column.minimum}"
    if column.maximum is not None and Decimal(text) > column.maximum:
        return f"at most {column.maximum}"
    return None


def _reads(reader: Callable[[str], object]) -> Callable[[str], bool]:
    def can(text: str) -> bool:
        try:
            reader(text)
        except (ValueError, InvalidOperation, InvalidIdentifier):
            return False
        return True

    return can


def _instant(text: str) -> None:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError


_READERS: Mapping[str, Callable[[str], bool]] = {
    "string": _reads(str),
    "long": lambda text: re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text) is not None,
    "decimal": lambda text: re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) is not None,
    "boolean": lambda text: text in BOOLEANS,
    "date": lambda text: len(text) == 10 and _reads(date.fromisoformat)(text),
    "instant": _reads(_instant),
    "area_code": _reads(area_code),
    "citizen_number": _reads(citizen_number),
    "person_number": _reads(person_number),
    "credit_code": _reads(credit_code),
    "licence_id": _reads(licence_id),
}
