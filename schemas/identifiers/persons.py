"""Citizen identity numbers and the numbers of the same shape that are no citizen's.

Source: GB 11643-1999 (18 digits; the 15 digits before it), ISO 7064 MOD 11-2.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from datetime import date

from schemas.identifiers import areas
from schemas.identifiers.errors import InvalidIdentifier

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
FIRST_YEAR = 1800
CENTENARIAN_ORDERS = ("996", "997", "998", "999")
"""Orders of 15-digit numbers that were kept for people born in the century before."""

_CURRENT = re.compile(r"[0-9]{17}[0-9Xx]\Z")
_LEGACY = re.compile(r"[0-9]{15}\Z")


def _weighted(first: int, width: int) -> dict[str, int]:
    """Return, by the digits that stand from a place on, what they add to the check: one look-up for several digits."""
    made = {"": 0}
    for weight in WEIGHTS[first : first + width]:
        made = {f"{digits}{next_}": so_far + next_ * weight for digits, so_far in made.items() for next_ in range(10)}
    return made


_A, _B, _C, _D, _E = (_weighted(first, 3) for first in (0, 3, 6, 9, 12))
_F = _weighted(15, 2)


@dataclass(frozen=True)
class PersonNumber:
    """A person's number of 18 characters that has been checked.

    Attributes:
        text: the canonical form: 18 characters, upper-case X.
        original: as it came (15 digits, or a lower-case x).
        kind: `citizen`, `hmt_resident` (residence permit of Hong Kong, Macau and Taiwan
            residents) or `foreigner` (permanent residence card, first digit 9).
        birth_on: the day of birth inside it.
        sex: `male` or `female`; None for a foreigner, whose order digits are not ours to read.
        area: the six digits of the area it was given in; None for a foreigner.
        warnings: `region_unknown` or `region_retired`, or none.
    """

    text: str = field(repr=False)
    original: str = field(repr=False)
    kind: str
    birth_on: date = field(repr=False)
    sex: str | None
    area: str | None
    warnings: tuple[str, ...] = ()


def citizen_number(text: str, *, on: date | None = None) -> PersonNumber:
    """Read a citizen's number, or that of a residence permit of the same shape.

    A 15-digit number is upgraded: the century is put in (`18` for the orders kept for
    centenarians, else `19`) and the check character computed. A lower-case `x` is taken and
    written upper-case. Nothing is stripped: blanks and full-width digits are the cleaners'
    work and are refused here.

    Args:
        text: 18 or 15 characters.
        on: the day it was handed in; a birth after it is refused. None: not asked.

    Raises:
        InvalidIdentifier: `length`, `alphabet`, `kind` (a foreigner's number), `date`, `check`.

    Source: GB 11643-1999; ISO 7064 MOD 11-2.
    """
    return _read("citizen number", text, citizen_fault(text, on))


def person_number(text: str, *, on: date | None = None) -> PersonNumber:
    """Read a person's number of any kind; as `citizen_number`, and a foreigner's is taken too.

    Raises:
        InvalidIdentifier: `length`, `alphabet`, `date`, `check`.
    """
    return _read("person number", text, person_fault(text, on))


def citizen_fault(text: str, on: date | None = None) -> str | None:
    """Return why the text is no citizen's number, or None. Never raises on any text."""
    reason = _shape_fault(text)
    if reason is None and text[0] == "9":
        reason = "kind"
    return reason or _content_fault(text, on)


def person_fault(text: str, on: date | None = None) -> str | None:
    """Return why the text is no person's number of any kind, or None. A foreigner's never had 15 digits."""
    reason = _shape_fault(text)
    if reason is None and text[0] == "9" and len(text) == 15:
        reason = "length"
    return reason or _content_fault(text, on)


def check_character(text: str) -> str:
    """Return the check character of 17 ASCII digits (ISO 7064 MOD 11-2)."""
    weighted = _A[text[:3]] + _B[text[3:6]] + _C[text[6:9]] + _D[text[9:12]] + _E[text[12:15]] + _F[text[15:]]
    return CHECKS[weighted % 11]


def upgrade(text: str) -> str:
    """Return the 18-character form of 15 ASCII digits."""
    century = "18" if text.endswith(CENTENARIAN_ORDERS) else "19"
    body = text[:6] + century + text[6:]
    return body + check_character(body)


def _shape_fault(text: str) -> str | None:
    if len(text) == 18:
        return None if _CURRENT.match(text) else "alphabet"
    if len(text) == 15:
        return None if _LEGACY.match(text) else "alphabet"
    return "length"


def _content_fault(text: str, on: date | None) -> str | None:
    full = upgrade(text) if len(text) == 15 else text
    birth_on = _day(full[6:14])
    if birth_on is None or (on is not None and birth_on > on):
        return "date"
    return None if check_character(full[:17]) == full[17].upper() else "check"


@functools.lru_cache(maxsize=1 << 17)
def _day(text: str) -> date | None:
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
    return day if day.year >= FIRST_YEAR else None


def _read(wanted: str, text: str, reason: str | None) -> PersonNumber:
    if reason is not None:
        raise InvalidIdentifier(wanted, reason)
    full = upgrade(text) if len(text) == 15 else text.upper()
    birth_on = date(int(full[6:10]), int(full[10:12]), int(full[12:14]))
    if full[0] == "9":
        return PersonNumber(full, text, "foreigner", birth_on, None, None)
    area = full[:6]
    warning = areas.warning(area)
    return PersonNumber(
        text=full,
        original=text,
        kind="hmt_resident" if area in areas.HMT_AREAS else "citizen",
        birth_on=birth_on,
        sex="male" if int(full[16]) % 2 else "female",
        area=area,
        warnings=() if warning is None else (warning,),
    )
