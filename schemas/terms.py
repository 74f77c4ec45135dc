"""The terms on which the catalogue lists something: share class, openness, classes, life cycle.

Read alike from a resource's YAML and from a licence type's. What has no `catalogue` block is a draft of the
catalogue: it flows, but no other department finds it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from schemas.errors import one_of
from schemas.model import SHARE_CLASSES, CodeList, Place
from schemas.reading import Fields, Value

CLASS_LIST = "resource_class"
STATES = ("draft", "in_review", "published", "in_withdrawal", "withdrawn")
OPENNESS = ("closed", "conditional", "unconditional")
LEAST = 10
"""The smallest number of rows that a published count tells, where a resource does not ask for more."""
SHARE_MODES = ("query", "check", "batch", "file", "licence")
_CODE = re.compile(r"[1-9][0-9]{0,8}/[0-9]{6}\Z")
_ITEM_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,63}\Z")


@dataclass(frozen=True)
class Share:
    """On which terms departments share it. `condition` stands where the class is `conditional`, and nowhere else."""

    share_class: str
    basis: str
    condition: str | None


@dataclass(frozen=True)
class Terms:
    """What the catalogue says beside the data's own declaration.

    `code` is `<class>/<six digits>`, `class_code` an entry of the code list `resource_class`. `openness` says whether
    the public may have it, apart from what departments share; `statistics` by which columns its rows are counted for
    the public, of counts below `least` none is told. `published_on` is the day it was first listed.
    `service_items` are codes of items it belongs to.
    """

    code: str
    class_code: str
    modes: tuple[str, ...]
    openness: str
    open_condition: str | None
    statistics: tuple[tuple[str, ...], ...]
    least: int
    state: str
    published_on: date | None
    service_items: tuple[str, ...]
    place: Place = field(compare=False, repr=False)


def read_share(fields: Fields) -> Share:
    """Read `share: {class, basis, condition}`; a stand-in where it is missing, which was told."""
    value = fields.get("share")
    if value is None:
        return Share("", "", None)
    share = value.fields(("class", "basis"), ("condition",))
    found = share.choice("class", SHARE_CLASSES)
    condition = share.maybe("condition")
    if found == "conditional" and condition is None:
        value.refuse("class 'conditional' without 'condition'", "the condition under which it is shared")
    if found == "unconditional" and condition is not None:
        share.values["condition"].refuse("a condition of class 'unconditional'", "none, or class 'conditional'")
    return Share(found, share.text("basis"), condition)


def read_terms(fields: Fields, codes: Mapping[str, CodeList], share_class: str) -> Terms | None:
    """Read the `catalogue` block; None where there is none."""
    value = fields.get("catalogue")
    if value is None:
        return None
    terms = value.fields(("code", "class", "modes", "open", "state"), ("published_on", "items"))
    state = terms.choice("state", STATES)
    day = terms.get("published_on")
    if day is None and state not in ("draft", "in_review"):
        value.refuse(f"state {state!r} without 'published_on'", "the day on which it was first listed, YYYY-MM-DD")
    openness, condition, statistics, least = _openness(terms, share_class)
    return Terms(
        code=_code(terms),
        class_code=_class(terms, codes),
        modes=_modes(terms),
        openness=openness,
        open_condition=condition,
        statistics=statistics,
        least=least,
        state=state,
        published_on=day.day() if day is not None else None,
        service_items=_items(terms),
        place=value.place,
    )


def _code(terms: Fields) -> str:
    code, class_code = terms.text("code"), terms.text("class")
    if code and not _CODE.match(code):
        terms.values["code"].refuse(f"the code {code!r}", 'class and six digits, like "101001/000001"')
    elif code and class_code and code.partition("/")[0] != class_code:
        terms.values["code"].refuse(f"the code {code!r} in the class {class_code!r}", f'a code "{class_code}/…"')
    return code


def _class(terms: Fields, codes: Mapping[str, CodeList]) -> str:
    found = terms.text("class")
    known = codes[CLASS_LIST].codes if CLASS_LIST in codes else {}
    if found and found not in known:
        terms.values["class"].refuse(f"the class {found!r}", one_of(known, found))
    return found


def _modes(terms: Fields) -> tuple[str, ...]:
    found = terms.texts("modes")
    for mode in found:
        if mode not in SHARE_MODES:
            terms.values["modes"].refuse(f"the share mode {mode!r}", one_of(SHARE_MODES, mode))
    if "modes" in terms.values and not found:
        terms.values["modes"].refuse("no share mode", f"at least one: {one_of(SHARE_MODES)}")
    return found


def _openness(terms: Fields, share_class: str) -> tuple[str, str | None, tuple[tuple[str, ...], ...], int]:
    value = terms.get("open")
    if value is None:
        return "", None, (), LEAST
    opened = value.fields(("class",), ("condition", "statistics", "least"))
    found, condition = opened.choice("class", OPENNESS), opened.maybe("condition")
    if (found == "conditional") != (condition is not None):
        value.refuse(f"openness {found!r} {'with' if condition else 'without'} a condition",
                     "a condition of openness 'conditional', and of no other")  # fmt: skip
    if found != "closed" and share_class == "not_shared":
        value.refuse(f"openness {found!r} of what departments may not share", "'closed', or another share class")
    statistics = tuple(each.texts() for each in opened.items("statistics"))
    if statistics and found == "closed":
        value.refuse("statistics of openness 'closed'", "openness 'conditional' or 'unconditional'")
    least = LEAST if "least" not in opened.values else opened.whole("least", LEAST)
    return found, condition, statistics, least or LEAST


def _items(terms: Fields) -> tuple[str, ...]:
    found: list[Value] = terms.items("items")
    for item in found:
        if not _ITEM_CODE.match(item.text()):
            item.refuse(f"the item code {item.text()!r}", "letters, digits, '.' and '-' only")
    return terms.texts("items")
