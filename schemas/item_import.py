"""Service items as a portal lists them: whose item it is stands only inside its link, in several lengths.

A body is known by its organisation code (GB 11714: eight characters and a check character), which is part of its
unified social credit code. The same body may stand as either, with a hyphen, or with a character lost; what cannot
be read is flagged, never guessed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.identifiers import InvalidIdentifier, credit_code
from schemas.identifiers.enterprises import organisation_check

FLAGS: Mapping[str, str] = {
    "character_lost": "the department code has 17 characters; one credit code of the department's items has one more",
    "platform_id": "the department code is digits of no known length: a number of the portal's own",
    "check_failed": "the department code has the length of a body's code, and its check character does not fit",
    "length_unknown": "the department code has a length that no code of a body has",
    "code_missing": "the link has no department code",
    "body_from_item": "the body is that of the credit code inside the item code: the department code gives none",
    "other_body": "the item code names another body than the department code",
    "body_unknown": "neither the department code nor the item code gives a body",
    "name_missing": "the item has no name",
    "item_code_missing": "the item has no code",
    "legal_days_unread": "the deadline by law is no number of working days",
    "promised_days_unread": "the promised deadline is no number of working days",
    "visits_unread": "the number of visits is no number",
}
"""Every flag and its reason."""
_CREDIT = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])")


@dataclass(frozen=True)
class ImportedItem:
    """One service item of a portal.

    `body` is the organisation code of nine characters or None; `flags` are keys of FLAGS. `base_code` is the code that
    the same item has elsewhere too. Working days are None where the portal says none, or says what is no working days.
    """

    code: str
    name: str
    main_item: str
    department: str
    department_code: str
    body: str | None
    flags: tuple[str, ...]
    base_code: str = ""
    about: str = ""
    level: str = ""
    area: str = ""
    kind: str = ""
    basis: tuple[str, ...] = ()
    legal_days: int | None = None
    promised_days: int | None = None
    visits: int | None = None
    channels: tuple[str, ...] = ()
    process: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    intermediaries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Linked:
    """What says whose item it is: the department's name and code, and the item's code, as the portal has them."""

    department: str
    department_code: str
    item_code: str


def settle(items: Sequence[Linked]) -> list[tuple[str | None, tuple[str, ...]]]:
    """Return for each item, in order, the body whose it is (or None) and the flags that say how that was found."""
    known: dict[str, set[str]] = defaultdict(set)
    for item in items:
        known[item.department].update(credit_codes(item.item_code))
    return [_settled(item, known[item.department]) for item in items]


def _settled(item: Linked, known: set[str]) -> tuple[str | None, tuple[str, ...]]:
    body, flag = body_of(item.department_code, known)
    flags = [flag] if flag is not None else []
    inside = {credit[8:17] for credit in credit_codes(item.item_code)}
    if body is None and len(inside) == 1:
        (body,) = inside
        flags.append("body_from_item")
    elif body is None:
        flags.append("body_unknown")
    elif inside and body not in inside:
        flags.append("other_body")
    return body, tuple(flags)


def body_of(text: str, known: Iterable[str] = ()) -> tuple[str | None, str | None]:
    """Return the organisation code in a department code, or why there is none (a flag); with a repair both.

    Args:
        text: as it stands in the link.
        known: credit codes that items of the same department have, for a code with one character lost.
    """
    plain = text.strip().upper()
    if not plain:
        return None, "code_missing"
    if len(plain) == 18:
        return (plain[8:17], None) if _is_credit_code(plain) else (None, "check_failed")
    if len(plain) == 10 and plain[8] == "-":
        plain = plain.replace("-", "")
    if len(plain) == 9:
        fits = plain[:8].isalnum() and plain.isascii() and organisation_check(plain[:8]) == plain[8]
        return (plain, None) if fits else (None, "check_failed")
    if len(plain) == 17:
        whole = [code for code in known if any(code[:at] + code[at + 1 :] == plain for at in range(18))]
        return (whole[0][8:17], "character_lost") if len(whole) == 1 else (None, "length_unknown")
    return None, "platform_id" if plain.isdecimal() else "length_unknown"


def tally(items: Iterable[ImportedItem]) -> dict[str, Any]:
    """Return the counts, which add up (received = with a body + without), and bodies and names that do not pair."""
    found = list(items)
    bodies: dict[str, set[str]] = defaultdict(set)
    for item in found:
        if item.body is not None:
            bodies[item.department].add(item.body)
    names: dict[str, set[str]] = defaultdict(set)
    for department, its in bodies.items():
        for body in its:
            names[body].add(department)
    return {
        "received": len(found),
        "with_body": sum(item.body is not None for item in found),
        "without_body": sum(item.body is None for item in found),
        "departments": len({item.department for item in found}),
        "flags": dict(sorted(Counter(flag for item in found for flag in item.flags).items())),
        "names_with_several_bodies": {name: sorted(its) for name, its in sorted(bodies.items()) if len(its) > 1},
        "bodies_with_several_names": {body: sorted(its) for body, its in sorted(names.items()) if len(its) > 1},
        "codes_given_twice": sorted(code for code, n in Counter(item.code for item in found).items() if n > 1),
    }


def credit_codes(item_code: str) -> list[str]:
    """Return the unified social credit codes in an item code that are sound."""
    return [code for code in _CREDIT.findall(item_code.upper()) if _is_credit_code(code)]


def _is_credit_code(text: str) -> bool:
    try:
        credit_code(text)
    except InvalidIdentifier:
        return False
    return True
