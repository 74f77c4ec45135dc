"""How the lake's tables and columns are called, and a secret. Nothing else makes up a name."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.model import Resource

RELEASE = "silver/release"
RESOLUTION = "quarantine/resolution"
LINK_CANDIDATES = "gold/link_candidate"
LICENCE = "gold/licence"
QUALITY = "gold/quality"
ERASURE_ORDER = "silver/erasure_order"
TOMBSTONE = "silver/tombstone"
SHARED_RECORDS = "shared-records"
"""Of the secret by which a grant's rows and subjects are called."""

# Delta refuses these in a column name; their full-width twins read the same.
_REFUSED = str.maketrans(" ,;{}()\n\t=", "　，；｛｝（）　　＝")


def bronze(resource: str) -> str:
    return f"bronze/{resource}"


def quarantine(resource: str) -> str:
    return f"quarantine/{resource}"


def silver(table: str) -> str:
    return f"silver/{table}"


def gold(kind: str) -> str:
    return f"gold/{kind}_file"


def bridge(kind: str) -> str:
    return f"gold/{kind}_bridge"


def columns_of(resource: Resource) -> dict[str, str]:
    """Return for each header that a delivery of the resource may have the bronze column that holds it."""
    return bronze_columns(list(dict.fromkeys((*resource.headers, *resource.ignore))))


def bronze_columns(headers: Sequence[str]) -> dict[str, str]:
    """Return for each header of a delivery the bronze column that holds it.

    A header keeps its characters but for those that Delta refuses, and never begins with the
    underscore of our own columns; two that would meet (case does not count) are numbered.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for header in headers:
        plain = header.translate(_REFUSED) or "　"
        plain = f"＿{plain[1:]}" if plain.startswith("_") else plain
        name, number = plain, 2
        while name.casefold() in taken:
            name, number = f"{plain}＿{number}", number + 1
        taken.add(name.casefold())
        names[header] = name
    return names
