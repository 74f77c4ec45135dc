"""Area codes (GB/T 2260 and below): their shape, and what the list with history says of one.

The first six digits name province, prefecture and county; nine go on to the street and
twelve to the community. A code keeps its meaning in numbers given while it was in force, so
an abolished or unknown code is a warning and never an error.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Mapping
from importlib.resources import files

from schemas.identifiers.errors import InvalidIdentifier

_SHAPE = re.compile(r"[0-9]+\Z")
LENGTHS = (6, 9, 12)
HMT_AREAS = ("810000", "820000", "830000")
"""Areas of residence permits: Hong Kong, Macau, Taiwan residents."""


@functools.cache
def known() -> Mapping[str, bool]:
    """Return each listed code of six digits with whether it is in force today.

    The areas of residence permits of Hong Kong, Macau and Taiwan residents count as listed.
    """
    text = files("schemas").joinpath("codes/area.csv").read_text(encoding="utf-8")
    rows = csv.reader(text.splitlines())
    header = next(rows)
    code, until = header.index("code"), header.index("until")
    listed = {row[code]: not row[until] for row in rows}
    return listed | dict.fromkeys(HMT_AREAS, True)


def warning(code: str) -> str | None:
    """Return `region_unknown`, `region_retired` or None for the area a number begins with.

    Codes of nine and twelve digits are judged by their county.
    """
    is_current = known().get(code[:6])
    if is_current is None:
        return "region_unknown"
    return None if is_current else "region_retired"


def area_code(text: str) -> str:
    """Return the code if it has the shape of one: 6, 9 or 12 ASCII digits.

    Raises:
        InvalidIdentifier: `length` or `alphabet`.
    """
    reason = fault(text)
    if reason is not None:
        raise InvalidIdentifier("area code", reason)
    return text


def fault(text: str) -> str | None:
    """Return why the text is no area code, or None."""
    if len(text) not in LENGTHS:
        return "length"
    return None if _SHAPE.match(text) else "alphabet"
