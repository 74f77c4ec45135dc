"""The words of a row that decide which columns are read from it: each has to be one that can be met."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.errors import one_of
from schemas.model import CodeList, Resource, Table
from schemas.reading import Fields


def check_choices(resource: Resource, table: Table | None, codes: Mapping[str, CodeList], fields: Fields) -> None:
    """Tell words under `when` that the header's code list lacks, and what is wrong with `otherwise`."""
    when = _when(resource)
    if not when and "otherwise" not in fields.values:
        return
    lists = _lists(resource, table, codes)
    for name, _, value in fields.entries("columns"):
        for mapping in (m for m in resource.columns if m.column == name):
            for header, words in mapping.when.items():
                missing = [word for word in words if header in lists and word not in lists[header]]
                if missing:
                    wanted = f"codes, names or synonyms of the list that {header!r} is read with"
                    value.refuse(f"{missing[0]!r} under 'when' of {name!r}", wanted)
    for header, key, entry in fields.entries("otherwise"):
        if header not in when:
            key.refuse(f"the header {header!r} under 'otherwise'", one_of(when, header))
        elif header in lists:
            key.refuse(f"the header {header!r} under 'otherwise'", "none that is read with a code list: that says it")
        for word in (word for word in resource.otherwise.get(header, ()) if word in when.get(header, ())):
            entry.refuse(f"{word!r} under 'when' and 'otherwise'", "it under one of the two")


def _lists(resource: Resource, table: Table | None, codes: Mapping[str, CodeList]) -> dict[str, set[str]]:
    """Return, by header that a code column is read from in every row, all words of its list."""
    columns = {column.name: column for column in table.columns} if table else {}
    found: dict[str, set[str]] = {}
    for mapping in resource.columns:
        column = columns.get(mapping.column)
        if mapping.source is None or mapping.when or column is None or column.type != "code":
            continue
        listed = codes.get(column.codes or "")
        if listed is not None and mapping.source in _when(resource):
            found[mapping.source] = {
                w for code in listed.codes.values() for w in (code.code, code.name, *code.synonyms)
            }
    return found


def _when(resource: Resource) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for mapping in resource.columns:
        for header, words in mapping.when.items():
            found.setdefault(header, []).extend(words)
    return found
