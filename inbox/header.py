"""Whether a file's columns are those that its resource declares."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from inbox.errors import FileBroken
from inbox.names import has_person_number
from schemas.model import Resource

_MAX_SHOWN = 10
_MAX_SHOWN_LENGTH = 40
_DATA = re.compile(r"[0-9]{4}|@")


def columns(resource: Resource) -> tuple[str, ...]:
    """Return the headers that files of a resource may have: the declared, then the ignored."""
    return tuple(dict.fromkeys((*resource.headers, *resource.ignore)))


def check_header(header: Sequence[str], resource: Resource, *, may_lack: bool = False) -> None:
    """Hold a file's header, in any order, against the resource. Where it `may_lack` columns, none is missed.

    Where the header line is missing, the first record stands in its place: a name is quoted
    only when most declared columns are there and it does not look like data; else its place is.

    Raises:
        FileBroken: `header_repeated`, `columns_unknown`, `columns_missing` or `no_header`.
    """
    present = set(header) & set(resource.headers)
    if resource.headers and not present:
        raise FileBroken("no_header", None)
    is_plausible = 2 * len(present) >= len(resource.headers)
    repeated = {name for name, count in Counter(header).items() if count > 1}
    unknown = set(header) - set(columns(resource))
    if repeated:
        shown = _shown(header, repeated, is_plausible=is_plausible)
        raise FileBroken("header_repeated", 0, columns=shown)
    if unknown:
        shown = _shown(header, unknown, is_plausible=is_plausible)
        raise FileBroken("columns_unknown", 0, columns=shown, resource=resource.id)
    if not may_lack:
        check_missing(header, resource)


def check_missing(header: Sequence[str], resource: Resource) -> None:
    """Refuse a file that lacks a declared column.

    Raises:
        FileBroken: `columns_missing`.
    """
    missing = [name for name in resource.headers if name not in header]
    if missing:
        raise FileBroken("columns_missing", 0, columns=", ".join(missing), resource=resource.id)


def _shown(header: Sequence[str], wrong: set[str], *, is_plausible: bool) -> str:
    places = [(place, name) for place, name in enumerate(header, 1) if name in wrong]
    shown = [_show(place, name, is_plausible=is_plausible) for place, name in places[:_MAX_SHOWN]]
    return ", ".join(shown) + (f" +{len(places) - _MAX_SHOWN}" if len(places) > _MAX_SHOWN else "")


def _show(place: int, name: str, *, is_plausible: bool) -> str:
    """Return a column's name, or its place (from 1) where the name may be somebody's data."""
    is_name = is_plausible and name.isprintable() and 0 < len(name) <= _MAX_SHOWN_LENGTH
    return name if is_name and not _DATA.search(name) and not has_person_number(name) else f"#{place}"
