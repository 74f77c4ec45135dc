"""How closed cases are archived: fonds numbers by department, retention by item: declared in `archives.yml`.

A bureau lays its own over the built-in ones, each alone where it likes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from schemas.errors import Problems, one_of
from schemas.layers import Layer
from schemas.reading import Value, read

FILE = "archives.yml"
PERMANENT = "permanent"
RETENTION: Mapping[str, tuple[str, str]] = {
    PERMANENT: ("永久", "permanent"), "30": ("30 年", "30 years"), "10": ("10 年", "10 years"),
}  # fmt: skip
"""Retention periods (保管期限)."""
_FONDS = re.compile(r"[0-9A-Z]{1,8}\Z")


@dataclass(frozen=True)
class Archives:
    """By department's id its fonds number (全宗号), by item's name its retention period, a key of RETENTION."""

    fonds: Mapping[str, str] = field(default_factory=dict)
    retention: Mapping[str, str] = field(default_factory=dict)


def gather(
    found: Iterable[Layer], departments: Collection[str], items: Collection[str] | None, problems: Problems
) -> Archives:  # fmt: skip
    """Read what all layers say, the last one counts; tell what is wrong.

    Args:
        items: names of the items that are declared; None: they were not read, and are not checked.
    """
    fonds: dict[str, str] = {}
    retention: dict[str, str] = {}
    for layer in found:
        path = layer.departments.parent / FILE
        value = read(path, layer.shown(path), problems) if path.is_file() else None
        if value is not None:
            said = value.fields((), ("fonds", "retention"))
            fonds |= _said(said.get("fonds"), departments, "department", _number)
            retention |= _said(said.get("retention"), items, "item", _period)
    return Archives(fonds, retention)


def keep_until(period: str, year: int) -> str | None:
    """Return the last day on which what was closed in a year is kept; None: it is kept for good."""
    return None if period == PERMANENT else f"{year + int(period)}-12-31"


def _said(
    value: Value | None, names: Collection[str] | None, what: str, told: Callable[[Value], str]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, key, each in [] if value is None else value.entries():
        if names is not None and name not in names:
            key.refuse(f"the {what} {name!r}", one_of(names, name))
        found[name] = told(each)
    return found


def _number(value: Value) -> str:
    text = value.text()
    if not _FONDS.match(text):
        value.refuse(f"the fonds number {text!r}", "up to eight digits and capital letters, in quotes")
    return text


def _period(value: Value) -> str:
    text = str(value.node.value)
    if text not in RETENTION:
        value.refuse(f"the retention {text!r}", one_of(RETENTION, text))
    return text
