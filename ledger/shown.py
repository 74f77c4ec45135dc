"""Whether a look showed an attribute: as itself, by an answer about it, or as the column of a record that states it."""

from __future__ import annotations

from catalog.model import Catalogue
from ledger.index import Disclosure

OTHERS = ("relations", "licences", "record")
"""What stands before the dot of a field that is no answer about an attribute."""
RECORDS = "records"


def shows(look: Disclosure, attribute: str, columns: frozenset[tuple[str, str]] = frozenset()) -> bool:
    """Say whether a look showed an attribute, or an answer that was made from it (`match.name`, `over_age.birth_on`).

    Args:
        columns: where the attribute comes from, as (resource, column): a record's look names these.
    """
    if look.kind.startswith(RECORDS):
        return any(shows_column(look, resource, column) for resource, column in columns)
    return attribute in look.fields or attribute in _asked(look)


def shows_column(look: Disclosure, resource: str, column: str) -> bool:
    """Say whether a look showed a column of a resource's rows."""
    return look.kind.startswith(RECORDS) and resource in look.resource.split(",") and column in look.fields


def columns_of(catalogue: Catalogue, kind: str, attribute: str) -> frozenset[tuple[str, str]]:
    """Return where an attribute comes from: the columns of the resources that fill its sources' tables."""
    file = catalogue.declarations.files.get(kind)
    found = [a for a in (file.attributes if file else ()) if a.name == attribute]
    return frozenset(
        (resource.id, source.column)
        for each in found
        for source in each.sources
        for resource in catalogue.of_table(source.table)
    )


def _asked(look: Disclosure) -> set[str]:
    parts = (name.partition(".") for name in look.fields)
    return {rest for before, dot, rest in parts if dot and before not in OTHERS}
