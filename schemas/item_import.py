"""Service items as a portal lists them: whose item it is stands only inside its link, in several lengths.

A body is known by its organisation code (GB 11714: eight characters and a check character), which is part of its
unified social credit code. The same body may stand as either, with a hyphen, or with a character lost; what cannot
be read is flagged, never guessed.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from schemas.errors import SchemaError
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
}
"""Every flag and its reason."""
_CREDIT = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])")


class ItemsRefused(SchemaError):
    """A file of service items cannot be read; nothing of it is taken."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"the file of items has {found}: wanted is {wanted}")


@dataclass(frozen=True)
class ImportedItem:
    """One service item. `body` is the organisation code of nine characters or None; `flags` are keys of FLAGS."""

    code: str
    name: str
    main_item: str
    department: str
    department_code: str
    body: str | None
    flags: tuple[str, ...]


def read(data: bytes) -> list[ImportedItem]:
    """Read a portal's list: objects with `department`, `main_item`, `name`, `link`.

    Returns:
        One item for each object, in its order: nothing is left out.

    Raises:
        ItemsRefused: no UTF-8 JSON, or not such a list; the number of the object is told.
    """
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ItemsRefused("what is no UTF-8", "the file saved as UTF-8") from None
    except json.JSONDecodeError as error:
        raise ItemsRefused(f"broken JSON in line {error.lineno}", "well-formed JSON") from None
    except RecursionError:
        raise ItemsRefused("JSON nested without end", "a list of items") from None
    if not isinstance(found, list):
        raise ItemsRefused("no list", "a list of items")
    linked = [_linked(record, number) for number, record in enumerate(found, 1)]
    known: dict[str, set[str]] = defaultdict(set)
    for record, item_code, _ in linked:
        known[record["department"]].update(_credit_codes(item_code))
    return [_item(record, item_code, code, known[record["department"]]) for record, item_code, code in linked]


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


def _linked(record: object, number: int) -> tuple[dict[str, str], str, str]:
    if not isinstance(record, dict) or not all(isinstance(record.get(n), str) for n in ("department", "name", "link")):
        raise ItemsRefused(f"in object {number} no texts department, name, link", "all three")
    asked = parse_qs(urlsplit(record["link"]).query)
    return record, asked.get("itemCode", [""])[0], asked.get("deptCode", [""])[0]


def _item(record: Mapping[str, str], item_code: str, code: str, known: set[str]) -> ImportedItem:
    body, flag = body_of(code, known)
    flags = [flag] if flag is not None else []
    inside = {credit[8:17] for credit in _credit_codes(item_code)}
    if body is None and len(inside) == 1:
        (body,) = inside
        flags.append("body_from_item")
    elif body is None:
        flags.append("body_unknown")
    elif inside and body not in inside:
        flags.append("other_body")
    if not record["name"].strip():
        flags.append("name_missing")
    main_item = record.get("main_item", "")
    return ImportedItem(item_code, record["name"].strip(), main_item, record["department"], code, body, tuple(flags))


def _credit_codes(item_code: str) -> list[str]:
    return [code for code in _CREDIT.findall(item_code.upper()) if _is_credit_code(code)]


def _is_credit_code(text: str) -> bool:
    try:
        credit_code(text)
    except InvalidIdentifier:
        return False
    return True
