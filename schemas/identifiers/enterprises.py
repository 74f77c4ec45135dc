"""Unified social credit codes, and the organisation codes inside them.

Source: GB 32100-2015 (18 characters), GB 11714-1997 (the 9 inside).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import mul

from schemas.identifiers import areas
from schemas.identifiers.errors import InvalidIdentifier

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
ORGANISATION_CHECKS = "0X987654321"
"""Check character by Σ mod 11 (11 − Σ mod 11; 10 → X, 11 → 0)."""
DEPARTMENTS = "123456789ANY"
"""First characters that a registering department has been given."""
CENTRAL_AREA = "100000"
"""Stands in codes of central bodies; no area of GB/T 2260."""

_ANY = f"[{ALPHABET}{ALPHABET[10:].lower()}]"
_SHAPE = re.compile(rf"{_ANY}{{2}}[0-9]{{6}}{_ANY}{{10}}\Z")
_VALUES = bytes(max(ALPHABET.find(chr(c).upper()), 0) if c < 128 else 0 for c in range(256))
_ORGANISATION_VALUES = bytes(int(chr(c), 36) if chr(c).isalnum() and c < 128 else 0 for c in range(256))


@dataclass(frozen=True)
class CreditCode:
    """A unified social credit code that has been checked.

    `text` is upper-case; `original` as it came. `department` and `category` are its first two
    characters, `area` six digits, `organisation` the 9-character organisation code.
    `warnings` may hold `department_unknown`, `region_unknown`, `region_retired`.
    """

    text: str
    original: str
    department: str
    category: str
    area: str
    organisation: str
    warnings: tuple[str, ...] = ()


def credit_code(text: str) -> CreditCode:
    """Read a unified social credit code.

    Lower-case letters are taken and written upper-case. Nothing is stripped. Both check
    characters must fit: of 608 real codes and the seven of `domain.md` none deviates.

    Args:
        text: 18 characters.

    Raises:
        InvalidIdentifier: `length`, `alphabet` (I, O, S, V, Z, or a letter in the area),
            `check`, `organisation_check`.

    Source: GB 32100-2015; GB 11714-1997.
    """
    reason = credit_fault(text)
    if reason is not None:
        raise InvalidIdentifier("unified social credit code", reason)
    code = text.upper()
    warnings = ["department_unknown"] if code[0] not in DEPARTMENTS else []
    region = None if code[2:8] == CENTRAL_AREA else areas.warning(code[2:8])
    return CreditCode(
        text=code,
        original=text,
        department=code[0],
        category=code[1],
        area=code[2:8],
        organisation=code[8:17],
        warnings=(*warnings, *([region] if region else [])),
    )


def credit_fault(text: str) -> str | None:
    """Return why the text is no credit code, or None. Never raises on any text."""
    if len(text) != 18:
        return "length"
    if not _SHAPE.match(text):
        return "alphabet"
    code = text.upper()
    if check_character(code[:17]) != code[17]:
        return "check"
    return None if organisation_check(code[8:16]) == code[16] else "organisation_check"


def check_character(text: str) -> str:
    """Return the check character of the first 17."""
    values = text.encode("ascii").translate(_VALUES)
    return ALPHABET[-sum(map(mul, values, WEIGHTS)) % 31]


def organisation_check(text: str) -> str:
    """Return the check character of the first 8 of an organisation code."""
    values = text.encode("ascii").translate(_ORGANISATION_VALUES)
    return ORGANISATION_CHECKS[sum(map(mul, values, ORGANISATION_WEIGHTS)) % 11]
