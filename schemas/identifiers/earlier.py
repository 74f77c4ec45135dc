"""Numbers that enterprises were known by before the unified social credit code.

Sources: GS 15-2006 (registration numbers of 15 digits, check by ISO 7064 MOD 11,10; it follows the structure used by
two published readers), GB 11714-1997 (organisation codes), the tax service's numbers of 15 (area and organisation
code) and of 20 characters.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from schemas.identifiers import enterprises

REGISTRATION, ORGANISATION, TAX = "registration_number", "organisation_code", "tax_number"
EARLIER_TYPES = (REGISTRATION, ORGANISATION, TAX)
TYPE_OF_LENGTH = {15: REGISTRATION, 9: ORGANISATION, 20: TAX}
"""The type of a canonical number by how long it is."""
STANDARD = "GB 32100-2015"
"""By which the organisation code stands inside a credit code."""

_DIGITS = re.compile(r"[0-9]{15}\Z")
_ORGANISATION = re.compile(r"[0-9A-Z]{8}[0-9X]\Z")
_TAX = re.compile(r"[0-9]{6}[0-9A-Z]{8}[0-9X]\Z")
_LONG_TAX = re.compile(r"[0-9A-Z]{20}\Z")


def earlier_number(text: str, types: Collection[str] = EARLIER_TYPES) -> tuple[str, str] | None:
    """Read an enterprise's earlier number; None where it is none of the types.

    Returns:
        Type and canonical form. A tax number of 15 characters is an area and an organisation code, and is read as the
        latter, unless it may be a registration number: both have 15.
    """
    code = text.upper()
    if REGISTRATION in types and _DIGITS.match(code) and registration_check(code[:14]) == code[14]:
        return REGISTRATION, code
    if ORGANISATION in types and _is_organisation(code):
        return ORGANISATION, code
    if TAX in types and _LONG_TAX.match(code):
        return TAX, code
    if TAX in types and _TAX.match(code) and _is_organisation(code[6:]):
        return ORGANISATION, code[6:]
    return None


def type_of(number: str) -> str:
    """Return the type of an enterprise's accepted number: the credit code's, or that of an earlier one."""
    return TYPE_OF_LENGTH.get(len(number), "credit_code")


def registration_check(text: str) -> str:
    """Return the check digit of the first 14 digits of a registration number (ISO 7064 MOD 11,10)."""
    state = 10
    for digit in text:
        state = ((state + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - state) % 10)


def _is_organisation(code: str) -> bool:
    return bool(_ORGANISATION.match(code)) and enterprises.organisation_check(code[:8]) == code[8]
