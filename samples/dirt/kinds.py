"""The kinds of defects that stand in one cell: where each may stand, what it makes of the text, what must come of it.

What must come of it is read from the declared cleaners: full-width digits are no defect
under a column that is cleaned of them, and one under another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from samples.writing import forms
from schemas.identifiers.enterprises import ALPHABET
from schemas.identifiers.persons import CENTENARIAN_ORDERS
from schemas.model import CodeList, Column, ColumnMapping

NAMES = ("赵青云", "钱文静", "孙立群")
"""What stands in a numeric column when a row has moved on by one."""

UNKNOWN_CODE = "9Z9"
FORMULA = '=HYPERLINK("#A1","查看")'
_PERSONS = ("citizen_number", "person_number")
NUMBERS = (*_PERSONS, "credit_code")
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@dataclass(frozen=True)
class Cell:
    """A header with the one column that it becomes (for money, the amount's).

    `earlier` is the column that its day may not precede, `is_earlier` says that it is such a
    column itself; `empty` are the texts that mean "nothing".
    """

    header: str
    column: Column
    mapping: ColumnMapping
    is_key: bool
    earlier: Column | None
    is_earlier: bool
    empty: tuple[str, ...]
    codes: Mapping[str, CodeList]

    def has(self, *cleaners: str) -> bool:
        """Say whether any of the cleaners is declared."""
        return any(cleaner.name in cleaners for cleaner in self.mapping.clean)


@dataclass(frozen=True)
class Kind:
    """A kind of defect: how many rows of a thousand have it, and its three rules.

    `spoil` returns the spoilt text, or None where the cell gives nothing to spoil; `seed` is a
    number that chooses among several. `expected` is the reason code of the rejection, or None
    where the text is read as what was meant (a retired area with a warning).
    """

    name: str
    per_mille: float
    fits: Callable[[Cell], bool]
    spoil: Callable[[str | None, Cell, int], str | None]
    expected: Callable[[Cell], str | None]


def _always(reason: str | None) -> Callable[[Cell], str | None]:
    return lambda _: reason


def _is(*types: str) -> Callable[[Cell], bool]:
    return lambda cell: cell.column.type in types and not cell.has("money")


def _wrong_check(text: str | None, cell: Cell, seed: int) -> str | None:
    alphabet = ALPHABET if cell.column.type == "credit_code" else "0123456789"
    others = [character for character in alphabet if text and character != text[-1]]
    return text[:-1] + others[seed % len(others)] if text and len(text) == 18 else None


def _short(text: str | None, cell: Cell, seed: int) -> str | None:
    return text[:10] + text[11:] if text and len(text) == 18 else None


def _thirteenth_month(text: str | None, cell: Cell, seed: int) -> str | None:
    return text[:10] + "13" + text[12:] if text and len(text) == 18 else None


def _legacy(text: str | None, cell: Cell, seed: int) -> str | None:
    if not text or len(text) != 18 or text[6:8] != "19" or text[14:17] in CENTENARIAN_ORDERS:
        return None
    return text[:6] + text[8:17]


def _wide(text: str | None, cell: Cell, seed: int) -> str | None:
    return text.translate(_FULL_WIDTH) if text and text not in cell.empty and re.search("[0-9A-Z]", text) else None


def _blanks(text: str | None, cell: Cell, seed: int) -> str | None:
    return text + (" ", "  ", "\u3000", " \u3000 ")[seed % 4] if text else None


def _day_that_is_none(text: str | None, cell: Cell, seed: int) -> str | None:
    return forms.day(forms.patterns(cell.mapping)[0], (1990 + seed % 30, 2, 30)) if text else None


def _day_too_early(text: str | None, cell: Cell, seed: int) -> str:
    return forms.day(forms.patterns(cell.mapping)[0], (1900, 1, 1 + seed % 28))


def _day_to_come(text: str | None, cell: Cell, seed: int) -> str:
    return forms.day(forms.patterns(cell.mapping)[0], (2199, 12, 1 + seed % 28))


def _retired(text: str | None, cell: Cell, seed: int) -> str | None:
    retired = sorted(code for code, entry in cell.codes["area"].codes.items() if entry.until and len(code) == 6)
    return retired[seed % len(retired)] if retired else None


def _lost(text: str | None, cell: Cell, seed: int) -> str | None:
    return text[:-1] + "\ufffd" if text else None


def _not_a_number(cell: Cell) -> str:
    return "money_unreadable" if cell.has("money") else "not_a_percentage" if cell.has("percent") else "not_a_number"


def _plain_text(cell: Cell) -> bool:
    kept = cell.column.pattern is None and not cell.has("remove", "replace", "strip_prefix", "prefix", "lower")
    return cell.column.type == "string" and kept and not cell.is_key


def _may_end_early(cell: Cell) -> bool:
    return cell.column.type == "date" and cell.earlier is not None and cell.earlier.required


def _may_not_come(cell: Cell) -> bool:
    return cell.column.type == "date" and cell.column.not_after == "received" and not cell.is_earlier


def _must_be_there(cell: Cell) -> bool:
    return cell.column.required and not cell.is_key


def _name(_: str | None, cell: Cell, seed: int) -> str:
    return NAMES[seed % len(NAMES)]


KINDS: tuple[Kind, ...] = (
    Kind("wrong_check", 2, _is(*NUMBERS), _wrong_check, _always("check")),
    Kind("missing_digit", 1, _is(*NUMBERS), _short, _always("length")),
    Kind("impossible_day_in_number", 0.5, _is(*_PERSONS), _thirteenth_month, _always("date")),
    Kind("number_of_15_digits", 5, _is(*_PERSONS), _legacy, _always(None)),
    Kind("full_width", 5, lambda cell: cell.has("width") and not cell.has("money"), _wide, _always(None)),
    Kind("blanks_around", 8, lambda cell: cell.has("trim", "name"), _blanks, _always(None)),
    Kind("impossible_date", 2, _is("date"), _day_that_is_none, _always("not_a_date")),
    Kind("ended_before_it_began", 0.7, _may_end_early, _day_too_early, _always("before")),
    Kind("date_to_come", 0.5, _may_not_come, _day_to_come, _always("after")),
    Kind("name_in_number", 1, lambda cell: cell.column.type in ("long", "decimal"), _name, _not_a_number),
    Kind("unknown_code", 2, _is("code"), lambda *_: UNKNOWN_CODE, _always("not_in_list")),
    Kind("missing_value", 1, _must_be_there, lambda *_: "", _always("required")),
    Kind("formula", 0.5, _plain_text, lambda *_: FORMULA, _always("formula")),
    Kind("lost_character", 0.3, _plain_text, _lost, _always("replacement_character")),
    Kind("retired_area", 2, _is("area_code"), _retired, _always(None)),
)
"""Every kind of defect that stands in one cell."""
